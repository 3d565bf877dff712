/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kinds of partition tables (gpt.c, mbr.c) share. */
#ifndef STORAGE_PARTITIONS_PRIVATE_H
#define STORAGE_PARTITIONS_PRIVATE_H

#include <stddef.h>

#include "common/checked.h"
#include "storage/partitions.h"

/* Adds a partition, in blocks, whose other fields are zeros; NULL where it is not inside the disk, or one too many. */
static inline struct partition *partition_add(const struct disk *disk, struct partitions *partitions, uint64_t first,
                                              uint64_t blocks, uint32_t number)
{
    uint64_t start, size;
    struct partition *partition;

    if (!blocks || !checked_multiply(first, disk->block, &start) || !checked_multiply(blocks, disk->block, &size) ||
        !checked_within(start, size, disk->size))
        return NULL;
    if (partitions->count == PARTITIONS_MAX) {
        partitions->cut_off = true;
        return NULL;
    }
    partition = &partitions->partition[partitions->count++];
    *partition = (struct partition){ .start = start, .size = size, .number = number };
    return partition;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A partition, and a list of them: what the kinds of partition tables (gpt.c, mbr.c) fill. */
#ifndef STORAGE_PARTITION_H
#define STORAGE_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/checked.h"
#include "storage/disk.h"

#define PARTITIONS_MAX 128 /* of one disk; further ones are left out, with a warning of the caller's */

enum partition_table { PARTITIONS_NONE /* the whole disk is one */, PARTITIONS_GPT, PARTITIONS_MBR };

enum partition_role { PARTITION_OTHER, PARTITION_ESP, PARTITION_XBOOTLDR };

struct partition {
    uint64_t start, size;     /* bytes */
    uint32_t number;          /* as Linux counts: logical ones from 5 on */
    enum partition_role role; /* by its type (UAPI.2) */
    uint8_t type[16];         /* of a GPT: the GUID as it lies on disk; of an MBR the first byte */
    char uuid[40];            /* PARTUUID as blkid shows it: a GUID in small letters, or "1234abcd-01" */
    char name[112];           /* of a GPT: UTF-8 */
};

struct partitions {
    enum partition_table table;
    bool from_backup; /* the GPT's first header is broken, its second one is not */
    bool cut_off;     /* there are more than PARTITIONS_MAX, or a chain of logical ones that does not end */
    uint32_t count;   /* in the order of their numbers; 0 with PARTITIONS_NONE */
    struct partition partition[PARTITIONS_MAX];
};

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

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file system is on: bytes that are read by offset. */
#ifndef STORAGE_DISK_H
#define STORAGE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

struct disk {
    uint64_t size;       /* bytes */
    const uint8_t *data; /* all of it, where it lies in memory; NULL: it must be read */
    bool (*read)(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure);
};

/* A disk image in memory, which stays the caller's. */
void disk_in_memory(struct span image, struct disk *disk);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file system is on: bytes that are read by offset. A disk image in memory, a device, a partition of either. */
#ifndef STORAGE_DISK_H
#define STORAGE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

struct disk {
    uint64_t size;       /* bytes */
    const uint8_t *data; /* all of it, where it lies in memory; NULL: it must be read */

    /*
     * Reads any bytes of it, all of them or a failure. Small reads are cheap where there is a device beneath (it has a
     * cache); large ones go straight to the buffer, at most speed where offset and buffer are multiples of its blocks.
     */
    bool (*read)(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure);

    uint32_t block; /* bytes of a device's blocks: where partition tables count in them; 512 of images in memory */
    void *below;    /* its kind's own: a device, or the disk that this one is a part of */
    uint64_t start; /* of a part: its first byte there */
};

/* A disk image in memory, which stays the caller's. */
void disk_in_memory(struct span image, struct disk *disk);

/* [start, start + size) of a disk, which stays the caller's and outlives *part. False where that is not inside it. */
bool disk_part(const struct disk *whole, uint64_t start, uint64_t size, struct disk *part);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that are read in blocks. A driver fills this structure; disk.h's disks are made of it. */
#ifndef STORAGE_BLOCK_H
#define STORAGE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/map.h"
#include "storage/disk.h"

struct block_device {
    char name[16];       /* as Linux will name it: "xvda", "vda"; "disk0" where nobody can know */
    uint32_t block_size; /* bytes, a power of two from 512 to 4096 */
    uint64_t block_count;
    bool removable; /* a CD-ROM, so that it is searched last */

    /*
     * Reads `count` blocks (any number, at least one, inside the device) into the buffer, which is aligned to 512 bytes
     * and physically contiguous (all our memory is identity-mapped). The driver cuts it into requests and keeps as many
     * of them in flight as the device takes. All of it or a failure, in bounded time whatever the device does.
     */
    bool (*read)(struct block_device *device, uint64_t first, uint64_t count, void *buffer, struct failure *failure);

    /*
     * Puts the device back as it was found: nothing of ours is known to it any more, no memory of ours can be written
     * by it. Called once, before the payload starts. A failure: it did not let go. NULL: nothing to do.
     */
    bool (*close)(struct block_device *device, struct failure *failure);

    void *own; /* the driver's */
};

/* Takes the memory of the cache for small reads, which all devices share, from the map; once. */
bool block_cache_start(struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size), struct failure *failure);

/* Forgets all that it holds, and its memory. */
void block_cache_end(void);

/* What was read from devices so far, and how long that took. */
struct block_account {
    uint64_t bytes;
    uint64_t ticks; /* of the time stamp counter */
};

struct block_account block_account(void);

/* A disk of a device, which outlives it. The cache must have been started. A failure: the device makes no sense. */
bool disk_of_device(struct block_device *device, struct disk *disk, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk of an ext file system: as it is, or as its journal says that it should be. And CRC-32C. */
#ifndef STORAGE_EXT_DISK_H
#define STORAGE_EXT_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/disk.h"

#define EXT_DISK_BLOCKS_MAX 0x7fffffffu /* of one that is replayed */

struct ext_disk {
    const struct disk *disk;
    uint64_t blocks;      /* of the file system, all of them on the disk */
    uint32_t block_shift; /* bytes in a block, as a power of two: 10 to 16 */
    bool replayed;        /* blocks in the journal stand for their own: in the one list below, if it is this disk's */
};

/*
 * The list: which blocks are read elsewhere. There is one, the last disk's that was replayed. ext_disk_list begins an
 * empty one, ext_disk_listed says whose it is. ext_disk_put is false where it is full; `escaped`: the block begins with
 * the journal's magic number, which is left out there.
 */
void ext_disk_list(const struct disk *disk);
bool ext_disk_listed(const struct disk *disk);
bool ext_disk_put(uint64_t block, uint64_t instead, bool escaped);
void ext_disk_take_out(uint64_t block);

/* Whether any of these blocks is read elsewhere. */
bool ext_disk_is_moved(const struct ext_disk *disk, uint64_t first, uint64_t count);

/* Reads bytes: those outside the file system are a failure. */
bool ext_disk_read(const struct ext_disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure);

/* CRC-32C as the file system has it: without the inversions; it begins with UINT32_MAX or an earlier result. */
uint32_t ext_crc32c(uint32_t crc, const void *bytes, uint64_t size);

#endif

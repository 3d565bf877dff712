/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things are on an ext2, ext3 or ext4 file system: what its superblock and group descriptors tell. */
#ifndef STORAGE_EXT_SUPER_H
#define STORAGE_EXT_SUPER_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/ext_disk.h"

#define EXT_ROOT 2 /* the root's inode: "Special inodes" */

#define EXT_INCOMPAT_FILETYPE    0x2
#define EXT_INCOMPAT_RECOVER     0x4
#define EXT_INCOMPAT_JOURNAL_DEV 0x8
#define EXT_INCOMPAT_META_BG     0x10
#define EXT_INCOMPAT_EXTENTS     0x40
#define EXT_INCOMPAT_64BIT       0x80
#define EXT_INCOMPAT_LARGEDIR    0x4000

struct ext {
    struct ext_disk disk;
    uint32_t first_block;
    uint32_t blocks_per_group;
    uint32_t inodes_per_group;
    uint32_t inodes;
    uint32_t inode_size;       /* bytes */
    uint32_t descriptor_size;  /* of a group, bytes */
    uint32_t first_meta_group; /* in blocks of descriptors; UINT32_MAX: none */
    uint32_t backup_groups[2]; /* of sparse_super2 */
    uint32_t compat, incompat, ro_compat;
    uint32_t checksum_seed;
    uint32_t journal; /* its inode; 0: it is elsewhere */
    uint8_t uuid[16];
    char label[17];
};

/* Whether a disk has the superblock of such a file system (that of a journal's device is none). */
bool ext_super_is(const struct disk *disk);

/*
 * Reads and checks it: what *ext then tells of places lies on the disk. ext->disk.disk is given, and ext->disk.replayed
 * with the rest of ext->disk from an earlier call; otherwise false.
 */
bool ext_super_read(struct ext *ext, struct failure *failure);

/* Where on the disk, in bytes, an inode is. A failure: there is none of this number. */
bool ext_super_inode(const struct ext *ext, uint32_t number, uint64_t *at, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Inodes of ext file systems. */
#ifndef STORAGE_EXT_INODE_H
#define STORAGE_EXT_INODE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/ext_super.h"

#define EXT_INODE_BLOCK_SIZE 60 /* bytes of i_block */

#define EXT_FLAG_ENCRYPT 0x800
#define EXT_FLAG_EXTENTS 0x80000
#define EXT_FLAG_INLINE  0x10000000

enum ext_kind { EXT_FILE, EXT_FOLDER, EXT_LINK, EXT_OTHER, EXT_DELETED };

struct ext_inode {
    uint32_t number;
    enum ext_kind kind;
    uint32_t flags;
    uint64_t size; /* bytes */
    union {
        uint8_t bytes[EXT_INODE_BLOCK_SIZE];
        uint32_t blocks[EXT_INODE_BLOCK_SIZE / 4];
    } block;              /* i_block: where the data is, or its beginning */
    uint64_t inline_at;   /* of inline data: where on the disk they go on, */
    uint32_t inline_size; /* and how many bytes are there; the others are zeros */
};

/* A failure: it is not there, or its data would be longer than any can be. */
bool ext_inode_read(const struct ext *ext, uint32_t number, struct ext_inode *inode, struct failure *failure);

#endif

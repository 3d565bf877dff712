/* SPDX-License-Identifier: BSD-2-Clause */
/* Which blocks of the disk are those of a file: extents and block maps of ext file systems. */
#ifndef STORAGE_EXT_MAP_H
#define STORAGE_EXT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/ext_inode.h"

struct ext_run {
    uint64_t first; /* block of the disk; 0: a hole, or never written: zeros */
    uint64_t count; /* of blocks, one at least */
};

/*
 * Where a file's block and some of those behind it are, at most `limit` (one at least): they follow each other on the
 * disk, and lie in the file system. The file's data are not inline.
 */
bool ext_map(const struct ext *ext, const struct ext_inode *inode, uint64_t block, uint64_t limit, struct ext_run *run,
             struct failure *failure);

#endif

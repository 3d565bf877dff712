/* SPDX-License-Identifier: BSD-2-Clause */
/* ext2, ext3 and ext4, read-only, as a tree. Pure but for its warnings. */
#ifndef STORAGE_EXT_H
#define STORAGE_EXT_H

#include <stdbool.h>

#include "storage/disk.h"
#include "storage/tree.h"

/* Whether a disk (the whole of it: no partition table) has such a file system. */
bool ext_is(const struct disk *disk);

/*
 * Makes a tree of a file system on a disk, which stays the caller's and lives as long as the tree. Names are found as
 * they are written, byte for byte. Symbolic links are followed, inside the file system; one that is not to be followed
 * to an end is a failure. What is encrypted is a failure of find and read. A node's `data` is set where the disk lies
 * in memory and the file in one extent. tree->name becomes "ext4 " and the first eight digits of its UUID.
 *
 * Where the journal was left with transactions, the file system is read as they would make it; where that cannot be, as
 * it is, with a warning.
 */
bool ext_open(const struct disk *disk, struct tree *tree, struct failure *failure);

#endif

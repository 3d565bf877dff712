/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind of file system that we read: one row each. Pure. */
#ifndef STORAGE_FILESYSTEMS_H
#define STORAGE_FILESYSTEMS_H

#include <stdbool.h>

#include "storage/disk.h"
#include "storage/tree.h"

/* What a disk begins as: "FAT"; NULL: nothing that we read. */
const char *filesystem_name(const struct disk *disk);

/*
 * Makes a tree of what is on a disk, which stays the caller's and lives as long as the tree. *known: whether it is of a
 * kind that we read; false is no failure. A failure: it is of that kind, and broken.
 */
bool filesystem_open(const struct disk *disk, struct tree *tree, bool *known, struct failure *failure);

#endif

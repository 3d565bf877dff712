/* SPDX-License-Identifier: BSD-2-Clause */
/* FAT12, FAT16 and FAT32 with long names, read-only, as a tree. Pure. */
#ifndef STORAGE_FAT_H
#define STORAGE_FAT_H

#include <stdbool.h>

#include "storage/disk.h"
#include "storage/tree.h"

/* Whether a disk (the whole of it: no partition table) begins as a FAT file system does. */
bool fat_is(const struct disk *disk);

/*
 * Makes a tree of a file system on a disk, which stays the caller's and lives as long as the tree. Names are found
 * without regard to case (ASCII), as FAT has them. A node's `data` is set where the disk lies in memory and the file's
 * clusters follow each other. Cycles, clusters outside the disk and files longer than their chain are failures of find
 * and read; a list only tells what the entries say. tree->name becomes its kind and serial number: "FAT32 1234-abcd".
 * Its uuid and label are as blkid has them.
 */
bool fat_open(const struct disk *disk, struct tree *tree, struct failure *failure);

#endif

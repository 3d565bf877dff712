/* SPDX-License-Identifier: BSD-2-Clause */
/* ISO 9660, with Rock Ridge or Joliet, as a tree. Pure. */
#ifndef STORAGE_ISO9660_H
#define STORAGE_ISO9660_H

#include <stdbool.h>

#include "storage/disk.h"
#include "storage/tree.h"

/* Whether a disk (the whole of it, or a partition) holds an ISO 9660. */
bool iso_is(const struct disk *disk);

/*
 * Makes a tree of a file system on a disk, which stays the caller's and lives as long as the tree. Names are Rock
 * Ridge's where it has them; else Joliet's, or its own in small letters without versions, both of which are found
 * without regard to case (ASCII). A node's `data` is set where the disk lies in memory and the file lies in one piece.
 * Symbolic links are followed. Compressed and interleaved files are TREE_OTHER; names that are not UTF-8 are left out.
 * Its uuid and label are as blkid has them. tree->name becomes "ISO 9660 LABEL".
 */
bool iso_open(const struct disk *disk, struct tree *tree, struct failure *failure);

#endif

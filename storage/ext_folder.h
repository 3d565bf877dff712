/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders of ext file systems: their entries, one after the other. */
#ifndef STORAGE_EXT_FOLDER_H
#define STORAGE_EXT_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "storage/ext_inode.h"
#include "storage/tree.h"

#define EXT_FOLDER_MAX (16ull << 20) /* bytes of one, and of all that are searched for one path */

struct ext_entry {
    uint64_t at; /* bytes of the folder before it */
    uint32_t inode;
    uint32_t length;              /* bytes of the name */
    char name[TREE_NAME_MAX + 1]; /* as it lies there, and a NUL */
};

struct ext_folder {
    const struct ext *ext;
    const struct ext_inode *inode; /* the caller's, and lives as long */
    uint64_t at;                   /* bytes that were read */
};

/* What was remembered of folders of any disk is no longer so. */
void ext_folder_forget(void);

/* Begins with a folder. A failure: it is encrypted, or larger than any that we read. */
bool ext_folder_open(const struct ext *ext, const struct ext_inode *inode, struct ext_folder *folder,
                     struct failure *failure);

/* *found is false behind the last one. "." and ".." are passed over. */
bool ext_folder_next(struct ext_folder *folder, struct ext_entry *entry, bool *found, struct failure *failure);

/*
 * Finds a name, beginning where the last one was found in a folder of this depth. *left is how many bytes of folders
 * may still be read.
 */
bool ext_folder_find(const struct ext *ext, const struct ext_inode *inode, unsigned depth, struct span name,
                     uint32_t *number, bool *found, uint64_t *left, struct failure *failure);

#endif

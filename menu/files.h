/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a tree, and reading small ones, to be parsed; for large ones see file_load.h. */
#ifndef MENU_FILES_H
#define MENU_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "menu/entry.h"
#include "payloads/expand.h"
#include "storage/tree.h"

struct file_name {
    struct file_name *next;
    const char *name;
    struct tree_node node;
};

/*
 * The files of a folder whose names end with suffix, in any case, and begin with no dot, in the tree's order, as a list
 * in the memory of `entries`. *first is NULL where there are none, or no such folder. More than ENTRIES_MAX names are a
 * failure.
 */
bool files_in(const struct tree *tree, const char *folder, const char *suffix, struct entries *entries,
              struct file_name **first, struct failure *failure);

/* Calls add for each of them, in their order; ends where it fails. */
bool files_each(const struct tree *tree, const char *folder, const char *suffix,
                bool (*add)(const struct tree *tree, const struct file_name *file, struct entries *entries,
                            struct failure *failure),
                struct entries *entries, struct failure *failure);

/* Looks for what is at a path, which must be a file or not be there (TREE_ABSENT). */
bool file_find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure);

/*
 * The whole of a file of at most `limit` bytes, where it lies in memory or in that of `entries`. What is not there has
 * data NULL, and is no failure.
 */
bool file_text(const struct tree *tree, const char *path, uint64_t limit, struct entries *entries, struct span *content,
               struct failure *failure);

#endif

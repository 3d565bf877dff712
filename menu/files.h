/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the files of a tree: small ones to be parsed, large ones to be started. */
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

/*
 * The whole of a file of at most `limit` bytes, where it lies in memory or in that of `entries`. What is not there has
 * data NULL, and is no failure.
 */
bool file_text(const struct tree *tree, const char *path, uint64_t limit, struct entries *entries, struct span *content,
               struct failure *failure);

/*
 * The whole of a file of any size, which must be there and not empty: where it lies in memory, or in memory of its own
 * (MAP_WORK, whole pages, below 4 GiB where there is room). Shows progress.
 */
bool file_load(const struct tree *tree, const char *path, const struct expander *expander, struct span *content,
               struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A boot tree of UAPI.1: loader.conf, entries of both types. */
#ifndef MENU_BOOT_TREE_H
#define MENU_BOOT_TREE_H

#include <stdbool.h>

#include "common/failure.h"
#include "menu/entry.h"
#include "menu/loader_conf.h"
#include "storage/tree.h"

/* Reads loader.conf, unless one was read before (*read). A line that cannot be understood is warned of. */
bool boot_tree_configure(const struct tree *tree, struct entries *entries, struct loader_conf *conf, bool *read,
                         struct failure *failure);

/* The same, and adds all entries of the tree. */
bool boot_tree_add(const struct tree *tree, struct entries *entries, struct loader_conf *conf, bool *read,
                   struct failure *failure);

#endif

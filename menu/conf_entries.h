/* SPDX-License-Identifier: BSD-2-Clause */
/* UAPI.1, type #1: the entries that NAME.conf in /loader/entries of a tree describe. */
#ifndef MENU_CONF_ENTRIES_H
#define MENU_CONF_ENTRIES_H

#include <stdbool.h>

#include "menu/bls.h"
#include "menu/entry.h"

/*
 * Adds them to the list, those for other architectures left out. A file that cannot be understood is warned of, and an
 * entry with a problem. A failure where the tree is broken, or there is no memory.
 */
bool conf_entries_add(const struct tree *tree, struct entries *entries, struct failure *failure);

/* What the file of such an entry says; it was parsed without failure, or the entry has a problem. */
void conf_entry_read(const struct entry *entry, struct bls *bls);

/*
 * What an entry of type #1, whose files are on `tree`, is made of, in the memory of the list. Of a UKI its profile
 * stays in *bls. A failure where a path is none.
 */
bool conf_recipe(const struct bls *bls, const struct tree *tree, struct entries *entries, const struct recipe **recipe,
                 struct failure *failure);

#endif

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

#endif

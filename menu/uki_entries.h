/* SPDX-License-Identifier: BSD-2-Clause */
/* UAPI.1, type #2: unified kernel images, an entry for each profile (UAPI.5, "Multi-Profile UKIs"). */
#ifndef MENU_UKI_ENTRIES_H
#define MENU_UKI_ENTRIES_H

#include <stdbool.h>

#include "menu/entry.h"
#include "payloads/sections.h"

/*
 * Adds those of the folder /EFI/Linux of a tree: reads their headers and descriptions, no more. A file that is none, or
 * broken, is warned of, and an entry with a problem.
 */
bool uki_entries_add(const struct tree *tree, struct entries *entries, struct failure *failure);

/*
 * Adds the profiles of one whose sections lie in memory, each as `entry` with an id, a title and its number
 * (SECTIONS_FIRST_PROFILE and on). Where nothing in it says a title, entry->title is it.
 */
bool uki_profiles_add(const struct sections *sections, const struct entry *entry, struct entries *entries,
                      struct failure *failure);

/* Reads one small section of such an entry, for a person to see; absent: data NULL. */
bool uki_entry_section(const struct entry *entry, const char *name, struct entries *entries, struct span *text,
                       struct failure *failure);

#endif

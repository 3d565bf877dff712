/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting the tries of an entry (UAPI.1, "Boot counting") in the names of its file. Pure. */
#ifndef MENU_TRIES_H
#define MENU_TRIES_H

#include <stdbool.h>

#include "menu/entry.h"

/*
 * One more try: the file of a counted entry gets its next name, and all entries that come from it have the new path and
 * counter. `path`, TREE_PATH_MAX bytes: where the file then is, for LoaderBootCountPath; "" where nothing is counted:
 * there is no counter, or no way to write. A file without tries left keeps its name.
 */
bool entries_count_try(struct entries *entries, const struct entry *entry, char *path, struct failure *failure);

#endif

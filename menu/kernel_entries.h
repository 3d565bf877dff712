/* SPDX-License-Identifier: BSD-2-Clause */
/* The last resort: kernels that lie in /boot or / of a file system where no configuration names them. */
#ifndef MENU_KERNEL_ENTRIES_H
#define MENU_KERNEL_ENTRIES_H

#include <stdbool.h>

#include "common/failure.h"
#include "menu/entry.h"
#include "menu/outcome.h"
#include "storage/volumes.h"

/*
 * Adds an entry for each of the newest 32, newest first, which is the default: with the initrd that has its version,
 * and root= for this file system where it looks like a system's root, else for another that does, of the same disk if
 * one is; where none is, that is left to the host's words. A failure: the tree is broken, there is no memory, or the
 * list is full.
 */
bool kernel_entries_add(const struct volumes_view *view, const struct volume *volume, struct entries *entries,
                        struct outcome *outcome, struct failure *failure);

/*
 * Adds the one at `path`, which is there, whatever its name is. Only where that looks like a kernel's is there an
 * initrd with it, and root=.
 */
bool kernel_entry_add(const struct volumes_view *view, const struct volume *volume, const char *path,
                      struct entries *entries, struct outcome *outcome, struct failure *failure);

#endif

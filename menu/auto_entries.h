/* SPDX-License-Identifier: BSD-2-Clause */
/* EFI applications at well-known places, which nobody had to write an entry for. */
#ifndef MENU_AUTO_ENTRIES_H
#define MENU_AUTO_ENTRIES_H

#include <stdbool.h>

#include "menu/entry.h"

/*
 * Adds those that the volume of our own image has: Windows' boot manager, the EFI shell, the default loader, under the
 * ids of the Boot Loader Interface ("auto-windows" and so on). Our own image, or a copy of it, is none of them.
 */
bool auto_entries_add(const struct tree *tree, struct entries *entries, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grub.cfg as distributions' grub-mkconfig writes it: its menu entries as entries of ours. A reader of what it
 * declares, no GRUB: docs/entries.md says what is read and what is passed over. Nothing is ever written.
 */
#ifndef MENU_GRUB_CONF_H
#define MENU_GRUB_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "menu/entry.h"
#include "menu/outcome.h"
#include "storage/volumes.h"

/*
 * Adds the entries of the configuration at `path` of a volume, which is one of the view's; submenus are made flat,
 * their ids are "SUBMENU>ENTRY" as GRUB's `default` has them. An entry that cannot be started is one with a problem.
 * What cannot be understood is warned of, and stops nothing else. A failure: there is no memory, or the list is full.
 * *outcome is filled as far as it came. A configuration that was read already, or leads to one, has no entries.
 */
bool grub_entries_add(const struct volumes_view *view, const struct volume *volume, const char *path,
                      struct entries *entries, struct outcome *outcome, struct failure *failure);

#endif

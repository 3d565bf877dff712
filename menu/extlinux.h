/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extlinux.conf, syslinux.cfg and isolinux.cfg: their labels as entries. doc/menu.txt and doc/syslinux.txt of Syslinux,
 * and what U-Boot makes of them (doc/develop/distro.rst).
 */
#ifndef MENU_EXTLINUX_H
#define MENU_EXTLINUX_H

#include <stdbool.h>

#include "common/failure.h"
#include "menu/entry.h"
#include "menu/outcome.h"
#include "storage/volumes.h"

/*
 * Adds the labels of the configuration at `path` of a volume, those of menus in it, too; paths in it are relative to
 * its folder. A label that cannot be started is an entry with a problem; one for a module of Syslinux's own (.c32), or
 * that goes back to the firmware, is left out. What cannot be understood is warned of, and stops nothing else. A
 * failure: there is no memory, or the list is full. *outcome is filled as far as it came.
 */
bool extlinux_entries_add(const struct volume *volume, const char *path, struct entries *entries,
                          struct outcome *outcome, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* From an entry of the list to its parts: every file that belongs to it is read, or it is not started. */
#ifndef MENU_LOAD_H
#define MENU_LOAD_H

#include <stdbool.h>

#include "menu/collect.h"
#include "menu/parts.h"

/*
 * Reads all that an entry is made of into memory. *parts is then to be opened (menu/open.h). whole: a UKI shall be
 * started by its own stub, which looks for addons by itself. A failure names what is missing or wrong.
 *
 * Under Secure Boot a UKI that we have not verified is started whole too, unless it has addons, because stubs before
 * systemd's of version 254 know none: the firmware verifies both, and we start what is in them. What nobody can verify
 * is refused where it would be added to what somebody did: a device tree, a UKI's further initrds, and whatever the
 * loader before us gives besides the payload.
 */
bool entry_load(const struct entry *entry, bool whole, const struct surroundings *around, struct collection *collection,
                struct parts *parts, struct failure *failure);

/*
 * The entry's own command line, NUL-terminated, for a person to see or edit, without reading more than that needs. A
 * failure where it has none to edit, or it is broken.
 */
bool entry_command_line(const struct entry *entry, const struct surroundings *around, struct collection *collection,
                        char *text, uint64_t size, struct failure *failure);

#endif

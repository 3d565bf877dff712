/* SPDX-License-Identifier: BSD-2-Clause */
/* UAPI.5, "PE Addons": small PEs that add to a UKI's command line, initrds or device tree. */
#ifndef MENU_ADDONS_H
#define MENU_ADDONS_H

#include <stdbool.h>

#include "menu/entry.h"
#include "menu/parts.h"
#include "payloads/expand.h"

/*
 * Adds those of /loader/addons and of the folder beside the UKI at `path` (UKI.extra.d), each in the order of names
 * (UAPI.10), to its parts. verify: each must be one that the firmware would start (Secure Boot); NULL: none need be.
 * One that is broken or refused is a failure: nothing is started half-equipped.
 */
bool addons_add(const struct tree *tree, const char *path, bool (*verify)(struct span file, struct failure *failure),
                const struct expander *expander, struct entries *entries, struct parts *parts, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* From the parts of an entry, as they came, to what an exit can start. */
#ifndef MENU_OPEN_H
#define MENU_OPEN_H

#include <stdbool.h>

#include "common/failure.h"
#include "handoff/boot.h"
#include "menu/parts.h"
#include "payloads/expand.h"

/*
 * Makes of parts what an exit can start: unpacks the payload, takes apart a UKI (unless it is to be started whole,
 * by its own stub) and whatever lies behind the payload in one piece with it. *parts may change: a UKI's parts take its
 * place. The command line is left to the caller.
 */
bool parts_open(struct parts *parts, const struct expander *expander, struct boot *boot, struct failure *failure);

#endif

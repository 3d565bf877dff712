/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether and how a bzImage is unpacked by us (payloads/direct.h), on this machine. */
#ifndef ENTRIES_DIRECT_H
#define ENTRIES_DIRECT_H

#include <stdbool.h>

#include "handoff/exits.h"
#include "payloads/expand.h"

/*
 * qv.unpack=loader: unpacks the kernel for the exit that was chosen; says in a warning where the kernel has to do it
 * itself. A failure only where what is packed is broken.
 */
bool direct_start(const struct exit *exit, const struct expander *expander, const struct handoff *handoff,
                  struct boot *boot, struct failure *failure);

#endif

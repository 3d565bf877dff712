/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether and how a bzImage is unpacked by us (payloads/direct.h), on this machine. */
#ifndef ENTRIES_DIRECT_H
#define ENTRIES_DIRECT_H

#include <stdbool.h>

#include "handoff/exits.h"
#include "payloads/expand.h"

/*
 * Unpacks the kernel for the exit that was chosen, where that is `wanted` (qv.unpack=loader), or it cannot do so
 * itself. any_exit: nobody asked for that exit, so that it becomes linux64 where it was efi, if the kernel needs
 * nothing of its EFI stub. It says in a warning where the kernel has to do it after all. A failure where nobody can.
 */
bool direct_start(bool wanted, bool any_exit, const struct exit **exit, const struct expander *expander,
                  const struct handoff *handoff, struct boot *boot, struct failure *failure);

#endif

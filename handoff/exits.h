/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways out: one row each. Which one a kernel takes, if nobody says, is the kernel's nature. */
#ifndef HANDOFF_EXITS_H
#define HANDOFF_EXITS_H

#include "common/failure.h"
#include "common/span.h"
#include "handoff/handoff.h"
#include "handoff/launch.h"
#include "handoff/linux.h"

/*
 * Prepares a Linux kernel's launch by the exit that `wanted` names, or where it is absent by the best that the kernel
 * has: 64-bit, else 32-bit.
 */
bool exit_linux(const struct linux_boot *boot, struct span wanted, struct handoff *handoff, struct launch *launch,
                struct failure *failure);

#endif

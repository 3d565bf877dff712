/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopping, whatever the machine is. */
#ifndef FIRMWARE_POWER_H
#define FIRMWARE_POWER_H

#include <stdint.h>

#include "common/physical.h"
#include "handoff/handoff.h"

/* Halts for ever. Under Xen the domain crashes, so that dom0 sees it. */
void power_halt(void) __attribute__((noreturn));

/* Each tries what this machine may have, and halts where nothing helps. handoff may be one that was never filled. */
void power_reboot(void) __attribute__((noreturn));
void power_off(const struct handoff *handoff, const struct physical *physical) __attribute__((noreturn));

#endif

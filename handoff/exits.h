/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways out: each is one file that defines a struct exit, and one row of the table in exits.c. */
#ifndef HANDOFF_EXITS_H
#define HANDOFF_EXITS_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/boot.h"
#include "handoff/handoff.h"
#include "handoff/launch.h"

struct exit {
    const char *name; /* as qv.exit= has it */
    enum face face;   /* the one that a payload must have */
    /* Whether this payload can leave so from this machine; a failure that says why not. NULL: always. */
    bool (*possible)(const struct boot *boot, const struct handoff *handoff, struct failure *failure);
    /* Fills the launch, which is empty but for its protocol, taking memory from handoff->map. */
    bool (*prepare)(const struct boot *boot, struct handoff *handoff, struct launch *launch, struct failure *failure);
};

extern const struct exit exit_linux64, exit_linux32, exit_pvh, exit_multiboot2, exit_multiboot, exit_efi;

/*
 * The exit that `wanted` names or, where it is absent, the best that the payload has and the machine allows. NULL with
 * a failure where there is none. Under Secure Boot a payload that nobody verified leaves by EFI only, which verifies
 * it.
 */
const struct exit *exit_choose(const struct boot *boot, struct span wanted, const struct handoff *handoff,
                               struct failure *failure);

#endif

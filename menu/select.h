/* SPDX-License-Identifier: BSD-2-Clause */
/* Which entry: where the payload comes from, what belongs to it, and its command line. */
#ifndef MENU_SELECT_H
#define MENU_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/physical.h"
#include "common/span.h"
#include "handoff/boot.h"
#include "handoff/handoff.h"
#include "payloads/expand.h"
#include "payloads/sections.h"

struct entry {
    const char *source;  /* "packed", "modules" */
    bool exact;          /* the loader before us gives each file as itself, and not several as one */
    bool packed;         /* it was verified together with our own image */
    struct span content; /* the payload as it came: perhaps compressed, perhaps with more behind it */
    uint32_t module_count;
    struct boot_module modules[BOOT_MODULES_MAX]; /* likewise as they came, in order */
    struct span command_line;                     /* its own, before the words of the loader before us */
    struct span string;                           /* of a UKI: what was said of it as a whole, behind its own */
    struct span device_tree;                      /* data NULL: none */
    struct span os_release, uname;                /* of a UKI, for people; data NULL: none */
};

/*
 * The first of: what quadrivium-pack put into the image; the first module that is a kernel, with the modules behind it.
 * Modules beside a packed kernel are further ones of it. The spans point to where the bytes lie. A failure where there
 * is nothing to start.
 */
bool select_entry(const struct handoff *handoff, const struct sections *sections, const struct physical *physical,
                  const struct expander *expander, struct entry *entry, struct failure *failure);

/*
 * Makes of an entry what an exit can start: unpacks the payload, takes apart a UKI (unless it is to be started whole,
 * by its own stub) and whatever lies behind the payload in one piece with it. *entry may change: a UKI's parts take its
 * place. The command line is left to the caller.
 */
bool select_open(struct entry *entry, bool whole, const struct expander *expander, struct boot *boot,
                 struct failure *failure);

#endif

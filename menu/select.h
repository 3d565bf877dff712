/* SPDX-License-Identifier: BSD-2-Clause */
/* Which entry: where the payload comes from, what belongs to it, and its command line. */
#ifndef MENU_SELECT_H
#define MENU_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/physical.h"
#include "common/span.h"
#include "handoff/handoff.h"
#include "handoff/linux.h"
#include "payloads/payload.h"
#include "payloads/sections.h"

struct entry {
    const char *source; /* "packed", "modules" */
    enum payload_kind kind;
    struct span kernel; /* from its first byte to the end of what it came in */
    uint32_t initrd_count;
    struct span initrds[LINUX_INITRDS_MAX];
    struct span command_line; /* its own, before the words of the loader before us */
};

/*
 * The first of: what quadrivium-pack put into the image; the first module that is a kernel, with the modules behind it
 * as its initrds. Modules that are not kernels are further initrds of a packed kernel. The spans point to where the
 * bytes lie. A failure where there is nothing to start.
 */
bool select_entry(const struct handoff *handoff, const struct sections *sections, const struct physical *physical,
                  struct entry *entry, struct failure *failure);

#endif

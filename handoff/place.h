/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding places for the parts of a payload, and adding them to a launch. What all exits but EFI's need. */
#ifndef HANDOFF_PLACE_H
#define HANDOFF_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/boot.h"
#include "handoff/handoff.h"
#include "handoff/launch.h"
#include "handoff/program.h"

#define PLACE_END_BELOW_4G (MAP_BELOW_4G - MAP_PAGE) /* so that what ends there has an end of 32 bits too */

/* Where a program may lie besides where it is linked. */
struct placement {
    bool relocatable;   /* false: nowhere else, and nothing below counts */
    uint64_t alignment; /* bytes, a power of two */
    uint64_t minimum;   /* the lowest address of its first byte */
    uint64_t maximum;   /* the highest address of its last byte */
    enum { PLACE_AS_LINKED, PLACE_LOW, PLACE_HIGH } preference;
};

/*
 * Finds a place for a program and adds its segments to *launch. As linked where that is free and nothing else is
 * preferred; else, if it may move, where it may; else over what is ours or a module's, which the launch moves aside. In
 * the mode LAUNCH_FIRMWARE the place is taken from the firmware, and it must be free. *offset: what must be added to
 * each linked address.
 */
bool place_program(const struct program *program, const struct placement *placement, struct handoff *handoff,
                   struct launch *launch, uint64_t *offset, struct failure *failure);

/*
 * Finds a place for bytes, no byte above `maximum`, and adds it to *launch. They stay where they lie if that is
 * aligned, low enough, and not part of a place found before. alignment: a power of two. An empty run has address 0.
 */
bool place_content(const char *name, struct span content, uint64_t alignment, uint64_t maximum, struct handoff *handoff,
                   struct launch *launch, uint64_t *address, struct failure *failure);

/*
 * The same for each module of `boot`, at a page. It comes before place_parameters, so that what is large finds memory
 * that nothing small has divided. addresses: of boot->module_count modules.
 */
bool place_modules(const struct boot *boot, uint64_t maximum, struct handoff *handoff, struct launch *launch,
                   uint64_t *addresses, struct failure *failure);

/* Takes `size` bytes, below 1 GiB if that can be and else below 4 GiB, zeroed, in which an exit builds what the payload
 * reads, and adds them to *launch. */
void *place_parameters(const char *name, uint64_t size, struct handoff *handoff, struct launch *launch,
                       struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The doors: one row each, from what the stub was given to a complete struct handoff. */
#ifndef ENTRIES_DOORS_H
#define ENTRIES_DOORS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/physical.h"
#include "handoff/handoff.h"

/* What a stub passes on (start.S): addresses of the loader's structures. */
struct given {
    uint64_t first, second;
};

/* Whether EFI boot services run when this door is entered: then CPU state and page tables stay the firmware's. */
bool door_firmware_alive(enum door door);

/* The consoles that are likely to be there, as console_start_present takes them. */
const char *door_consoles(enum door door);

/*
 * Fills *handoff, which handoff_start made empty, by the door's own normaliser, and adds what no loader tells. The
 * image lies at image_start and takes image_size bytes.
 */
bool door_enter(struct handoff *handoff, const struct physical *memory, const struct given *given, uint64_t image_start,
                uint64_t image_size, struct failure *failure);

#endif

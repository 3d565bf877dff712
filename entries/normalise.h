/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The normalisers: each reads what one kind of loader leaves and writes struct handoff. They are pure functions over a
 * window onto physical memory, started with handoff_start; on failure *handoff is not to be used. The map that they
 * leave is the firmware's; handoff_complete then marks what is in use.
 */
#ifndef ENTRIES_NORMALISE_H
#define ENTRIES_NORMALISE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/physical.h"
#include "handoff/handoff.h"

/* start_info: address of struct hvm_start_info (Xen public/arch-x86/hvm/start_info.h), versions 0, 1 and later ones. */
bool pvh_normalise(struct handoff *handoff, const struct physical *physical, uint64_t start_info,
                   struct failure *failure);

/* information: address of the boot information (Multiboot2 specification 2.0, section 3.6). */
bool multiboot2_normalise(struct handoff *handoff, const struct physical *physical, uint64_t information,
                          struct failure *failure);

/*
 * boot_params: address of struct boot_params (boot.rst, zero-page.rst), versions 2.06 and later. with_map: whether the
 * memory map is to come from there; a firmware that is alive knows better.
 */
bool linux_normalise(struct handoff *handoff, const struct physical *physical, uint64_t boot_params, bool with_map,
                     struct failure *failure);

#endif

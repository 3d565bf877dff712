/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that are Xen's and that a guest may see: they are put where the memory map has nothing, so that the guest loses
 * no page of its RAM by it.
 */
#ifndef FIRMWARE_XEN_FRAMES_H
#define FIRMWARE_XEN_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/map.h"

/*
 * A hole of so many pages below 4 GiB, where our page tables reach, that nobody was given before. `what` is who wants
 * it. Nothing is mapped yet.
 */
bool xen_frames_reserve(const struct memory_map *map, uint32_t count, uint64_t *address, const char *what,
                        struct failure *failure);

/* Maps one page of `space` (XENMAPSPACE_*, public/memory.h) at a physical address. False where Xen refuses. */
bool xen_frame_map(unsigned space, uint64_t index, uint64_t address);

/* Takes it away again. */
void xen_frame_unmap(uint64_t address);

#endif

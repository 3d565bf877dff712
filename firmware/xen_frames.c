/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of Xen in holes of the memory map; see xen_frames.h (XENMEM_add_to_physmap, public/memory.h). */
#include "firmware/xen_frames.h"

#include "firmware/xen_hypercall.h"

#include <xen/memory.h>

/* Above are the I/O APIC, the local APIC and the firmware's ROM, which no memory map need name. */
#define HOLES_END 0xfec00000ull

static uint64_t given; /* the lowest address that somebody was given; 0: none yet */

bool xen_frames_reserve(const struct memory_map *map, uint32_t count, uint64_t *address, const char *what,
                        struct failure *failure)
{
    if (!map_find_hole(map, count * MAP_PAGE, given ? given : HOLES_END, address))
        return fail(failure, what, "the memory map has no hole of %u pages below 4 GiB", count);
    given = *address;
    return true;
}

bool xen_frame_map(unsigned space, uint64_t index, uint64_t address)
{
    struct xen_add_to_physmap request = {
        .domid = DOMID_SELF, .space = space, .idx = index, .gpfn = address / MAP_PAGE
    };

    return xen_hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uint64_t)&request, 0, 0) == 0;
}

void xen_frame_unmap(uint64_t address)
{
    struct xen_remove_from_physmap request = { .domid = DOMID_SELF, .gpfn = address / MAP_PAGE };

    xen_hypercall(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, (uint64_t)&request, 0, 0);
}

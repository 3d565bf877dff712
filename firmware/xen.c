/* SPDX-License-Identifier: BSD-2-Clause */
/* What we ask of Xen beyond devices; see xen.h. */
#include "firmware/xen.h"

#include <stdint.h>

#include "common/noinit.h"
#include "firmware/xen_console.h"
#include "firmware/xen_hypercall.h"

#include <xen/memory.h>
#include <xen/sched.h>

void xen_shutdown(enum xen_shutdown reason)
{
    static const unsigned reasons[] = {
        [XEN_POWEROFF] = SHUTDOWN_poweroff, [XEN_REBOOT] = SHUTDOWN_reboot, [XEN_CRASH] = SHUTDOWN_crash
    };
    struct sched_shutdown shutdown = { .reason = reasons[reason] };

    xen_console_drain(); /* with the domain goes what is still in its ring */
    xen_hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uint64_t)&shutdown, 0, 0);
}

struct e820 {
    uint64_t start, size;
    uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct e820) == 20, "memory.h: \"in the format of an E820 table\"");

bool xen_memory_map(struct memory_map *map, struct failure *failure)
{
    static struct e820 entries[128] NOINIT;
    struct xen_memory_map request = { .nr_entries = sizeof(entries) / sizeof(*entries) };

    set_xen_guest_handle(request.buffer, (void *)entries);
    if (xen_hypercall(__HYPERVISOR_memory_op, XENMEM_memory_map, (uint64_t)&request, 0, 0))
        return fail(failure, "memory map", "the loader left none, and Xen has none");
    for (unsigned i = 0; i < request.nr_entries && i < sizeof(entries) / sizeof(*entries); i++) {
        if (!map_add(map, entries[i].start, entries[i].size, map_type_from_e820(entries[i].type), 0, failure))
            return false;
    }
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls, by the instruction itself: VMMCALL on AMD's CPUs and Hygon's, VMCALL on all others, number in RAX,
 * arguments in RDI and RSI, result in RAX (Xen docs/guest-guide/x86/hypercall-abi.rst). No hypercall page is needed.
 */
#include "firmware/xen.h"

#include <stdint.h>

#include "common/string.h"
#include "cpu/cpu.h"

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

#include <xen/memory.h>
#include <xen/sched.h>

static long hypercall(unsigned long number, unsigned long first, void *second)
{
    struct cpuid vendor = cpuid(0, 0);
    long result;

    if (!memcmp(&vendor.ebx, "Auth", 4) || !memcmp(&vendor.ebx, "Hygo", 4))
        __asm__ volatile("vmmcall" : "=a"(result), "+D"(first), "+S"(second) : "a"(number) : "memory");
    else
        __asm__ volatile("vmcall" : "=a"(result), "+D"(first), "+S"(second) : "a"(number) : "memory");
    return result;
}

void xen_shutdown(enum xen_shutdown reason)
{
    static const unsigned reasons[] = {
        [XEN_POWEROFF] = SHUTDOWN_poweroff, [XEN_REBOOT] = SHUTDOWN_reboot, [XEN_CRASH] = SHUTDOWN_crash
    };
    struct sched_shutdown shutdown = { .reason = reasons[reason] };

    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
}

struct e820 {
    uint64_t start, size;
    uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct e820) == 20, "memory.h: \"in the format of an E820 table\"");

bool xen_memory_map(struct memory_map *map, struct failure *failure)
{
    static struct e820 entries[128];
    struct xen_memory_map request = { .nr_entries = sizeof(entries) / sizeof(*entries) };

    set_xen_guest_handle(request.buffer, (void *)entries);
    if (hypercall(__HYPERVISOR_memory_op, XENMEM_memory_map, &request))
        return fail(failure, "memory map", "the loader left none, and Xen has none");
    for (unsigned i = 0; i < request.nr_entries && i < sizeof(entries) / sizeof(*entries); i++) {
        if (!map_add(map, entries[i].start, entries[i].size, map_type_from_e820(entries[i].type), 0, failure))
            return false;
    }
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls, by the instruction itself: VMMCALL on AMD's CPUs and Hygon's, VMCALL on all others, number in RAX,
 * arguments in RDI, RSI, RDX and R10, result in RAX (Xen docs/guest-guide/x86/hypercall-abi.rst). No hypercall page is
 * needed.
 */
#include "firmware/xen_hypercall.h"

#include "common/string.h"
#include "cpu/cpu.h"

#include <xen/hvm/hvm_op.h>

long xen_hypercall(unsigned long number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
    static enum { UNKNOWN, VMCALL, VMMCALL } instruction; /* CPUID leaves the guest, so it is asked once */
    register uint64_t r10 __asm__("r10") = fourth;
    long result;

    if (instruction == UNKNOWN) {
        const struct cpuid vendor = cpuid(0, 0);
        const bool amd = !memcmp(&vendor.ebx, "Auth", 4) || !memcmp(&vendor.ebx, "Hygo", 4);

        instruction = amd ? VMMCALL : VMCALL;
    }
    if (instruction == VMMCALL)
        __asm__ volatile("vmmcall"
                         : "=a"(result), "+D"(first), "+S"(second), "+d"(third), "+r"(r10)
                         : "a"(number)
                         : "memory");
    else
        __asm__ volatile("vmcall"
                         : "=a"(result), "+D"(first), "+S"(second), "+d"(third), "+r"(r10)
                         : "a"(number)
                         : "memory");
    return result;
}

bool xen_parameter(uint32_t index, uint64_t *value)
{
    struct xen_hvm_param parameter = { .domid = DOMID_SELF, .index = index };

    if (xen_hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, (uint64_t)&parameter, 0, 0) || !parameter.value)
        return false;
    *value = parameter.value;
    return true;
}

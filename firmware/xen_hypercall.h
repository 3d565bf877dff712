/* SPDX-License-Identifier: BSD-2-Clause */
/* How Xen is asked, by a guest of it; and what each file that asks needs of Xen's public headers. */
#ifndef FIRMWARE_XEN_HYPERCALL_H
#define FIRMWARE_XEN_HYPERCALL_H

#include <stdbool.h>
#include <stdint.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

/*
 * A hypercall (__HYPERVISOR_*, public/xen.h); arguments that are none are 0, pointers are physical addresses below
 * 4 GiB or in the image, as all that we map. Returns its result, negative where Xen refuses. Only where cpu.xen.
 */
long xen_hypercall(unsigned long number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth);

/* An HVM parameter of this domain (HVM_PARAM_*, public/hvm/params.h). False where there is none, or it is 0. */
bool xen_parameter(uint32_t index, uint64_t *value);

#endif

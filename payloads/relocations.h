/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relocations that Linux's build puts behind the vmlinux in a bzImage (arch/x86/tools/relocs.c), for a kernel that
 * runs at another virtual address than it was linked for.
 *
 *   0, addresses of 64-bit fields, 0, addresses of inverse 32-bit fields, 0, addresses of 32-bit fields
 *
 * where the inverse ones, of what the per-CPU area's link address 0 needed, are missing from Linux 6.15 on, with their
 * 0. Each address is the low half of a virtual one.
 */
#ifndef PAYLOADS_RELOCATIONS_H
#define PAYLOADS_RELOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/program.h"

/* Linux: __START_KERNEL_map, the virtual address of the physical address 0 as the kernel is linked. */
#define RELOCATIONS_VIRTUAL 0xffffffff80000000ull

struct relocations {
    struct span fields64, inverse32, fields32; /* of 32-bit numbers, aligned to nothing */
};

/* Takes apart what lies behind the ELF, all of it. A failure where it is not exactly such lists. */
bool relocations_parse(struct span table, struct relocations *relocations, struct failure *failure);

/*
 * Adds delta to each field, or subtracts it, in the contents of the program's segments, which the caller may write. A
 * failure where a field lies in none of them; some fields are then changed.
 */
bool relocations_apply(const struct relocations *relocations, const struct program *program, uint64_t delta,
                       struct failure *failure);

#endif

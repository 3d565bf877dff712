/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The direct start: what a bzImage holds is unpacked by us, to where it will run, so that the kernel is entered past
 * its own unpacker (Linux's arch/x86/boot/compressed), with everything done that this would have done: its physical and
 * its virtual address left to chance (KASLR), the relocations that follow, the levels of page tables.
 */
#ifndef PAYLOADS_DIRECT_H
#define PAYLOADS_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "handoff/boot.h"
#include "payloads/expand.h"

/* What the unpacker would look at in the machine. */
struct direct_machine {
    bool confidential;                        /* an SEV or TDX guest, whose memory it would first have to accept */
    const char *memory;                       /* what of memory only it minds (efi.for_unpacker); NULL: nothing */
    bool five_levels;                         /* the CPU has them */
    uint64_t random_physical, random_virtual; /* numbers that nobody can guess */
};

enum direct {
    DIRECT_DONE,   /* boot->as_linux is then a program that lies where it will run */
    DIRECT_NOT,    /* it would not be exactly what the kernel does itself, which it still can: *failure says why */
    DIRECT_FAILED, /* what is packed is broken, so that the kernel could not unpack it either */
};

/*
 * For a bzImage that will leave by linux64, and whose command line and modules are settled. On success as_linux has no
 * `code`; memory for it was taken from the map (MAP_WORK). Else nothing has changed.
 */
enum direct direct_unpack(const struct expander *expander, const struct direct_machine *machine, struct boot *boot,
                          struct failure *failure);

#endif

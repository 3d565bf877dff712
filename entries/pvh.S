/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PVH door. Xen docs/misc/pvh.pandoc, "x86/HVM direct boot ABI": "
 *   ebx: contains the physical memory address where the loader has placed the boot start info structure.
 *   cr0: bit 0 (PE) must be set. All the other writeable bits are cleared.
 *   cr4: all bits are cleared.
 *   cs: must be a 32-bit read/execute code segment with a base of '0' and a limit of '0xFFFFFFFF'.
 *   ds, es, ss: must be a 32-bit read/write data segment with a base of '0' and a limit of '0xFFFFFFFF'.
 *   tr: must be a 32-bit TSS (active) with a base of '0' and a limit of '0x67'.
 *   eflags: bit 17 (VM) must be cleared. Bit 9 (IF) must be cleared. Bit 8 (TF) must be cleared.
 * All other processor registers and flag bits are unspecified."
 * So there is no stack: start_info's first word, its magic, serves for one moment.
 */
#include "entries/assembler.h"

    .text
    .code32
FUNCTION pvh_start
    cld
    FIND_IMAGE_BASE 0(%ebx)
    movl $DOOR_NUMBER_PVH, %edi
    jmp long_mode
END pvh_start

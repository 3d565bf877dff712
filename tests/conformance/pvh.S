/* SPDX-License-Identifier: BSD-2-Clause */
/* A PVH payload's note (Xen docs/misc/pvh.pandoc, public/elfnote.h). PVH_RELOCATABLE adds the one that lets it move. */
#include "tests/conformance/entry.inc"

#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define XEN_ELFNOTE_PHYS32_RELOC 19

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long payload_entry
#ifdef PVH_RELOCATABLE
    .long 4, 12, XEN_ELFNOTE_PHYS32_RELOC
    .asciz "Xen"
    .long PVH_ALIGNMENT
    .long PVH_MINIMUM
    .long PVH_MAXIMUM
#endif

    .section .header, "ax"
    .code32
    .globl payload_entry
payload_entry:
    jmp entry32_ebx

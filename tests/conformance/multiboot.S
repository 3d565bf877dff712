/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of a multiboot payload (version 0.6.96, section 3.1); with MULTIBOOT_FLAT its addresses count. */
#include "tests/conformance/entry.inc"

#define MAGIC 0x1badb002
#define PAGE_ALIGN 0x1
#define MEMORY 0x2
#define ADDRESSES 0x10000
#ifdef MULTIBOOT_FLAT
#define FLAGS (PAGE_ALIGN | MEMORY | ADDRESSES)
#else
#define FLAGS (PAGE_ALIGN | MEMORY)
#endif

    .section .header, "ax"
    .code32
    .globl payload_entry
payload_entry:
    jmp entry32_ebx
    .balign 4
header:
    .long MAGIC
    .long FLAGS
    .long -(MAGIC + FLAGS)
    .long header                /* header_addr */
    .long payload_base          /* load_addr */
    .long payload_file_end      /* load_end_addr */
    .long payload_end           /* bss_end_addr */
    .long payload_entry         /* entry_addr */

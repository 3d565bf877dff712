/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of a multiboot2 payload (Multiboot2 specification 2.0, section 3.1). MULTIBOOT2_FLAT: with the address and
 * the entry tag, as a file that is no ELF needs them. MULTIBOOT2_RELOCATABLE: with the tag that lets it move.
 * MULTIBOOT2_EFI: with those that keep EFI's boot services and name a 64-bit entry.
 */
#include "tests/conformance/entry.inc"

#define MAGIC 0xe85250d6
#define I386 0
#define TAG_END 0
#define TAG_INFORMATION_REQUEST 1
#define TAG_ADDRESS 2
#define TAG_ENTRY_ADDRESS 3
#define TAG_MODULE_ALIGN 6
#define TAG_EFI_BOOT_SERVICES 7
#define TAG_ENTRY_ADDRESS_EFI64 9
#define TAG_RELOCATABLE 10
#define COMMAND_LINE 1
#define LOADER_NAME 2
#define BASIC_MEMORY 4
#define MEMORY_MAP 6

.macro TAG type
    .balign 8
0:  .short \type, 0
    .long 1f - 0b
.endm

    .section .header, "ax"
    .globl payload_entry
#ifdef MULTIBOOT2_EFI
    .code64
payload_entry:
    jmp entry64_efi
#else
    .code32
payload_entry:
    jmp entry32_ebx
#endif
    .balign 8
header:
    .long MAGIC
    .long I386
    .long header_end - header
    .long -(MAGIC + I386 + (header_end - header))

    TAG TAG_INFORMATION_REQUEST
    .long COMMAND_LINE, LOADER_NAME
#ifndef MULTIBOOT2_EFI
    .long BASIC_MEMORY, MEMORY_MAP
#endif
1:
    TAG TAG_MODULE_ALIGN
1:
#ifdef MULTIBOOT2_FLAT
    TAG TAG_ADDRESS
    .long header                /* header_addr */
    .long payload_base          /* load_addr */
    .long payload_file_end      /* load_end_addr */
    .long payload_end           /* bss_end_addr */
1:
    TAG TAG_ENTRY_ADDRESS
    .long payload_entry
1:
#endif
#ifdef MULTIBOOT2_RELOCATABLE
    TAG TAG_RELOCATABLE
    .long MULTIBOOT2_MINIMUM
    .long MULTIBOOT2_MAXIMUM
    .long MULTIBOOT2_ALIGNMENT_WANTED
    .long 2                     /* preference: as high as can be */
1:
#endif
#ifdef MULTIBOOT2_EFI
    TAG TAG_EFI_BOOT_SERVICES
1:
    TAG TAG_ENTRY_ADDRESS_EFI64
    .long payload_entry
1:
#endif
    TAG TAG_END
1:
header_end:

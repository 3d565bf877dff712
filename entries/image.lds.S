/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of the image, from LAYOUT_TEXT on: position-independent, with its relocations in .rela.dyn. The two pages of
 * headers before it are linked apart (headers.lds.S), because they hold plain 32-bit numbers, of which a
 * position-independent link allows none.
 */
#include "common/layout.h"

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)
ENTRY(pvh_start)

SECTIONS
{
    /* Room for the headers. */
    .headers LAYOUT_LINK_BASE (NOLOAD) : { image_base = .; . += LAYOUT_TEXT; }

    .text LAYOUT_LINK_BASE + LAYOUT_TEXT : { text_start = .; *(.text .text.*) }
    . = ALIGN(LAYOUT_PAGE);
    text_end = .;
    .rodata : { *(.rodata .rodata.*) }
    /* Those of the libraries; payloads/library.c calls them. */
    .init_array : { constructors_start = .; KEEP(*(.init_array .init_array.*)) constructors_end = .; }
    .rela.dyn : { rela_start = .; *(.rela.*) rela_end = .; }
    /* ld makes these for a dynamic linker that there is none of. */
    .dynamic : { *(.dynamic) *(.dynsym) *(.dynstr) *(.hash) *(.gnu.hash) *(.interp) *(.gnu.version*) *(.plt .plt.*) *(.dynbss) *(.sframe) }
    . = ALIGN(LAYOUT_PAGE);
    rodata_end = .;
    .sbat : { sbat_start = .; KEEP(*(.sbat)) }
    . = ALIGN(LAYOUT_PAGE);
    .reloc : { reloc_start = .; KEEP(*(.reloc)) }
    . = ALIGN(LAYOUT_PAGE);
    .data : { data_start = .; *(.data .data.*) *(.got .got.*) . = ALIGN(LAYOUT_PAGE); }
    image_file_end = .;

    /* Zeroed by start.S: not every loader does it. */
    .bss : { bss_start = .; *(.bss .bss.*) *(COMMON) . = ALIGN(16); bss_end = .; }
    /* Never read before it is written: stack, page tables, arena. */
    .noinit (NOLOAD) : ALIGN(LAYOUT_PAGE) { *(.noinit) }
    . = ALIGN(LAYOUT_PAGE);
    image_end = .;

    .debug_abbrev 0 : { *(.debug_abbrev) }
    .debug_aranges 0 : { *(.debug_aranges) }
    .debug_frame 0 : { *(.debug_frame) }
    .debug_info 0 : { *(.debug_info) }
    .debug_line 0 : { *(.debug_line) }
    .debug_line_str 0 : { *(.debug_line_str) }
    .debug_loclists 0 : { *(.debug_loclists) }
    .debug_rnglists 0 : { *(.debug_rnglists) }
    .debug_str 0 : { *(.debug_str) }

    /DISCARD/ : { *(.comment) *(.note.*) *(.eh_frame) }
}

/* The numbers that the headers want. Those named _address are where things lie when loaded at the link base. */
#define OFFSET(symbol) (symbol - image_base)
#define LINKED(symbol) (symbol - image_base + LAYOUT_LINK_BASE)
image_file_size = OFFSET(image_file_end);
image_memory_size = OFFSET(image_end);
image_init_size = OFFSET(image_end) - LAYOUT_ENTRY32;
image_file_end_address = LINKED(image_file_end);
image_memory_end_address = LINKED(image_end);
syssize = (OFFSET(image_file_end) - LAYOUT_ENTRY32) / 16;
pvh_start_address = LINKED(pvh_start);
multiboot2_start_address = LINKED(multiboot2_start);
multiboot2_efi_start_address = LINKED(multiboot2_efi_start);
efi_start_offset = OFFSET(efi_start);
text_offset = LAYOUT_TEXT;
text_size = OFFSET(text_end) - LAYOUT_TEXT;
rodata_offset = OFFSET(text_end);
rodata_size = rodata_end - text_end;
sbat_offset = OFFSET(sbat_start);
sbat_size = reloc_start - sbat_start;
reloc_offset = OFFSET(reloc_start);
reloc_size = data_start - reloc_start;
data_offset = OFFSET(data_start);
data_file_size = image_file_end - data_start;
data_memory_size = image_end - data_start;
pe_initialized_size = image_end - text_end;

ASSERT(sbat_start == rodata_end && (data_start & (LAYOUT_PAGE - 1)) == 0, "sections are not page-aligned")

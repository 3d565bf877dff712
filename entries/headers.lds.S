/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two pages of headers (headers.S, linux16.S), linked to fixed addresses; the numbers in them come from the symbols of
 * the body (image.lds.S). .elf_header and .mz_header lie at the same place: objcopy leaves one of them out, and
 * .setup_magic with the former.
 */
#include "common/layout.h"

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)

SECTIONS
{
    .elf_header LAYOUT_LINK_BASE : AT(LAYOUT_LINK_BASE) { *(.elf_header) }
    .mz_header LAYOUT_LINK_BASE : AT(LAYOUT_LINK_BASE) { *(.mz_header) }
    .page0 LAYOUT_LINK_BASE + LAYOUT_ELF_PHDRS : AT(LAYOUT_LINK_BASE + LAYOUT_ELF_PHDRS) { *(.page0) }
    .setup_header LAYOUT_LINK_BASE + LAYOUT_SETUP_HEADER : AT(LAYOUT_LINK_BASE + LAYOUT_SETUP_HEADER) SUBALIGN(1) { *(.setup_header) }
    .setup_magic LAYOUT_LINK_BASE + LAYOUT_SETUP_MAGIC : AT(LAYOUT_LINK_BASE + LAYOUT_SETUP_MAGIC) SUBALIGN(1) { *(.setup_magic) }
    .setup_header_rest LAYOUT_LINK_BASE + LAYOUT_SETUP_MAGIC + 4 : AT(LAYOUT_LINK_BASE + LAYOUT_SETUP_MAGIC + 4) SUBALIGN(1) { *(.setup_header_rest) }
    .real_mode LAYOUT_LINK_BASE + LAYOUT_REAL_MODE : AT(LAYOUT_LINK_BASE + LAYOUT_REAL_MODE) SUBALIGN(1) { *(.real_mode) }
    .page1 LAYOUT_LINK_BASE + LAYOUT_ENTRY32 : AT(LAYOUT_LINK_BASE + LAYOUT_ENTRY32) SUBALIGN(1) { *(.page1) }
    /DISCARD/ : { *(*) }
}

ASSERT(SIZEOF(.elf_header) == 64 && SIZEOF(.mz_header) == 64, "the two first 64 bytes")
ASSERT(LAYOUT_ELF_PHDRS + SIZEOF(.page0) <= LAYOUT_SETUP_HEADER, "notes run into the setup header")
ASSERT(LAYOUT_SETUP_HEADER + SIZEOF(.setup_header) == LAYOUT_SETUP_MAGIC, "the setup header slid")
ASSERT(LAYOUT_SETUP_MAGIC + 4 + SIZEOF(.setup_header_rest) <= LAYOUT_REAL_MODE, "the setup header is too long")
ASSERT(LAYOUT_REAL_MODE + SIZEOF(.real_mode) <= LAYOUT_ENTRY32, "the real-mode code is too long")
ASSERT(LAYOUT_ENTRY32 + SIZEOF(.page1) == LAYOUT_TEXT, "page 1 is not one page")

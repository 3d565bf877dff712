/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie in the image. File offset == image offset == RVA for every byte, in both files that we build, so
 * these numbers serve the headers (headers.S), the loader that reads its own section table (payloads/sections.c) and
 * the host tool that appends to it (tools/pack.c) alike.
 *
 *   0x0000  ELF64 header (quadrivium.elf) or MZ header (quadrivium.efi): the only bytes that differ, with "HdrS"
 *   0x0040  ELF program headers, then the ELF notes
 *   0x01f1  Linux setup header, then the real-mode code: page 0 is all that the boot.txt "setup" part holds
 *   0x1000  32-bit Linux entry: from here on every door has the image in memory
 *   0x1100  where the real-mode code goes on in 32-bit mode
 *   0x1200  64-bit Linux entry
 *   0x1300  64-bit EFI handover entry
 *   0x1400  multiboot2 header
 *   0x1500  PE header, its section table behind it
 *   0x2000  .text, .rodata, .data, .bss, then what quadrivium-pack appended
 */
#ifndef COMMON_LAYOUT_H
#define COMMON_LAYOUT_H

#define LAYOUT_PAGE 0x1000

/* The physical address that the image is linked for and, where the loader before us has no other wish, loaded at. */
#define LAYOUT_LINK_BASE 0x100000

#define LAYOUT_ELF_PHDRS      0x40
#define LAYOUT_ELF_PHDR_COUNT 2
#define LAYOUT_ELF_NOTES      0xb0
#define LAYOUT_SENTINEL       0x1ef
#define LAYOUT_SETUP_HEADER   0x1f1
#define LAYOUT_SETUP_MAGIC    0x202
#define LAYOUT_REAL_MODE      0x280
/* Page 0 is followed by what the real-mode code writes: struct boot_params, then a stack that ends here. */
#define LAYOUT_BOOT_PARAMS16 0x1000
#define LAYOUT_REAL_MODE_END 0x4000
#define LAYOUT_ENTRY32       0x1000
#define LAYOUT_ENTRY16       0x1100
#define LAYOUT_ENTRY64       0x1200
/* boot.rst: the 64-bit handover entry is at startup_32 + handover_offset + 0x200. */
#define LAYOUT_HANDOVER64      0x1300
#define LAYOUT_MULTIBOOT2      0x1400
#define LAYOUT_PE              0x1500
#define LAYOUT_PE_SECTIONS     0x1608
#define LAYOUT_PE_SECTIONS_MAX 63
#define LAYOUT_TEXT            0x2000

/* The longest command line that we take, without its NUL: boot.txt loaders read it from the setup header. */
#define LAYOUT_COMMAND_LINE_MAX 16383

#endif

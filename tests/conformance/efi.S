/* SPDX-License-Identifier: BSD-2-Clause */
/* The headers of an EFI application (PE format, sections 2 to 4; UEFI 2.10 section 2.1.1). File offset == RVA. */
#include "tests/conformance/entry.inc"

#define DATA_DIRECTORIES 6
#define CODE 0x60000020         /* contents, execute, read */
#define DATA 0xc0000040         /* contents, read, write */
#define EXECUTABLE_IMAGE 0x0002
#define LARGE_ADDRESS_AWARE 0x0020
#define DEBUG_STRIPPED 0x0200
#define NX_COMPAT 0x0100

    .section .header, "a"
    .ascii "MZ"
    .org 0x3c
    .long pe
pe:
    .ascii "PE\0\0"
    .short 0x8664               /* Machine: AMD64 */
    .short 2                    /* NumberOfSections */
    .long 0, 0, 0               /* TimeDateStamp, symbols */
    .short sections - optional_header
    .short EXECUTABLE_IMAGE | LARGE_ADDRESS_AWARE | DEBUG_STRIPPED
optional_header:
    .short 0x20b                /* PE32+ */
    .byte 0, 0
    .long text_size /* SizeOfCode */
    .long data_file_size /* SizeOfInitializedData */
    .long 0
    .long entry64_efi           /* AddressOfEntryPoint */
    .long text_start            /* BaseOfCode */
    .quad 0                     /* ImageBase */
    .long PAGE_SIZE             /* SectionAlignment */
    .long PAGE_SIZE             /* FileAlignment */
    .short 0, 0, 0, 0, 0, 0
    .long 0
    .long payload_memory_size   /* SizeOfImage */
    .long text_start            /* SizeOfHeaders */
    .long 0                     /* CheckSum */
    .short 10                   /* Subsystem: EFI application */
    .short NX_COMPAT
    .quad 0, 0, 0, 0
    .long 0
    .long DATA_DIRECTORIES
    .fill DATA_DIRECTORIES - 1, 8, 0
    .long empty_relocations, 8  /* firmware that wants to see some sees a block without any */
sections:
    .ascii ".text\0\0\0"
    .long text_size, text_start, text_size, text_start
    .long 0, 0, 0
    .long CODE
    .ascii ".data\0\0\0"
    .long data_memory_size, data_start, data_file_size, data_start
    .long 0, 0, 0
    .long DATA

    .data
    .balign 4
empty_relocations:
    .long 0, 8

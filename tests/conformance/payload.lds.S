/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any payload: one segment, headers first, loaded to CONFORMANCE_BASE. The variables of C are in the file whether they
 * are zero or not, so that .bss is only what the checks look at, or write before they read.
 */
OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)
ENTRY(payload_entry)
PROVIDE(payload_entry = payload_base); /* a PE has a field of its own for it */

PHDRS
{
    load PT_LOAD FLAGS(7);
#ifdef CONFORMANCE_NOTE
    note PT_NOTE FLAGS(4);
#endif
}

SECTIONS
{
#ifdef CONFORMANCE_SETUP
    /* The real-mode part of a bzImage, which lies before the rest in the file and nowhere in memory. */
    .setup CONFORMANCE_BASE - CONFORMANCE_SETUP : { *(.setup) } :load
#endif
    . = CONFORMANCE_BASE;
    payload_base = .;
    .header : { *(.header) } :load
#ifdef CONFORMANCE_NOTE
    .note : { *(.note.Xen) } :load :note
#endif
    .text : ALIGN(4096) { text_start = .; *(.text .text.*) } :load
    .rodata : { *(.rodata .rodata.*) }
    .data : ALIGN(4096) {
        data_start = .;
        *(.data .data.*)
        *(.bss .bss.* COMMON)
        . = ALIGN(8);
        payload_tail = .;
        QUAD(CONFORMANCE_TAIL)
        . = ALIGN(4096);
    }
    payload_file_end = .;
    .bss : ALIGN(4096) {
        *(.memory)
        . = ALIGN(4096);
    }
    payload_end = .;
    payload_file_size = payload_file_end - payload_base;
    payload_paragraphs = (payload_file_size + 15) / 16;
    text_size = data_start - text_start;
    data_file_size = payload_file_end - data_start;
    data_memory_size = payload_end - data_start;
    payload_memory_size = payload_end - payload_base;
    /DISCARD/ : { *(.comment .eh_frame .note.GNU-stack .note.gnu.property) }
}

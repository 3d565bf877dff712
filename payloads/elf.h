/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF programs: System V gABI, chapters 4 and 5; notes: Xen public/elfnote.h. */
#ifndef PAYLOADS_ELF_H
#define PAYLOADS_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/program.h"

struct elf {
    bool is_64;
    uint16_t machine;        /* EM_386 or EM_X86_64, nothing else is accepted */
    uint64_t entry;          /* e_entry as it stands */
    uint64_t entry_physical; /* the same through the segment whose virtual addresses hold it; else e_entry itself */
    uint64_t size;           /* bytes of the file that are the ELF: the end of whatever its headers mention */
    struct program program;
    struct program_sections sections;
    bool is_linux; /* a note says so: GUEST_OS "linux", or one whose owner is "Linux" */
    bool has_pvh;  /* XEN_ELFNOTE_PHYS32_ENTRY, with a 4- or 8-byte descriptor */
    uint64_t pvh_entry;
    bool pvh_relocatable;   /* XEN_ELFNOTE_PHYS32_RELOC; its defaults are filled in */
    uint64_t pvh_alignment; /* bytes, a power of two */
    uint64_t pvh_minimum;   /* the lowest address of the first byte */
    uint64_t pvh_maximum;   /* the highest address of the last byte */
};

/* Whether it has the magic number of an ELF. */
bool elf_is(struct span file);

/*
 * Takes an executable (ET_EXEC or ET_DYN), little-endian ELF32 or ELF64, apart. The file may go on behind the ELF. The
 * spans in *elf point into it. A failure names the field that is wrong: a table or segment outside the file, memsz less
 * than filesz, addresses that wrap, segments that overlap, no segment at all, a note that runs out of its segment. Of
 * two notes of one type the last counts, as for Xen; notes in sections count where no segment has one of Xen's.
 */
bool elf_parse(struct span file, struct elf *elf, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel as it is packed in a bzImage: an ELF with two segments, the second with .bss, and its relocations behind it.
 * For the tests of what reads it.
 */
#ifndef TESTS_UNIT_RELOCATIONS_FIXTURE_H
#define TESTS_UNIT_RELOCATIONS_FIXTURE_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "common/span.h"

#define PACKED_LINKED    0x1000000ull /* physical address */
#define PACKED_VIRTUAL   0xffffffff80000000ull
#define PACKED_FIRST     0x200000ull /* offset of the first segment in the file, as ld has it */
#define PACKED_TEXT      0x1000ull   /* bytes of it */
#define PACKED_DATA      0x2000ull   /* the second segment's offset from the first, in the file and in memory */
#define PACKED_DATA_SIZE 0x800ull
#define PACKED_MEMORY    0x3000ull /* bytes of the second in memory */
#define PACKED_ELF       (PACKED_FIRST + PACKED_DATA + PACKED_DATA_SIZE)
#define PACKED_MAX       (PACKED_ELF + 0x1000)
#define PACKED_ENTRY     0x40ull

struct packed_fixture {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    uint32_t table[64];  /* what is behind the ELF */
    uint32_t table_size; /* entries */
};

static inline void packed_start(struct packed_fixture *made)
{
    *made = (struct packed_fixture){
        .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                    .e_type = ET_EXEC,
                    .e_machine = EM_X86_64,
                    .e_version = EV_CURRENT,
                    .e_entry = PACKED_LINKED + PACKED_ENTRY,
                    .e_phoff = sizeof(Elf64_Ehdr),
                    .e_ehsize = sizeof(Elf64_Ehdr),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = 2,
                    .e_shentsize = sizeof(Elf64_Shdr) },
        .segments = { { .p_type = PT_LOAD,
                        .p_offset = PACKED_FIRST,
                        .p_vaddr = PACKED_VIRTUAL + PACKED_LINKED,
                        .p_paddr = PACKED_LINKED,
                        .p_filesz = PACKED_TEXT,
                        .p_memsz = PACKED_TEXT,
                        .p_align = 0x200000 },
                      { .p_type = PT_LOAD,
                        .p_offset = PACKED_FIRST + PACKED_DATA,
                        .p_vaddr = PACKED_VIRTUAL + PACKED_LINKED + PACKED_DATA,
                        .p_paddr = PACKED_LINKED + PACKED_DATA,
                        .p_filesz = PACKED_DATA_SIZE,
                        .p_memsz = PACKED_MEMORY,
                        .p_align = 0x200000 } },
    };
}

/* A field's entry in the table, by its distance from the start. */
static inline uint32_t packed_entry(uint64_t offset)
{
    return (uint32_t)(PACKED_VIRTUAL + PACKED_LINKED + offset);
}

/* Writes it all; each byte of a segment is one of its offset, fields with their own addresses excepted. Returns the
 * size. */
static inline uint64_t packed_write(const struct packed_fixture *made, uint8_t *bytes)
{
    memset(bytes, 0xee, PACKED_MAX);
    memcpy(bytes, &made->header, sizeof(made->header));
    memcpy(bytes + sizeof(made->header), made->segments, sizeof(made->segments));
    for (uint64_t i = PACKED_FIRST; i < PACKED_ELF; i++)
        bytes[i] = (uint8_t)i;
    memcpy(bytes + PACKED_ELF, made->table, made->table_size * sizeof(uint32_t));
    return PACKED_ELF + made->table_size * sizeof(uint32_t);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF built field by field (System V gABI, chapters 4 and 5), sound in itself, for a test to break in one place. The
 * headers are kept as those of ELF64 and narrowed as they are written.
 *
 *   0x0000  ELF header
 *   0x0040  program headers: two PT_LOAD, one PT_NOTE, as many more as a test adds
 *   0x1000  notes
 *   0x2000  content of the first segment, then of the second; each byte one of its offset
 *   0x3000  section headers, where a test adds some
 */
#ifndef TESTS_UNIT_SYNTHETIC_ELF_H
#define TESTS_UNIT_SYNTHETIC_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/span.h"

#define ELF_MAX          0x8000 /* bytes of buffer */
#define ELF_SEGMENTS     0x40
#define ELF_SEGMENTS_MAX 40
#define ELF_NOTES        0x1000
#define ELF_NOTES_MAX    0x1000
#define ELF_CONTENT      0x2000
#define ELF_CONTENT_SIZE 0x1000
#define ELF_SECTIONS     0x3000
#define ELF_SECTIONS_MAX 8
#define ELF_LINKED       0x200000                         /* physical address of the first segment */
#define ELF_VIRTUAL      0xffffffff80000000               /* the virtual addresses above the physical ones, in ELF64 */
#define ELF_VIRTUAL32    0xc0000000                       /* and in ELF32 */
#define ELF_END          (ELF_CONTENT + ELF_CONTENT_SIZE) /* of the file, without section headers */
#define ELF_LINKED_END   (ELF_LINKED + 0x10000 + 0x20000) /* of the second segment */

struct synthetic_elf {
    uint8_t bytes[ELF_MAX];
    bool is_64;
    Elf64_Ehdr header;
    Elf64_Phdr segments[ELF_SEGMENTS_MAX]; /* e_phnum of them are written */
    Elf64_Shdr sections[ELF_SECTIONS_MAX]; /* e_shnum of them are written */
    uint64_t notes;                        /* bytes at ELF_NOTES */
};

static inline void synthetic_elf_start(struct synthetic_elf *elf, bool is_64)
{
    uint64_t virtual = is_64 ? ELF_VIRTUAL : ELF_VIRTUAL32;

    memset(elf, 0, sizeof(*elf));
    for (uint32_t i = ELF_CONTENT; i < ELF_END; i++)
        elf->bytes[i] = (uint8_t)i;
    elf->is_64 = is_64;
    elf->header = (Elf64_Ehdr){
        .e_ident = { 0x7f, 'E', 'L', 'F', is_64 ? ELFCLASS64 : ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC,
        .e_machine = is_64 ? EM_X86_64 : EM_386,
        .e_version = EV_CURRENT,
        .e_entry = virtual + ELF_LINKED + 0x123,
        .e_phoff = ELF_SEGMENTS,
        .e_ehsize = is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr),
        .e_phentsize = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr),
        .e_phnum = 3,
        .e_shentsize = is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr),
    };
    elf->segments[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
                                     .p_flags = PF_R | PF_X,
                                     .p_offset = ELF_CONTENT,
                                     .p_vaddr = virtual + ELF_LINKED,
                                     .p_paddr = ELF_LINKED,
                                     .p_filesz = 0x800,
                                     .p_memsz = 0x800,
                                     .p_align = 0x1000 };
    elf->segments[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
                                     .p_flags = PF_R | PF_W,
                                     .p_offset = ELF_CONTENT + 0x800,
                                     .p_vaddr = virtual + ELF_LINKED + 0x10000,
                                     .p_paddr = ELF_LINKED + 0x10000,
                                     .p_filesz = 0x800,
                                     .p_memsz = 0x20000,
                                     .p_align = 0x1000 };
    elf->segments[2] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_flags = PF_R, .p_offset = ELF_NOTES, .p_align = 4 };
}

/* Adds a note, padded to `alignment`. `name` has a NUL, which is counted. */
static inline void synthetic_elf_note(struct synthetic_elf *elf, uint64_t alignment, const char *name, uint32_t type,
                                      const void *descriptor, uint32_t size)
{
    const Elf64_Nhdr header = { (uint32_t)strlen(name) + 1, size, type };
    uint64_t at = ELF_NOTES + elf->notes;

    memcpy(elf->bytes + at, &header, sizeof(header));
    memcpy(elf->bytes + at + sizeof(header), name, header.n_namesz);
    at = (at + sizeof(header) + header.n_namesz + alignment - 1) & ~(alignment - 1);
    memcpy(elf->bytes + at, descriptor, size);
    elf->notes = ((at + size + alignment - 1) & ~(alignment - 1)) - ELF_NOTES;
    elf->segments[2].p_filesz = elf->segments[2].p_memsz = elf->notes;
}

static inline void synthetic_elf_narrow(struct synthetic_elf *elf)
{
    const Elf64_Ehdr *wide = &elf->header;
    Elf32_Ehdr header = {
        .e_type = wide->e_type,
        .e_machine = wide->e_machine,
        .e_version = wide->e_version,
        .e_entry = (uint32_t)wide->e_entry,
        .e_phoff = (uint32_t)wide->e_phoff,
        .e_shoff = (uint32_t)wide->e_shoff,
        .e_ehsize = wide->e_ehsize,
        .e_phentsize = wide->e_phentsize,
        .e_phnum = wide->e_phnum,
        .e_shentsize = wide->e_shentsize,
        .e_shnum = wide->e_shnum,
        .e_shstrndx = wide->e_shstrndx,
    };

    memcpy(header.e_ident, wide->e_ident, EI_NIDENT);
    memcpy(elf->bytes, &header, sizeof(header));
    for (uint32_t i = 0; i < wide->e_phnum && i < ELF_SEGMENTS_MAX; i++) {
        const Elf64_Phdr *from = &elf->segments[i];
        const Elf32_Phdr segment = {
            .p_type = from->p_type,
            .p_offset = (uint32_t)from->p_offset,
            .p_vaddr = (uint32_t)from->p_vaddr,
            .p_paddr = (uint32_t)from->p_paddr,
            .p_filesz = (uint32_t)from->p_filesz,
            .p_memsz = (uint32_t)from->p_memsz,
            .p_flags = from->p_flags,
            .p_align = (uint32_t)from->p_align,
        };

        memcpy(elf->bytes + ELF_SEGMENTS + i * sizeof(segment), &segment, sizeof(segment));
    }
    for (uint32_t i = 0; i < wide->e_shnum && i < ELF_SECTIONS_MAX; i++) {
        const Elf64_Shdr *from = &elf->sections[i];
        const Elf32_Shdr section = {
            .sh_type = from->sh_type,
            .sh_offset = (uint32_t)from->sh_offset,
            .sh_size = (uint32_t)from->sh_size,
            .sh_addralign = (uint32_t)from->sh_addralign,
        };

        memcpy(elf->bytes + ELF_SECTIONS + i * sizeof(section), &section, sizeof(section));
    }
}

/* Writes the headers: the file is the first so many of elf->bytes as the caller likes. */
static inline void synthetic_elf_write(struct synthetic_elf *elf)
{
    if (!elf->is_64) {
        synthetic_elf_narrow(elf);
        return;
    }
    memcpy(elf->bytes, &elf->header, sizeof(elf->header));
    memcpy(elf->bytes + ELF_SEGMENTS, elf->segments, sizeof(elf->segments));
    if (elf->header.e_shnum)
        memcpy(elf->bytes + ELF_SECTIONS, elf->sections, sizeof(elf->sections));
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking an ELF apart; see elf.h. Headers of ELF32 are widened to those of ELF64 as they are read, so that everything
 * behind that knows one kind. Nothing in a file is aligned to anything, so all is copied. Pure: compiled natively for
 * tests.
 *
 * gABI's escapes for more than 65279 sections or 65534 program headers are not followed: no kernel has so many.
 */
#include "payloads/elf.h"

#include <elf.h>
#include <xen/elfnote.h>

#include "common/checked.h"
#include "common/string.h"

#ifndef XEN_ELFNOTE_PHYS32_RELOC /* Xen 4.20 */
#define XEN_ELFNOTE_PHYS32_RELOC 19
#endif

/* Many headers may claim the same bytes as notes: so many in all, as libxc has it (XSA-55). */
#define NOTES_MAX 65536

/* elfnote.h, XEN_ELFNOTE_PHYS32_RELOC: what counts where the note says nothing. */
#define RELOC_ALIGNMENT     0x200000
#define RELOC_ALIGNMENT_MIN 0x1000
#define RELOC_MAXIMUM       0xffffffff

static const char notes_of_xen[] = "Xen", notes_of_linux[] = "Linux"; /* namesz counts the NUL */

struct reader {
    struct span file;
    struct elf *elf;
    Elf64_Ehdr header;
    uint64_t largest_alignment; /* p_align of a PT_LOAD */
    uint32_t notes, xen_notes;  /* how many there were, and with Xen's name */
};

bool elf_is(struct span file)
{
    return file.size >= SELFMAG && !memcmp(file.data, ELFMAG, SELFMAG);
}

static bool is_power_of_two(uint64_t value)
{
    return value && !(value & (value - 1));
}

/* ---- headers, widened ---- */

static void widen_header(const Elf32_Ehdr *narrow, Elf64_Ehdr *header)
{
    memcpy(header->e_ident, narrow->e_ident, EI_NIDENT);
    header->e_type = narrow->e_type;
    header->e_machine = narrow->e_machine;
    header->e_version = narrow->e_version;
    header->e_entry = narrow->e_entry;
    header->e_phoff = narrow->e_phoff;
    header->e_shoff = narrow->e_shoff;
    header->e_flags = narrow->e_flags;
    header->e_ehsize = narrow->e_ehsize;
    header->e_phentsize = narrow->e_phentsize;
    header->e_phnum = narrow->e_phnum;
    header->e_shentsize = narrow->e_shentsize;
    header->e_shnum = narrow->e_shnum;
    header->e_shstrndx = narrow->e_shstrndx;
}

/* Program header `index`, which lies in the file. */
static Elf64_Phdr read_segment(const struct reader *reader, uint32_t index)
{
    const uint8_t *at = reader->file.data + reader->header.e_phoff + (uint64_t)index * reader->header.e_phentsize;
    Elf64_Phdr segment;
    Elf32_Phdr narrow;

    if (reader->elf->is_64) {
        memcpy(&segment, at, sizeof(segment));
        return segment;
    }
    memcpy(&narrow, at, sizeof(narrow));
    return (Elf64_Phdr){
        .p_type = narrow.p_type,
        .p_flags = narrow.p_flags,
        .p_offset = narrow.p_offset,
        .p_vaddr = narrow.p_vaddr,
        .p_paddr = narrow.p_paddr,
        .p_filesz = narrow.p_filesz,
        .p_memsz = narrow.p_memsz,
        .p_align = narrow.p_align,
    };
}

/* Section header `index`, which lies in the file. */
static Elf64_Shdr read_section(const struct reader *reader, uint32_t index)
{
    const uint8_t *at = reader->elf->sections.headers + (uint64_t)index * reader->elf->sections.entry_size;
    Elf64_Shdr section;
    Elf32_Shdr narrow;

    if (reader->elf->is_64) {
        memcpy(&section, at, sizeof(section));
        return section;
    }
    memcpy(&narrow, at, sizeof(narrow));
    return (Elf64_Shdr){
        .sh_type = narrow.sh_type,
        .sh_offset = narrow.sh_offset,
        .sh_size = narrow.sh_size,
        .sh_addralign = narrow.sh_addralign,
    };
}

/* ---- the ELF header (gABI chapter 4) ---- */

static bool read_identification(struct reader *reader, struct failure *failure)
{
    const uint8_t *file = reader->file.data;
    Elf64_Ehdr *header = &reader->header;
    Elf32_Ehdr narrow;

    if (!elf_is(reader->file))
        return fail(failure, "kernel", "it is no ELF");
    if (reader->file.size < sizeof(narrow))
        return fail(failure, "kernel", "%lu bytes are too few for an ELF header", reader->file.size);
    if (file[EI_CLASS] != ELFCLASS32 && file[EI_CLASS] != ELFCLASS64)
        return fail(failure, "kernel", "its ELF class, %u, is neither 32-bit nor 64-bit", file[EI_CLASS]);
    if (file[EI_DATA] != ELFDATA2LSB)
        return fail(failure, "kernel", "its ELF data encoding, %u, is not little-endian", file[EI_DATA]);
    reader->elf->is_64 = file[EI_CLASS] == ELFCLASS64;
    if (!reader->elf->is_64) {
        memcpy(&narrow, file, sizeof(narrow));
        widen_header(&narrow, header);
    } else if (reader->file.size >= sizeof(*header)) {
        memcpy(header, file, sizeof(*header));
    } else {
        return fail(failure, "kernel", "%lu bytes are too few for an ELF header", reader->file.size);
    }

    if (header->e_version != EV_CURRENT)
        return fail(failure, "kernel", "its e_version, %u, is unknown", header->e_version);
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return fail(failure, "kernel", "its e_type, %u, is not that of a program", header->e_type);
    /* x32 is an ELF32 of x86-64; an ELF64 of the 386 is nothing. */
    if (header->e_machine != EM_X86_64 && (header->e_machine != EM_386 || reader->elf->is_64))
        return fail(failure, "kernel", "its e_machine, %u, is not x86", header->e_machine);
    return true;
}

/* The two tables: that they lie in the file, and have entries of the size that we know. */
static bool check_tables(struct reader *reader, struct failure *failure)
{
    const Elf64_Ehdr *header = &reader->header;
    struct program_sections *sections = &reader->elf->sections;
    uint64_t segment_size = reader->elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    uint64_t section_size = reader->elf->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

    if (!header->e_phnum)
        return fail(failure, "kernel", "it has no program headers");
    if (header->e_phnum == PN_XNUM)
        return fail(failure, "kernel", "it has more than %u program headers", PN_XNUM - 1);
    if (header->e_phentsize != segment_size)
        return fail(failure, "kernel", "its e_phentsize is %u, not %lu", header->e_phentsize, segment_size);
    if (!checked_within(header->e_phoff, header->e_phnum * segment_size, reader->file.size))
        return fail(failure, "kernel", "its %u program headers at 0x%lx lie outside its %lu bytes", header->e_phnum,
                    header->e_phoff, reader->file.size);
    sections->is_64 = reader->elf->is_64;
    if (!header->e_shoff || !header->e_shnum)
        return true;
    if (header->e_shentsize != section_size)
        return fail(failure, "kernel", "its e_shentsize is %u, not %lu", header->e_shentsize, section_size);
    if (!checked_within(header->e_shoff, header->e_shnum * section_size, reader->file.size))
        return fail(failure, "kernel", "its %u section headers at 0x%lx lie outside its %lu bytes", header->e_shnum,
                    header->e_shoff, reader->file.size);
    sections->headers = reader->file.data + header->e_shoff;
    sections->count = header->e_shnum;
    sections->entry_size = header->e_shentsize;
    sections->names = header->e_shstrndx < header->e_shnum ? header->e_shstrndx : SHN_UNDEF;
    return true;
}

/* ---- segments (gABI chapter 5) ---- */

/* The content of a segment that we are going to read. */
static bool check_content(const struct reader *reader, uint32_t index, const Elf64_Phdr *segment,
                          struct failure *failure)
{
    return checked_within(segment->p_offset, segment->p_filesz, reader->file.size) ||
           fail(failure, "kernel", "its program header %u (%lu bytes at 0x%lx) lies outside its %lu bytes", index,
                segment->p_filesz, segment->p_offset, reader->file.size);
}

/* Puts a segment in its place among those that are there; the program is a list sorted by address. */
static bool insert_segment(struct program *program, const struct program_segment *new, uint32_t index,
                           struct failure *failure)
{
    uint32_t at = program->count;

    if (program->count == PROGRAM_SEGMENTS_MAX)
        return fail(failure, "kernel", "it has more than %u segments to load", PROGRAM_SEGMENTS_MAX);
    while (at > 0 && program->segments[at - 1].address > new->address)
        at--;
    /* Those before are apart from each other, so that only the neighbours can overlap. */
    for (uint32_t near = at ? at - 1 : 0; near < program->count && near <= at; near++) {
        const struct program_segment *other = &program->segments[near];

        if (new->address < other->address + other->memory_size && other->address < new->address + new->memory_size)
            return fail(failure, "kernel",
                        "its program header %u (0x%lx bytes at address 0x%lx) overlaps the one at address 0x%lx", index,
                        new->memory_size, new->address, other->address);
    }
    memmove(&program->segments[at + 1], &program->segments[at], (program->count - at) * sizeof(*program->segments));
    program->segments[at] = *new;
    program->count++;
    return true;
}

static bool add_segment(struct reader *reader, uint32_t index, const Elf64_Phdr *load, struct failure *failure)
{
    struct program_segment new = { .address = load->p_paddr, .memory_size = load->p_memsz };
    uint64_t end;

    if (load->p_filesz > load->p_memsz)
        return fail(failure, "kernel", "its program header %u has %lu bytes in the file, %lu in memory", index,
                    load->p_filesz, load->p_memsz);
    if (!load->p_memsz)
        return true;
    /* A segment of zeros alone is nowhere in the file, whatever its offset says. */
    if (load->p_filesz && !check_content(reader, index, load, failure))
        return false;
    new.content = (struct span){ reader->file.data + (load->p_filesz ? load->p_offset : 0), load->p_filesz };
    if (!checked_add(load->p_paddr, load->p_memsz, &end) || (!reader->elf->is_64 && end > UINT32_MAX + 1ull))
        return fail(failure, "kernel", "its program header %u (0x%lx bytes at address 0x%lx) wraps", index,
                    load->p_memsz, load->p_paddr);
    if (is_power_of_two(load->p_align) && load->p_align > reader->largest_alignment)
        reader->largest_alignment = load->p_align;
    return insert_segment(&reader->elf->program, &new, index, failure);
}

static bool read_segments(struct reader *reader, struct failure *failure)
{
    struct program *program = &reader->elf->program;
    bool entry_found = false;

    for (uint32_t i = 0; i < reader->header.e_phnum; i++) {
        const Elf64_Phdr segment = read_segment(reader, i);

        if (segment.p_type != PT_LOAD)
            continue;
        if (!add_segment(reader, i, &segment, failure))
            return false;
        /* As GRUB does: the first one that holds it. */
        if (!entry_found && reader->elf->entry >= segment.p_vaddr &&
            reader->elf->entry - segment.p_vaddr < segment.p_memsz) {
            reader->elf->entry_physical = reader->elf->entry - segment.p_vaddr + segment.p_paddr;
            entry_found = true;
        }
    }
    if (!program->count)
        return fail(failure, "kernel", "none of its %u program headers loads anything", reader->header.e_phnum);
    program->start = program->segments[0].address;
    program->end = program->segments[program->count - 1].address + program->segments[program->count - 1].memory_size;
    return true;
}

/* ---- how much of the file is the ELF ---- */

static void reach(struct reader *reader, uint64_t offset, uint64_t size)
{
    uint64_t end;

    if (!checked_add(offset, size, &end) || end > reader->file.size)
        end = reader->file.size;
    if (size && end > reader->elf->size)
        reader->elf->size = end;
}

static void find_size(struct reader *reader)
{
    const Elf64_Ehdr *header = &reader->header;

    reach(reader, 0, reader->elf->is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
    reach(reader, header->e_phoff, (uint64_t)header->e_phnum * header->e_phentsize);
    reach(reader, header->e_shoff, (uint64_t)reader->elf->sections.count * reader->elf->sections.entry_size);
    for (uint32_t i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr segment = read_segment(reader, i);

        reach(reader, segment.p_offset, segment.p_filesz);
    }
    for (uint32_t i = 0; i < reader->elf->sections.count; i++) {
        const Elf64_Shdr section = read_section(reader, i);

        if (section.sh_type != SHT_NULL && section.sh_type != SHT_NOBITS)
            reach(reader, section.sh_offset, section.sh_size);
    }
}

/* ---- notes (gABI chapter 5, "Note Section"; Xen public/elfnote.h) ---- */

struct note {
    uint32_t type;
    struct span name, descriptor; /* the name with its NUL */
};

/* Takes the note at *at; false where it runs out. Each part is padded to `alignment`, counted from the first note. */
static bool next_note(struct span notes, uint64_t alignment, uint64_t *at, struct note *note)
{
    Elf64_Nhdr header; /* that of ELF32 is the same */
    uint64_t name, descriptor;

    memcpy(&header, notes.data + *at, sizeof(header));
    name = *at + sizeof(header);
    if (!checked_within(name, header.n_namesz, notes.size) ||
        !checked_align(name + header.n_namesz, alignment, &descriptor))
        return false;
    /* The last descriptor may be empty, and then the padding before it is missing. */
    if (!header.n_descsz && descriptor > notes.size)
        descriptor = notes.size;
    if (!checked_within(descriptor, header.n_descsz, notes.size) ||
        !checked_align(descriptor + header.n_descsz, alignment, at))
        return false;
    note->type = header.n_type;
    note->name = (struct span){ notes.data + name, header.n_namesz };
    note->descriptor = (struct span){ notes.data + descriptor, header.n_descsz };
    return true;
}

/* Counts notes to their end; false where one runs out. What is too short for a note behind the last one is padding. */
static bool walk_notes(struct span notes, uint64_t alignment, uint32_t *count)
{
    struct note note;

    for (uint64_t at = 0; checked_within(at, sizeof(Elf64_Nhdr), notes.size);) {
        if (!next_note(notes, alignment, &at, &note))
            return false;
        if (++*count > NOTES_MAX)
            return true; /* and then says so */
    }
    return true;
}

static bool has_name(const struct note *note, const char *name, uint64_t size)
{
    return note->name.size == size && !memcmp(note->name.data, name, size);
}

static uint32_t number_at(struct span descriptor, uint32_t index)
{
    uint32_t number;

    memcpy(&number, descriptor.data + index * sizeof(number), sizeof(number));
    return number;
}

/* "Numeric types are either 4 or 8 bytes", but the processor is entered in 32-bit mode. */
static bool read_entry_note(struct elf *elf, struct span descriptor, struct failure *failure)
{
    if (descriptor.size != sizeof(uint32_t) && descriptor.size != sizeof(uint64_t))
        return fail(failure, "kernel", "its note PHYS32_ENTRY has %lu bytes", descriptor.size);
    elf->has_pvh = true;
    elf->pvh_entry = 0;
    memcpy(&elf->pvh_entry, descriptor.data, descriptor.size);
    return elf->pvh_entry <= UINT32_MAX ||
           fail(failure, "kernel", "its note PHYS32_ENTRY, 0x%lx, is above 4 GiB", elf->pvh_entry);
}

/* Up to three numbers: "a required start alignment", the first byte's minimum, the last byte's maximum. */
static bool read_reloc_note(const struct reader *reader, struct span descriptor, struct failure *failure)
{
    struct elf *elf = reader->elf;
    uint64_t count = descriptor.size / sizeof(uint32_t);

    if (descriptor.size % sizeof(uint32_t))
        return fail(failure, "kernel", "its note PHYS32_RELOC has %lu bytes", descriptor.size);
    elf->pvh_relocatable = true;
    elf->pvh_alignment = reader->largest_alignment >= RELOC_ALIGNMENT_MIN ? reader->largest_alignment : RELOC_ALIGNMENT;
    if (count > 0)
        elf->pvh_alignment = number_at(descriptor, 0);
    elf->pvh_minimum = count > 1 ? number_at(descriptor, 1) : 0;
    elf->pvh_maximum = count > 2 ? number_at(descriptor, 2) : RELOC_MAXIMUM;
    if (!is_power_of_two(elf->pvh_alignment))
        return fail(failure, "kernel", "its note PHYS32_RELOC has the alignment 0x%lx, no power of two",
                    elf->pvh_alignment);
    return elf->pvh_minimum <= elf->pvh_maximum ||
           fail(failure, "kernel", "its note PHYS32_RELOC has the minimum 0x%lx, the maximum 0x%lx", elf->pvh_minimum,
                elf->pvh_maximum);
}

/* Of two notes of one type the last counts, as for Xen; QEMU and linux-loader take the last PT_NOTE. */
static bool read_note(struct reader *reader, const struct note *note, struct failure *failure)
{
    static const char guest_os[] = "linux"; /* its NUL may be missing */

    if (has_name(note, notes_of_linux, sizeof(notes_of_linux)))
        reader->elf->is_linux = true;
    if (!has_name(note, notes_of_xen, sizeof(notes_of_xen)))
        return true;
    reader->xen_notes++;
    if (note->type == XEN_ELFNOTE_GUEST_OS)
        reader->elf->is_linux |=
            (note->descriptor.size == sizeof(guest_os) || note->descriptor.size == sizeof(guest_os) - 1) &&
            !memcmp(note->descriptor.data, guest_os, note->descriptor.size);
    if (note->type == XEN_ELFNOTE_PHYS32_ENTRY)
        return read_entry_note(reader->elf, note->descriptor, failure);
    if (note->type == XEN_ELFNOTE_PHYS32_RELOC)
        return read_reloc_note(reader, note->descriptor, failure);
    return true;
}

/*
 * gABI pads the notes of a 64-bit file to 8 bytes; everybody pads them to 4, but for the GNU property note, which
 * p_align 8 tells. A linker that puts that together with others of 4 says 8 for all of them: where 8 does not lead to
 * the end, 4 may.
 */
static bool read_notes(struct reader *reader, struct span notes, uint64_t alignment, const char *what, uint32_t index,
                       struct failure *failure)
{
    uint32_t count = reader->notes;
    struct note note;

    alignment = alignment == 8 ? 8 : 4;
    if (!walk_notes(notes, alignment, &count)) {
        alignment = 4;
        if (!walk_notes(notes, alignment, &count))
            return fail(failure, "kernel", "a note runs out of its %s %u", what, index);
    }
    if (count > NOTES_MAX)
        return fail(failure, "kernel", "it has more than %u notes", NOTES_MAX);
    reader->notes = count;
    for (uint64_t at = 0; checked_within(at, sizeof(Elf64_Nhdr), notes.size);) {
        if (!next_note(notes, alignment, &at, &note) || !read_note(reader, &note, failure))
            return false;
    }
    return true;
}

static bool read_note_segments(struct reader *reader, struct failure *failure)
{
    for (uint32_t i = 0; i < reader->header.e_phnum; i++) {
        const Elf64_Phdr segment = read_segment(reader, i);
        struct span notes = { reader->file.data, segment.p_filesz };

        /* libxc: "Some versions of binutils do not correctly set p_offset for note segments." */
        if (segment.p_type != PT_NOTE || !segment.p_offset || !segment.p_filesz)
            continue;
        if (!check_content(reader, i, &segment, failure))
            return false;
        notes.data += segment.p_offset;
        if (!read_notes(reader, notes, segment.p_align, "program header", i, failure))
            return false;
    }
    return true;
}

static bool read_note_sections(struct reader *reader, struct failure *failure)
{
    for (uint32_t i = 1; i < reader->elf->sections.count; i++) {
        const Elf64_Shdr section = read_section(reader, i);
        struct span notes = { reader->file.data, section.sh_size };

        if (section.sh_type != SHT_NOTE || !section.sh_size)
            continue;
        if (!checked_within(section.sh_offset, section.sh_size, reader->file.size))
            return fail(failure, "kernel", "its note section %u (%lu bytes at 0x%lx) lies outside its %lu bytes", i,
                        section.sh_size, section.sh_offset, reader->file.size);
        notes.data += section.sh_offset;
        if (!read_notes(reader, notes, section.sh_addralign, "section", i, failure))
            return false;
    }
    return true;
}

/* QEMU and linux-loader look at PT_NOTE alone; libxc, where that has none of Xen's, at sections too. */
static bool read_all_notes(struct reader *reader, struct failure *failure)
{
    return read_note_segments(reader, failure) && (reader->xen_notes || read_note_sections(reader, failure));
}

bool elf_parse(struct span file, struct elf *elf, struct failure *failure)
{
    struct reader reader = { .file = file, .elf = elf };

    *elf = (struct elf){ 0 };
    if (!read_identification(&reader, failure) || !check_tables(&reader, failure))
        return false;
    elf->machine = reader.header.e_machine;
    elf->entry = elf->entry_physical = reader.header.e_entry;
    if (!read_segments(&reader, failure))
        return false;
    find_size(&reader);
    return read_all_notes(&reader, failure);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/elf.c common/text.c common/failure.c */
/* ELFs built field by field, of both classes, broken in one place a test; and our own image, where it has been built.
 */
#include "tests/unit/content_of.h"
#include "tests/unit/elf_classes_fixture.h"

#define REAL_IMAGE "build/quadrivium.elf"

/* ---- what it is ---- */

static void sound(void **state)
{
    assert_true(parse());
    assert_int_equal(elf.is_64, *(bool *)*state);
    assert_int_equal(elf.machine, elf.is_64 ? EM_X86_64 : EM_386);
    assert_int_equal(elf.entry, (elf.is_64 ? ELF_VIRTUAL : ELF_VIRTUAL32) + ELF_LINKED + 0x123);
    assert_int_equal(elf.entry_physical, ELF_LINKED + 0x123);
    assert_int_equal(elf.size, ELF_END);
    assert_int_equal(elf.program.count, 2);
    assert_int_equal(elf.program.start, ELF_LINKED);
    assert_int_equal(elf.program.end, ELF_LINKED_END);
    assert_ptr_equal(elf.program.segments[1].content.data, file.data + ELF_CONTENT + 0x800);
    assert_int_equal(elf.program.segments[1].content.size, 0x800);
    assert_int_equal(elf.program.segments[1].address, ELF_LINKED + 0x10000);
    assert_int_equal(elf.program.segments[1].memory_size, 0x20000);
    assert_int_equal(elf.sections.count, 0);
    assert_false(elf.is_linux || elf.has_pvh || elf.pvh_relocatable);
}

static void no_elf_at_all(void **state)
{
    (void)state;
    assert_false(elf_is((struct span){ NULL, 0 }));
    assert_false(elf_parse((struct span){ NULL, 0 }, &elf, &failure));
    made.header.e_ident[0] = 0x7e;
    assert_refused("it is no ELF");
    assert_false(elf_is(file));
}

static void identification(void **state)
{
    made.header.e_ident[EI_CLASS] = 3;
    assert_refused("class, 3,");
    restart(state);
    made.header.e_ident[EI_DATA] = ELFDATA2MSB;
    assert_refused("not little-endian");
    restart(state);
    made.header.e_version = 2;
    assert_refused("e_version, 2,");
    restart(state);
    made.header.e_type = ET_REL;
    assert_refused("e_type, 1,");
    made.header.e_type = ET_CORE;
    assert_refused("e_type, 4,");
    made.header.e_type = ET_DYN;
    assert_true(parse());
    made.header.e_machine = EM_AARCH64;
    assert_refused("e_machine, 183,");
    made.header.e_machine = EM_X86_64; /* x32, where it is an ELF32 */
    assert_true(parse());
    made.header.e_machine = EM_386;
    assert_int_equal(parse(), !*(bool *)*state);
}

static void truncated(void **state)
{
    uint64_t headers = ELF_SEGMENTS + 3 * (*(bool *)*state ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));

    for (uint64_t size = 0; size < ELF_END; size += size < headers + 2 ? 1 : 101) {
        assert_false(parse_elf_bytes(size));
        assert_int_equal(elf_is(file), size >= 4);
        assert_true(*failure.why);
    }
    assert_false(parse_elf_bytes(ELF_END - 1));
    assert_string_equal(failure.why, "its program header 1 (2048 bytes at 0x2800) lies outside its 12287 bytes");
    assert_true(parse_elf_bytes(ELF_END));
}

/* ---- program headers ---- */

static void program_header_table(void **state)
{
    made.header.e_phnum = 0;
    assert_refused("it has no program headers");
    made.header.e_phnum = 0xffff;
    assert_refused("more than 65534 program headers");
    made.header.e_phnum = 0xfffe;
    assert_refused("its 65534 program headers at 0x40 lie outside");
    restart(state);
    made.header.e_phentsize--;
    assert_refused("its e_phentsize is");
    made.header.e_phentsize = 0;
    assert_refused("its e_phentsize is 0");
    restart(state);
    made.header.e_phoff = UINT64_MAX - 20; /* the sum wraps */
    assert_refused("program headers at 0xffff");
    made.header.e_phoff = ELF_END - 8;
    assert_refused("program headers at 0x2ff8 lie outside its 12288 bytes");
}

static void segment_outside_the_file(void **state)
{
    made.segments[0].p_offset = UINT64_MAX - 0xff;
    assert_refused("its program header 0 (2048 bytes at 0xffff");
    made.segments[0].p_offset = ELF_END - 0x7ff;
    assert_refused("lies outside its 12288 bytes");
    made.segments[0].p_offset++;
    assert_refused("lies outside");
    made.segments[0].p_offset -= 2;
    assert_true(parse());
    restart(state);
    made.segments[1].p_filesz = made.segments[1].p_memsz;
    assert_refused("its program header 1 (131072 bytes at 0x2800)");
}

static void memory_less_than_file(void **state)
{
    (void)state;
    made.segments[0].p_memsz = 0x7ff;
    assert_refused("its program header 0 has 2048 bytes in the file, 2047 in memory");
    made.segments[0].p_memsz = 0;
    assert_refused("2048 bytes in the file, 0 in memory");
}

static void addresses_that_wrap(void **state)
{
    bool wide = *(bool *)*state;

    made.segments[1].p_paddr = wide ? UINT64_MAX - 0x1ffff : 0xffffffff - 0x1fffe;
    assert_refused("its program header 1 (0x20000 bytes at address 0xff");
    assert_refused("wraps");
    made.segments[1].p_paddr--;
    assert_true(parse()); /* up to the last byte (but one, with 64 bits: an end is an address too) */
    made.segments[1].p_memsz = wide ? UINT64_MAX : UINT32_MAX;
    assert_refused("wraps");
}

static void empty_segments(void **state)
{
    (void)state;
    made.segments[0].p_filesz = made.segments[0].p_memsz = 0;
    made.segments[0].p_offset = UINT64_MAX;
    assert_true(parse());
    assert_int_equal(elf.program.count, 1);
    assert_int_equal(elf.entry_physical, elf.entry); /* which nothing holds */
    made.segments[1].p_type = PT_DYNAMIC;
    assert_refused("none of its 3 program headers loads anything");
}

/* Zeros alone need no place in the file. */
static void only_zeros(void **state)
{
    (void)state;
    made.segments[1].p_filesz = 0;
    made.segments[1].p_offset = UINT32_MAX;
    assert_true(parse());
    assert_int_equal(elf.program.segments[1].content.size, 0);
    assert_non_null(elf.program.segments[1].content.data);
}

static void overlaps(void **state)
{
    static const struct {
        uint64_t address, size;
        bool refused;
    } third[] = {
        { ELF_LINKED + 0x800, 0x10000 - 0x800, false }, /* fills the gap */
        { ELF_LINKED + 0x7ff, 1, true },                /* the last byte of the first */
        { ELF_LINKED + 0x800, 0x10000 - 0x7ff, true },  /* the first of the second */
        { ELF_LINKED, 0x800, true },                    /* the same */
        { ELF_LINKED - 0x1000, 0x100000, true },        /* around both */
        { ELF_LINKED + 0x11000, 1, true },              /* within, where the second is zero */
        { ELF_LINKED - 0x1000, 0x1000, false },         /* before */
        { ELF_LINKED - 0x1000, 0x1001, true },          /* into the first */
        { ELF_LINKED_END, 1, false },                   /* behind */
        { ELF_LINKED_END - 1, 1, true },                /* the last byte */
        { 0, ELF_LINKED, false },
        { 0, ELF_LINKED + 1, true }, /* from the beginning of memory */
    };

    for (size_t i = 0; i < sizeof(third) / sizeof(*third); i++) {
        restart(state);
        made.segments[2] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_paddr = third[i].address, .p_memsz = third[i].size };
        if (third[i].refused) {
            assert_refused("its program header 2 (0x");
            assert_refused("overlaps the one at address 0x2");
        } else {
            assert_true(parse());
            assert_int_equal(elf.program.count, 3);
        }
    }
}

static void sorted(void **state)
{
    static const uint8_t orders[][4] = { { 3, 2, 1, 0 }, { 0, 3, 1, 2 }, { 2, 0, 3, 1 }, { 1, 2, 3, 0 } };

    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        restart(state);
        made.header.e_phnum = 4;
        for (uint32_t at = 0; at < 4; at++)
            made.segments[at] = (Elf64_Phdr){ .p_type = PT_LOAD,
                                              .p_paddr = 0x100000 + orders[i][at] * 0x1000ull,
                                              .p_memsz = 0x1000,
                                              .p_offset = orders[i][at],
                                              .p_filesz = 1 };
        assert_true(parse());
        for (uint32_t at = 0; at < 4; at++) {
            assert_int_equal(elf.program.segments[at].address, 0x100000 + at * 0x1000);
            assert_ptr_equal(elf.program.segments[at].content.data, file.data + at);
        }
        assert_int_equal(elf.program.start, 0x100000);
        assert_int_equal(elf.program.end, 0x104000);
    }
}

static void many_segments(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ELF_SEGMENTS_MAX; i++)
        made.segments[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_paddr = 0x900000 - i * 0x1000ull, .p_memsz = 0x1000 };
    made.header.e_phnum = PROGRAM_SEGMENTS_MAX;
    assert_true(parse());
    assert_int_equal(elf.program.count, PROGRAM_SEGMENTS_MAX);
    made.header.e_phnum++;
    assert_refused("it has more than 32 segments to load");
    made.segments[7].p_memsz = 0; /* which does not count */
    assert_true(parse());
}

/* As Debian's vmlinux: an entry that is physical already, and per-CPU data linked at 0. */
static void entries(void **state)
{
    (void)state;
    made.header.e_entry = ELF_LINKED + 5;
    assert_true(parse());
    assert_int_equal(elf.entry_physical, ELF_LINKED + 5);
    made.segments[1].p_vaddr = 0;
    made.header.e_entry = 0x1ffff;
    assert_true(parse());
    assert_int_equal(elf.entry_physical, ELF_LINKED + 0x10000 + 0x1ffff);
    made.header.e_entry = 0x20000;
    assert_true(parse());
    assert_int_equal(elf.entry_physical, 0x20000);
    made.segments[0].p_vaddr = 0x10000; /* of two that hold it the first counts */
    made.header.e_entry = 0x10001;
    assert_true(parse());
    assert_int_equal(elf.entry_physical, ELF_LINKED + 1);
    made.segments[0].p_vaddr = UINT64_MAX - 0x10; /* runs over the end of the address space; nothing wraps here */
    made.header.e_entry = 1;
    made.segments[1].p_vaddr = 0x5000;
    assert_true(parse());
    assert_int_equal(elf.entry_physical, 1);
}

/* ---- sections, and how much of the file is the ELF ---- */

static void section_headers(void **state)
{
    uint64_t size = *(bool *)*state ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

    with_sections(4);
    made.header.e_shstrndx = 3;
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_int_equal(elf.sections.count, 4);
    assert_int_equal(elf.sections.entry_size, size);
    assert_int_equal(elf.sections.is_64, elf.is_64);
    assert_int_equal(elf.sections.names, 3);
    assert_ptr_equal(elf.sections.headers, file.data + ELF_SECTIONS);
    assert_int_equal(elf.size, ELF_SECTIONS + 4 * size);
    assert_true(parse_elf_bytes(ELF_SECTIONS + 4 * size));
    assert_false(parse_elf_bytes(ELF_SECTIONS + 4 * size - 1));
    assert_non_null(strstr(failure.why, "its 4 section headers at 0x3000 lie outside its"));
    made.header.e_shstrndx = 4;
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_int_equal(elf.sections.names, 0);
    made.header.e_shentsize++;
    assert_false(parse_elf_bytes(ELF_MAX));
    assert_non_null(strstr(failure.why, "its e_shentsize is"));
    made.header.e_shnum = 0; /* then the size means nothing */
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_int_equal(elf.sections.count, 0);
    restart(state);
    with_sections(4);
    made.header.e_shoff = UINT64_MAX - 10;
    assert_refused("section headers at 0xffff");
}

static void how_much_is_the_elf(void **state)
{
    uint64_t size = *(bool *)*state ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

    assert_true(parse_elf_bytes(ELF_MAX)); /* something behind it */
    assert_int_equal(elf.size, ELF_END);
    with_sections(4);
    made.sections[2].sh_offset = 0x4000; /* debugging symbols */
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_int_equal(elf.size, 0x4100);
    made.sections[2].sh_type = SHT_NOBITS;
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_int_equal(elf.size, ELF_SECTIONS + 4 * size);
    made.sections[2].sh_type = SHT_SYMTAB; /* stripped off, or cut off */
    made.sections[2].sh_offset = UINT64_MAX - 1;
    assert_true(parse_elf_bytes(ELF_MAX - 7));
    assert_int_equal(elf.size, ELF_MAX - 7);
    restart(state);
    made.segments[2] = (Elf64_Phdr){ .p_type = PT_DYNAMIC, .p_offset = 0x5000, .p_filesz = 0x10 };
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_int_equal(elf.size, 0x5010);
}

/* ---- the real thing ---- */

static void our_own(void **state)
{
    (void)state;
    file = content_of(REAL_IMAGE);
    if (!file.data) {
        print_message("no " REAL_IMAGE " yet: `make` builds it\n");
        skip();
    }
    assert_true(elf_parse(file, &elf, &failure));
    assert_true(elf.is_64 && elf.has_pvh && elf.pvh_relocatable && !elf.is_linux);
    assert_int_equal(elf.program.count, 1);
    assert_int_equal(elf.program.start, 0x100000);
    assert_int_equal(elf.size, file.size);
    assert_int_equal(elf.entry_physical, elf.pvh_entry);
    assert_int_equal(elf.pvh_alignment, 0x1000);
    assert_int_equal(elf.pvh_minimum, 0x100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(sound),
        BOTH(no_elf_at_all),
        BOTH(identification),
        BOTH(truncated),
        BOTH(program_header_table),
        BOTH(segment_outside_the_file),
        BOTH(memory_less_than_file),
        BOTH(addresses_that_wrap),
        BOTH(empty_segments),
        BOTH(only_zeros),
        BOTH(overlaps),
        BOTH(sorted),
        BOTH(many_segments),
        BOTH(entries),
        BOTH(section_headers),
        BOTH(how_much_is_the_elf),
        cmocka_unit_test_teardown(our_own, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

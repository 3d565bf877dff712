/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/elf.c common/text.c common/failure.c */
/* The notes of an ELF, of both classes; the rest of it is tested in test_elf.c. */
#include "tests/unit/elf_classes_fixture.h"

#define GUEST_OS     6
#define PHYS32_ENTRY 18
#define PHYS32_RELOC 19

static void note(const char *name, uint32_t type, const void *descriptor, uint32_t size)
{
    synthetic_elf_note(&made, 4, name, type, descriptor, size);
}

static void entry_note(uint32_t entry)
{
    note("Xen", PHYS32_ENTRY, &entry, sizeof(entry));
}

static void pvh_entry(void **state)
{
    uint64_t wide = 0x100000850;

    entry_note(0x1000850);
    assert_true(parse());
    assert_true(elf.has_pvh && !elf.is_linux);
    assert_int_equal(elf.pvh_entry, 0x1000850);
    restart(state);
    note("Xen", PHYS32_ENTRY, &wide, sizeof(wide));
    assert_refused("PHYS32_ENTRY, 0x100000850, is above 4 GiB");
    restart(state);
    wide = 0xfedcba98;
    note("Xen", PHYS32_ENTRY, &wide, sizeof(wide));
    assert_true(parse());
    assert_int_equal(elf.pvh_entry, 0xfedcba98);
    for (uint32_t size = 0; size < 24; size++) {
        static const uint8_t zeros[24];

        restart(state);
        note("Xen", PHYS32_ENTRY, zeros, size);
        assert_int_equal(parse(), size == 4 || size == 8);
    }
}

static void pvh_relocation(void **state)
{
    static const struct {
        uint32_t size, numbers[3];
        uint64_t alignment, minimum, maximum;
        const char *refused;
    } notes[] = {
        { 12, { 0x400000, 0x1000000, 0x7fffffff }, 0x400000, 0x1000000, 0x7fffffff, NULL },
        { 8, { 0x1000, 0x100000 }, 0x1000, 0x100000, 0xffffffff, NULL },
        { 4, { 1 }, 1, 0, 0xffffffff, NULL },
        { 0, { 0 }, 0x1000, 0, 0xffffffff, NULL }, /* p_align */
        { 12, { 0x3000, 0, 0xffffffff }, 0, 0, 0, "alignment 0x3000, no power of two" },
        { 4, { 0 }, 0, 0, 0, "alignment 0x0, no power of two" },
        { 12, { 0x1000, 0x2000, 0x1fff }, 0, 0, 0, "the minimum 0x2000, the maximum 0x1fff" },
        { 5, { 0x1000, 0 }, 0, 0, 0, "PHYS32_RELOC has 5 bytes" },
    };

    for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
        restart(state);
        note("Xen", PHYS32_RELOC, notes[i].numbers, notes[i].size);
        if (notes[i].refused) {
            assert_refused(notes[i].refused);
            continue;
        }
        assert_true(parse());
        assert_true(elf.pvh_relocatable);
        assert_int_equal(elf.pvh_alignment, notes[i].alignment);
        assert_int_equal(elf.pvh_minimum, notes[i].minimum);
        assert_int_equal(elf.pvh_maximum, notes[i].maximum);
    }
}

static void pvh_default_alignment(void **state)
{
    (void)state;
    note("Xen", PHYS32_RELOC, "", 0);
    made.segments[0].p_align = 0x800000;
    assert_true(parse());
    assert_int_equal(elf.pvh_alignment, 0x800000);
    made.segments[0].p_align = 0x800001; /* no power of two */
    made.segments[1].p_align = 16;       /* less than a page */
    assert_true(parse());
    assert_int_equal(elf.pvh_alignment, 0x200000);
}

static void linux_notes(void **state)
{
    static const struct {
        const char *name, *descriptor;
        uint32_t type, size;
        bool is_linux;
    } notes[] = {
        { "Xen", "linux", GUEST_OS, 6, true },
        { "Xen", "linux", GUEST_OS, 5, true },
        { "Xen", "linux-not", GUEST_OS, 10, false },
        { "Xen", "linu", GUEST_OS, 4, false },
        { "Xen", "FreeBSD", GUEST_OS, 8, false },
        { "Xen", "linux", 7, 6, false },
        { "xen", "linux", GUEST_OS, 6, false },
        { "Linux", "6.1.0", 0, 6, true },
        { "Linux", "", 0x100, 0, true },
        { "LINUX", "6.1.0", 0, 6, false },
        { "Linux2", "", 0x100, 0, false },
    };

    for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
        restart(state);
        note(notes[i].name, notes[i].type, notes[i].descriptor, notes[i].size);
        assert_true(parse());
        assert_int_equal(elf.is_linux, notes[i].is_linux);
        assert_false(elf.has_pvh);
    }
}

/* Of a type the last counts; other owners' types mean something else. */
static void several_notes(void **state)
{
    (void)state;
    entry_note(0x111);
    note("GNU", PHYS32_ENTRY, "abcd", 4);
    note("Xen", GUEST_OS, "linux", 6);
    entry_note(0x222);
    note("", 0, "", 0);
    note("Xen", 99, "abc", 3);
    assert_true(parse());
    assert_int_equal(elf.pvh_entry, 0x222);
    assert_true(elf.is_linux);
    made.segments[3] = made.segments[2]; /* and a second segment, with the first note alone */
    made.segments[3].p_filesz = 20;
    made.header.e_phnum = 4;
    assert_true(parse());
    assert_int_equal(elf.pvh_entry, 0x111);
}

static void aligned_to_8(void **state)
{
    const uint32_t entry = 0x1000850;

    made.segments[2].p_align = 8;
    synthetic_elf_note(&made, 8, "GNU", 5, "property", 8);
    synthetic_elf_note(&made, 8, "longer", 1, "abc", 3);
    synthetic_elf_note(&made, 8, "Xen", PHYS32_ENTRY, &entry, 4);
    assert_true(parse());
    assert_int_equal(elf.pvh_entry, entry);
    restart(state); /* notes of 4 in a segment that a linker has given 8 */
    made.segments[2].p_align = 8;
    note("longer", 1, "abc", 3);
    entry_note(entry);
    note("GNU", 3, "12345678901234567890", 20);
    assert_true(parse());
    assert_int_equal(elf.pvh_entry, entry);
    for (uint64_t alignment = 0; alignment < 65; alignment++) { /* all others mean 4 */
        made.segments[2].p_align = alignment;
        assert_true(parse());
        assert_int_equal(elf.pvh_entry, entry);
    }
}

static void notes_that_run_out(void **state)
{
    const uint32_t sizes[] = { 0x100, 0x7fffffff, 0xfffffff0, 0xfffffffd, 0xffffffff };

    for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
        restart(state);
        entry_note(1);
        entry_note(2);
        memcpy(made.bytes + ELF_NOTES + 20 + i % 2 * 4, &sizes[i / 2], 4); /* namesz or descsz of the second */
        assert_refused("a note runs out of its program header 2");
        made.segments[2].p_align = 8;
        assert_refused("a note runs out of its program header 2");
    }
    restart(state);
    entry_note(0x123);
    for (uint32_t size = 0; size <= 20; size++) { /* fewer bytes than a header are padding */
        made.segments[2].p_filesz = size;
        assert_int_equal(parse(), size < 12 || size == 20);
        assert_int_equal(elf.has_pvh, size == 20);
    }
    made.segments[2].p_filesz = ELF_MAX;
    assert_refused("its program header 2 (32768 bytes at 0x1000) lies outside");
    made.segments[2].p_offset = UINT64_MAX - 3;
    assert_refused("its program header 2 (32768 bytes at 0xffff");
    made.segments[2].p_offset = 0; /* by old binutils */
    assert_true(parse());
}

/* The padding behind the last descriptor, or before one that is empty, may be missing. */
static void no_padding_at_the_end(void **state)
{
    (void)state;
    note("Xen", GUEST_OS, "linux", 5);
    made.segments[2].p_filesz = 12 + 4 + 5;
    assert_true(parse());
    assert_true(elf.is_linux);
    made.notes = 0;
    note("Linux", 0, "", 0);
    made.segments[2].p_filesz = 12 + 6;
    assert_true(parse());
    assert_true(elf.is_linux);
}

static void notes_in_sections(void **state)
{
    uint64_t size;

    (void)state;
    made.header.e_phnum = 2; /* no PT_NOTE */
    entry_note(0x111);
    size = made.notes;
    note("Xen", GUEST_OS, "linux", 6);
    with_sections(4);
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_false(elf.has_pvh);
    made.sections[1] = (Elf64_Shdr){ .sh_type = SHT_NOTE, .sh_offset = ELF_NOTES, .sh_size = size, .sh_addralign = 4 };
    made.sections[3] = made.sections[1];
    made.sections[3].sh_offset += size;
    made.sections[3].sh_size = made.notes - size;
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_true(elf.has_pvh && elf.is_linux);
    made.sections[3].sh_size--; /* of the padding */
    assert_true(parse_elf_bytes(ELF_MAX));
    made.sections[3].sh_size -= 4;
    assert_false(parse_elf_bytes(ELF_MAX));
    assert_string_equal(failure.why, "a note runs out of its section 3");
    made.sections[3].sh_offset = UINT64_MAX - 3;
    assert_false(parse_elf_bytes(ELF_MAX));
    assert_non_null(strstr(failure.why, "its note section 3 ("));
    made.header.e_phnum = 3; /* a segment with one of Xen's, and sections are not looked at */
    made.segments[2].p_filesz = size;
    assert_true(parse_elf_bytes(ELF_MAX));
    assert_true(elf.has_pvh && !elf.is_linux);
}

/* Many segments of the same many notes: what is read is bounded. */
static void too_many_notes(void **state)
{
    enum { SEGMENTS = 300, NOTES = 0x1000 / 12 };
    uint64_t entry_size = *(bool *)*state ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    uint64_t size = ELF_END + SEGMENTS * entry_size;
    uint8_t *big;

    made.segments[2].p_filesz = NOTES * 12; /* all of them zero */
    synthetic_elf_write(&made);
    big = malloc(size);
    memcpy(big, made.bytes, ELF_END);
    for (uint32_t i = 0; i < SEGMENTS; i++)
        memcpy(big + ELF_END + i * entry_size, big + ELF_SEGMENTS + (i < 3 ? i : 2) * entry_size, entry_size);
    memcpy(big + (*(bool *)*state ? offsetof(Elf64_Ehdr, e_phoff) : offsetof(Elf32_Ehdr, e_phoff)),
           &(uint32_t){ ELF_END }, 4);
    memcpy(big + (*(bool *)*state ? offsetof(Elf64_Ehdr, e_phnum) : offsetof(Elf32_Ehdr, e_phnum)),
           &(uint16_t){ SEGMENTS }, 2);
    assert_false(elf_parse((struct span){ big, size }, &elf, &failure));
    assert_string_equal(failure.why, "it has more than 65536 notes");
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(pvh_entry),         BOTH(pvh_relocation), BOTH(pvh_default_alignment), BOTH(linux_notes),
        BOTH(several_notes),     BOTH(aligned_to_8),   BOTH(notes_that_run_out),    BOTH(no_padding_at_the_end),
        BOTH(notes_in_sections), BOTH(too_many_notes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

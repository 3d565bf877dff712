/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/sections.c common/text.c common/failure.c */
/*
 * The image's table of contents: an image is built here field by field, then broken in one place a test. Page 0, which
 * the boot.txt doors do not bring, and all else before the PE header is poisoned while the parser runs.
 */
#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "payloads/sections.h"

#include <cmocka.h>

#define IMAGE_PAGES 12
#define IMAGE_SIZE  (IMAGE_PAGES * LAYOUT_PAGE)

struct fixture {
    uint8_t *image;
    struct pe_headers pe;
    struct pe_section_header table[LAYOUT_PE_SECTIONS_MAX];
    struct sections sections;
    struct failure failure;
};

static void section_add(struct fixture *fixture, const char *name, uint32_t page, uint32_t size)
{
    struct pe_section_header *header = &fixture->table[fixture->pe.file.NumberOfSections++];

    strncpy(header->Name, name, sizeof(header->Name));
    header->VirtualSize = size;
    header->VirtualAddress = page * LAYOUT_PAGE;
    header->SizeOfRawData = (size + LAYOUT_PAGE - 1) / LAYOUT_PAGE * LAYOUT_PAGE;
    header->PointerToRawData = header->VirtualAddress;
    header->Characteristics = IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ;
}

/* .text, .data with .bss behind it, and three packed sections. */
static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->image = calloc(1, IMAGE_SIZE);
    for (size_t i = 0; i < IMAGE_SIZE; i++)
        fixture->image[i] = (uint8_t)(i / LAYOUT_PAGE);
    fixture->pe.Signature = PE_SIGNATURE;
    fixture->pe.file.Machine = IMAGE_FILE_MACHINE_AMD64;
    fixture->pe.file.SizeOfOptionalHeader = sizeof(fixture->pe.optional);
    fixture->pe.optional.Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    fixture->pe.optional.SizeOfImage = IMAGE_SIZE;
    section_add(fixture, ".text", 2, 0x1000);
    section_add(fixture, ".data", 3, 0x10);
    section_add(fixture, ".bss", 4, 0x1800);
    fixture->table[2].SizeOfRawData = 0;
    fixture->table[2].PointerToRawData = 0;
    section_add(fixture, ".cmdline", 6, 0x25);
    section_add(fixture, ".initrd", 7, 0x1001);
    section_add(fixture, ".linux", 9, 0x3000);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    free(fixture->image);
    free(fixture);
    return 0;
}

static bool parse_bytes(struct fixture *fixture, uint64_t size)
{
    bool ok;

    ASAN_POISON_MEMORY_REGION(fixture->image, LAYOUT_PE);
    ok = sections_parse((struct span){ fixture->image, size }, &fixture->sections, &fixture->failure);
    ASAN_UNPOISON_MEMORY_REGION(fixture->image, LAYOUT_PE);
    return ok;
}

static bool parse(struct fixture *fixture)
{
    memcpy(fixture->image + LAYOUT_PE, &fixture->pe, sizeof(fixture->pe));
    memcpy(fixture->image + LAYOUT_PE_SECTIONS, fixture->table, sizeof(fixture->table));
    return parse_bytes(fixture, IMAGE_SIZE);
}

static void assert_broken(struct fixture *fixture, const char *why)
{
    assert_false(parse(fixture));
    assert_non_null(strstr(fixture->failure.why, why));
    assert_int_equal(fixture->sections.count, 0);
}

static void finds_what_is_packed(void **state)
{
    struct fixture *fixture = *state;
    struct span linux_section;

    assert_true(parse(fixture));
    assert_int_equal(fixture->sections.count, 3); /* .text, .data and .bss are of no interest */
    linux_section = section_find(&fixture->sections, ".linux");
    assert_ptr_equal(linux_section.data, fixture->image + 9 * LAYOUT_PAGE);
    assert_int_equal(linux_section.size, 0x3000);
    /* Eight characters, no NUL in the table. */
    assert_int_equal(section_find(&fixture->sections, ".cmdline").size, 0x25);
    assert_int_equal(section_find(&fixture->sections, ".initrd").size, 0x1001);
    assert_null(section_find(&fixture->sections, ".dtb").data);
    assert_null(section_find(&fixture->sections, ".text").data);
    assert_null(section_find(&fixture->sections, ".cmdlin").data);
}

static void image_without_sections(void **state)
{
    struct fixture *fixture = *state;

    fixture->pe.file.NumberOfSections = 0;
    assert_true(parse(fixture));
    assert_null(section_find(&fixture->sections, ".linux").data);
}

static void empty_section_is_there(void **state)
{
    struct fixture *fixture = *state;

    fixture->table[3].VirtualSize = 0;
    fixture->table[3].SizeOfRawData = 0;
    assert_true(parse(fixture));
    assert_non_null(section_find(&fixture->sections, ".cmdline").data);
    assert_int_equal(section_find(&fixture->sections, ".cmdline").size, 0);
}

static void image_size_before_all_else(void **state)
{
    struct fixture *fixture = *state;
    uint64_t size;

    assert_true(parse(fixture));
    ASAN_POISON_MEMORY_REGION(fixture->image, LAYOUT_PE);
    ASAN_POISON_MEMORY_REGION(fixture->image + LAYOUT_TEXT, IMAGE_SIZE - LAYOUT_TEXT);
    size = sections_image_size(fixture->image);
    ASAN_UNPOISON_MEMORY_REGION(fixture->image, IMAGE_SIZE);
    assert_int_equal(size, IMAGE_SIZE);

    memset(fixture->image + LAYOUT_PE, 0, 4);
    assert_int_equal(sections_image_size(fixture->image), 0);
    fixture->pe.optional.Magic = IMAGE_NT_OPTIONAL_HDR32_MAGIC;
    assert_false(parse(fixture));
    assert_int_equal(sections_image_size(fixture->image), 0);
}

static void profiles_may_repeat_names(void **state)
{
    struct fixture *fixture = *state;

    fixture->table[5].VirtualSize = fixture->table[5].SizeOfRawData = LAYOUT_PAGE;
    section_add(fixture, ".profile", 10, 4);
    section_add(fixture, ".cmdline", 11, 9);
    section_add(fixture, ".profile", 12, 0);
    section_add(fixture, ".uname", 12, 0);
    assert_true(parse(fixture));
    assert_int_equal(fixture->sections.count, 7);
    assert_int_equal(fixture->sections.section[4].profile, SECTIONS_FIRST_PROFILE);
    /* @0 is the default, and the base profile stands in for what it lacks; other profiles do not. */
    assert_int_equal(section_find(&fixture->sections, ".cmdline").size, 9);
    assert_int_equal(section_find(&fixture->sections, ".initrd").size, 0x1001);
    assert_null(section_find(&fixture->sections, ".uname").data);
    assert_int_equal(section_find_in(&fixture->sections, SECTIONS_BASE_PROFILE, ".cmdline").size, 0x25);
    assert_int_equal(section_find_in(&fixture->sections, SECTIONS_FIRST_PROFILE + 1, ".cmdline").size, 0x25);
    assert_non_null(section_find_in(&fixture->sections, SECTIONS_FIRST_PROFILE + 1, ".uname").data);
}

static void some_names_repeat_anyway(void **state)
{
    struct fixture *fixture = *state;

    memcpy(fixture->table[3].Name, ".dtbauto", 8);
    memcpy(fixture->table[4].Name, ".dtbauto", 8);
    assert_true(parse(fixture));
    assert_int_equal(fixture->sections.count, 3);
    assert_int_equal(section_find(&fixture->sections, ".dtbauto").size, 0x25); /* the first */
}

static void unknown_names_repeat(void **state)
{
    struct fixture *fixture = *state;

    memcpy(fixture->table[3].Name, ".mine\0\0\0", 8);
    memcpy(fixture->table[4].Name, ".mine\0\0\0", 8);
    assert_true(parse(fixture));
    assert_int_equal(fixture->sections.count, 1);
}

static void full_table(void **state)
{
    struct fixture *fixture = *state;

    while (fixture->pe.file.NumberOfSections < LAYOUT_PE_SECTIONS_MAX)
        section_add(fixture, ".efifw", IMAGE_PAGES, 0);
    assert_true(parse(fixture));
    assert_int_equal(fixture->sections.count, LAYOUT_PE_SECTIONS_MAX - 3);
    fixture->pe.file.NumberOfSections++;
    assert_broken(fixture, "64 sections");
    fixture->pe.file.NumberOfSections = UINT16_MAX;
    assert_broken(fixture, "65535 sections");
}

static void broken_headers(void **state)
{
    struct fixture *fixture = *state;
    struct pe_headers good = fixture->pe;

    fixture->pe.Signature ^= 1;
    assert_broken(fixture, "no PE signature");
    fixture->pe = good;
    fixture->pe.file.Machine = IMAGE_FILE_MACHINE_ARM64;
    assert_broken(fixture, "0xaa64 is not AMD64");
    fixture->pe = good;
    fixture->pe.optional.Magic = IMAGE_NT_OPTIONAL_HDR32_MAGIC;
    assert_broken(fixture, "not a PE32+");
    fixture->pe = good;
    fixture->pe.file.SizeOfOptionalHeader -= 8; /* would move the table */
    assert_broken(fixture, "not a PE32+");
    fixture->pe = good;
    fixture->pe.optional.SizeOfImage = LAYOUT_PAGE;
    assert_broken(fixture, "is impossible");
    fixture->pe.optional.SizeOfImage = IMAGE_SIZE - 1;
    assert_broken(fixture, "is impossible");
    fixture->pe.optional.SizeOfImage = IMAGE_SIZE + LAYOUT_PAGE;
    assert_broken(fixture, "truncated");
    fixture->pe.optional.SizeOfImage = 0xfffff000;
    assert_broken(fixture, "truncated");
}

static void truncated_file(void **state)
{
    struct fixture *fixture = *state;

    assert_true(parse(fixture));
    for (uint64_t size = 0; size < LAYOUT_TEXT; size++)
        assert_false(parse_bytes(fixture, size));
    assert_non_null(strstr(fixture->failure.why, "too few"));
    assert_false(parse_bytes(fixture, IMAGE_SIZE - 1));
    assert_non_null(strstr(fixture->failure.why, "truncated"));
    assert_false(sections_parse((struct span){ NULL, IMAGE_SIZE }, &fixture->sections, &fixture->failure));
}

static void broken_places(void **state)
{
    struct fixture *fixture = *state;
    struct pe_section_header *header = &fixture->table[5]; /* .linux, the last */
    struct pe_section_header good = *header;

    header->VirtualAddress += 0x10;
    assert_broken(fixture, "not page-aligned");
    *header = good;
    header->PointerToRawData -= LAYOUT_PAGE;
    assert_broken(fixture, "in the file");
    *header = good;
    header->VirtualSize = header->SizeOfRawData + 1;
    assert_broken(fixture, "ends outside");
    *header = good;
    header->SizeOfRawData -= LAYOUT_PAGE;
    assert_broken(fixture, "of which the file holds");
    *header = good;
    header->SizeOfRawData += LAYOUT_PAGE;
    assert_broken(fixture, "ends outside");
    *header = good;
    header->VirtualSize = UINT32_MAX; /* with the address it would wrap to inside */
    assert_broken(fixture, "ends outside");
    *header = good;
    header->SizeOfRawData = 0xfffff000;
    assert_broken(fixture, "ends outside");
    *header = good;
    header->VirtualAddress = header->PointerToRawData = 0xfffff000;
    assert_broken(fixture, "ends outside");
}

static void overlaps(void **state)
{
    struct fixture *fixture = *state;
    struct pe_section_header *header = &fixture->table[4]; /* .initrd */
    struct pe_section_header good = *header;

    header->VirtualAddress = header->PointerToRawData = 6 * LAYOUT_PAGE; /* .cmdline */
    assert_broken(fixture, "overlaps");
    header->VirtualAddress = header->PointerToRawData = 8 * LAYOUT_PAGE; /* into .linux */
    assert_broken(fixture, "overlaps");
    header->VirtualAddress = header->PointerToRawData = 4 * LAYOUT_PAGE; /* .bss */
    assert_broken(fixture, "overlaps");
    header->VirtualAddress = header->PointerToRawData = LAYOUT_PAGE; /* the headers */
    assert_broken(fixture, "overlaps");
    header->VirtualAddress = header->PointerToRawData = 0;
    assert_broken(fixture, "overlaps");
    *header = good;
    assert_true(parse(fixture));
}

static void duplicates(void **state)
{
    struct fixture *fixture = *state;

    memcpy(fixture->table[3].Name, ".linux\0\0", 8);
    assert_broken(fixture, ".linux is there twice");
}

static void names_are_escaped(void **state)
{
    struct fixture *fixture = *state;

    memcpy(fixture->table[5].Name, "\x1b[2J\x80\0\0", 8);
    fixture->table[5].VirtualAddress++;
    assert_broken(fixture, "\\x1b[2J\\x80");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(finds_what_is_packed),
        TEST(image_without_sections),
        TEST(empty_section_is_there),
        TEST(image_size_before_all_else),
        TEST(profiles_may_repeat_names),
        TEST(some_names_repeat_anyway),
        TEST(unknown_names_repeat),
        TEST(full_table),
        TEST(broken_headers),
        TEST(truncated_file),
        TEST(broken_places),
        TEST(overlaps),
        TEST(duplicates),
        TEST(names_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/multiboot.c payloads/elf.c common/text.c common/failure.c */
/* Multiboot headers of version 1, alone and in an ELF, broken in one place a test. */
#include <stdio.h>

#include "common/multiboot.h"
#include "payloads/multiboot.h"
#include "tests/unit/elf_fixture.h"

#define FILE_SIZE 0x3000
#define OFFSET    0x40 /* of the header, where a test does not say otherwise */
#define LOAD      0x100000
#define IN_ELF    0x1800 /* behind the notes, within the first 8 KiB */

static uint8_t bytes[FILE_SIZE];
static struct multiboot_header header;
static uint64_t offset;
static struct multiboot_kernel kernel;

/* A flat file, loaded whole. */
static int setup(void **state)
{
    (void)state;
    offset = OFFSET;
    header = (struct multiboot_header){
        .magic = MULTIBOOT_HEADER_MAGIC,
        .flags = MULTIBOOT_HEADER_ADDRESSES | MULTIBOOT_HEADER_MEMORY,
        .header_addr = LOAD + OFFSET,
        .load_addr = LOAD,
        .load_end_addr = LOAD + FILE_SIZE,
        .bss_end_addr = LOAD + 0x8000,
        .entry_addr = LOAD + 0x100,
    };
    synthetic_elf_start(&made, false);
    return 0;
}

static void write_header(uint8_t *to)
{
    header.checksum = -(header.magic + header.flags);
    memcpy(to, &header, sizeof(header));
}

static bool parse_bytes(uint64_t size)
{
    memset(bytes, 0, sizeof(bytes));
    if (offset <= FILE_SIZE - sizeof(header))
        write_header(bytes + offset);
    return multiboot_parse(file_of(bytes, size), NULL, &kernel, &failure);
}

static bool parse(void)
{
    return parse_bytes(FILE_SIZE);
}

static bool parse_elf(void)
{
    write_header(made.bytes + IN_ELF);
    assert_true(parse_elf_bytes(ELF_END));
    return multiboot_parse(file, &elf, &kernel, &failure);
}

/* ---- the header itself ---- */

static void sound(void **state)
{
    uint64_t found;

    (void)state;
    assert_true(parse());
    assert_true(multiboot_find(file, &found));
    assert_int_equal(found, OFFSET);
    assert_int_equal(kernel.entry, LOAD + 0x100);
    assert_false(kernel.wants_video);
    assert_int_equal(kernel.program.count, 1);
    assert_ptr_equal(kernel.program.segments[0].content.data, file.data);
    assert_int_equal(kernel.program.segments[0].content.size, FILE_SIZE);
    assert_int_equal(kernel.program.segments[0].memory_size, 0x8000);
    assert_int_equal(kernel.program.start, LOAD);
    assert_int_equal(kernel.program.end, LOAD + 0x8000);
}

static void where_it_is_found(void **state)
{
    const uint64_t last = MULTIBOOT_HEADER_SEARCH - 32;
    uint64_t found;

    (void)state;
    for (offset = 0; offset < MULTIBOOT_HEADER_SEARCH + 64; offset++) {
        header.header_addr = LOAD + (uint32_t)offset;
        assert_int_equal(parse(), offset % 4 == 0 && offset <= last);
        /* The first 12 bytes tell it; that the others are cut off is an error. */
        assert_int_equal(multiboot_find(file, &found), offset % 4 == 0 && offset <= last + 20);
        if (offset % 4 == 0 && offset > last)
            assert_says(offset <= last + 20 ? "does not end within 8192" : "it has no multiboot header");
    }
    offset = OFFSET;
    header.header_addr = LOAD + OFFSET;
    header.magic++;
    assert_refused("it has no multiboot header");
    assert_false(multiboot_parse((struct span){ NULL, 0 }, NULL, &kernel, &failure));
}

static void wrong_checksum(void **state)
{
    uint64_t found;

    (void)state;
    memset(bytes, 0, sizeof(bytes));
    write_header(bytes + OFFSET);
    bytes[OFFSET + 8] ^= 1;
    assert_false(multiboot_find((struct span){ bytes, FILE_SIZE }, &found));
    write_header(bytes + OFFSET + 0x100); /* the next one is sound */
    assert_true(multiboot_find((struct span){ bytes, FILE_SIZE }, &found));
    assert_int_equal(found, OFFSET + 0x100);
}

static void truncated(void **state)
{
    (void)state;
    header.load_end_addr = header.bss_end_addr = 0;
    header.entry_addr = LOAD;
    for (uint64_t size = 0; size < OFFSET + 100; size++)
        assert_int_equal(parse_bytes(size), size >= OFFSET + 32);
    header.flags |= MULTIBOOT_HEADER_VIDEO;
    for (uint64_t size = 0; size < OFFSET + 100; size++)
        assert_int_equal(parse_bytes(size), size >= OFFSET + 48);
    assert_true(kernel.wants_video);
}

static void flags(void **state)
{
    char why[64];

    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        header.flags = MULTIBOOT_HEADER_ADDRESSES | 1u << bit;
        if (bit < 3 || bit >= 16) {
            assert_true(parse());
            assert_int_equal(kernel.wants_video, bit == 2);
        } else {
            snprintf(why, sizeof(why), "requires flag %u, which is unknown", bit);
            assert_refused(why);
        }
    }
}

/* ---- address fields ---- */

static void address_fields(void **state)
{
    static const struct {
        uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
        uint64_t from, content, memory; /* what is loaded */
        const char *refused;
    } cases[] = {
        { LOAD + OFFSET, LOAD, 0, 0, LOAD, 0, FILE_SIZE, FILE_SIZE, NULL },
        { LOAD, LOAD, 0, 0, LOAD, OFFSET, FILE_SIZE - OFFSET, FILE_SIZE - OFFSET, NULL },
        { LOAD + 8, LOAD, LOAD + 0x10, 0, LOAD + 0xf, OFFSET - 8, 0x10, 0x10, NULL },
        { LOAD + 8, LOAD, LOAD + 0x10, LOAD + 0x10, LOAD, OFFSET - 8, 0x10, 0x10, NULL },
        { LOAD, LOAD, LOAD, LOAD + 1, LOAD, OFFSET, 0, 1, NULL }, /* bss alone */
        { OFFSET, 0, 0, 0, 0, 0, FILE_SIZE, FILE_SIZE, NULL },
        { 0xffffff00, 0xffffff00, 0xffffffff, 0, 0xfffffffe, OFFSET, 0xff, 0xff, NULL },
        { LOAD, LOAD + 1, 0, 0, LOAD, 0, 0, 0, "its load_addr, 0x100001, is above its header_addr, 0x100000" },
        { LOAD + OFFSET + 1, LOAD, 0, 0, LOAD, 0, 0, 0, "its load_addr, 0x100000, is 0x1 bytes before its start" },
        { 0xffffffff, 0, 0, 0, 0, 0, 0, 0, "its load_addr, 0x0, is 0xffffffbf bytes before its start" },
        { LOAD, LOAD, LOAD - 1, 0, LOAD, 0, 0, 0, "its load_end_addr, 0xfffff, is below its load_addr, 0x100000" },
        { LOAD, LOAD, LOAD + FILE_SIZE, 0, LOAD, 0, 0, 0, "its load_end_addr, 0x103000, is 0x40 bytes behind its end" },
        { LOAD, LOAD, 0xffffffff, 0, LOAD, 0, 0, 0, "its load_end_addr, 0xffffffff, is" },
        { LOAD, LOAD, LOAD + 0x10, LOAD + 0xf, LOAD, 0, 0, 0, "its bss_end_addr, 0x10000f, is below the end" },
        { LOAD, LOAD, 0, LOAD + 0x10, LOAD, 0, 0, 0, "its bss_end_addr, 0x100010, is below the end" },
        { 0xffffff00, 0xffffff00, 0, 0, 0xffffff00, 0, 0, 0, "it ends at 0x100002ec0" },
        { LOAD, LOAD, LOAD, 0, LOAD, 0, 0, 0, "there is nothing to load" },
        { LOAD, LOAD, LOAD + 0x10, 0, LOAD + 0x10, 0, 0, 0, "its entry, 0x100010, is outside" },
        { LOAD, LOAD, LOAD + 0x10, 0, LOAD - 1, 0, 0, 0, "its entry, 0xfffff, is outside" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        header.header_addr = cases[i].header_addr;
        header.load_addr = cases[i].load_addr;
        header.load_end_addr = cases[i].load_end_addr;
        header.bss_end_addr = cases[i].bss_end_addr;
        header.entry_addr = cases[i].entry_addr;
        if (cases[i].refused) {
            assert_refused(cases[i].refused);
            continue;
        }
        assert_true(parse());
        assert_int_equal(kernel.program.start, cases[i].load_addr);
        assert_int_equal(kernel.program.end, cases[i].load_addr + cases[i].memory);
        assert_int_equal(kernel.program.segments[0].content.data - file.data, cases[i].from);
        assert_int_equal(kernel.program.segments[0].content.size, cases[i].content);
        assert_int_equal(kernel.entry, cases[i].entry_addr);
    }
}

/* ---- in an ELF ---- */

static void no_elf(void **state)
{
    (void)state;
    header.flags = 0;
    assert_refused("it is no ELF, and its multiboot header has no addresses (flag 16)");
}

static void by_elf(void **state)
{
    (void)state;
    for (int is_64 = 0; is_64 < 2; is_64++) {
        synthetic_elf_start(&made, is_64);
        header.flags = MULTIBOOT_HEADER_PAGE_ALIGN;
        assert_true(parse_elf());
        assert_int_equal(kernel.program.count, 2);
        assert_int_equal(kernel.program.start, ELF_LINKED);
        assert_int_equal(kernel.program.end, ELF_LINKED_END);
        assert_int_equal(kernel.entry, ELF_LINKED + 0x123);
        made.header.e_entry = ELF_LINKED_END;
        assert_false(parse_elf());
        assert_says("its entry, 0x230000, is outside what is loaded");
    }
}

static void addresses_override_the_elf(void **state)
{
    (void)state;
    header.header_addr = LOAD + IN_ELF;
    header.load_end_addr = 0;
    header.bss_end_addr = 0;
    assert_true(parse_elf());
    assert_int_equal(kernel.program.count, 1);
    assert_int_equal(kernel.program.end, LOAD + ELF_END);
    assert_int_equal(kernel.entry, LOAD + 0x100);
}

static void above_4_gib(void **state)
{
    (void)state;
    synthetic_elf_start(&made, true);
    header.flags = 0;
    made.segments[1].p_paddr = 0x100000000 - 0x20000;
    assert_true(parse_elf());
    made.segments[1].p_paddr++;
    assert_false(parse_elf());
    assert_says("it ends at 0x100000001, which multiboot cannot reach");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound, setup, teardown),
        cmocka_unit_test_setup_teardown(where_it_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_checksum, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(flags, setup, teardown),
        cmocka_unit_test_setup_teardown(address_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(no_elf, setup, teardown),
        cmocka_unit_test_setup_teardown(by_elf, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses_override_the_elf, setup, teardown),
        cmocka_unit_test_setup_teardown(above_4_gib, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

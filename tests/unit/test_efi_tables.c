/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tests/unit/replay.c firmware/efi_tables.c entries/linux.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* What EFI leaves in memory: OVMF's own map and tables, then broken ones; load options of all sorts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <efi.h>

/* Before cmocka.h, which has a macro fail(). */
#include "entries/normalise.h"
#include "firmware/efi_tables.h"
#include "tests/unit/replay.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define BUILT      0x200003 /* aligned to nothing */
#define NOWHERE    0x900000
#define PERSISTENT 14

static int setup(void **state)
{
    struct boot *boot = boot_new("linux32-efi");

    assert_true(linux_normalise(boot->handoff, &boot->replay->physical, boot->replay->argument, false, &boot->failure));
    *state = boot;
    return 0;
}

static int teardown(void **state)
{
    boot_free(*state);
    return 0;
}

static void map_of_ovmf(void **state)
{
    static const struct range map[] = {
        { 0x0, 0xa0000, MAP_RAM, 0 },
        { 0x100000, 0x800000, MAP_RAM, 0 },
        { 0x800000, 0x808000, MAP_NVS, 0 },
        { 0x808000, 0x80b000, MAP_RAM, 0 },
        { 0x80b000, 0x80c000, MAP_NVS, 0 },
        { 0x80c000, 0x810000, MAP_RAM, 0 },
        { 0x810000, 0x900000, MAP_NVS, 0 },
        { 0x900000, 0x6eb7000, MAP_RAM, 0 },
        { 0x6eb7000, 0x6f78000, MAP_RESERVED, MAP_RUNTIME },
        { 0x6f78000, 0x78ed000, MAP_RAM, 0 },
        { 0x78ed000, 0x7aed000, MAP_RESERVED, MAP_RUNTIME },
        { 0x7aed000, 0x7b6d000, MAP_RESERVED, 0 },
        { 0x7b6d000, 0x7b7f000, MAP_ACPI, 0 },
        { 0x7b7f000, 0x7bff000, MAP_NVS, 0 },
        { 0x7bff000, 0x7f58000, MAP_RAM, 0 },
        { 0x7f58000, 0x7f78000, MAP_RESERVED, MAP_RUNTIME },
        { 0x7f78000, 0x8000000, MAP_NVS, 0 },
        { 0xb0000000, 0xc0000000, MAP_RESERVED, 0 },
        { 0 },
    };
    struct boot *boot = *state;
    struct handoff_efi *efi = &boot->handoff->efi;
    struct span descriptors = { physical_view(&boot->replay->physical, efi->map, efi->map_size), efi->map_size };

    assert_int_equal(efi->descriptor_size, 48); /* more than we know */
    assert_true(efi_add_map(&boot->handoff->map, descriptors, efi->descriptor_size, true, &boot->failure));
    assert_map(&boot->handoff->map, map);

    boot->handoff->map.count = 0;
    assert_true(efi_add_map(&boot->handoff->map, descriptors, efi->descriptor_size, false, &boot->failure));
    assert_int_equal(boot->handoff->map.count, 29);
    assert_int_equal(boot->handoff->map.ranges[0].type, MAP_FIRMWARE); /* boot services' page 0 */
    for (uint32_t i = 1; i < boot->handoff->map.count; i++)
        assert_true(boot->handoff->map.ranges[i - 1].end <= boot->handoff->map.ranges[i].start);
}

/* Kinds of memory that only a kernel's own unpacker minds. */
static void memory_for_the_unpacker(void **state)
{
    EFI_MEMORY_DESCRIPTOR of[] = {
        { .Type = EfiBootServicesData,
          .NumberOfPages = 16,
          .Attribute = 0x40000 }, /* not free: nobody would choose it */
        { .Type = EfiConventionalMemory, .PhysicalStart = 0x100000, .NumberOfPages = 16, .Attribute = EFI_MEMORY_WB },
    };
    const struct span all = { (const uint8_t *)of, sizeof(of) };

    (void)state;
    assert_null(efi_map_for_unpacker(all, sizeof(*of)));
    of[1].Attribute = 0x40000;
    assert_string_equal(efi_map_for_unpacker(all, sizeof(*of)), "some memory is kept for a purpose");
    assert_null(efi_map_for_unpacker((struct span){ all.data, all.size - 1 }, sizeof(*of)));
    assert_null(efi_map_for_unpacker(all, sizeof(*of) - 1));
    of[1].Attribute = 0x10000;
    assert_string_equal(efi_map_for_unpacker(all, sizeof(*of)), "some memory is more reliable than the rest");
    of[1] = (EFI_MEMORY_DESCRIPTOR){ .Type = 15 };
    assert_string_equal(efi_map_for_unpacker(all, sizeof(*of)), "some memory is not accepted yet");
}

static void tables_of_ovmf(void **state)
{
    struct boot *boot = *state;

    efi_read_tables(boot->handoff, &boot->replay->physical);
    assert_true(boot->handoff->rsdp.present);
    assert_int_equal(boot->handoff->rsdp.address, 0x7b7e014);
    assert_true(boot->handoff->smbios.present);
    assert_int_equal(boot->handoff->smbios.address, 0x7918000);
    assert_false(boot->handoff->smbios3.present || boot->handoff->device_tree.present);
}

static void what_is_known_stays(void **state)
{
    struct boot *boot = *state;

    boot->handoff->rsdp = (struct known_address){ true, 0 };
    boot->handoff->smbios = (struct known_address){ true, 42 };
    efi_read_tables(boot->handoff, &boot->replay->physical);
    assert_int_equal(boot->handoff->rsdp.address, 0);
    assert_int_equal(boot->handoff->smbios.address, 42);
}

static EFI_SYSTEM_TABLE *system_table(struct boot *boot)
{
    return replay_at(boot->replay, boot->handoff->efi.system_table, sizeof(EFI_SYSTEM_TABLE));
}

static void assert_no_tables(struct boot *boot)
{
    efi_read_tables(boot->handoff, &boot->replay->physical);
    assert_false(boot->handoff->rsdp.present || boot->handoff->smbios.present || boot->handoff->smbios3.present);
}

static void broken_system_table(void **state)
{
    struct boot *boot = *state;
    EFI_SYSTEM_TABLE good = *system_table(boot);

    system_table(boot)->Hdr.Signature ^= 1;
    assert_no_tables(boot);
    *system_table(boot) = good;
    system_table(boot)->NumberOfTableEntries = 0;
    assert_no_tables(boot);
    system_table(boot)->NumberOfTableEntries = 1025;
    assert_no_tables(boot);
    system_table(boot)->NumberOfTableEntries = 0x0aaaaaaaaaaaaaab; /* times 24 it is 8 in 64 bits */
    assert_no_tables(boot);
    system_table(boot)->NumberOfTableEntries = good.NumberOfTableEntries + 1; /* one more than the window shows */
    assert_no_tables(boot);
    *system_table(boot) = good;
    system_table(boot)->ConfigurationTable = (void *)NOWHERE;
    assert_no_tables(boot);
    replay_cut(boot->replay, boot->handoff->efi.system_table + sizeof(EFI_SYSTEM_TABLE) - 1);
    assert_no_tables(boot);
    boot->handoff->efi.system_table = UINT64_MAX;
    assert_no_tables(boot);
}

/* ACPI 2.0's pointer goes before that of 1.0, whichever stands first; the first of two alike counts. */
static void configuration_tables(void **state)
{
    EFI_CONFIGURATION_TABLE tables[] = {
        { { 0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } }, (void *)0x1000 },
        { { 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } }, (void *)0x2000 },
        { { 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } }, (void *)0x3000 },
        { { 0xf2fd1544, 0x9794, 0x4a2c, { 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 } }, (void *)0x4000 },
        { { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } }, (void *)0x5000 },
        { { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe1 } }, (void *)0x6000 },
    };
    struct boot *boot = *state;
    EFI_SYSTEM_TABLE system = { .Hdr.Signature = EFI_SYSTEM_TABLE_SIGNATURE,
                                .NumberOfTableEntries = sizeof(tables) / sizeof(*tables),
                                .ConfigurationTable = (void *)(BUILT + 0x1000) };

    replay_write(boot->replay, BUILT, &system, sizeof(system));
    replay_write(boot->replay, BUILT + 0x1000, tables, sizeof(tables));
    boot->handoff->efi.system_table = BUILT;
    efi_read_tables(boot->handoff, &boot->replay->physical);
    assert_int_equal(boot->handoff->rsdp.address, 0x2000);
    assert_int_equal(boot->handoff->smbios3.address, 0x4000);
    assert_int_equal(boot->handoff->device_tree.address, 0x5000);
    assert_false(boot->handoff->smbios.present);

    replay_put(boot->replay, BUILT + offsetof(EFI_SYSTEM_TABLE, NumberOfTableEntries), 1, 8);
    boot->handoff->rsdp.present = false;
    efi_read_tables(boot->handoff, &boot->replay->physical);
    assert_int_equal(boot->handoff->rsdp.address, 0x1000);
}

/* ---- maps built here ---- */

static bool add_one(struct memory_map *map, uint32_t type, uint64_t attribute, uint64_t start, uint64_t pages,
                    bool ended, struct failure *failure)
{
    EFI_MEMORY_DESCRIPTOR descriptor = {
        .Type = type, .PhysicalStart = start, .NumberOfPages = pages, .Attribute = attribute
    };

    map->count = 0;
    return efi_add_map(map, (struct span){ (const uint8_t *)&descriptor, sizeof(descriptor) }, sizeof(descriptor),
                       ended, failure);
}

/* EFI_MEMORY_RUNTIME outranks the type (LESSONS of many a loader). */
static void memory_types(void **state)
{
    static const struct {
        uint32_t efi, alive, ended, runtime;
    } cases[] = {
        { EfiReservedMemoryType, MAP_RESERVED, MAP_RESERVED, MAP_RESERVED },
        { EfiLoaderCode, MAP_FIRMWARE, MAP_RAM, MAP_RESERVED },
        { EfiLoaderData, MAP_FIRMWARE, MAP_RAM, MAP_RESERVED },
        { EfiBootServicesCode, MAP_FIRMWARE, MAP_RAM, MAP_RESERVED },
        { EfiBootServicesData, MAP_FIRMWARE, MAP_RAM, MAP_RESERVED },
        { EfiRuntimeServicesCode, MAP_RESERVED, MAP_RESERVED, MAP_RESERVED },
        { EfiRuntimeServicesData, MAP_RESERVED, MAP_RESERVED, MAP_RESERVED },
        { EfiConventionalMemory, MAP_RAM, MAP_RAM, MAP_RESERVED },
        { EfiUnusableMemory, MAP_UNUSABLE, MAP_UNUSABLE, MAP_UNUSABLE },
        { EfiACPIReclaimMemory, MAP_ACPI, MAP_ACPI, MAP_ACPI },
        { EfiACPIMemoryNVS, MAP_NVS, MAP_NVS, MAP_NVS },
        { EfiMemoryMappedIO, MAP_RESERVED, MAP_RESERVED, MAP_RESERVED },
        { EfiPalCode, MAP_RESERVED, MAP_RESERVED, MAP_RESERVED },
        { PERSISTENT, MAP_PERSISTENT, MAP_PERSISTENT, MAP_PERSISTENT },
        { 15, MAP_RESERVED, MAP_RESERVED, MAP_RESERVED }, /* unaccepted */
        { UINT32_MAX, MAP_RESERVED, MAP_RESERVED, MAP_RESERVED },
    };
    struct boot *boot = *state;
    struct memory_map *map = &boot->handoff->map;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_true(add_one(map, cases[i].efi, EFI_MEMORY_WB, 0x1000, 2, false, &boot->failure));
        assert_map(map, (struct range[]){ { 0x1000, 0x3000, cases[i].alive, 0 }, { 0 } });
        assert_true(add_one(map, cases[i].efi, EFI_MEMORY_WB, 0x1000, 2, true, &boot->failure));
        assert_map(map, (struct range[]){ { 0x1000, 0x3000, cases[i].ended, 0 }, { 0 } });
        assert_true(add_one(map, cases[i].efi, EFI_MEMORY_RUNTIME, 0x1000, 2, true, &boot->failure));
        assert_map(map, (struct range[]){ { 0x1000, 0x3000, cases[i].runtime, MAP_RUNTIME }, { 0 } });
    }
}

static void descriptors_that_cannot_be(void **state)
{
    struct boot *boot = *state;
    struct memory_map *map = &boot->handoff->map;
    EFI_MEMORY_DESCRIPTOR descriptor = { .Type = EfiConventionalMemory, .NumberOfPages = 1 };

    for (uint64_t size = 0; size < sizeof(descriptor); size++) {
        assert_false(efi_add_map(map, (struct span){ (const uint8_t *)&descriptor, sizeof(descriptor) }, size, true,
                                 &boot->failure));
        assert_failure(&boot->failure, NULL, "EFI descriptors of ");
    }
    assert_false(add_one(map, EfiConventionalMemory, 0, 0x1000, 1ull << 52, true, &boot->failure));
    assert_failure(&boot->failure, NULL, "4503599627370496 pages at 0x1000");
    assert_false(add_one(map, EfiConventionalMemory, 0, 0xfffffffffffff000, 2, true, &boot->failure));
    assert_failure(&boot->failure, NULL, "wrap around");
    assert_true(add_one(map, EfiConventionalMemory, 0, UINT64_MAX, 0, true, &boot->failure)); /* an empty one */
    assert_int_equal(map->count, 0);
}

/* Strides beyond 40 bytes, and a last descriptor that is not whole. */
static void strides(void **state)
{
    struct boot *boot = *state;
    uint8_t bytes[4096];

    for (uint64_t stride = sizeof(EFI_MEMORY_DESCRIPTOR); stride < 1024; stride += 61) {
        memset(bytes, 0xff, sizeof(bytes));
        for (uint64_t i = 0; i < 3; i++) {
            EFI_MEMORY_DESCRIPTOR descriptor = { .Type = EfiConventionalMemory,
                                                 .PhysicalStart = (9 - i) * 0x2000,
                                                 .NumberOfPages = 1 };

            memcpy(bytes + i * stride, &descriptor, sizeof(descriptor));
        }
        boot->handoff->map.count = 0;
        assert_true(
            efi_add_map(&boot->handoff->map, (struct span){ bytes, 4 * stride - 1 }, stride, true, &boot->failure));
        assert_int_equal(boot->handoff->map.count, 3);
        assert_int_equal(boot->handoff->map.ranges[0].start, 7 * 0x2000);
    }
    boot->handoff->map.count = 0;
    assert_true(efi_add_map(&boot->handoff->map, (struct span){ bytes, 39 }, UINT64_MAX, true, &boot->failure));
    assert_int_equal(boot->handoff->map.count, 0);
}

static void contradiction(void **state)
{
    EFI_MEMORY_DESCRIPTOR descriptors[] = {
        { .Type = EfiConventionalMemory, .PhysicalStart = 0x1000, .NumberOfPages = 4 },
        { .Type = EfiMemoryMappedIO, .PhysicalStart = 0x4000, .NumberOfPages = 1 },
    };
    struct boot *boot = *state;

    assert_false(efi_add_map(&boot->handoff->map, (struct span){ (const uint8_t *)descriptors, sizeof(descriptors) },
                             sizeof(*descriptors), true, &boot->failure));
    assert_failure(&boot->failure, NULL, "is said to be RAM and also reserved");
}

/* ---- load options ---- */

static void assert_options(const uint16_t *units, uint64_t size, const char *expected)
{
    char text[64];

    memset(text, 'x', sizeof(text));
    assert_int_equal(efi_options_text((struct span){ (const uint8_t *)units, size }, text, sizeof(text)),
                     strlen(expected));
    assert_string_equal(text, expected);
}

#define OPTIONS(literal, expected) assert_options((const uint16_t *)u##literal, sizeof(u##literal), expected)

static void options(void **state)
{
    static const uint16_t marked[] = { 0xfeff, 'q', 'u', 'i', 'e', 't', 0 }, marks[] = { 0xfeff, 0xfeff, 'a' };
    static const uint16_t unended[] = { 'a', 'b' };

    (void)state;
    assert_options(NULL, 0, "");
    OPTIONS("", "");
    OPTIONS("quiet splash", "quiet splash");
    OPTIONS("a\tb\r\nc", "a b  c");
    assert_options(marked, sizeof(marked), "quiet");
    assert_options(marks, sizeof(marks),
                   "\xef\xbb\xbf"
                   "a"); /* only the first is a mark */
    assert_options(unended, sizeof(unended), "ab");
    assert_options(unended, 3, "a"); /* half a unit is none */
    assert_options(unended, 1, "");
    OPTIONS("first\0second", "first");
}

static void options_that_repeat_the_file_name(void **state)
{
    (void)state;
    OPTIONS("quadrivium.efi quiet", "quiet");
    OPTIONS("\\EFI\\BOOT\\BOOTX64.EFI  console=ttyS0 quiet", "console=ttyS0 quiet");
    OPTIONS("FS0:\\a.eFi", "");
    OPTIONS(".efi x", "x");
    OPTIONS("efi x", "efi x");
    OPTIONS("loader=a.efi.old x", "loader=a.efi.old x");
    OPTIONS("quiet initrd=\\a.efi", "quiet initrd=\\a.efi"); /* only the first word */
    OPTIONS("qv.entry=linux.efi quiet", "qv.entry=linux.efi quiet");
    OPTIONS("\\a.efi qv.entry=linux.efi", "qv.entry=linux.efi");
    OPTIONS("  leading", "leading");
}

static void options_of_one_byte_a_character(void **state)
{
    static const char text[] = "root=/dev/vda", ended[] = "\\a.efi quiet\0rest";

    (void)state;
    assert_options((const uint16_t *)text, sizeof(text) - 1, "root=/dev/vda");
    assert_options((const uint16_t *)text, sizeof(text), "root=/dev/vda");
    assert_options((const uint16_t *)ended, sizeof(ended), "quiet");
    OPTIONS("\"\\EFI\\My App.efi\" quiet", "quiet");
}

static void options_in_other_scripts(void **state)
{
    static const uint16_t limits[] = { 0x7e, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0 };

    (void)state;
    OPTIONS("r\u00e4\u20ac", "r\xc3\xa4\xe2\x82\xac");
    assert_options(limits, sizeof(limits), "\x7e\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
}

static void options_that_are_no_text(void **state)
{
    static const uint16_t device_path[] = { 0x0104, 0x0018, 0, 0 }, binary[] = { 1, 2, 3, 0 };
    static const uint16_t high[] = { 'a', 0xd83d, 0xde00, 0 }, low[] = { 'a', 0xdfff, 0 }, delete[] = { 'a', 0x7f, 0 };

    (void)state;
    assert_options(device_path, sizeof(device_path), "");
    assert_options(binary, sizeof(binary), "");
    assert_options(high, sizeof(high), "");
    assert_options(low, sizeof(low), "");
    assert_options(delete, sizeof(delete), "");
}

static void options_that_do_not_fit(void **state)
{
    uint16_t units[64];
    char text[64];

    (void)state;
    for (unsigned i = 0; i < 64; i++)
        units[i] = 'a';
    assert_int_equal(efi_options_text((struct span){ (const uint8_t *)units, 126 }, text, sizeof(text)), 63);
    assert_int_equal(efi_options_text((struct span){ (const uint8_t *)units, 128 }, text, sizeof(text)), 0);
    units[62] = 0xe4; /* two bytes where there is room for one */
    assert_int_equal(efi_options_text((struct span){ (const uint8_t *)units, 126 }, text, sizeof(text)), 0);
    assert_int_equal(efi_options_text((struct span){ (const uint8_t *)units, 124 }, text, sizeof(text)), 62);
    assert_int_equal(efi_options_text((struct span){ (const uint8_t *)units, 2 }, text, 1), 0);
    assert_string_equal(text, "");
}

/* ---- and back ---- */

/* The array ends where its room does, so that the sanitizer sees what is written behind it. */
static void assert_units(const char *text, const uint16_t *expected, uint64_t count, uint64_t room)
{
    uint16_t *options = malloc(room * sizeof(*options));

    memset(options, 0xaa, room * sizeof(*options));
    assert_int_equal(efi_options_from_text(text, options, room), count);
    assert_memory_equal(options, expected, count * sizeof(*expected));
    free(options);
}

#define UNITS(text, units) assert_units(text, units, sizeof(units) / sizeof(*(units)), 100)

static void text_to_options(void **state)
{
    static const uint16_t limits[] = { 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0 };

    (void)state;
    UNITS("", u"");
    UNITS("quiet root=/dev/vda1", u"quiet root=/dev/vda1");
    UNITS("r\xc3\xa4\xe2\x82\xac", u"r\u00e4\u20ac");
    UNITS("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", limits);
}

/* Each byte that is none becomes one mark, and what follows it is read again. */
static void text_that_is_broken(void **state)
{
    (void)state;
    UNITS("a\x80z", u"a\ufffdz"); /* a continuation of nothing */
    UNITS("a\xffz", u"a\ufffdz"); /* never in UTF-8 */
    UNITS("a\xc3z", u"a\ufffdz"); /* cut short by another character */
    UNITS("a\xe2\x82z", u"a\ufffd\ufffdz");
    UNITS("a\xc3", u"a\ufffd"); /* and by the end */
    UNITS("a\xe2\x82", u"a\ufffd\ufffd");
    UNITS("a\xc0\xafz", u"a\ufffd\ufffdz");                 /* two bytes for what one does */
    UNITS("\xf0\x9f\x98\x80", u"\ufffd\ufffd\ufffd\ufffd"); /* beyond UCS-2 */
}

/* RFC 3629, section 4: neither three bytes for what two do, of which one would be a NUL, nor a surrogate. */
static void text_that_utf8_forbids(void **state)
{
    (void)state;
    UNITS("a\xe0\x80\x80z", u"a\ufffd\ufffd\ufffdz");
    UNITS("a\xe0\x9f\xbfz", u"a\ufffd\ufffd\ufffdz");
    UNITS("a\xed\xa0\x80z", u"a\ufffd\ufffd\ufffdz");
    UNITS("a\xed\xbf\xbfz", u"a\ufffd\ufffd\ufffdz");
}

static void text_that_does_not_fit(void **state)
{
    (void)state;
    assert_units("quiet", u"quiet", 6, 6);
    assert_units("quiet", u"quie", 5, 5);
    assert_units("quiet", u"", 1, 1);
    assert_units("\xe2\x82\xac\xe2\x82\xac", u"\u20ac", 2, 2);
    assert_units("a\xff\xff", u"a\ufffd", 3, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(map_of_ovmf),
        cmocka_unit_test(memory_for_the_unpacker),
        TEST(tables_of_ovmf),
        TEST(what_is_known_stays),
        TEST(broken_system_table),
        TEST(configuration_tables),
        TEST(memory_types),
        TEST(descriptors_that_cannot_be),
        TEST(strides),
        TEST(contradiction),
        cmocka_unit_test(options),
        cmocka_unit_test(options_that_repeat_the_file_name),
        cmocka_unit_test(options_of_one_byte_a_character),
        cmocka_unit_test(options_in_other_scripts),
        cmocka_unit_test(options_that_are_no_text),
        cmocka_unit_test(options_that_do_not_fit),
        cmocka_unit_test(text_to_options),
        cmocka_unit_test(text_that_is_broken),
        cmocka_unit_test(text_that_utf8_forbids),
        cmocka_unit_test(text_that_does_not_fit),
    };

    return cmocka_run_group_tests_name("efi_tables", tests, NULL, NULL);
}

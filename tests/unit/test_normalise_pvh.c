/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tests/unit/replay.c entries/pvh.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* start_info: what QEMU's machines and Xen give, then each way of breaking it. */
#include <stdint.h>
#include <xen/arch-x86/hvm/start_info.h>

#include "tests/unit/normalise_fixture.h"

#define HIGH         0x0000400000000000
#define FIELD(field) offsetof(struct hvm_start_info, field)

static bool normalise(struct boot *boot)
{
    boot_again(boot);
    return pvh_normalise(boot->handoff, &boot->replay->physical, boot->replay->argument, &boot->failure);
}

static struct hvm_start_info *info_of(struct boot *boot)
{
    return replay_at(boot->replay, boot->replay->argument, sizeof(struct hvm_start_info));
}

/* A field of start_info anew. */
#define SET(boot, field, value) (info_of(boot)->field = (value))

static void assert_nothing_else(const struct handoff *handoff)
{
    assert_int_equal(handoff->version, HANDOFF_VERSION);
    assert_int_equal(handoff->size, sizeof(*handoff));
    assert_int_equal(handoff->door, DOOR_PVH);
    assert_null(handoff->loader_name);
    assert_false(handoff->smbios.present || handoff->smbios3.present || handoff->device_tree.present);
    assert_false(handoff->framebuffer.present || handoff->text_screen.present || handoff->efi.present);
    assert_false(handoff->boot_drive.present || handoff->random_seed.data);
    assert_int_equal(handoff->setup_data_count, 0);
}

static void assert_rsdp(const struct handoff *handoff, uint64_t address)
{
    assert_true(handoff->rsdp.present);
    assert_int_equal(handoff->rsdp.address, address);
}

static void qemu_q35(void **state)
{
    struct boot *boot = normalised("pvh-q35");

    (void)state;
    assert_nothing_else(boot->handoff);
    assert_string_equal(boot->handoff->command_line, WORDS);
    assert_rsdp(boot->handoff, 0xf59e0);
    assert_int_equal(boot->handoff->module_count, 1);
    assert_module(boot->handoff, 0, 0x7fd6000, 5006, "");
    assert_map(&boot->handoff->map, q35);
    boot_free(boot);
}

static void qemu_pc(void **state)
{
    static const struct range map[] = {
        { 0x0, 0x9fc00, MAP_RAM, 0 },
        { 0x9fc00, 0xa0000, MAP_RESERVED, 0 },
        { 0xf0000, 0x100000, MAP_RESERVED, 0 },
        { 0x100000, 0x7fe0000, MAP_RAM, 0 },
        { 0x7fe0000, 0x8000000, MAP_RESERVED, 0 },
        { 0xfffc0000, 0x100000000, MAP_RESERVED, 0 },
        { 0xfd00000000, 0x10000000000, MAP_RESERVED, 0 },
        { 0 },
    };
    struct boot *boot = normalised("pvh-pc");

    (void)state;
    assert_nothing_else(boot->handoff);
    assert_string_equal(boot->handoff->command_line, WORDS);
    assert_rsdp(boot->handoff, 0xf59d0);
    assert_int_equal(boot->handoff->module_count, 0);
    assert_map(&boot->handoff->map, map);
    boot_free(boot);
}

/* Its map is unsorted, and its list of modules lies at 0x7b7c: aligned to 4. */
static void qemu_microvm(void **state)
{
    static const struct range map[] = {
        { 0x0, 0x9fc00, MAP_RAM, 0 },           { 0x9fc00, 0xa0000, MAP_RESERVED, 0 }, { 0xd0000, 0xf0000, MAP_NVS, 0 },
        { 0xf0000, 0x100000, MAP_RESERVED, 0 }, { 0x100000, 0x8000000, MAP_RAM, 0 },   { 0 },
    };
    struct boot *boot = normalised("pvh-microvm");

    (void)state;
    assert_nothing_else(boot->handoff);
    assert_string_equal(boot->handoff->command_line, WORDS);
    assert_rsdp(boot->handoff, 0xf34d0);
    assert_int_equal(boot->handoff->module_count, 1);
    assert_module(boot->handoff, 0, 0x7ffe000, 5006, "");
    assert_map(&boot->handoff->map, map);
    boot_free(boot);
}

static void xen(void **state)
{
    static const struct range map[] = {
        { 0x0, 0x10000000, MAP_RAM, 0 },
        { 0xfc000000, 0xfc008040, MAP_ACPI, 0 },
        { 0xfeff8000, 0xff000000, MAP_RESERVED, 0 },
        { 0 },
    };
    struct boot *boot = normalised("pvh-xen");

    (void)state;
    assert_nothing_else(boot->handoff);
    assert_string_equal(boot->handoff->command_line, "console=hvc0");
    assert_rsdp(boot->handoff, 0xfc008000);
    assert_int_equal(boot->handoff->module_count, 1);
    assert_module(boot->handoff, 0, 0x107000, 0x1000, "");
    assert_map(&boot->handoff->map, map);
    boot_free(boot);
}

static int setup(void **state)
{
    *state = boot_new("pvh-q35");
    return 0;
}

static void magic(void **state)
{
    struct boot *boot = *state;

    SET(boot, magic, XEN_HVM_START_MAGIC_VALUE ^ 1);
    assert_broken(boot, "there is none at 0x21e0");
    SET(boot, magic, XEN_HVM_START_MAGIC_VALUE);
    boot->replay->argument = NOWHERE;
    assert_broken(boot, "there is none at 0x900000");
    boot->replay->argument = UINT64_MAX - 8;
    assert_broken(boot, "there is none at 0xfffffffffffffff7");
}

/* Version 0 ends before the map: what lies there is not read, be it there or not. */
static void version_0(void **state)
{
    struct boot *boot = *state;
    uint64_t end = boot->replay->argument + FIELD(memmap_paddr);

    SET(boot, version, 0);
    SET(boot, memmap_entries, UINT32_MAX);
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->map.count, 0);
    assert_string_equal(boot->handoff->command_line, WORDS);
    assert_rsdp(boot->handoff, 0xf59e0);
    replay_cut(boot->replay, end);
    assert_true(normalise(boot));
    replay_cut(boot->replay, end - 1);
    assert_broken(boot, "there is none");
}

static void later_version(void **state)
{
    struct boot *boot = *state;

    SET(boot, version, 2);
    assert_true(normalise(boot));
    assert_map(&boot->handoff->map, q35);
    SET(boot, version, UINT32_MAX);
    SET(boot, flags, UINT32_MAX);
    assert_true(normalise(boot));
    assert_map(&boot->handoff->map, q35);
}

static void cut_short(void **state)
{
    struct boot *boot = *state;

    for (uint64_t size = sizeof(struct hvm_start_info); size-- > FIELD(memmap_paddr);) {
        replay_cut(boot->replay, boot->replay->argument + size);
        assert_broken(boot, "it is cut short");
    }
    for (uint64_t size = FIELD(memmap_paddr); size-- > 0;) {
        replay_cut(boot->replay, boot->replay->argument + size);
        assert_broken(boot, "there is none");
    }
}

/* It is aligned to nothing. */
static void at_odd_addresses(void **state)
{
    struct boot *boot = *state;
    struct hvm_start_info info = *info_of(boot);
    uint8_t modules[sizeof(struct hvm_modlist_entry)], map[9 * sizeof(struct hvm_memmap_table_entry)];

    memcpy(modules, replay_at(boot->replay, info.modlist_paddr, sizeof(modules)), sizeof(modules));
    memcpy(map, replay_at(boot->replay, info.memmap_paddr, sizeof(map)), sizeof(map));
    info.modlist_paddr = ELSEWHERE + 0x101;
    info.memmap_paddr = ELSEWHERE + 0x203;
    boot->replay->argument = ELSEWHERE + 0x7;
    replay_write(boot->replay, boot->replay->argument, &info, sizeof(info));
    replay_write(boot->replay, info.modlist_paddr, modules, sizeof(modules));
    replay_write(boot->replay, info.memmap_paddr, map, sizeof(map));
    assert_true(normalise(boot));
    assert_module(boot->handoff, 0, 0x7fd6000, 5006, "");
    assert_map(&boot->handoff->map, q35);
}

static void zero_is_absent(void **state)
{
    struct boot *boot = *state;

    SET(boot, cmdline_paddr, 0);
    SET(boot, rsdp_paddr, 0);
    SET(boot, memmap_paddr, 0);
    SET(boot, nr_modules, 0);
    SET(boot, modlist_paddr, NOWHERE);
    assert_true(normalise(boot));
    assert_string_equal(boot->handoff->command_line, "");
    assert_false(boot->handoff->rsdp.present);
    assert_int_equal(boot->handoff->module_count, 0);
    assert_int_equal(boot->handoff->map.count, 0);

    replay_show(boot->replay, 0, 4096); /* there is memory at 0; it is no list all the same */
    SET(boot, nr_modules, 1);
    SET(boot, modlist_paddr, 0);
    assert_broken(boot, "1 modules, but no list at 0x0");
}

static void out_of_reach(void **state)
{
    struct boot *boot = *state;
    struct hvm_start_info good = *info_of(boot);
    static const uint64_t places[] = { NOWHERE, HIGH, UINT64_MAX - 3 };

    for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
        SET(boot, cmdline_paddr, places[i]);
        assert_broken(boot, "no text of at most 16384 bytes");
        *info_of(boot) = good;
        SET(boot, modlist_paddr, places[i]);
        assert_broken(boot, "but no list at");
        *info_of(boot) = good;
        SET(boot, memmap_paddr, places[i]);
        assert_broken(boot, "is out of our reach");
        *info_of(boot) = good;
    }
    /* The RSDP is an address and no more: under Cloud Hypervisor it lies where no map says that memory is. */
    SET(boot, rsdp_paddr, HIGH);
    assert_true(normalise(boot));
    assert_rsdp(boot->handoff, HIGH);
}

static void lists_that_end_in_the_window(void **state)
{
    struct boot *boot = *state;

    replay_write(boot->replay, ELSEWHERE - sizeof(WORDS), WORDS, sizeof(WORDS));
    SET(boot, cmdline_paddr, ELSEWHERE - sizeof(WORDS));
    assert_true(normalise(boot));
    assert_string_equal(boot->handoff->command_line, WORDS);
    replay_cut(boot->replay, ELSEWHERE - 1);
    assert_broken(boot, "no text of at most 16384 bytes");
    SET(boot, cmdline_paddr, 0);

    replay_cut(boot->replay, info_of(boot)->memmap_paddr + 9 * sizeof(struct hvm_memmap_table_entry) - 1);
    assert_broken(boot, "is out of our reach");
    SET(boot, memmap_entries, 8);
    assert_true(normalise(boot));
}

static void counts(void **state)
{
    struct boot *boot = *state;

    SET(boot, nr_modules, HANDOFF_MODULES_MAX + 1);
    assert_broken(boot, "65 modules are more than 64");
    SET(boot, nr_modules, UINT32_MAX);
    assert_broken(boot, "4294967295 modules are more than 64");
    SET(boot, nr_modules, 0x08000001); /* times 32 it is 32 in 32 bits */
    assert_broken(boot, "are more than 64");
    SET(boot, nr_modules, 1);
    SET(boot, memmap_entries, MAP_MAX + 1);
    assert_broken(boot, "1025 memory map entries are more than 1024");
    SET(boot, memmap_entries, UINT32_MAX);
    assert_broken(boot, "are more than 1024");
    SET(boot, memmap_entries, 0);
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->map.count, 0);
}

static void add_modules(struct boot *boot, uint32_t count, uint64_t string)
{
    for (uint32_t i = 0; i < count; i++) {
        struct hvm_modlist_entry entry = { 0x1000000 + i * 0x10000ull, i * 3, string, 0 };

        replay_write(boot->replay, ELSEWHERE + i * sizeof(entry), &entry, sizeof(entry));
    }
    SET(boot, modlist_paddr, ELSEWHERE);
    SET(boot, nr_modules, count);
}

static void most_modules(void **state)
{
    struct boot *boot = *state;

    replay_write(boot->replay, ELSEWHERE + 0x10000, "root=/dev/vda1 quiet", 21);
    replay_show(boot->replay, ELSEWHERE + 0x10000, 0x1000);
    add_modules(boot, HANDOFF_MODULES_MAX, ELSEWHERE + 0x10000);
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->module_count, HANDOFF_MODULES_MAX);
    assert_module(boot->handoff, 63, 0x13f0000, 189, "root=/dev/vda1 quiet");
    add_modules(boot, HANDOFF_MODULES_MAX + 1, 0);
    assert_broken(boot, "65 modules are more than 64");
}

static void modules_that_wrap(void **state)
{
    struct boot *boot = *state;

    add_modules(boot, 2, 0);
    replay_put(boot->replay, ELSEWHERE + sizeof(struct hvm_modlist_entry), UINT64_MAX - 1, 8);
    replay_put(boot->replay, ELSEWHERE + sizeof(struct hvm_modlist_entry) + 8, 3, 8);
    assert_broken(boot, "module 1, 3 bytes at 0xfffffffffffffffe, wraps around");
}

static void texts(void **state)
{
    struct boot *boot = *state;
    char text[LAYOUT_COMMAND_LINE_MAX + 2];

    /* The longest, over several pages, ending where the window does. */
    memset(text, 'x', sizeof(text));
    text[LAYOUT_COMMAND_LINE_MAX] = '\0';
    replay_write(boot->replay, ELSEWHERE + 1, text, LAYOUT_COMMAND_LINE_MAX + 1);
    SET(boot, cmdline_paddr, ELSEWHERE + 1);
    assert_true(normalise(boot));
    assert_string_equal(boot->handoff->command_line, text);
    /* One more. */
    text[LAYOUT_COMMAND_LINE_MAX] = 'x';
    replay_write(boot->replay, ELSEWHERE + 1, text, sizeof(text));
    assert_broken(boot, "no text of at most 16384 bytes");
    /* A module's string without an end. */
    SET(boot, cmdline_paddr, 0);
    replay_write(boot->replay, ELSEWHERE + 0x10000, text, sizeof(text));
    add_modules(boot, 1, 0);
    replay_put(boot->replay, ELSEWHERE + 16, ELSEWHERE + 0x10000, 8);
    assert_broken(boot, "the string of module 0 does not end");
    replay_put(boot->replay, ELSEWHERE + 16, NOWHERE, 8);
    assert_broken(boot, "the string of module 0 does not end");
}

/* Strings that each are short enough but together fill the arena. */
static void too_many_words(void **state)
{
    struct boot *boot = *state;
    char text[LAYOUT_COMMAND_LINE_MAX + 1];

    memset(text, 'y', sizeof(text));
    text[LAYOUT_COMMAND_LINE_MAX] = '\0';
    replay_write(boot->replay, ELSEWHERE + 0x10000, text, sizeof(text));
    add_modules(boot, 5, ELSEWHERE + 0x10000);
    assert_broken(boot, "is too long (16383 bytes)");
}

static void map_entry(struct boot *boot, uint32_t index, uint64_t start, uint64_t size, uint32_t type)
{
    struct hvm_memmap_table_entry entry = { start, size, type, UINT32_MAX };

    replay_write(boot->replay, ELSEWHERE + index * sizeof(entry), &entry, sizeof(entry));
    SET(boot, memmap_paddr, ELSEWHERE);
    SET(boot, memmap_entries, index + 1);
}

static void maps_that_contradict_themselves(void **state)
{
    struct boot *boot = *state;

    map_entry(boot, 0, 0x1000, UINT64_MAX - 0xffe, XEN_HVM_MEMMAP_TYPE_RAM);
    assert_broken(boot, "wrap around");
    map_entry(boot, 0, 0x1000, UINT64_MAX, XEN_HVM_MEMMAP_TYPE_RAM);
    assert_broken(boot, "wrap around");
    map_entry(boot, 0, 0x1000, 0x9000, XEN_HVM_MEMMAP_TYPE_RAM);
    map_entry(boot, 1, 0x9000, 0x2000, XEN_HVM_MEMMAP_TYPE_RESERVED);
    assert_broken(boot, "is said to be RAM and also reserved");
    map_entry(boot, 0, 0x9000, 0x2000, XEN_HVM_MEMMAP_TYPE_ACPI);
    map_entry(boot, 1, 0x1000, 0x9000, XEN_HVM_MEMMAP_TYPE_RAM);
    assert_broken(boot, "is said to be RAM and also ACPI");
}

/* What is unsorted, empty, said twice or of an unknown type is no contradiction. */
static void maps_in_disorder(void **state)
{
    static const struct range map[] = {
        { 0x1000, 0x9000, MAP_RAM, 0 },        { 0x9000, 0xa000, MAP_RESERVED, 0 },
        { 0xa000, 0xb000, MAP_NVS, 0 },        { 0xb000, 0xc000, MAP_RESERVED, 0 },
        { 0x10000, 0x20001, MAP_RESERVED, 0 }, { 0x20001, 0x20003, MAP_RAM, 0 },
        { HIGH, HIGH + 0x1000, MAP_RAM, 0 },   { 0 },
    };
    struct boot *boot = *state;

    map_entry(boot, 0, HIGH, 0x1000, XEN_HVM_MEMMAP_TYPE_RAM);
    map_entry(boot, 1, 0x20001, 2, XEN_HVM_MEMMAP_TYPE_RAM);
    map_entry(boot, 2, 0x10000, 0x10001, 4711);
    map_entry(boot, 3, 0x5000, 0x4000, XEN_HVM_MEMMAP_TYPE_RAM);
    map_entry(boot, 4, 0x1000, 0x6000, XEN_HVM_MEMMAP_TYPE_RAM);
    map_entry(boot, 5, 0x9000, 0x3000, XEN_HVM_MEMMAP_TYPE_RESERVED);
    map_entry(boot, 6, 0xa000, 0x1000, XEN_HVM_MEMMAP_TYPE_NVS);
    map_entry(boot, 7, 0x9000, 0, XEN_HVM_MEMMAP_TYPE_RAM);
    map_entry(boot, 8, UINT64_MAX, 0, XEN_HVM_MEMMAP_TYPE_UNUSABLE);
    assert_true(normalise(boot));
    assert_map(&boot->handoff->map, map);
}

static void large_maps(void **state)
{
    struct boot *boot = *state;
    struct hvm_memmap_table_entry table[MAP_MAX];

    /* Backwards, RAM and gaps; then all of one kind, which is one range. */
    for (uint32_t i = 0; i < MAP_MAX; i++)
        table[i] = (struct hvm_memmap_table_entry){ (MAP_MAX - i) * 0x2000ull, 0x1000, XEN_HVM_MEMMAP_TYPE_RAM, 0 };
    replay_write(boot->replay, ELSEWHERE, table, sizeof(table));
    SET(boot, memmap_paddr, ELSEWHERE);
    for (uint32_t count = 600; count <= MAP_MAX; count += MAP_MAX - 600) {
        SET(boot, memmap_entries, count);
        assert_true(normalise(boot));
        assert_int_equal(boot->handoff->map.count, count);
        assert_int_equal(boot->handoff->map.ranges[count - 1].start, MAP_MAX * 0x2000ull);
        for (uint32_t i = 1; i < count; i++)
            assert_true(boot->handoff->map.ranges[i - 1].end < boot->handoff->map.ranges[i].start);
    }
    for (uint32_t i = 0; i < MAP_MAX; i++)
        table[i].size = 0x2000;
    replay_write(boot->replay, ELSEWHERE, table, sizeof(table));
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->map.count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qemu_q35),
        cmocka_unit_test(qemu_pc),
        cmocka_unit_test(qemu_microvm),
        cmocka_unit_test(xen),
        TEST(magic),
        TEST(version_0),
        TEST(later_version),
        TEST(cut_short),
        TEST(at_odd_addresses),
        TEST(zero_is_absent),
        TEST(out_of_reach),
        TEST(lists_that_end_in_the_window),
        TEST(counts),
        TEST(most_modules),
        TEST(modules_that_wrap),
        TEST(texts),
        TEST(too_many_words),
        TEST(maps_that_contradict_themselves),
        TEST(maps_in_disorder),
        TEST(large_maps),
    };

    return cmocka_run_group_tests_name("normalise_pvh", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/entries.c menu/version.c menu/glob.c common/arena.c common/map.c common/text.c common/failure.c */
/* The list of entries, in memory of a map that the test has: its order, what it shows, and how entries are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "menu/entry.h"

#include <cmocka.h>

#define MIB       (1024 * 1024ull)
#define ROOM_SIZE (16 * MIB)

static uint8_t room[ROOM_SIZE] __attribute__((aligned(4096)));
static struct memory_map map;
static struct failure failure;
static struct entries list;
static uint64_t reached;
static bool unreachable;

static bool reach(uint64_t start, uint64_t size)
{
    assert_true(start >= (uint64_t)(uintptr_t)room && start + size <= (uint64_t)(uintptr_t)room + ROOM_SIZE);
    reached += size;
    return !unreachable;
}

static int start(uint64_t size)
{
    memset(&map, 0, sizeof(map));
    memset(room, 0xee, sizeof(room));
    reached = 0;
    unreachable = false;
    assert_true(map_add(&map, (uint64_t)(uintptr_t)room, size, MAP_RAM, 0, &failure));
    entries_start(&list, &map, reach);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return start(ROOM_SIZE);
}

static void add(const struct entry *entry)
{
    assert_true(entries_add(&list, entry, &failure));
}

static void add_id(const char *id)
{
    add(&(struct entry){ .kind = ENTRY_CONF, .id = id });
}

static void sort(void)
{
    assert_true(entries_sort(&list, &failure));
}

static void expect_ids(const char *first, ...)
{
    va_list ids;
    uint32_t i = 0;

    va_start(ids, first);
    for (const char *id = first; id; id = va_arg(ids, const char *), i++) {
        assert_true(i < list.count);
        assert_string_equal(list.entry[i].id, id);
    }
    va_end(ids);
    assert_int_equal(i, list.count);
}

static void empty(void **state)
{
    (void)state;
    sort();
    assert_int_equal(list.count, 0);
    assert_int_equal(entries_bootable(&list), 0);
    assert_int_equal(entries_find(&list, "1"), -1);
    assert_int_equal(entries_find(&list, "*"), -1);
    assert_int_equal(reached, 0);
}

static void texts(void **state)
{
    const char *text;

    (void)state;
    text = entries_text(&list, (struct span){ (const uint8_t *)"abcdef", 3 }, &failure);
    assert_string_equal(text, "abc");
    assert_true((const uint8_t *)text >= room && (const uint8_t *)text < room + ROOM_SIZE);
    assert_string_equal(entries_text(&list, (struct span){ NULL, 0 }, &failure), "");
    assert_string_equal(entries_text(&list, text_span(""), &failure), "");
    assert_null(entries_text(&list, (struct span){ room, UINT64_MAX }, &failure));
    assert_null(entries_take(&list, UINT64_MAX - 4096, &failure));
    assert_null(entries_take(&list, UINT64_MAX, &failure));
    add(&(struct entry){ .kind = ENTRY_PARTS }); /* texts that are not given */
    sort();
    assert_string_equal(list.entry[0].id, "");
    assert_string_equal(list.entry[0].problem, "");
    assert_string_equal(list.entry[0].path, "");
    assert_string_equal(list.entry[0].shown, "unnamed");
}

static void joined(void **state)
{
    const struct span given[] = { text_span("root=/dev/xvda1"), text_span(""), { (const uint8_t *)"ro quiet", 2 } };
    const struct span endless[] = { { room, UINT64_MAX }, { room, UINT64_MAX } };

    (void)state;
    assert_string_equal(entries_join(&list, given, 3, &failure), "root=/dev/xvda1  ro");
    assert_string_equal(entries_join(&list, given, 1, &failure), "root=/dev/xvda1");
    assert_string_equal(entries_join(&list, NULL, 0, &failure), "");
    assert_null(entries_join(&list, endless, 2, &failure));
}

static void recipes(void **state)
{
    const struct recipe *recipe = entries_recipe(&list, 2, &failure);

    (void)state;
    assert_non_null(recipe);
    assert_int_equal(recipe->module_count, 2);
    assert_string_equal(recipe->exit, "");
    assert_string_equal(recipe->options, "");
    assert_null(recipe->kernel.tree);
    assert_null(recipe->device_tree.tree);
    assert_null(recipe->modules[1].tree);
    assert_string_equal(recipe->modules[1].string, "");
    assert_non_null(entries_recipe(&list, 0, &failure));
}

/* Small and large pieces are apart from each other, and what is left of a chunk serves on behind a large one. */
static void memory(void **state)
{
    uint8_t *pieces[64], *last = NULL;
    uint64_t before;

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        uint64_t size = i % 4 == 3 ? 100000 : 500;

        pieces[i] = entries_take(&list, size, &failure);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, size);
        if (last && i % 4 != 3 && i > 4 && i < 40)
            assert_int_equal(pieces[i] - last, 512);
        if (i % 4 != 3)
            last = pieces[i];
    }
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(pieces[i][i % 4 == 3 ? 99999 : 499], i);
    before = reached;
    assert_non_null(entries_take(&list, 0, &failure));
    assert_int_equal(reached, before);
    for (uint32_t i = 0; i < map.count; i++)
        assert_true(map.ranges[i].type == MAP_RAM || map.ranges[i].type == MAP_WORK);
}

static void no_memory(void **state)
{
    (void)state;
    start(96 * 1024);
    assert_non_null(entries_take(&list, 60000, &failure));
    assert_null(entries_take(&list, 60000, &failure));
    assert_string_equal(failure.what, "entries");

    start(64 * 1024);
    for (uint32_t i = 0; i < 1000; i++) {
        if (!entries_add(&list, &(struct entry){ .kind = ENTRY_CONF, .id = "a" }, &failure)) {
            assert_true(i >= 64 && list.count == i);
            assert_false(entries_sort(&list, &failure)); /* nor is there room for that */
            return;
        }
    }
    assert_true(false);
}

static void memory_out_of_reach(void **state)
{
    (void)state;
    unreachable = true;
    assert_null(entries_take(&list, 1, &failure));
    assert_non_null(strstr(failure.why, "cannot be reached"));
    assert_int_equal(map.count, 1); /* it was given back */
    assert_false(entries_add(&list, &(struct entry){ .id = "a" }, &failure));
    assert_int_equal(list.count, 0);
}

static void by_id(void **state)
{
    (void)state;
    add_id("debian-6.1.0-9.conf");
    add_id("arch.conf");
    add_id("debian-6.1.0-18.conf");
    add_id("debian-6.1.0.efi"); /* without suffix it is older than both */
    add_id("Zeta.CONF");
    sort();
    expect_ids("debian-6.1.0-18.conf", "debian-6.1.0-9.conf", "debian-6.1.0.efi", "arch.conf", "Zeta.CONF", NULL);
}

/* Each step of "Sorting", of which each outweighs all that follow. */
static void by_keys(void **state)
{
    (void)state;
    add(&(struct entry){ .id = "zz-no-key.conf", .version = "99" });
    add(&(struct entry){ .id = "1.conf", .sort_key = "debian", .machine_id = "b", .version = "9" });
    add(&(struct entry){ .id = "2.conf", .sort_key = "debian", .machine_id = "a", .version = "1.2" });
    add(&(struct entry){ .id = "3.conf", .sort_key = "debian", .machine_id = "a", .version = "1.10" });
    add(&(struct entry){ .id = "4.conf", .sort_key = "debian", .version = "0" });
    add(&(struct entry){ .id = "5.conf", .sort_key = "arch", .machine_id = "z" });
    add(&(struct entry){ .id = "6.conf", .sort_key = "debian", .machine_id = "a", .version = "1.10" });
    add(&(struct entry){ .id = "7.conf", .sort_key = "Z" });
    add(&(struct entry){ .id = "8.conf", .sort_key = "debian", .machine_id = "a" });
    sort();
    expect_ids("7.conf", "5.conf", "4.conf", "6.conf", "3.conf", "2.conf", "8.conf", "1.conf", "zz-no-key.conf", NULL);
}

static void bad_ones_last(void **state)
{
    const struct counter bad = { .counted = true, .left = 0, .done = 3 }, open = { .counted = true, .left = 1 };
    const struct counter worse = { .counted = true, .left = 0, .done = 4 };

    (void)state;
    add(&(struct entry){ .id = "9.conf", .sort_key = "a", .counter = worse });
    add(&(struct entry){ .id = "9.conf", .sort_key = "a", .counter = bad });
    add(&(struct entry){ .id = "8.conf", .sort_key = "a", .counter = open });
    add(&(struct entry){ .kind = ENTRY_POWEROFF, .id = "auto-poweroff" });
    add(&(struct entry){ .kind = ENTRY_REBOOT, .id = "auto-reboot" });
    add(&(struct entry){ .kind = ENTRY_FIRMWARE, .id = "auto-reboot-to-firmware-setup" });
    add(&(struct entry){ .kind = ENTRY_EFI, .id = "auto-windows" });
    add(&(struct entry){ .kind = ENTRY_EFI, .id = "auto-efi-shell" });
    add(&(struct entry){ .id = "7.conf" });
    sort();
    expect_ids("8.conf", "7.conf", "9.conf", "9.conf", "auto-windows", "auto-efi-shell",
               "auto-reboot-to-firmware-setup", "auto-reboot", "auto-poweroff", NULL);
    assert_int_equal(list.entry[2].counter.done, 3);
    assert_int_equal(entries_bootable(&list), 6);
    assert_true(entry_is_bad(&list.entry[2]));
    assert_false(entry_is_bad(&list.entry[0]));
    assert_false(entry_is_bad(&list.entry[1]));
}

/* Other loaders' entries stay as their files have them, behind those of the boot tree. */
static void recipes_in_order(void **state)
{
    (void)state;
    add(&(struct entry){ .kind = ENTRY_EFI, .id = "auto-windows" });
    add(&(struct entry){ .kind = ENTRY_RECIPE, .id = "gnulinux-simple", .title = "Debian" });
    add(&(struct entry){ .kind = ENTRY_RECIPE, .id = "advanced>6.1", .title = "with 6.1" });
    add(&(struct entry){ .kind = ENTRY_RECIPE, .id = "advanced>6.9", .title = "with 6.9" });
    add(&(struct entry){ .id = "a.conf" });
    add(&(struct entry){ .id = "b.conf", .counter = { .counted = true } });
    sort();
    expect_ids("a.conf", "b.conf", "gnulinux-simple", "advanced>6.1", "advanced>6.9", "auto-windows", NULL);
}

static void profiles_in_order(void **state)
{
    (void)state;
    add(&(struct entry){ .kind = ENTRY_UKI, .id = "linux.efi@2", .number = 2 });
    add(&(struct entry){ .kind = ENTRY_UKI, .id = "linux.efi@10", .number = 10 });
    add(&(struct entry){ .kind = ENTRY_UKI, .id = "linux.efi" });
    add(&(struct entry){ .kind = ENTRY_UKI, .id = "linux.efi@1", .number = 1 });
    add(&(struct entry){ .kind = ENTRY_UKI, .id = "linux-2.efi" });
    sort();
    expect_ids("linux-2.efi", "linux.efi", "linux.efi@1", "linux.efi@2", "linux.efi@10", NULL);
}

/* What is packed, or a module, has an id without a suffix. */
static void packed_profiles_in_order(void **state)
{
    (void)state;
    add(&(struct entry){ .kind = ENTRY_PARTS, .id = "packed@10", .number = 10 });
    add(&(struct entry){ .kind = ENTRY_PARTS, .id = "packed", .number = 1 });
    add(&(struct entry){ .kind = ENTRY_PARTS, .id = "packed@1", .number = 2 });
    sort();
    expect_ids("packed", "packed@1", "packed@10", NULL);
}

static void equals_stay_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        add(&(struct entry){ .id = i % 3 ? "a.conf" : "b.conf", .content = { room + i, 1 } });
    sort();
    for (uint32_t i = 1; i < list.count; i++) {
        int order = strcmp(list.entry[i - 1].id, list.entry[i].id);

        assert_true(order > 0 || (order == 0 && list.entry[i - 1].content.data < list.entry[i].content.data));
    }
}

static void expect_shown(uint32_t index, const char *shown)
{
    assert_string_equal(list.entry[index].shown, shown);
}

static void what_is_shown(void **state)
{
    static const struct tree trees[] = { { .name = "module 0" }, { .name = "esp" } };

    (void)state;
    add(&(struct entry){ .id = "9.conf", .title = "Alone", .version = "1" });
    add(&(struct entry){ .id = "8.conf" });
    add(&(struct entry){ .id = "7.conf", .title = "Débian", .version = "2" });
    add(&(struct entry){ .id = "6.conf", .title = "Débian", .version = "1", .machine_id = "0123456789abcdef" });
    add(&(struct entry){ .id = "5.conf", .title = "Débian", .version = "1", .machine_id = "1123456789abcdef" });
    add(&(struct entry){ .id = "4.conf", .title = "No version" });
    add(&(struct entry){ .id = "3.conf", .title = "No version" });
    add(&(struct entry){ .id = "2.conf", .title = "Same", .tree = &trees[0] });
    add(&(struct entry){ .id = "2.conf", .title = "Same", .tree = &trees[1] });
    add(&(struct entry){ .id = "1.conf", .title = "Half" });
    add(&(struct entry){ .id = "0.conf", .title = "Half", .version = "1", .machine_id = "short" });
    sort();
    expect_shown(0, "Alone");
    expect_shown(1, "8.conf");
    expect_shown(2, "Débian (2)");
    expect_shown(3, "Débian (1) (01234567)");
    expect_shown(4, "Débian (1) (11234567)");
    expect_shown(5, "No version (4.conf)");
    expect_shown(6, "No version (3.conf)");
    expect_shown(7, "Same (2.conf) (module 0)");
    expect_shown(8, "Same (2.conf) (esp)");
    expect_shown(9, "Half");
    expect_shown(10, "Half (1)");
    sort(); /* again, from what the file says */
    expect_shown(3, "Débian (1) (01234567)");
    assert_string_equal(list.entry[3].title, "Débian");
}

static void found(void **state)
{
    (void)state;
    add(&(struct entry){ .id = "9.conf", .title = "Debian GNU/Linux 12", .version = "6.1" });
    add(&(struct entry){ .id = "8+x.efi", .title = "Arch [lts]" });
    add(&(struct entry){ .id = "7.conf", .title = "Debian GNU/Linux 12", .version = "6.0" });
    add(&(struct entry){ .id = "6", .title = "9" });
    add(&(struct entry){ .id = "5.EFI", .title = "8+x" });
    add(&(struct entry){ .kind = ENTRY_REBOOT, .id = "auto-reboot", .title = "Reboot" });
    sort();
    expect_ids("9.conf", "8+x.efi", "7.conf", "6", "5.EFI", "auto-reboot", NULL);

    assert_int_equal(entries_find(&list, "1"), 0); /* as the menu shows it */
    assert_int_equal(entries_find(&list, "6"), 5);
    assert_int_equal(entries_find(&list, "02"), 1);
    assert_int_equal(entries_find(&list, "7.conf"), 2);
    assert_int_equal(entries_find(&list, "9"), 0); /* no such number: an id without suffix, before a title */
    assert_int_equal(entries_find(&list, "8+x"), 1);
    assert_int_equal(entries_find(&list, "5"), 4); /* number 5 */
    assert_int_equal(entries_find(&list, "5.EFI"), 4);
    assert_int_equal(entries_find(&list, "5.efi"), 4);
    assert_int_equal(entries_find(&list, "[78].conf"), 2);
    assert_int_equal(entries_find(&list, "*.conf"), 0);
    assert_int_equal(entries_find(&list, "AUTO-*"), 5);
    assert_int_equal(entries_find(&list, "debian gnu/linux 12"), 0);
    assert_int_equal(entries_find(&list, "Debian*(6.0)"), 2);
    assert_int_equal(entries_find(&list, "arch [LTS]"), 1); /* a title that looks like a pattern */
    assert_int_equal(entries_find(&list, "re*"), 5);
    assert_int_equal(entries_find(&list, "7"), 2); /* no such number */
    assert_int_equal(entries_find(&list, "0"), -1);
    assert_int_equal(entries_find(&list, ""), -1);
    assert_int_equal(entries_find(&list, "0x1"), -1);
    assert_int_equal(entries_find(&list, "18446744073709551616"), -1);
    assert_int_equal(entries_find(&list, "conf"), -1);
}

static void as_many_as_there_may_be(void **state)
{
    struct entry entry = { .kind = ENTRY_CONF, .title = "The same title for all of them", .version = "6.1" };
    clock_t began = clock();
    char id[32];

    (void)state;
    for (uint32_t i = 0; i < ENTRIES_MAX; i++) {
        text_format(id, sizeof(id), "debian-%u.conf", (i * 1103u) % ENTRIES_MAX);
        entry.id = entries_text(&list, text_span(id), &failure);
        assert_non_null(entry.id);
        add(&entry);
    }
    assert_false(entries_add(&list, &entry, &failure));
    assert_non_null(strstr(failure.why, "more than 4096"));
    sort();
    for (uint32_t i = 0; i < ENTRIES_MAX; i++) {
        text_format(id, sizeof(id), "debian-%u.conf", ENTRIES_MAX - 1 - i);
        assert_string_equal(list.entry[i].id, id);
    }
    expect_shown(0, "The same title for all of them (6.1) (debian-4095.conf)");
    assert_int_equal(entries_find(&list, "debian-17"), ENTRIES_MAX - 1 - 17);
    assert_true(clock() - began < 2 * CLOCKS_PER_SEC); /* sanitizers and all; some hundredths of a second */
    assert_true(reached < 6 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty, setup),
        cmocka_unit_test_setup(texts, setup),
        cmocka_unit_test_setup(joined, setup),
        cmocka_unit_test_setup(recipes, setup),
        cmocka_unit_test_setup(memory, setup),
        cmocka_unit_test_setup(no_memory, setup),
        cmocka_unit_test_setup(memory_out_of_reach, setup),
        cmocka_unit_test_setup(by_id, setup),
        cmocka_unit_test_setup(by_keys, setup),
        cmocka_unit_test_setup(bad_ones_last, setup),
        cmocka_unit_test_setup(recipes_in_order, setup),
        cmocka_unit_test_setup(profiles_in_order, setup),
        cmocka_unit_test_setup(packed_profiles_in_order, setup),
        cmocka_unit_test_setup(equals_stay_in_order, setup),
        cmocka_unit_test_setup(what_is_shown, setup),
        cmocka_unit_test_setup(found, setup),
        cmocka_unit_test_setup(as_many_as_there_may_be, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

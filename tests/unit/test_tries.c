/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/tries.c menu/counter.c menu/entries.c menu/version.c menu/glob.c storage/cpio.c storage/path.c */
/* sources: common/arena.c common/map.c common/text.c common/failure.c */
/* Tries that are counted in the names of files, and what the entries of those files then say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Before cmocka.h, which has a macro fail(). */
#include "menu/tries.h"
#include "tests/unit/tree_fixture.h"

#include <cmocka.h>

#define ROOM_SIZE (1024 * 1024ull)
#define FOLDER    "/loader/entries/"

static uint8_t room[ROOM_SIZE] __attribute__((aligned(4096)));
static struct memory_map map;
static struct entries entries;
static struct failure failure;
static char path[TREE_PATH_MAX];

static bool reach(uint64_t start, uint64_t size)
{
    (void)start, (void)size;
    return true;
}

static int setup(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    assert_true(map_add(&map, (uint64_t)(uintptr_t)room, ROOM_SIZE, MAP_RAM, 0, &failure));
    entries_start(&entries, &map, reach);
    made_start();
    return 0;
}

/* A file of the tree, and an entry for it. */
static void add(const struct tree *tree, enum entry_kind kind, const char *name, unsigned number)
{
    struct entry entry = { .kind = kind, .tree = tree, .path = name, .number = number };
    char id[TREE_NAME_MAX + 1];

    counter_read(strrchr(name, '/') + 1, kind == ENTRY_UKI ? ".efi" : ".conf", &entry.counter, id);
    entry.id = entries_text(&entries, text_span(id), &failure);
    assert_true(entries_add(&entries, &entry, &failure));
    if (!number)
        make_text(name, "");
}

static void expect(uint32_t index, const char *file, uint32_t left, uint32_t done)
{
    assert_string_equal(entries.entry[index].path, file);
    assert_int_equal(entries.entry[index].counter.left, left);
    assert_int_equal(entries.entry[index].counter.done, done);
}

static void until_none_is_left(void **state)
{
    static const char *const names[] = { FOLDER "a+1-1.conf", FOLDER "a+0-2.conf", FOLDER "a+0-2.conf" };

    (void)state;
    add(to_be_read(), ENTRY_CONF, FOLDER "a+2.conf", 0);
    add(to_be_read(), ENTRY_CONF, FOLDER "b+2.conf", 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(entries_count_try(&entries, &entries.entry[0], path, &failure));
        assert_string_equal(path, names[i]);
        assert_string_equal(made_files[0].path, names[i]);
        expect(0, names[i], i ? 0 : 1, i ? 2 : 1);
        assert_string_equal(entries.entry[0].id, "a.conf");
        assert_int_equal(entry_is_bad(&entries.entry[0]), i > 0);
    }
    assert_string_equal(made_files[1].path, FOLDER "b+2.conf");
    expect(1, FOLDER "b+2.conf", 2, 0);
}

/* A UKI is loaded from its new name, whichever profile is chosen then. */
static void profiles(void **state)
{
    (void)state;
    add(to_be_read(), ENTRY_UKI, "/EFI/Linux/a+3.efi", 0);
    add(to_be_read(), ENTRY_UKI, "/EFI/Linux/a+3.efi", 1);
    assert_true(entries_count_try(&entries, &entries.entry[1], path, &failure));
    assert_string_equal(path, "/EFI/Linux/a+2-1.efi");
    assert_string_equal(made_files[0].path, path);
    expect(0, path, 2, 1);
    expect(1, path, 2, 1);
}

static void not_counted(void **state)
{
    static const struct tree fixed = { .name = "archive" };

    (void)state;
    add(to_be_read(), ENTRY_CONF, FOLDER "a.conf", 0);
    add(&fixed, ENTRY_CONF, FOLDER "b+3.conf", 0);
    add(to_be_read(), ENTRY_CONF, FOLDER "c+3.conf", 0);
    entries.entry[2].tree = NULL;
    for (uint32_t i = 0; i < 3; i++) {
        strcpy(path, "?");
        assert_true(entries_count_try(&entries, &entries.entry[i], path, &failure));
        assert_string_equal(path, "");
    }
    expect(1, FOLDER "b+3.conf", 3, 0);
}

static void no_way(void **state)
{
    static char longest[TREE_PATH_MAX];

    (void)state;
    add(to_be_read(), ENTRY_CONF, FOLDER "a+3.conf", 0);
    made_broken = FOLDER "a+3.conf";
    assert_false(entries_count_try(&entries, &entries.entry[0], path, &failure));
    assert_string_equal(failure.why, FOLDER "a+3.conf cannot be renamed");
    assert_string_equal(path, "");
    expect(0, FOLDER "a+3.conf", 3, 0);

    memset(longest, '/', sizeof(longest) - 1);
    strcpy(longest + sizeof(longest) - sizeof("/a+3.conf"), "/a+3.conf");
    entries.entry[0].path = longest;
    assert_false(entries_count_try(&entries, &entries.entry[0], path, &failure));
    assert_string_equal(failure.what, "a+2-1.conf");
    assert_string_equal(path, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(until_none_is_left, setup),
        cmocka_unit_test_setup(profiles, setup),
        cmocka_unit_test_setup(not_counted, setup),
        cmocka_unit_test_setup(no_way, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

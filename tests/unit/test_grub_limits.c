/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/grub_conf.c menu/grub_run.c menu/grub_words.c menu/grub_variables.c menu/grub_test.c */
/* sources: menu/grub_frames.c */
/* sources: menu/grub_env.c menu/grub_files.c menu/grub_commands.c menu/grub_menu.c menu/grub_build.c menu/grub_bls.c */
/* sources: menu/bls.c menu/conf.c menu/files.c menu/entries.c menu/version.c menu/glob.c */
/* sources: storage/cpio.c storage/path.c common/arena.c common/map.c common/text.c common/failure.c */
/* grub.cfg that is too much of it: each ends, says why, and takes nothing else with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/grub_fixture.h"

static char huge[CONF_FILE_MAX + 2];

static void repeat(const char *text, uint32_t count)
{
    const size_t length = strlen(text);

    for (uint32_t i = 0; i < count; i++)
        memcpy(huge + i * length, text, length);
    huge[count * length] = '\0';
}

/* f calls itself by two: 2^depth calls, if nobody counted. */
static void too_many_commands(void **state)
{
    (void)state;
    read_text(
        "function a { true; true; }\nfunction b { a; a; a; a; a; a; a; a; a; a; }\n"
        "function c { b; b; b; b; b; b; b; b; b; b; }\nfunction d { c; c; c; c; c; c; c; c; c; c; }\n"
        "function e { d; d; d; d; d; d; d; d; d; d; }\nmenuentry x { linux /k; }\ne; e; e; e; e; e; e; e; e; e; e");
    assert_int_equal(warned_count, 1);
    assert_non_null(strstr(warned, "too much is to be done"));
    assert_string_equal(list.entry[0].problem, "grub.cfg: too much was to be done before it was read");
}

/* Little is done, but much is read for it. */
static void too_many_bytes(void **state)
{
    (void)state;
    repeat("#2345678\n", CONF_FILE_MAX / 10);
    memcpy(huge, "function f {\n", 13);
    strcat(huge, "\n}\n");
    for (unsigned i = 0; i < 2000; i++)
        strcat(huge + CONF_FILE_MAX / 10 * 9 - 8, "f\n");
    read_text(huge);
    assert_int_equal(warned_count, 1);
    assert_non_null(strstr(warned, "too much is to be read"));
}

static void too_many_of_everything(void **state)
{
    setup(state);
    repeat("menuentry a { linux /k }\n", ENTRIES_MAX + 1);
    make_text(CFG, huge);
    add_volume(0, PARTITIONS_GPT, 2, "x");
    assert_false(read_at(&volumes[0], CFG));
    assert_string_equal(failure.why, "there are more than 4096 entries");
    setup(state);
    repeat("if true; then ", 100);
    read_text(huge);
    assert_non_null(strstr(warned, "too many ifs and loops in one another"));
    setup(state);
    repeat("submenu a { ", 20);
    read_text(huge); /* not closed */
    assert_int_equal(list.count, 0);
    setup(state);
    strcpy(huge, "");
    for (unsigned i = 0; i < 12; i++)
        strcat(huge, "submenu s {\n menuentry a { linux /k }\n");
    for (unsigned i = 0; i < 12; i++)
        strcat(huge, "}\n");
    read_text(huge);
    assert_int_equal(list.count, 8);
    setup(state);
    repeat("if [ -f /none ]; then true; fi\n", 3000);
    read_text(huge);
    assert_int_equal(warned_count, 1);
    assert_non_null(strstr(warned, "too many files are looked for"));
    setup(state);
    make_text("/x", "true");
    repeat("source /x\n", 100);
    read_text(huge);
    assert_non_null(strstr(warned, "too many files are read"));
    assert_int_equal(outcome.file_count, OUTCOME_FILES_MAX);
    setup(state);
    strcpy(huge, "menuentry a { linux /k\n");
    for (unsigned i = 0; i <= RECIPE_MODULES_MAX; i++)
        strcat(huge, i ? " /i" : "initrd /i");
    strcat(huge, "\n}\n");
    read_text(huge);
    assert_string_equal(list.entry[0].problem, "grub.cfg: there are more than 64 initrds or modules");
    setup(state);
    repeat("set a=$a$b$c\nset b=xxxxxxxxxxxxxxxx\nset c=$a$b\n", 1000);
    read_text(huge);
    assert_int_equal(warned_count, 16); /* as many as are told */
    assert_non_null(strstr(warned, "there is no room for the variable"));
}

static void no_text(void **state)
{
    static const uint8_t nul[] = "menuentry a { linux /k }\0\n";

    (void)state;
    make_file(CFG, (struct span){ nul, sizeof(nul) });
    add_volume(0, PARTITIONS_GPT, 2, "x");
    assert_true(read_at(&volumes[0], CFG));
    assert_int_equal(list.count, 0);
    assert_string_equal(warned, CFG ": it has NULs, and is no text");
    assert_true(read_at(&volumes[0], "/none"));
    assert_int_equal(outcome.added + outcome.file_count, 0);
}

static void no_memory(void **state)
{
    bool done = false;

    (void)state;
    for (uint64_t pages = 0; !done && pages < 512; pages += 8) {
        volumes_start(pages ? pages * MAP_PAGE : MAP_PAGE);
        make_text(CFG, MENU "blscfg");
        make_text("/loader/entries/a.conf", "title A\nlinux /k\n");
        add_volume(0, PARTITIONS_GPT, 2, "x");
        done = read_at(&volumes[0], CFG);
        assert_true(done || failure.why[0]);
    }
    assert_true(done);
    assert_int_equal(list.count, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(too_many_commands, setup),
        cmocka_unit_test_setup(too_many_bytes, setup),
        cmocka_unit_test_setup(too_many_of_everything, setup),
        cmocka_unit_test_setup(no_text, setup),
        cmocka_unit_test_setup(no_memory, setup),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}

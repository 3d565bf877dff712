/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/choose.c menu/entries.c menu/version.c menu/glob.c */
/* sources: common/arena.c common/map.c common/text.c common/failure.c */
/* Which entry is started and whether somebody is asked: each wish alone, and which of several wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "menu/select.h"

#include <cmocka.h>

#define BAD   .counter = { .counted = true, .done = 3 }
#define TEXTS .title = "", .shown = "", .version = "", .machine_id = "", .sort_key = "", .path = ""

static struct entry list[] = {
    { .kind = ENTRY_CONF, .id = "broken.conf", .problem = "it is", TEXTS },
    { .kind = ENTRY_CONF, .id = "good.conf", .problem = "", TEXTS },
    { .kind = ENTRY_UKI, .id = "4.efi", .problem = "", TEXTS },
    { .kind = ENTRY_CONF, .id = "bad.conf", .problem = "", BAD, TEXTS },
    { .kind = ENTRY_EFI, .id = "auto-windows", .problem = "", TEXTS },
    { .kind = ENTRY_REBOOT, .id = "auto-reboot", .problem = "", TEXTS },
};
enum { BROKEN, GOOD, UKI, BAD_ONE, WINDOWS, REBOOT, COUNT };

static struct entries entries;
static struct loader_wishes variables;
static struct loader_conf conf;
static struct wishes wishes;

static int setup(void **state)
{
    (void)state;
    entries = (struct entries){ .entry = list, .count = COUNT };
    variables = (struct loader_wishes){ .timeout = LOADER_TIMEOUT_NONE };
    conf = (struct loader_conf){ 0 };
    wishes = (struct wishes){ .entry = "", .system = &variables, .conf = &conf, .interactive = true };
    return 0;
}

static void expect_index(uint32_t index)
{
    const struct choice choice = select_choose(&entries, &wishes);

    assert_int_equal(choice.index, index);
    assert_false(choice.missing);
}

static void expect_no_menu(void)
{
    assert_false(select_choose(&entries, &wishes).menu);
}

/* seconds: 0: until somebody presses a key. */
static void expect_menu(uint32_t seconds)
{
    const struct choice choice = select_choose(&entries, &wishes);

    assert_true(choice.menu);
    assert_int_equal(choice.counting, seconds > 0);
    if (seconds)
        assert_int_equal(choice.seconds, seconds);
}

static void nobody_wishes(void **state)
{
    (void)state;
    expect_index(GOOD);
    expect_menu(SELECT_SECONDS);
    wishes.interactive = false;
    expect_no_menu();
}

/* What is left where the better ones are not there. */
static void worse_ones(void **state)
{
    struct entry few[COUNT];

    (void)state;
    memcpy(few, list, sizeof(few));
    entries.entry = few;
    few[GOOD].problem = few[UKI].problem = "so are they";
    expect_index(BAD_ONE);
    few[BAD_ONE].problem = "and it";
    expect_index(WINDOWS);
    few[WINDOWS].problem = "and it";
    expect_index(BROKEN);
}

/* From the weakest to the strongest. */
static void whose_default(void **state)
{
    (void)state;
    conf.default_entry = text_span("bad*");
    expect_index(BAD_ONE);
    strcpy(variables.default_entry, "nothing.conf");
    expect_index(BAD_ONE);
    strcpy(variables.default_entry, "4.efi");
    expect_index(UKI);
    strcpy(variables.one_shot, "auto-windows");
    expect_index(WINDOWS);
    wishes.entry = "1";
    expect_index(BROKEN);
    strcpy(variables.one_shot, "auto-reboot");
    wishes.entry = "";
    expect_index(REBOOT);
}

static void saved(void **state)
{
    (void)state;
    strcpy(variables.default_entry, "@saved");
    expect_index(GOOD);
    strcpy(variables.last_booted, "4.efi");
    expect_index(UKI);
    variables.default_entry[0] = '\0';
    expect_index(GOOD);
    conf.default_entry = text_span("@saved");
    expect_index(UKI);
    strcpy(variables.last_booted, "it-went-away.conf");
    expect_index(GOOD);
}

static void missing(void **state)
{
    (void)state;
    wishes.entry = "nothing";
    assert_true(select_choose(&entries, &wishes).missing);
    expect_menu(0);
    wishes.interactive = false;
    assert_true(select_choose(&entries, &wishes).missing);
    expect_no_menu();
}

static void how_long(void **state)
{
    static const enum loader_timeout none[] = { LOADER_TIMEOUT_HIDDEN, LOADER_TIMEOUT_DISABLED,
                                                LOADER_TIMEOUT_SECONDS };

    (void)state;
    conf.has_timeout = true;
    expect_no_menu();
    conf.seconds = 7;
    expect_menu(7);
    conf.timeout = TIMEOUT_FORCE;
    expect_menu(0);
    for (unsigned i = 0; i < sizeof(none) / sizeof(*none); i++) {
        variables.timeout = none[i];
        expect_no_menu();
    }
    variables.seconds = 8;
    expect_menu(8);
    variables.timeout = LOADER_TIMEOUT_FORCE;
    expect_menu(0);
    wishes.has_timeout = true;
    expect_no_menu();
    wishes.timeout = 9;
    expect_menu(9);
}

/* There is nothing to choose from, but a person may want to see it. */
static void one_entry(void **state)
{
    (void)state;
    entries = (struct entries){ .entry = &list[GOOD], .count = 1 };
    expect_no_menu();
    variables.timeout = LOADER_TIMEOUT_SECONDS;
    variables.seconds = 3;
    expect_no_menu();
    variables.ask = true;
    expect_menu(3);
    wishes.entry = "good";
    expect_no_menu();
    wishes.entry = "";
    variables.timeout = LOADER_TIMEOUT_FORCE;
    variables.ask = false;
    expect_menu(0);
}

static void a_key_is_held(void **state)
{
    (void)state;
    variables.timeout = LOADER_TIMEOUT_HIDDEN;
    wishes.key_held = true;
    expect_menu(0);
    variables.timeout = LOADER_TIMEOUT_DISABLED;
    expect_no_menu();
    variables.timeout = LOADER_TIMEOUT_NONE;
    conf.has_timeout = true;
    conf.timeout = TIMEOUT_DISABLED;
    expect_no_menu();
    conf.timeout = TIMEOUT_HIDDEN;
    expect_menu(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nobody_wishes, setup), cmocka_unit_test_setup(worse_ones, setup),
        cmocka_unit_test_setup(whose_default, setup), cmocka_unit_test_setup(saved, setup),
        cmocka_unit_test_setup(missing, setup),       cmocka_unit_test_setup(how_long, setup),
        cmocka_unit_test_setup(one_entry, setup),     cmocka_unit_test_setup(a_key_is_held, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/menu.c menu/menu_keys.c menu/menu_edit.c menu/menu_draw.c menu/canvas.c */
/* sources: common/console.c common/text.c common/failure.c */
/* What each key does to the menu. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/menu_fixture.h"

#include <cmocka.h>

/* ---- moving ---- */

static void arrows_stop_at_the_ends(void **state)
{
    (void)state;
    add_four();
    start(1);
    assert_int_equal(menu.selected, 1);
    assert_int_equal(menu.default_, 1);
    press(KEY_UP);
    assert_int_equal(menu.selected, 0);
    press(KEY_UP);
    assert_int_equal(menu.selected, 0);
    press(KEY_END);
    assert_int_equal(menu.selected, 3);
    press(KEY_DOWN);
    assert_int_equal(menu.selected, 3);
    press(KEY_HOME);
    assert_int_equal(menu.selected, 0);
    press(KEY_DOWN);
    assert_int_equal(menu.selected, 1);
    press(KEY_OTHER);
    press(KEY_NONE);
    press(KEY_LEFT);
    press(KEY_CONTROL('x'));
    assert_int_equal(menu.selected, 1);
    assert_string_equal(menu.message, "");
}

static void pages(void **state)
{
    (void)state;
    add_many(1000);
    start(0);
    draw(80, 24);
    assert_int_equal(menu.page, 18);
    press(KEY_PAGE_DOWN);
    assert_int_equal(menu.selected, 18);
    press(KEY_PAGE_DOWN);
    assert_int_equal(menu.selected, 36);
    press(KEY_PAGE_UP);
    assert_int_equal(menu.selected, 18);
    press(KEY_PAGE_UP);
    press(KEY_PAGE_UP);
    assert_int_equal(menu.selected, 0);
    press(KEY_END);
    assert_int_equal(menu.selected, 999);
    press(KEY_PAGE_DOWN);
    assert_int_equal(menu.selected, 999);
}

static void a_default_that_is_not_there(void **state)
{
    (void)state;
    add_four();
    start(4);
    assert_int_equal(menu.selected, 0);
    assert_int_equal(menu.default_, 0);
}

static void an_empty_list(void **state)
{
    static const int keys[] = { KEY_UP, KEY_DOWN, KEY_END, KEY_ENTER, '1', 'e', 'd', 'p', '/', 'x', KEY_ESCAPE };

    (void)state;
    start(0);
    for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        assert_int_equal(press(keys[i]), MENU_NOTHING);
    assert_int_equal(menu.selected, 0);
    press(KEY_ESCAPE);
    draw(40, 10);
    assert_non_null(strstr(row_text(2), "There is no entry."));
    menu_start(&menu, &entries, 0, true, 1);
    draw(40, 10);
    assert_int_equal(menu_second(&menu), MENU_NOTHING);
}

/* ---- numbers ---- */

static void digits_select(void **state)
{
    (void)state;
    add_many(125);
    start(0);
    type("7");
    assert_int_equal(menu.selected, 6);
    press(KEY_DOWN);
    type("12");
    assert_int_equal(menu.selected, 11);
    type("5");
    assert_int_equal(menu.selected, 124);
    type("3"); /* 1253 is none */
    assert_int_equal(menu.selected, 2);
    type("0");
    assert_int_equal(menu.selected, 29);
    press(KEY_OTHER);
    type("0");
    assert_int_equal(menu.selected, 29);
    assert_string_equal(menu.message, "there is no entry 0");
}

static void a_number_that_is_not_there(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("2");
    assert_int_equal(menu.selected, 1);
    type("9");
    assert_int_equal(menu.selected, 1);
    assert_string_equal(menu.message, "there is no entry 9");
    type("3");
    assert_int_equal(menu.selected, 2);
    assert_string_equal(menu.message, "");
}

static void a_number_ends_after_two_seconds(void **state)
{
    (void)state;
    add_many(20);
    start(0);
    type("1");
    menu_second(&menu);
    type("2");
    assert_int_equal(menu.selected, 11);
    press(KEY_OTHER);
    type("1");
    menu_second(&menu);
    assert_int_equal(menu_second(&menu), MENU_NOTHING);
    type("2");
    assert_int_equal(menu.selected, 1);
}

static void a_number_that_the_filter_hides(void **state)
{
    (void)state;
    add_many(30);
    start(0);
    type("/0020\t");
    assert_int_equal(menu.selected, 19);
    type("3");
    assert_int_equal(menu.selected, 19);
    assert_string_equal(menu.message, "the filter hides entry 3");
    type("020"); /* 30, then 2, then 20 */
    assert_int_equal(menu.selected, 19);
    assert_string_equal(menu.message, "");
}

/* ---- starting ---- */

static void enter_starts(void **state)
{
    (void)state;
    add_four();
    start(0);
    press(KEY_DOWN);
    assert_int_equal(press(KEY_ENTER), MENU_START);
    assert_int_equal(menu.selected, 1);
    assert_false(menu.edited);
    press(KEY_END);
    assert_int_equal(press(KEY_ENTER), MENU_START); /* a bad one may be tried all the same */
}

static void what_is_broken_says_why(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("3");
    assert_int_equal(press(KEY_ENTER), MENU_NOTHING);
    assert_string_equal(menu.message, "no such file: /vmlinuz");
    press('e');
    assert_string_equal(menu.message, "no such file: /vmlinuz");
    assert_false(menu.editing);
    press(KEY_UP);
    assert_string_equal(menu.message, "");
}

static void the_time_runs_out(void **state)
{
    (void)state;
    add_four();
    menu_start(&menu, &entries, 1, true, 3);
    assert_int_equal(menu_second(&menu), MENU_NOTHING);
    assert_int_equal(menu_second(&menu), MENU_NOTHING);
    assert_int_equal(menu.seconds, 1);
    assert_int_equal(menu_second(&menu), MENU_START);
    assert_int_equal(menu.selected, 1);
}

static void any_key_stops_the_count(void **state)
{
    static const int keys[] = { KEY_OTHER, KEY_DOWN, KEY_ESCAPE, ' ', 'x', '2', 'h', KEY_CONTROL('c'), KEY_TAB };

    (void)state;
    add_four();
    for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        menu_start(&menu, &entries, 0, true, 1);
        press(KEY_NONE);
        assert_true(menu.counting);
        press(keys[i]);
        assert_false(menu.counting);
        assert_int_equal(menu_second(&menu), MENU_NOTHING);
    }
    menu_start(&menu, &entries, 0, true, 1);
    press(KEY_DOWN);
    assert_int_equal(menu.selected, 1); /* it is acted upon, too */
    menu_start(&menu, &entries, 1, true, 9);
    assert_int_equal(press(KEY_ENTER), MENU_START);
}

static void a_broken_default_is_not_started(void **state)
{
    (void)state;
    add_four();
    menu_start(&menu, &entries, 2, true, 1);
    assert_int_equal(menu_second(&menu), MENU_NOTHING);
    assert_false(menu.counting);
    assert_string_equal(menu.message, "no such file: /vmlinuz");
}

/* ---- the filter ---- */

static void a_filter_narrows_the_list(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("/LINUX");
    assert_true(menu.filtering);
    assert_string_equal(menu.filter, "LINUX");
    assert_true(menu_shows(&menu, 0) && menu_shows(&menu, 1));
    assert_false(menu_shows(&menu, 2) || menu_shows(&menu, 3));
    press(KEY_END);
    assert_int_equal(menu.selected, 1);
    press(KEY_DOWN);
    assert_int_equal(menu.selected, 1);
    press(KEY_ESCAPE);
    assert_false(menu.filtering);
    assert_string_equal(menu.filter, "");
    press(KEY_DOWN);
    assert_int_equal(menu.selected, 2);
}

static void letters_begin_a_filter(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("old"); /* d is a part of it now, as are digits */
    assert_string_equal(menu.filter, "old");
    assert_null(new_default);
    assert_int_equal(menu.selected, 3);
    assert_int_equal(press(KEY_ENTER), MENU_START);
    press(KEY_ESCAPE);
    type("Debian 12");
    assert_string_equal(menu.filter, "Debian 12");
    press(KEY_ESCAPE);
    type("fed"); /* "e" and "d" do not do what they mean elsewhere */
    assert_int_equal(menu.selected, 1);
    assert_false(menu.editing);
}

static void ids_are_searched_too(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("/ARCH.E");
    assert_int_equal(menu.selected, 2);
    press(KEY_ENTER);
    assert_string_equal(menu.message, "no such file: /vmlinuz");
}

static void backspace_shortens(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("/ol\xc3\xa9");
    assert_int_equal(strlen(menu.filter), 4);
    press(KEY_BACKSPACE);
    assert_string_equal(menu.filter, "ol");
    press(KEY_BACKSPACE);
    press(KEY_BACKSPACE);
    assert_true(menu.filtering);
    assert_string_equal(menu.filter, "");
    press(KEY_BACKSPACE);
    assert_false(menu.filtering);
    type("/old");
    press(KEY_CONTROL('u'));
    assert_string_equal(menu.filter, "");
    assert_true(menu.filtering);
}

static void a_filter_that_finds_nothing(void **state)
{
    (void)state;
    add_four();
    start(1);
    type("/zzz");
    assert_int_equal(menu.selected, 1);
    assert_int_equal(press(KEY_ENTER), MENU_NOTHING);
    assert_string_equal(menu.message, "no entry is shown");
    press(KEY_TAB);
    assert_int_equal(press('p'), MENU_NOTHING);
    press('e');
    press('d');
    assert_false(menu.editing);
    assert_null(new_default);
    press(KEY_DOWN);
    press(KEY_HOME);
    assert_int_equal(menu.selected, 1);
    press(KEY_ESCAPE);
    assert_int_equal(press(KEY_ENTER), MENU_START);
}

static void tab_keeps_the_filter(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("/fedora\t");
    assert_false(menu.filtering);
    press('d');
    assert_ptr_equal(new_default, &list[1]);
    type("/ l");
    assert_string_equal(menu.filter, "fedora l");
}

static void a_filter_has_a_limit(void **state)
{
    (void)state;
    add_four();
    start(0);
    press('/');
    for (unsigned i = 0; i < MENU_FILTER_MAX + 5; i++)
        press('e');
    assert_int_equal(strlen(menu.filter), MENU_FILTER_MAX);
    assert_string_equal(menu.message, "the filter can be no longer");
    draw(40, 10);
}

/* ---- doing ---- */

static void set_the_default(void **state)
{
    (void)state;
    add_four();
    start(0);
    press(KEY_DOWN);
    assert_int_equal(press('d'), MENU_SET_DEFAULT);
    assert_ptr_equal(new_default, &list[1]);
    assert_int_equal(menu.default_, 1);
    assert_string_equal(menu.message, "Fedora Linux is now the default");
    default_fails = true;
    press(KEY_UP);
    assert_int_equal(press('d'), MENU_NOTHING);
    assert_int_equal(menu.default_, 1);
    assert_string_equal(menu.message, "default: the firmware is full");
}

static void long_names_in_messages(void **state)
{
    static char name[1000];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    add("x.conf", name);
    start(0);
    press('d');
    assert_int_equal(strlen(menu.message), MENU_MESSAGE_MAX - 1);
    assert_non_null(strstr(menu.message, "xx is now the default"));
}

static void print_and_help(void **state)
{
    (void)state;
    add_four();
    start(0);
    assert_int_equal(press('p'), MENU_PRINT);
    press('h');
    assert_true(menu.help);
    assert_int_equal(press(KEY_ENTER), MENU_NOTHING);
    assert_false(menu.help);
    press('?');
    assert_true(menu.help);
    press(KEY_DOWN);
    assert_int_equal(menu.selected, 0);
    assert_false(menu.help);
}

/* ---- the editor ---- */

static void edit(const char *line)
{
    add_four();
    start(0);
    line_given = line;
    press('e');
    assert_true(menu.editing);
    assert_string_equal(menu.line, line);
    assert_int_equal(menu.line_cursor, strlen(line));
}

static void assert_line(const char *text, uint32_t cursor)
{
    assert_string_equal(menu.line, text);
    assert_int_equal(menu.line_cursor, cursor);
}

static void editing(void **state)
{
    (void)state;
    edit("root=/dev/sda1 ro quiet");
    type(" single");
    assert_line("root=/dev/sda1 ro quiet single", 30);
    press(KEY_BACKSPACE);
    assert_line("root=/dev/sda1 ro quiet singl", 29);
    press(KEY_CONTROL('w'));
    assert_line("root=/dev/sda1 ro quiet ", 24);
    press(KEY_CONTROL('w'));
    assert_line("root=/dev/sda1 ro ", 18);
    press(KEY_HOME);
    press(KEY_DELETE);
    assert_line("oot=/dev/sda1 ro ", 0);
    press('R');
    assert_line("Root=/dev/sda1 ro ", 1);
    press(KEY_BACKSPACE);
    press(KEY_BACKSPACE);
    assert_line("oot=/dev/sda1 ro ", 0);
    press(KEY_END);
    press(KEY_DELETE);
    press(KEY_RIGHT);
    assert_line("oot=/dev/sda1 ro ", 17);
    press(KEY_LEFT);
    press(KEY_LEFT);
    press(KEY_CONTROL('k'));
    assert_line("oot=/dev/sda1 r", 15);
    press(KEY_CONTROL('a'));
    press(KEY_LEFT);
    press(KEY_RIGHT);
    press(KEY_RIGHT);
    press(KEY_RIGHT);
    press(KEY_CONTROL('u'));
    assert_line("=/dev/sda1 r", 0);
    press(KEY_CONTROL('e'));
    assert_line("=/dev/sda1 r", 12);
    press(KEY_CONTROL('u'));
    assert_line("", 0);
    press(KEY_CONTROL('w'));
    press(KEY_CONTROL('k'));
    press(KEY_OTHER);
    press(KEY_TAB);
    assert_line("", 0);
    type("epdh?/1");
    assert_line("epdh?/1", 7);
    assert_int_equal(press(KEY_ENTER), MENU_START);
    assert_true(menu.edited);
    assert_string_equal(menu.line, "epdh?/1");
}

static void escape_gives_up(void **state)
{
    (void)state;
    edit("a");
    type("b");
    assert_int_equal(press(KEY_ESCAPE), MENU_NOTHING);
    assert_false(menu.editing || menu.edited);
    press('e');
    assert_line("a", 1);
}

static void other_bytes_are_kept(void **state)
{
    (void)state;
    edit("a\xc3\xa9\tb");
    type("\xff");
    assert_int_equal(press(KEY_ENTER), MENU_START);
    assert_string_equal(menu.line, "a\xc3\xa9\tb\xff");
}

static void a_full_line(void **state)
{
    static char line[LAYOUT_COMMAND_LINE_MAX + 1];

    (void)state;
    memset(line, 'x', sizeof(line) - 1);
    edit(line);
    press('y');
    assert_int_equal(strlen(menu.line), LAYOUT_COMMAND_LINE_MAX);
    assert_string_equal(menu.message, "a command line has no more than 16383 bytes");
    press(KEY_HOME);
    press(KEY_DELETE);
    press('y');
    assert_int_equal(strlen(menu.line), LAYOUT_COMMAND_LINE_MAX);
    assert_int_equal(menu.line[0], 'y');
    assert_string_equal(menu.message, "");
}

static void no_editor(void **state)
{
    (void)state;
    add_four();
    start(0);
    line_given = NULL;
    press('e');
    assert_false(menu.editing);
    assert_string_equal(menu.message, "command line: it has none");
    menu.editor = false;
    menu.why_no_editor = "Secure Boot is on";
    press('e');
    assert_false(menu.editing);
    assert_string_equal(menu.message, "Secure Boot is on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(arrows_stop_at_the_ends, setup),
        cmocka_unit_test_setup(pages, setup),
        cmocka_unit_test_setup(a_default_that_is_not_there, setup),
        cmocka_unit_test_setup(an_empty_list, setup),
        cmocka_unit_test_setup(digits_select, setup),
        cmocka_unit_test_setup(a_number_that_is_not_there, setup),
        cmocka_unit_test_setup(a_number_ends_after_two_seconds, setup),
        cmocka_unit_test_setup(a_number_that_the_filter_hides, setup),
        cmocka_unit_test_setup(enter_starts, setup),
        cmocka_unit_test_setup(what_is_broken_says_why, setup),
        cmocka_unit_test_setup(the_time_runs_out, setup),
        cmocka_unit_test_setup(any_key_stops_the_count, setup),
        cmocka_unit_test_setup(a_broken_default_is_not_started, setup),
        cmocka_unit_test_setup(a_filter_narrows_the_list, setup),
        cmocka_unit_test_setup(letters_begin_a_filter, setup),
        cmocka_unit_test_setup(ids_are_searched_too, setup),
        cmocka_unit_test_setup(backspace_shortens, setup),
        cmocka_unit_test_setup(a_filter_that_finds_nothing, setup),
        cmocka_unit_test_setup(tab_keeps_the_filter, setup),
        cmocka_unit_test_setup(a_filter_has_a_limit, setup),
        cmocka_unit_test_setup(set_the_default, setup),
        cmocka_unit_test_setup(long_names_in_messages, setup),
        cmocka_unit_test_setup(print_and_help, setup),
        cmocka_unit_test_setup(editing, setup),
        cmocka_unit_test_setup(escape_gives_up, setup),
        cmocka_unit_test_setup(other_bytes_are_kept, setup),
        cmocka_unit_test_setup(a_full_line, setup),
        cmocka_unit_test_setup(no_editor, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

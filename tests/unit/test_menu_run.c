/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/menu.c menu/menu_keys.c menu/menu_edit.c menu/menu_draw.c menu/menu_run.c menu/canvas.c */
/* sources: common/console.c common/text.c common/failure.c */
/* The menu on consoles of each kind, with keys that come and a clock that runs while it is idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/menu_fixture.h"

#include <cmocka.h>

#include "tests/unit/fake_console.h"

#define SECOND 100
#define IDLE   30 /* calls in which nothing may be left to wait for */

static uint64_t now;
static unsigned idles;
static void (*when_idle)(void);

static uint64_t ticks(void)
{
    return now;
}

static void idle(void)
{
    now++;
    idles++;
    assert_true(idles < IDLE * SECOND);
    if (when_idle)
        when_idle();
}

static int setup_run(void **state)
{
    setup(state);
    add_four();
    now = 12345;
    idles = 0;
    when_idle = NULL;
    calls.ticks = ticks;
    calls.ticks_per_second = SECOND;
    calls.idle = idle;
    return 0;
}

static void keys(const int *given)
{
    for (; *given; given++)
        fake_keys[fake_key_count++] = *given;
}

#define KEYS(...) keys((const int[]){ __VA_ARGS__, 0 })

/* What follows is an ordinary console. */
static void assert_ordinary(void)
{
    assert_true(fake.cursor);
    assert_int_equal(fake.style, STYLE_PLAIN);
    assert_true(fake.column == 0 && fake.row == 0);
    for (unsigned row = 0; row < fake.rows; row++)
        assert_int_equal(fake.cells[row][0], ' ');
    assert_int_equal(fake.scrolls, 0);
}

static void keys_choose(void **state)
{
    (void)state;
    fake_consoles("terminal printer", 80, 24);
    start(0);
    KEYS(KEY_DOWN, KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_false(menu.edited);
    assert_int_equal(idles, 0);
    assert_ordinary();
    assert_string_equal(fake_printed, "");
}

static void see_the_count(void)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "Starting Fedora Linux in %u s; any key stops this ", 5 - (idles - 1) / SECOND);
    assert_memory_equal(fake.cells[22], wanted, strlen(wanted));
    assert_false(fake.cursor);
}

static void the_time_runs_out(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, true, 5);
    when_idle = see_the_count;
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_int_equal(idles, 5 * SECOND);
    assert_ordinary();
}

static void press_late(void);

static void see_the_end(void)
{
    char wanted[64];

    snprintf(wanted, sizeof(wanted), "Giving up in %u s; any key stops this ", 5 - (idles - 1) / SECOND);
    assert_memory_equal(fake.cells[22], wanted, strlen(wanted));
}

static void nobody_comes_after_a_failure(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, true, 5);
    menu.unattended = true;
    when_idle = see_the_end;
    assert_int_equal(menu_run(&menu, &calls), MENU_NONE);
    assert_int_equal(idles, 5 * SECOND);
    assert_false(menu.person);
    assert_ordinary();
}

static void somebody_comes_after_a_failure(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, true, 5);
    menu.unattended = true;
    KEYS(KEY_OTHER);
    when_idle = press_late;
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_int_equal(idles, 7 * SECOND);
    assert_true(menu.person);
}

static void no_time_is_none_to_wait(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, true, 0);
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_int_equal(idles, 0);
    assert_int_equal(fake.written, 0);
}

static void press_late(void)
{
    if (idles == 7 * SECOND) {
        assert_memory_equal(fake.cells[22], "                    ", 20);
        KEYS(KEY_ENTER);
    }
}

static void a_key_stops_the_count(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, true, 5);
    KEYS(KEY_OTHER);
    when_idle = press_late;
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_int_equal(idles, 7 * SECOND);
}

/* Without a clock nothing is counted: it waits for keys. */
static void without_a_clock(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, true, 1);
    calls.ticks_per_second = 0;
    calls.ticks = NULL;
    when_idle = press_late;
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_int_equal(idles, 7 * SECOND);
}

static void a_clock_that_jumps(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, true, 5);
    now = UINT64_MAX - 3;
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_int_equal(idles, 5 * SECOND);
}

static void print_on_all(void *context, const struct entry *entry)
{
    (void)context;
    assert_true(fake.cursor && fake.row == 0);
    print("this is %s\n", entry->shown);
}

static void printing_waits_for_a_key(void **state)
{
    (void)state;
    fake_consoles("terminal printer", 80, 24);
    start(0);
    calls.print = print_on_all;
    KEYS('p', 'x', KEY_DOWN, KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 1);
    calls.print = print_entry;
    assert_string_equal(menu.filter, "");
    assert_string_equal(fake_printed, "this is Debian GNU/Linux 12\r\n\r\nPress a key to go back.\r\n");
    assert_ordinary();
}

static void print_much(void *context, const struct entry *entry)
{
    (void)context, (void)entry;
    for (unsigned i = 1; i <= 30; i++)
        print("line %u\n", i);
}

/* Rows 0 to 8 of ten, and a prompt below them; the next page scrolls. */
static void a_page_at_a_time(void **state)
{
    char wanted[64];

    (void)state;
    fake_consoles("terminal printer", 80, 10);
    start(0);
    calls.print = print_much;
    KEYS('p', KEY_DOWN, 'q', KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 0);
    snprintf(wanted, sizeof(wanted), "%-50s", "");
    assert_non_null(strstr(fake_printed, "line 9\r\nPress a key for more, Escape or q to go back.\r"));
    assert_non_null(strstr(fake_printed, wanted));
    assert_non_null(strstr(fake_printed, "\rline 10\r\n"));
    assert_non_null(strstr(fake_printed, "line 18\r\nPress a key for more"));
    assert_null(strstr(fake_printed, "line 19"));
    assert_null(strstr(fake_printed, "Press a key to go back."));
    KEYS('p', ' ', ' ', ' ', ' ', KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 0);
    assert_non_null(strstr(fake_printed, "line 30\r\n\r\nPress a key to go back."));
    print_much(NULL, NULL); /* who prints otherwise is never asked */
    calls.print = print_entry;
}

static void print_wide(void *context, const struct entry *entry)
{
    (void)context, (void)entry;
    print("%-1000s|\n", "");
}

/* A line that is too long for the screen takes several rows of the page. */
static void a_page_of_one_line(void **state)
{
    (void)state;
    fake_consoles("terminal printer", 80, 10);
    start(0);
    calls.print = print_wide;
    KEYS('p', KEY_ESCAPE, KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 0);
    assert_int_equal(strchr(fake_printed, 'P') - fake_printed, 9 * 80);
    calls.print = print_entry;
}

static void held_until(void)
{
    if (idles < SECOND) {
        if (idles % (SECOND / 10) == 0)
            KEYS(KEY_ENTER);
        assert_memory_equal(fake.cells[2], "    1", 5);
        assert_memory_equal(fake.cells[3], ">   2*", 6);
    }
    if (idles == 2 * SECOND)
        KEYS(KEY_UP, KEY_ENTER);
}

/* The key that brought the menu up starts nothing. */
static void a_held_key_means_nothing(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    menu_start(&menu, &entries, 1, false, 0);
    menu.held = true;
    KEYS(KEY_ENTER, KEY_ENTER);
    when_idle = held_until;
    assert_int_equal(menu_run(&menu, &calls), 0);
    assert_int_equal(idles, 2 * SECOND);
}

static void a_part_of_a_key_is_seen(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    assert_false(console_pressed());
    fake_begins = true;
    assert_true(console_pressed());
    fake_begins = false;
    KEYS(KEY_OTHER);
    assert_true(console_pressed());
    assert_false(console_pressed());
}

static void see_the_list(void)
{
    assert_memory_equal(fake.cells[0], "Quadrivium", 10);
    assert_memory_equal(fake.cells[2], ">   1*  Debian", 14);
    assert_int_equal(fake.styles[2][79], STYLE_SELECTED);
    if (idles == 3)
        KEYS(KEY_ENTER);
}

static void drawn_anew_for_who_comes_late(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 25);
    start(0);
    KEYS('p', KEY_ENTER);
    when_idle = see_the_list;
    assert_int_equal(menu_run(&menu, &calls), 0);
    fake_consoles("terminal", 80, 25);
    start(0);
    KEYS(KEY_CONTROL('l'));
    idles = 0;
    assert_int_equal(menu_run(&menu, &calls), 0);
    assert_int_equal(fake.clears, 3); /* at first, then, and behind us */
}

static void editing_goes_on(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    start(0);
    KEYS('e', ' ', 'x', KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 0);
    assert_true(menu.edited);
    assert_string_equal(menu.line, "root=/dev/sda1 ro quiet x");
    /* It did not start. */
    KEYS(KEY_BACKSPACE, 'y', KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 0);
    assert_true(menu.edited);
    assert_string_equal(menu.line, "root=/dev/sda1 ro quiet y");
    KEYS(KEY_ESCAPE, KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 0);
    assert_false(menu.edited);
}

/* What was found by a filter and did not start is seen among the others again. */
static void a_filter_ends_with_the_choice(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    start(0);
    KEYS('/', 'e', KEY_ENTER);
    menu_run(&menu, &calls);
    KEYS(KEY_END, KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), menu.entries->count - 1);
    assert_string_equal(menu.filter, "");
}

static void keys_without_a_screen(void **state)
{
    (void)state;
    fake_consoles("teletype", 80, 24);
    start(0);
    KEYS('9', '3', KEY_ENTER, '2', KEY_ENTER);
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_string_equal(fake_printed, "   1*  Debian GNU/Linux 12\r\n"
                                      "   2   Fedora Linux\r\n"
                                      "   3 ! Broken Thing\r\n"
                                      "   4 ! Old\r\n"
                                      "quadrivium: a number and Enter start one\r\n"
                                      "quadrivium: there is no entry 9\r\n"
                                      "quadrivium: 3: Broken Thing\r\n"
                                      "quadrivium: no such file: /vmlinuz\r\n"
                                      "quadrivium: 2: Fedora Linux\r\n");
}

static void the_time_without_a_screen(void **state)
{
    (void)state;
    fake_consoles("teletype", 80, 24);
    menu_start(&menu, &entries, 1, true, 5);
    assert_int_equal(menu_run(&menu, &calls), 1);
    assert_int_equal(idles, 5 * SECOND);
    assert_non_null(strstr(fake_printed, "starting Fedora Linux in 5 s; any key stops this\r\n"));
}

static void nobody_can_choose(void **state)
{
    static const char *const consoles[] = { "printer", "printer display", "" };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        fake_consoles(consoles[i], 80, 24);
        menu_start(&menu, &entries, 1, i == 0, 5);
        menu.selected = 3;
        assert_int_equal(menu_run(&menu, &calls), 1);
        assert_int_equal(idles, 0);
        assert_string_equal(fake_printed, i == 2 ? "" : "quadrivium: no console has keys: starting Fedora Linux\r\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys_choose, setup_run),
        cmocka_unit_test_setup(the_time_runs_out, setup_run),
        cmocka_unit_test_setup(nobody_comes_after_a_failure, setup_run),
        cmocka_unit_test_setup(somebody_comes_after_a_failure, setup_run),
        cmocka_unit_test_setup(no_time_is_none_to_wait, setup_run),
        cmocka_unit_test_setup(a_key_stops_the_count, setup_run),
        cmocka_unit_test_setup(without_a_clock, setup_run),
        cmocka_unit_test_setup(a_clock_that_jumps, setup_run),
        cmocka_unit_test_setup(printing_waits_for_a_key, setup_run),
        cmocka_unit_test_setup(a_page_at_a_time, setup_run),
        cmocka_unit_test_setup(a_page_of_one_line, setup_run),
        cmocka_unit_test_setup(a_held_key_means_nothing, setup_run),
        cmocka_unit_test_setup(a_part_of_a_key_is_seen, setup_run),
        cmocka_unit_test_setup(drawn_anew_for_who_comes_late, setup_run),
        cmocka_unit_test_setup(editing_goes_on, setup_run),
        cmocka_unit_test_setup(a_filter_ends_with_the_choice, setup_run),
        cmocka_unit_test_setup(keys_without_a_screen, setup_run),
        cmocka_unit_test_setup(the_time_without_a_screen, setup_run),
        cmocka_unit_test_setup(nobody_can_choose, setup_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/menu.c menu/menu_keys.c menu/menu_edit.c menu/menu_draw.c menu/canvas.c */
/* sources: common/console.c common/text.c common/failure.c */
/* The menu's pictures, on small and on large screens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/menu_fixture.h"

#include <cmocka.h>

static const unsigned sizes[][2] = { { 40, 10 }, { 80, 24 }, { 80, 25 }, { 128, 40 }, { 240, 100 } };

static void assert_row(unsigned row, const char *text)
{
    assert_string_equal(row_text(row), text);
}

static void assert_title(const char *place)
{
    static const char name[] = "Quadrivium " QUADRIVIUM_VERSION " ";

    assert_memory_equal(canvas.cell[0], name, sizeof(name) - 1);
    assert_int_equal(strlen(row_text(0)), canvas.columns - 1);
    assert_string_equal(row_text(0) + canvas.columns - 1 - strlen(place), place);
}

static void the_whole_picture(void **state)
{
    (void)state;
    add_four();
    menu_start(&menu, &entries, 0, true, 5);
    draw(80, 24);
    assert_title("1/4");
    assert_row(1, "");
    assert_row(2, ">   1*  Debian GNU/Linux 12");
    assert_row(3, "    2   Fedora Linux                                               3 tries left");
    assert_row(4, "    3 ! Broken Thing");
    assert_row(5, "    4 ! Old                                                       no tries left");
    for (unsigned row = 6; row < 22; row++)
        assert_row(row, "");
    assert_row(22, "Starting Debian GNU/Linux 12 in 5 s; any key stops this");
    assert_row(23, "Up/Down select  Enter start  e edit  d default  p print  / filter  ? help");
    assert_int_equal(canvas.style[0][0], STYLE_TITLE);
    assert_int_equal(canvas.style[2][79], STYLE_SELECTED);
    assert_int_equal(canvas.style[3][8], STYLE_PLAIN);
    assert_int_equal(canvas.style[4][8], STYLE_MUTED);
    assert_int_equal(canvas.style[5][8], STYLE_WARNING);
    assert_int_equal(canvas.style[23][79], STYLE_TITLE);
    assert_false(canvas.cursor);
    list[1].counter.left = 1;
    press(KEY_DOWN);
    draw(80, 24);
    assert_title("2/4");
    assert_row(2, "    1*  Debian GNU/Linux 12");
    assert_row(3, ">   2   Fedora Linux                                                 1 try left");
    assert_int_equal(selected_row(), 3);
    assert_row(22, "");
}

static void the_smallest_screen(void **state)
{
    (void)state;
    add_four();
    menu_start(&menu, &entries, 1, true, 12);
    draw(40, 10);
    assert_title("2/4");
    assert_row(3, ">   2*  Fedora Linux       3 tries left");
    assert_row(5, "    4 ! Old               no tries left");
    assert_row(8, "Starting Fedora Linux in 12 s");
    assert_row(9, "Enter start  e edit  / filter  ? help");
}

/* Of 1,000 entries the selected one is always on the screen, once, where its number says. */
static void a_thousand_entries(void **state)
{
    char wanted[32];

    (void)state;
    add_many(1000);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        start(0);
        for (uint32_t at = 0; at < 1000; at++) {
            draw(sizes[i][0], sizes[i][1]);
            assert_true(selected_row() >= 2 && selected_row() < (int)canvas.rows - 4);
            snprintf(wanted, sizeof(wanted), ">%4u%c  Entry %04u", at + 1, at ? ' ' : '*', at + 1);
            assert_row((unsigned)selected_row(), wanted);
            assert_int_not_equal(canvas.cell[canvas.rows - 5][10], ' '); /* the list is full */
            snprintf(wanted, sizeof(wanted), " %u/1000", at + 1);
            assert_non_null(strstr(row_text(0), wanted));
            press(KEY_DOWN);
        }
        press(KEY_END);
        draw(sizes[i][0], sizes[i][1]);
        assert_int_equal(selected_row(), canvas.rows - 5);
    }
}

static void long_names_are_cut(void **state)
{
    static char name[1000];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    add("a.conf", name);
    add("b.conf", name)->counter = (struct counter){ true, 4294967295, 0 };
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        menu_start(&menu, &entries, 1, true, 4294967295);
        draw(sizes[i][0], sizes[i][1]);
        assert_string_equal(row_text(2) + canvas.columns - 4, "x...");
        assert_non_null(strstr(row_text(3), "xxx...  4294967295 tries left"));
        assert_non_null(strstr(row_text(canvas.rows - 2), "xx... in 4294967295 s"));
        press('e');
        draw(sizes[i][0], sizes[i][1]);
        assert_string_equal(row_text(2) + canvas.columns - 4, "x...");
    }
}

static void names_beyond_ascii(void **state)
{
    (void)state;
    add("a.conf", "D\xc3\xa9"
                  "bian \033[2J");
    start(0);
    press('d');
    draw(80, 24);
    assert_row(2, ">   1*  D?bian ?[2J");
    assert_row(21, "D?bian ?[2J is now the default");
}

static void messages(void **state)
{
    (void)state;
    add_four();
    start(0);
    strcpy(menu.message, "short");
    draw(80, 24);
    assert_row(20, "");
    assert_row(21, "short");
    assert_int_equal(canvas.style[21][0], STYLE_WARNING);
    strcpy(menu.message, "kernel: /EFI/Linux/debian.efi has a section .text that ends 4096 bytes behind the end of "
                         "the file, as if it had been cut");
    draw(80, 24);
    assert_row(20, "kernel: /EFI/Linux/debian.efi has a section .text that ends 4096 bytes behind");
    assert_row(21, "the end of the file, as if it had been cut");
    memset(menu.message, 'm', MENU_MESSAGE_MAX - 1);
    menu.message[MENU_MESSAGE_MAX - 1] = '\0';
    draw(80, 24);
    assert_int_equal(strlen(row_text(20)), 79);
    assert_int_equal(strlen(row_text(21)), 79);
    assert_string_equal(row_text(21) + 70, "mmmmmm...");
    draw(240, 100);
    assert_int_equal(strlen(row_text(97)), MENU_MESSAGE_MAX - 1);
    draw(40, 10);
    assert_int_equal(strlen(row_text(6)), 39);
    assert_string_equal(row_text(7) + 36, "...");
}

static void the_filter(void **state)
{
    (void)state;
    add_four();
    start(0);
    type("/linux");
    draw(80, 24);
    assert_row(2, ">   1*  Debian GNU/Linux 12");
    assert_row(3, "    2   Fedora Linux                                               3 tries left");
    assert_row(4, "");
    assert_row(22, "Filter: linux");
    assert_true(canvas.cursor && canvas.cursor_column == 13 && canvas.cursor_row == 22);
    assert_non_null(strstr(row_text(0), " 1/2"));
    press(KEY_TAB);
    draw(80, 24);
    assert_row(22, "Filter: linux");
    assert_false(canvas.cursor);
    type("/q");
    draw(80, 24);
    assert_row(2, "        No entry has this in its name.");
    assert_int_equal(selected_row(), -1);
    assert_non_null(strstr(row_text(0), " 0/0"));
    for (unsigned i = 0; i < MENU_FILTER_MAX; i++)
        press('a' + (int)i % 26);
    draw(40, 10);
    assert_int_equal(canvas.cursor_column, 39);
    assert_int_equal(canvas.cell[8][38], menu.filter[MENU_FILTER_MAX - 1]);
}

/* Where a filter lets every third of many through, the selected one is still on the screen. */
static void a_filter_over_many(void **state)
{
    (void)state;
    add_many(1000);
    start(500);
    type("/7");
    for (unsigned i = 0; i < 400; i++) {
        draw(80, 24);
        assert_true(selected_row() >= 2);
        assert_non_null(strchr(row_text((unsigned)selected_row()), '7'));
        press(i < 200 ? KEY_DOWN : KEY_UP);
    }
}

static void the_editor(void **state)
{
    (void)state;
    add_four();
    start(0);
    line_given = "root=/dev/sda1 \xc3\xa9\t1";
    press('e');
    draw(80, 24);
    assert_row(2, "Command line of Debian GNU/Linux 12");
    assert_row(4, "root=/dev/sda1 ???1");
    assert_true(canvas.cursor && canvas.cursor_column == 19 && canvas.cursor_row == 4);
    press(KEY_HOME);
    draw(80, 24);
    assert_true(canvas.cursor_column == 0 && canvas.cursor_row == 4);
    assert_row(23, "Enter start with it  Escape give it up  Ctrl-A/E start/end  Ctrl-K/U/W cut");
    press(KEY_ESCAPE);
    draw(80, 24);
    assert_row(2, ">   1*  Debian GNU/Linux 12");
    assert_false(canvas.cursor);
}

/* The cursor is on the screen wherever it is in the line, and on its character. */
static void a_line_of_several_screens(void **state)
{
    static char line[LAYOUT_COMMAND_LINE_MAX + 1];

    (void)state;
    for (unsigned i = 0; i < sizeof(line) - 1; i++)
        line[i] = (char)('a' + i % 23);
    line_given = line;
    add_four();
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        start(0);
        press('e');
        for (unsigned at = LAYOUT_COMMAND_LINE_MAX; at > 14000; at -= 7) {
            draw(sizes[i][0], sizes[i][1]);
            assert_true(canvas.cursor && canvas.cursor_column < canvas.columns);
            assert_true(canvas.cursor_row >= 4 && canvas.cursor_row < canvas.rows - 4);
            assert_int_equal(canvas.cell[canvas.cursor_row][canvas.cursor_column],
                             at == LAYOUT_COMMAND_LINE_MAX ? ' ' : line[at]);
            for (unsigned step = 0; step < 7; step++)
                press(KEY_LEFT);
        }
    }
}

/* What the user is told of keys is never cut. */
static void keys_are_told_in_full(void **state)
{
    (void)state;
    add_four();
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        start(0);
        draw(sizes[i][0], sizes[i][1]);
        assert_null(strstr(row_text(canvas.rows - 1), ".."));
        press('/');
        draw(sizes[i][0], sizes[i][1]);
        assert_null(strstr(row_text(canvas.rows - 1), ".."));
        press(KEY_ESCAPE);
        press('e');
        draw(sizes[i][0], sizes[i][1]);
        assert_null(strstr(row_text(canvas.rows - 1), ".."));
        press(KEY_ESCAPE);
        press('?');
        draw(sizes[i][0], sizes[i][1]);

        const unsigned top = canvas.rows == CANVAS_ROWS_MIN ? 1 : 2;

        assert_row(top, "Up Down PgUp PgDn  select");
        assert_row(top + 7, "Tab, Escape        stop typing, end it");
        if (canvas.rows >= 24)
            assert_row(top + 11, "!                  broken, or tried in vain");
        assert_row(canvas.rows - 1, "Any key goes back");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_whole_picture, setup),
        cmocka_unit_test_setup(the_smallest_screen, setup),
        cmocka_unit_test_setup(a_thousand_entries, setup),
        cmocka_unit_test_setup(long_names_are_cut, setup),
        cmocka_unit_test_setup(names_beyond_ascii, setup),
        cmocka_unit_test_setup(messages, setup),
        cmocka_unit_test_setup(the_filter, setup),
        cmocka_unit_test_setup(a_filter_over_many, setup),
        cmocka_unit_test_setup(the_editor, setup),
        cmocka_unit_test_setup(a_line_of_several_screens, setup),
        cmocka_unit_test_setup(keys_are_told_in_full, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

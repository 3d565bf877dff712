/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/canvas.c common/console.c common/text.c common/failure.c */
/* What is drawn, where it is cut, and what of it goes to the consoles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "menu/canvas.h"

#include <cmocka.h>

#include "tests/unit/fake_console.h"

static struct canvas canvas, before;

static void assert_row(unsigned row, const char *text)
{
    char wanted[CANVAS_COLUMNS_MAX];

    memset(wanted, ' ', sizeof(wanted));
    memcpy(wanted, text, strlen(text));
    assert_memory_equal(canvas.cell[row], wanted, canvas.columns);
}

static void sizes_are_kept_within_limits(void **state)
{
    (void)state;
    canvas_clear(&canvas, 80, 24);
    assert_int_equal(canvas.columns, 80);
    assert_int_equal(canvas.rows, 24);
    canvas_clear(&canvas, 0, 0);
    assert_int_equal(canvas.columns, CANVAS_COLUMNS_MIN);
    assert_int_equal(canvas.rows, CANVAS_ROWS_MIN);
    canvas_clear(&canvas, 1000, 1000);
    assert_int_equal(canvas.columns, CANVAS_COLUMNS_MAX);
    assert_int_equal(canvas.rows, CANVAS_ROWS_MAX);
    assert_row(CANVAS_ROWS_MAX - 1, "");
}

static void text_is_cut(void **state)
{
    (void)state;
    canvas_clear(&canvas, 40, 10);
    assert_int_equal(canvas_text(&canvas, 2, 0, 100, STYLE_PLAIN, "abc"), 3);
    assert_row(0, "  abc");
    assert_int_equal(canvas_text(&canvas, 0, 1, 5, STYLE_PLAIN, "abcde"), 5);
    assert_row(1, "abcde");
    assert_int_equal(canvas_text(&canvas, 0, 1, 5, STYLE_PLAIN, "fghijk"), 5);
    assert_row(1, "fg...");
    assert_int_equal(canvas_text(&canvas, 36, 2, 100, STYLE_PLAIN, "wxyz"), 4);
    assert_row(2, "                                    wxyz");
    assert_int_equal(canvas_text(&canvas, 36, 3, 100, STYLE_PLAIN, "vwxyz"), 4);
    assert_row(3, "                                    v...");
    assert_int_equal(canvas_text(&canvas, 0, 4, 2, STYLE_PLAIN, "abc"), 2);
    assert_row(4, "ab");
    assert_int_equal(canvas_text(&canvas, 0, 5, 0, STYLE_PLAIN, "abc"), 0);
    assert_int_equal(canvas_text(&canvas, 40, 5, 9, STYLE_PLAIN, "abc"), 0);
    assert_int_equal(canvas_text(&canvas, 0, 10, 9, STYLE_PLAIN, "abc"), 0);
    assert_int_equal(canvas_text(&canvas, 0, 5, 9, STYLE_PLAIN, ""), 0);
    assert_row(5, "");
    assert_row(9, "");
}

static void characters_that_are_no_ascii(void **state)
{
    (void)state;
    canvas_clear(&canvas, 40, 10);
    assert_int_equal(canvas_text(&canvas, 0, 0, 9, STYLE_PLAIN, "D\xc3\xa9j\xe2\x82\xac\xf0\x9f\x98\x80."), 6);
    assert_row(0, "D?j??.");
    assert_int_equal(canvas_text(&canvas, 0, 1, 9, STYLE_PLAIN, "\033[2J\177\x80\xff"), 7);
    assert_row(1, "?[2J???");
    assert_int_equal(canvas_text(&canvas, 0, 2, 9, STYLE_PLAIN, "a\xe2"), 2); /* broken off */
    assert_row(2, "a?");
    assert_int_equal(canvas_text(&canvas, 0, 3, 5, STYLE_PLAIN, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), 5);
    assert_row(3, "?????");
}

static void styles(void **state)
{
    (void)state;
    canvas_clear(&canvas, 40, 10);
    canvas_text(&canvas, 1, 0, 9, STYLE_WARNING, "ab");
    assert_int_equal(canvas.style[0][0], STYLE_PLAIN);
    assert_int_equal(canvas.style[0][1], STYLE_WARNING);
    assert_int_equal(canvas.style[0][3], STYLE_PLAIN);
    canvas_row_style(&canvas, 0, STYLE_SELECTED);
    assert_int_equal(canvas.style[0][0], STYLE_SELECTED);
    assert_int_equal(canvas.style[0][39], STYLE_SELECTED);
    assert_row(0, " ab");
    canvas_row_style(&canvas, 10, STYLE_SELECTED);
    assert_int_equal(canvas.style[10][0], STYLE_PLAIN);
}

static void assert_shown(void)
{
    for (unsigned row = 0; row < canvas.rows && row < fake.rows; row++) {
        unsigned columns = canvas.columns < fake.columns ? canvas.columns : fake.columns;

        columns -= row == fake.rows - 1 && columns == fake.columns;
        assert_memory_equal(fake.cells[row], canvas.cell[row], columns);
        assert_memory_equal(fake.styles[row], canvas.style[row], columns);
    }
    assert_int_equal(fake.scrolls, 0);
    assert_int_equal(fake.style, STYLE_PLAIN);
    assert_int_equal(fake.cursor, canvas.cursor);
}

static void only_changes_are_shown(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    canvas_clear(&canvas, 80, 24);
    canvas_text(&canvas, 0, 0, 80, STYLE_TITLE, "title");
    canvas_text(&canvas, 10, 5, 80, STYLE_PLAIN, "five");
    fake_write('x'); /* what was on the screen before us */
    canvas_show(&canvas, NULL);
    assert_shown();
    assert_int_equal(fake.clears, 1);
    assert_int_equal(fake.written, 1 + 5 + 4);
    before = canvas;
    canvas_show(&canvas, &before);
    assert_int_equal(fake.written, 1 + 5 + 4);
    canvas_text(&canvas, 10, 5, 80, STYLE_PLAIN, "fire");
    canvas_row_style(&canvas, 7, STYLE_SELECTED);
    canvas_show(&canvas, &before);
    assert_shown();
    assert_int_equal(fake.clears, 1);
    assert_int_equal(fake.written, 1 + 5 + 4 + 1 + 80);
    /* Of another size, all is new. */
    before.rows = 23;
    canvas_show(&canvas, &before);
    assert_shown();
    assert_int_equal(fake.clears, 2);
}

static void the_cursor(void **state)
{
    (void)state;
    fake_consoles("terminal", 80, 24);
    fake.cursor = true;
    canvas_clear(&canvas, 80, 24);
    canvas_show(&canvas, NULL);
    assert_false(fake.cursor);
    before = canvas;
    canvas.cursor = true;
    canvas.cursor_column = 7;
    canvas.cursor_row = 3;
    canvas_show(&canvas, &before);
    assert_true(fake.cursor && fake.column == 7 && fake.row == 3);
    before = canvas;
    canvas_text(&canvas, 0, 9, 80, STYLE_PLAIN, "moves it away");
    canvas_show(&canvas, &before);
    assert_true(fake.cursor && fake.column == 7 && fake.row == 3);
    before = canvas;
    canvas.cursor = false;
    canvas_show(&canvas, &before);
    assert_false(fake.cursor);
}

static void full_screens_do_not_scroll(void **state)
{
    static const unsigned sizes[][4] = { { 80, 24, 80, 24 },     { 80, 25, 80, 25 },  { 40, 10, 40, 10 },
                                         { 240, 100, 240, 100 }, { 80, 24, 100, 31 }, { 100, 31, 80, 24 },
                                         { 300, 110, 300, 110 } };

    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        fake_consoles("terminal", sizes[i][0], sizes[i][1]);
        canvas_clear(&canvas, sizes[i][2], sizes[i][3]);
        for (unsigned row = 0; row < canvas.rows; row++) {
            memset(canvas.cell[row], 'a' + (int)(row % 26), canvas.columns);
            canvas_row_style(&canvas, row, (enum style)(row % 5));
        }
        canvas.cursor = sizes[i][0] == 80;
        canvas.cursor_column = 79;
        canvas.cursor_row = 23;
        canvas_show(&canvas, NULL);
        assert_shown();
    }
}

static void columns_that_cannot_be_moved_to(void **state)
{
    (void)state;
    fake_consoles("terminal", 100, 31);
    canvas_clear(&canvas, 100, 31);
    canvas_text(&canvas, 90, 0, 100, STYLE_TITLE, "place");
    canvas_text(&canvas, 85, 3, 100, STYLE_WARNING, "far right");
    canvas.cursor = true;
    canvas.cursor_column = 93;
    canvas.cursor_row = 3;
    canvas_show(&canvas, NULL);
    assert_shown();
    assert_true(fake.column == 93 && fake.row == 3);
    before = canvas;
    canvas_text(&canvas, 90, 0, 100, STYLE_TITLE, "plane");
    canvas_show(&canvas, &before);
    assert_shown();
    assert_true(fake.column == 93 && fake.row == 3);
}

static void the_least_size(void **state)
{
    unsigned columns, rows;

    (void)state;
    fake_consoles("printer teletype", 80, 24);
    assert_false(canvas_size(&columns, &rows));
    fake_consoles("printer terminal display", 132, 50);
    assert_true(canvas_size(&columns, &rows));
    assert_true(columns == 132 && rows == 50);
    fake_consoles("terminal", 20, 300);
    assert_true(canvas_size(&columns, &rows));
    assert_true(columns == CANVAS_COLUMNS_MIN && rows == CANVAS_ROWS_MAX);
    /* Nothing is drawn on what only prints. */
    fake_consoles("printer", 80, 24);
    canvas_clear(&canvas, 80, 24);
    canvas_text(&canvas, 0, 0, 80, STYLE_PLAIN, "text");
    canvas_show(&canvas, NULL);
    assert_int_equal(fake_printed_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_kept_within_limits),    cmocka_unit_test(text_is_cut),
        cmocka_unit_test(characters_that_are_no_ascii),    cmocka_unit_test(styles),
        cmocka_unit_test(only_changes_are_shown),          cmocka_unit_test(the_cursor),
        cmocka_unit_test(full_screens_do_not_scroll),      cmocka_unit_test(the_least_size),
        cmocka_unit_test(columns_that_cannot_be_moved_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

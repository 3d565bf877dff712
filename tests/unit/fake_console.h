/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A console with a screen in memory, which does what real ones do (a line that is full goes on in the next one, the
 * last one scrolls), and keys that the test types. Another only prints, into a text.
 */
#ifndef TESTS_UNIT_FAKE_CONSOLE_H
#define TESTS_UNIT_FAKE_CONSOLE_H

#include <string.h>

#include "common/console.h"
#include "common/keys.h"
#include "common/text.h"

#define FAKE_COLUMNS_MAX  300
#define FAKE_ROWS_MAX     120
#define FAKE_COLUMNS_SURE 80

static struct {
    unsigned columns, rows, column, row;
    char cells[FAKE_ROWS_MAX][FAKE_COLUMNS_MAX + 1];
    uint8_t styles[FAKE_ROWS_MAX][FAKE_COLUMNS_MAX];
    uint8_t style;
    bool cursor;
    unsigned written, clears, scrolls;
} fake;

static char fake_printed[65536];
static unsigned fake_printed_size;
static int fake_keys[256];
static unsigned fake_key_first, fake_key_count;

static bool fake_start(struct span options, bool forced)
{
    (void)forced;
    return !options.size;
}

static int fake_read(void)
{
    return fake_key_first < fake_key_count ? fake_keys[fake_key_first++] : KEY_NONE;
}

static bool fake_begins; /* somebody presses a key, of which no more has come yet */

static bool fake_begun(void)
{
    return fake_begins;
}

static void fake_size(unsigned *columns, unsigned *rows)
{
    *columns = fake.columns;
    *rows = fake.rows;
}

static void fake_clear(void)
{
    for (unsigned row = 0; row < FAKE_ROWS_MAX; row++) {
        memset(fake.cells[row], ' ', FAKE_COLUMNS_MAX);
        memset(fake.styles[row], STYLE_PLAIN, FAKE_COLUMNS_MAX);
        fake.cells[row][fake.columns] = '\0';
    }
    fake.column = fake.row = 0;
    fake.style = STYLE_PLAIN;
    fake.clears++;
}

static void fake_move(unsigned column, unsigned row)
{
    assert_true(column < fake.columns && row < fake.rows);
    if (column >= FAKE_COLUMNS_SURE) /* as with EDK2's serial terminal, which is then asked in vain */
        return;
    fake.column = column;
    fake.row = row;
}

static void fake_style(enum style style)
{
    fake.style = (uint8_t)style;
}

static void fake_cursor(bool visible)
{
    fake.cursor = visible;
}

static void fake_next_row(void)
{
    if (fake.row + 1 < fake.rows)
        fake.row++;
    else
        fake.scrolls++;
}

static void fake_write(char byte)
{
    if (byte == '\r') {
        fake.column = 0;
        return;
    }
    if (byte == '\n') {
        fake_next_row();
        return;
    }
    fake.cells[fake.row][fake.column] = byte;
    fake.styles[fake.row][fake.column] = fake.style;
    fake.written++;
    if (++fake.column == fake.columns) {
        fake.column = 0;
        fake_next_row();
    }
}

static void fake_print(char byte)
{
    if (fake_printed_size + 1 < sizeof(fake_printed))
        fake_printed[fake_printed_size++] = byte;
    fake_printed[fake_printed_size] = '\0';
}

static const struct screen fake_screen = { fake_size, fake_clear, fake_move, fake_style, fake_cursor };
static const struct console fake_terminal = { "terminal", fake_start,   fake_write, fake_read,
                                              fake_begun, &fake_screen, NULL };
static const struct console fake_display = { "display", fake_start, fake_write, NULL, NULL, &fake_screen, NULL };
static const struct console fake_teletype = { "teletype", fake_start, fake_print, fake_read, NULL, NULL, NULL };
static const struct console fake_printer = { "printer", fake_start, fake_print, NULL, NULL, NULL, NULL };

/* Starts these alone, blank. */
static void fake_consoles(const char *specs, unsigned columns, unsigned rows)
{
    const struct console *all[] = { &fake_terminal, &fake_display, &fake_teletype, &fake_printer };

    memset(&fake, 0, sizeof(fake));
    fake.columns = columns;
    fake.rows = rows;
    fake_clear();
    fake.clears = 0;
    fake_printed_size = fake_key_first = fake_key_count = 0;
    fake_printed[0] = '\0';
    fake_begins = false;
    console_page(0, 0, NULL, NULL);
    for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
        console_register(all[i]);
        console_stop(all[i]->name);
    }
    console_start_present(specs);
}

#endif

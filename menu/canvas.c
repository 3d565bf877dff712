/* SPDX-License-Identifier: BSD-2-Clause */
/* A picture of text, and how it comes onto the consoles; see canvas.h. */
#include "menu/canvas.h"

#include <stddef.h>

#include "common/string.h"

#define COLUMNS_SURE 80 /* every screen has these */

static unsigned between(unsigned value, unsigned least, unsigned most)
{
    return value < least ? least : value > most ? most : value;
}

void canvas_clear(struct canvas *canvas, unsigned columns, unsigned rows)
{
    canvas->columns = between(columns, CANVAS_COLUMNS_MIN, CANVAS_COLUMNS_MAX);
    canvas->rows = between(rows, CANVAS_ROWS_MIN, CANVAS_ROWS_MAX);
    memset(canvas->cell, ' ', sizeof(canvas->cell));
    memset(canvas->style, STYLE_PLAIN, sizeof(canvas->style));
    canvas->cursor = false;
    canvas->cursor_column = canvas->cursor_row = 0;
}

/* The next character as we can show it, '\0' at the end; UTF-8's continuation bytes belong to what is before them. */
static char next_character(const char **text)
{
    const uint8_t byte = (uint8_t) * *text;

    if (!byte)
        return '\0';
    ++*text;
    if (byte >= 0xc0) {
        for (unsigned i = 0; i < 3 && ((uint8_t) * *text & 0xc0) == 0x80; i++)
            ++*text;
    }
    return byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
}

unsigned canvas_text(struct canvas *canvas, unsigned column, unsigned row, unsigned limit, enum style style,
                     const char *text)
{
    const char *rest = text;
    unsigned room, count = 0;

    if (column >= canvas->columns || row >= canvas->rows)
        return 0;
    room = canvas->columns - column < limit ? canvas->columns - column : limit;
    while (count <= room && next_character(&rest))
        count++;

    const unsigned whole = count <= room ? count : room >= 3 ? room - 3 : room;
    const unsigned taken = count <= room ? count : room;

    for (unsigned i = 0; i < taken; i++) {
        canvas->cell[row][column + i] = i < whole ? next_character(&text) : '.';
        canvas->style[row][column + i] = (uint8_t)style;
    }
    return taken;
}

void canvas_row_style(struct canvas *canvas, unsigned row, enum style style)
{
    if (row < canvas->rows)
        memset(canvas->style[row], (int)style, canvas->columns);
}

/* ---- showing ---- */

struct pictures {
    const struct canvas *now;
    const struct canvas *before; /* NULL: the screen is blank */
};

static bool differs(const struct pictures *pictures, unsigned column, unsigned row)
{
    const struct canvas *now = pictures->now, *before = pictures->before;

    if (!before)
        return now->cell[row][column] != ' ' || now->style[row][column] != STYLE_PLAIN;
    return now->cell[row][column] != before->cell[row][column] || now->style[row][column] != before->style[row][column];
}

static void write_cells(const struct pictures *pictures, const struct console *console, unsigned row, unsigned first,
                        unsigned end)
{
    int style = -1;

    for (unsigned i = first; i < end; i++) {
        if (style != pictures->now->style[row][i]) {
            style = pictures->now->style[row][i];
            console->screen->style((enum style)style);
        }
        console->write(pictures->now->cell[row][i]);
    }
}

/*
 * Moves to a cell. EDK2's serial terminal may have fewer columns than the console that it is a part of: it then writes
 * in the others, but does not move to them.
 */
static void move_to(const struct pictures *pictures, const struct console *console, unsigned column, unsigned row)
{
    const unsigned sure = column < COLUMNS_SURE ? column : COLUMNS_SURE - 1;

    console->screen->move(sure, row);
    write_cells(pictures, console, row, sure, column);
}

/* From the first cell of a row that differs to the last one. */
static bool show_row(const struct pictures *pictures, const struct console *console, unsigned columns, unsigned row)
{
    unsigned first = 0, end = columns;

    while (first < end && !differs(pictures, first, row))
        first++;
    while (end > first && !differs(pictures, end - 1, row))
        end--;
    if (first == end)
        return false;
    move_to(pictures, console, first, row);
    write_cells(pictures, console, row, first, end);
    return true;
}

static bool cursor_differs(const struct pictures *pictures)
{
    const struct canvas *now = pictures->now, *before = pictures->before;

    return !before || now->cursor != before->cursor || now->cursor_column != before->cursor_column ||
           now->cursor_row != before->cursor_row;
}

static void show(void *context, const struct console *console)
{
    const struct pictures *pictures = context;
    const struct canvas *now = pictures->now;
    const struct screen *screen = console->screen;
    unsigned columns, rows;
    bool changed = false;

    if (!screen)
        return;
    screen->size(&columns, &rows);
    if (!pictures->before)
        screen->clear();
    if (!pictures->before || (pictures->before->cursor && !now->cursor))
        screen->cursor(false);
    for (unsigned row = 0; row < now->rows && row < rows; row++) {
        /* A character in the lower right corner would make the screen scroll. */
        const unsigned most = row == rows - 1 ? columns - 1 : columns;

        changed |= show_row(pictures, console, now->columns < most ? now->columns : most, row);
    }
    if (!changed && !cursor_differs(pictures))
        return;
    if (now->cursor && now->cursor_column < columns && now->cursor_row < rows) {
        move_to(pictures, console, now->cursor_column, now->cursor_row);
        screen->cursor(true);
    }
    screen->style(STYLE_PLAIN);
}

void canvas_show(const struct canvas *canvas, const struct canvas *before)
{
    struct pictures pictures = { canvas, before };

    if (before && (before->columns != canvas->columns || before->rows != canvas->rows))
        pictures.before = NULL;
    console_each(show, &pictures);
}

struct least {
    unsigned columns, rows;
    bool any;
};

static void take_size(void *context, const struct console *console)
{
    struct least *least = context;
    unsigned columns, rows;

    if (!console->screen)
        return;
    console->screen->size(&columns, &rows);
    if (!least->any || columns < least->columns)
        least->columns = columns;
    if (!least->any || rows < least->rows)
        least->rows = rows;
    least->any = true;
}

bool canvas_size(unsigned *columns, unsigned *rows)
{
    struct least least = { 0 };

    console_each(take_size, &least);
    *columns = between(least.columns, CANVAS_COLUMNS_MIN, CANVAS_COLUMNS_MAX);
    *rows = between(least.rows, CANVAS_ROWS_MIN, CANVAS_ROWS_MAX);
    return least.any;
}

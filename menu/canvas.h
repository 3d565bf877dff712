/* SPDX-License-Identifier: BSD-2-Clause */
/* A picture of text: drawn first, then shown on every console that has a screen, only what changed. */
#ifndef MENU_CANVAS_H
#define MENU_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/console.h"
#include "common/span.h"

#define CANVAS_COLUMNS_MAX 240
#define CANVAS_ROWS_MAX    100
#define CANVAS_COLUMNS_MIN 40
#define CANVAS_ROWS_MIN    10

struct canvas {
    unsigned columns, rows;
    char cell[CANVAS_ROWS_MAX][CANVAS_COLUMNS_MAX];     /* printable ASCII */
    uint8_t style[CANVAS_ROWS_MAX][CANVAS_COLUMNS_MAX]; /* of enum style */
    bool cursor;                                        /* shown, at: */
    unsigned cursor_column, cursor_row;
};

/* Blank, plain, of this size (kept within the limits above). */
void canvas_clear(struct canvas *canvas, unsigned columns, unsigned rows);

/*
 * Writes text from a place on, up to `limit` columns and the right edge: what is longer ends in "...". A character
 * beyond ASCII is one '?', control characters too. Returns the columns that it took.
 */
unsigned canvas_text(struct canvas *canvas, unsigned column, unsigned row, unsigned limit, enum style style,
                     const char *text);

/* Fills a row from edge to edge with a style, keeping its characters. */
void canvas_row_style(struct canvas *canvas, unsigned row, enum style style);

/*
 * Shows it on the started consoles: on each what differs from `before` (NULL, or of another size: all of it, on a
 * screen that is cleared first). A console that has fewer columns or rows gets what fits.
 */
void canvas_show(const struct canvas *canvas, const struct canvas *before);

/* The size that fits every started console's screen; false where no console has one. */
bool canvas_size(unsigned *columns, unsigned *rows);

#endif

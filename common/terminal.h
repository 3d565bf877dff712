/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A terminal behind a line that carries bytes: what is drawn on it (ECMA-48; DECTCEM for the cursor, as VT220 and all
 * its followers have it), and keys out of what it sends (common/keys.h). The line itself is the caller's.
 */
#ifndef COMMON_TERMINAL_H
#define COMMON_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/console.h"
#include "common/keys.h"

/* All zero is the state before the first byte. */
struct terminal {
    struct key_decoder decoder;
    uint64_t decoded_at; /* when it took its last byte, in ticks of the time stamp counter */
};

/*
 * The next key out of the bytes that `receive` gives until it returns false; KEY_NONE where there is none yet. `now` is
 * the time stamp counter: Escape is a key of its own where nothing has followed it for a while.
 */
int terminal_read(struct terminal *terminal, bool (*receive)(uint8_t *byte), uint64_t now);

/* A part of a key has come, of which terminal_read says nothing yet. */
bool terminal_begun(const struct terminal *terminal);

/* What a struct screen has, for the line that is written to by `write`. */
void terminal_size(unsigned *columns, unsigned *rows);
void terminal_clear(void (*write)(char byte));
void terminal_move(void (*write)(char byte), unsigned column, unsigned row);
void terminal_style(void (*write)(char byte), enum style style);
void terminal_cursor(void (*write)(char byte), bool visible);

/* Defines a struct screen `screen` out of them: a screen's functions do not know whose they are. */
#define TERMINAL_SCREEN(screen, write)                                                                  \
    static void screen##_clear(void)                                                                    \
    {                                                                                                   \
        terminal_clear(write);                                                                          \
    }                                                                                                   \
    static void screen##_move(unsigned column, unsigned row)                                            \
    {                                                                                                   \
        terminal_move(write, column, row);                                                              \
    }                                                                                                   \
    static void screen##_style(enum style style)                                                        \
    {                                                                                                   \
        terminal_style(write, style);                                                                   \
    }                                                                                                   \
    static void screen##_cursor(bool visible)                                                           \
    {                                                                                                   \
        terminal_cursor(write, visible);                                                                \
    }                                                                                                   \
    static const struct screen screen = { terminal_size, screen##_clear, screen##_move, screen##_style, \
                                          screen##_cursor }

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal behind a line; see terminal.h. Pure. */
#include "common/terminal.h"

#include "common/text.h"

/* A terminal does not tell its size before it is asked, and may not answer. */
#define TERMINAL_COLUMNS 80
#define TERMINAL_ROWS    24

/* Escape is the key, and not the begin of another's sequence, where nothing follows for so many ticks of the time stamp
 * counter. Nobody has told its frequency here: 0.2 s at 5 GHz, 1 s at 1 GHz. There may be a network in between. */
#define ESCAPE_TICKS 1000000000ull

int terminal_read(struct terminal *terminal, bool (*receive)(uint8_t *byte), uint64_t now)
{
    uint8_t byte;

    while (receive(&byte)) {
        const int key = key_decode(&terminal->decoder, byte);

        terminal->decoded_at = now;
        if (key != KEY_NONE)
            return key;
    }
    if (!terminal->decoder.count || now - terminal->decoded_at <= ESCAPE_TICKS)
        return KEY_NONE;
    return key_decode_end(&terminal->decoder);
}

bool terminal_begun(const struct terminal *terminal)
{
    return terminal->decoder.count;
}

static void send(void (*write)(char byte), const char *text)
{
    for (; *text; text++)
        write(*text);
}

void terminal_size(unsigned *columns, unsigned *rows)
{
    *columns = TERMINAL_COLUMNS;
    *rows = TERMINAL_ROWS;
}

void terminal_clear(void (*write)(char byte))
{
    send(write, "\033[0m\033[2J\033[H");
}

void terminal_move(void (*write)(char byte), unsigned column, unsigned row)
{
    char sequence[32];

    text_format(sequence, sizeof(sequence), "\033[%u;%uH", row + 1, column + 1);
    send(write, sequence);
}

void terminal_style(void (*write)(char byte), enum style style)
{
    static const char sequences[][12] = { [STYLE_PLAIN] = "\033[0m",
                                          [STYLE_SELECTED] = "\033[0;7m",
                                          [STYLE_TITLE] = "\033[0;1m",
                                          [STYLE_MUTED] = "\033[0;2m",
                                          [STYLE_WARNING] = "\033[0;1;33m" };

    send(write, sequences[style]);
}

void terminal_cursor(void (*write)(char byte), bool visible)
{
    send(write, visible ? "\033[?25h" : "\033[?25l");
}

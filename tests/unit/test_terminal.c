/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/terminal.c common/keys.c common/text.c */
/* The terminal behind a line: keys out of bytes that come in pieces, Escape alone, and the sequences that are sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/terminal.h"

#include <cmocka.h>

#define ESCAPE_TICKS 1000000000ull

static struct terminal terminal;
static const char *line; /* what has come and was not taken */
static char sent[256];
static unsigned sent_size;

static int setup(void **state)
{
    (void)state;
    memset(&terminal, 0, sizeof(terminal));
    line = "";
    sent_size = 0;
    return 0;
}

static bool receive(uint8_t *byte)
{
    if (!*line)
        return false;
    *byte = (uint8_t)*line++;
    return true;
}

static int read_at(uint64_t now)
{
    return terminal_read(&terminal, receive, now);
}

static void send(char byte)
{
    assert_true(sent_size + 1 < sizeof(sent));
    sent[sent_size++] = byte;
    sent[sent_size] = '\0';
}

TERMINAL_SCREEN(screen, send);

static void keys_in_their_order(void **state)
{
    (void)state;
    line = "a\033[B\r\033OA";
    assert_int_equal(read_at(1), 'a');
    assert_int_equal(read_at(1), KEY_DOWN);
    assert_int_equal(read_at(1), KEY_ENTER);
    assert_int_equal(read_at(1), KEY_UP);
    assert_int_equal(read_at(1), KEY_NONE);
    assert_false(terminal_begun(&terminal));
}

static void key_in_pieces(void **state)
{
    (void)state;
    line = "\033";
    assert_int_equal(read_at(0), KEY_NONE);
    assert_true(terminal_begun(&terminal));
    line = "[";
    assert_int_equal(read_at(ESCAPE_TICKS), KEY_NONE);
    line = "A"; /* a tick count from the last byte, not from the first */
    assert_int_equal(read_at(2 * ESCAPE_TICKS), KEY_UP);
    assert_false(terminal_begun(&terminal));
}

static void escape_alone(void **state)
{
    const uint64_t begin = UINT64_MAX - 10; /* the counter may wrap */

    (void)state;
    line = "\033";
    assert_int_equal(read_at(begin), KEY_NONE);
    assert_int_equal(read_at(begin + ESCAPE_TICKS), KEY_NONE);
    assert_int_equal(read_at(begin + ESCAPE_TICKS + 1), KEY_ESCAPE);
    assert_int_equal(read_at(begin + 5 * ESCAPE_TICKS), KEY_NONE);
    assert_false(terminal_begun(&terminal));
}

static void sequences(void **state)
{
    unsigned columns, rows;

    (void)state;
    screen.size(&columns, &rows);
    assert_int_equal(columns, 80);
    assert_int_equal(rows, 24);
    screen.clear();
    screen.move(79, 0);
    screen.style(STYLE_SELECTED);
    screen.style(STYLE_PLAIN);
    screen.cursor(false);
    screen.cursor(true);
    assert_string_equal(sent, "\033[0m\033[2J\033[H\033[1;80H\033[0;7m\033[0m\033[?25l\033[?25h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys_in_their_order, setup),
        cmocka_unit_test_setup(key_in_pieces, setup),
        cmocka_unit_test_setup(escape_alone, setup),
        cmocka_unit_test_setup(sequences, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

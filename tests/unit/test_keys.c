/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/keys.c */
/* The byte sequences of terminals, each as its document has it, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/keys.h"

#include <cmocka.h>

/* What a text gives: its keys, and at the end what was pending. */
static unsigned decode(const char *text, size_t size, int *keys)
{
    struct key_decoder decoder = { 0 };
    unsigned count = 0;

    for (size_t i = 0; i < size; i++) {
        keys[count] = key_decode(&decoder, (uint8_t)text[i]);
        count += keys[count] != KEY_NONE;
    }
    keys[count] = key_decode_end(&decoder);
    count += keys[count] != KEY_NONE;
    assert_int_equal(key_decode_end(&decoder), KEY_NONE);
    return count;
}

static void expect(const char *text, int key)
{
    int keys[64];

    assert_int_equal(decode(text, strlen(text), keys), 1);
    assert_int_equal(keys[0], key);
}

static void characters(void **state)
{
    int keys[8];

    (void)state;
    expect("a", 'a');
    expect(" ", ' ');
    expect("~", '~');
    expect("\r", KEY_ENTER);
    expect("\n", KEY_ENTER);
    expect("\t", KEY_TAB);
    expect("\b", KEY_BACKSPACE);
    expect("\177", KEY_BACKSPACE);
    expect("\001", KEY_CONTROL('a'));
    expect("\027", KEY_CONTROL('w'));
    assert_int_equal(decode("\0", 1, keys), 0);
    assert_int_equal(decode("\xc3\xa9", 2, keys), 2);
    assert_int_equal(keys[0], 0xc3);
    assert_int_equal(keys[1], 0xa9);
}

static void sequences(void **state)
{
    static const struct {
        const char *bytes;
        int key;
    } rows[] = {
        /* xterm, VT100 in cursor and in application mode, Linux console */
        { "\033[A", KEY_UP },
        { "\033[B", KEY_DOWN },
        { "\033[C", KEY_RIGHT },
        { "\033[D", KEY_LEFT },
        { "\033OA", KEY_UP },
        { "\033OB", KEY_DOWN },
        { "\033OC", KEY_RIGHT },
        { "\033OD", KEY_LEFT },
        { "\033[H", KEY_HOME },
        { "\033[F", KEY_END },
        { "\033OH", KEY_HOME },
        { "\033OF", KEY_END },
        /* VT220's editing keypad, and the Linux console's and rxvt's */
        { "\033[1~", KEY_HOME },
        { "\033[2~", KEY_INSERT },
        { "\033[3~", KEY_DELETE },
        { "\033[4~", KEY_END },
        { "\033[5~", KEY_PAGE_UP },
        { "\033[6~", KEY_PAGE_DOWN },
        { "\033[7~", KEY_HOME },
        { "\033[8~", KEY_END },
        /* with modifiers */
        { "\033[1;5A", KEY_UP },
        { "\033[3;2~", KEY_DELETE },
        /* the keypad in application mode */
        { "\033OM", KEY_ENTER },
        { "\033Op", '0' },
        { "\033Oy", '9' },
        /* function keys and what else there is */
        { "\033OP", KEY_OTHER },
        { "\033[11~", KEY_OTHER },
        { "\033[24~", KEY_OTHER },
        { "\033[[A", KEY_OTHER },
        { "\033[[E", KEY_OTHER },
        { "\033[Z", KEY_OTHER },
        { "\033[24;80R", KEY_OTHER },
        { "\033[27;5;129~", KEY_OTHER },
        { "\033[?62;1;2;6;7;8;9c", KEY_OTHER },
        { "\033[99999999999999999999~", KEY_OTHER },
        { "\033x", KEY_OTHER },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        expect(rows[i].bytes, rows[i].key);
}

static void escape_alone(void **state)
{
    int keys[8];

    (void)state;
    expect("\033", KEY_ESCAPE);
    assert_int_equal(decode("\033\033", 2, keys), 2);
    assert_int_equal(keys[0], KEY_ESCAPE);
    assert_int_equal(keys[1], KEY_ESCAPE);
    assert_int_equal(decode("\033\033[A", 4, keys), 2);
    assert_int_equal(keys[0], KEY_ESCAPE);
    assert_int_equal(keys[1], KEY_UP);
}

/* A sequence that breaks off gives one key that means nothing, and what comes then is as ever. */
static void broken_sequences(void **state)
{
    int keys[8];

    (void)state;
    expect("\033[", KEY_OTHER);
    expect("\033O", KEY_OTHER);
    expect("\033[1", KEY_OTHER);
    expect("\033[1;\r", KEY_ENTER);
    assert_int_equal(decode("\033[\033[B", 5, keys), 2);
    assert_int_equal(keys[0], KEY_OTHER);
    assert_int_equal(keys[1], KEY_DOWN);
    assert_int_equal(decode("\033[Ab\033[5~c", 9, keys), 4);
    assert_int_equal(keys[0], KEY_UP);
    assert_int_equal(keys[1], 'b');
    assert_int_equal(keys[2], KEY_PAGE_UP);
    assert_int_equal(keys[3], 'c');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),
        cmocka_unit_test(sequences),
        cmocka_unit_test(escape_alone),
        cmocka_unit_test(broken_sequences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

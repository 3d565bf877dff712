/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/keyboard.c */
/* Scan codes, as a PC's keyboard sends them for what a person does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/keyboard.h"
#include "common/keys.h"

#include <cmocka.h>

#define PRESS(code)   (code)
#define RELEASE(code) ((code) | 0x80)
#define SHIFT         0x2a
#define RIGHT_SHIFT   0x36
#define CONTROL       0x1d

static struct keyboard keyboard;

static int setup(void **state)
{
    (void)state;
    memset(&keyboard, 0, sizeof(keyboard));
    return 0;
}

/* The one key that the codes give, up to a 0. */
static int type(const uint8_t *codes)
{
    int found = KEY_NONE;

    for (; *codes; codes++) {
        const int key = keyboard_decode(&keyboard, *codes);

        if (key != KEY_NONE) {
            assert_int_equal(found, KEY_NONE);
            found = key;
        }
    }
    return found;
}

#define TYPE(...) type((const uint8_t[]){ __VA_ARGS__, 0 })

static int press(uint8_t code)
{
    return TYPE(PRESS(code), RELEASE(code));
}

/* Rows of the keyboard: the first code, and what the keys from there on give without and with shift. */
static void rows_of_keys(void **state)
{
    static const struct {
        uint8_t code;
        const char *plain, *shifted;
    } rows[] = {
        { 0x02, "1234567890-=", "!@#$%^&*()_+" },
        { 0x10, "qwertyuiop[]", "QWERTYUIOP{}" },
        { 0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
        { 0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
        { 0x37, "*", "*" },
        { 0x39, " ", " " },
        { 0x56, "\\", "|" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        for (unsigned k = 0; rows[i].plain[k]; k++) {
            const uint8_t code = (uint8_t)(rows[i].code + k);

            /* The left shift lies between them. */
            assert_int_equal(press(code), rows[i].plain[k]);
            assert_int_equal(TYPE(PRESS(SHIFT), PRESS(code), RELEASE(code), RELEASE(SHIFT)), rows[i].shifted[k]);
            assert_int_equal(TYPE(PRESS(RIGHT_SHIFT), PRESS(code), RELEASE(code), RELEASE(RIGHT_SHIFT)),
                             rows[i].shifted[k]);
            assert_int_equal(press(code), rows[i].plain[k]);
        }
    }
}

static void named_keys(void **state)
{
    (void)state;
    assert_int_equal(press(0x01), KEY_ESCAPE);
    assert_int_equal(press(0x0e), KEY_BACKSPACE);
    assert_int_equal(press(0x0f), KEY_TAB);
    assert_int_equal(press(0x1c), KEY_ENTER);
    for (uint8_t code = 0x3b; code <= 0x44; code++)
        assert_int_equal(press(code), KEY_OTHER);
    assert_int_equal(press(0x57), KEY_OTHER);
    assert_int_equal(press(0x38), KEY_NONE); /* Alt */
    assert_int_equal(TYPE(0xff), KEY_NONE);
    assert_int_equal(keyboard_decode(&keyboard, 0), KEY_NONE);
}

static void extended_keys(void **state)
{
    static const uint16_t keys[][2] = {
        { 0x47, KEY_HOME },  { 0x48, KEY_UP },   { 0x49, KEY_PAGE_UP },   { 0x4b, KEY_LEFT },   { 0x4d, KEY_RIGHT },
        { 0x4f, KEY_END },   { 0x50, KEY_DOWN }, { 0x51, KEY_PAGE_DOWN }, { 0x52, KEY_INSERT }, { 0x53, KEY_DELETE },
        { 0x1c, KEY_ENTER }, { 0x35, '/' },      { 0x5b, KEY_OTHER },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        const uint8_t code = (uint8_t)keys[i][0];

        assert_int_equal(TYPE(0xe0, PRESS(code), 0xe0, RELEASE(code)), keys[i][1]);
        /* With number lock on, the keyboard puts a shift around it that nobody pressed. */
        assert_int_equal(TYPE(0xe0, PRESS(SHIFT), 0xe0, PRESS(code), 0xe0, RELEASE(code), 0xe0, RELEASE(SHIFT)),
                         keys[i][1]);
    }
    assert_int_equal(press(0x1e), 'a');
}

static void locks(void **state)
{
    (void)state;
    assert_int_equal(press(0x3a), KEY_NONE);
    assert_int_equal(press(0x1e), 'A');
    assert_int_equal(press(0x02), '1');
    assert_int_equal(TYPE(PRESS(SHIFT), PRESS(0x1e), RELEASE(SHIFT)), 'a');
    assert_int_equal(press(0x3a), KEY_NONE);
    assert_int_equal(press(0x1e), 'a');
    assert_int_equal(press(0x48), KEY_UP);
    assert_int_equal(press(0x45), KEY_NONE);
    assert_int_equal(press(0x48), '8');
    assert_int_equal(press(0x53), '.');
    assert_int_equal(TYPE(0xe0, PRESS(0x48)), KEY_UP);
    assert_int_equal(press(0x45), KEY_NONE);
    assert_int_equal(press(0x53), KEY_DELETE);
}

static void control(void **state)
{
    (void)state;
    assert_int_equal(TYPE(PRESS(CONTROL), PRESS(0x1e), RELEASE(0x1e), RELEASE(CONTROL)), KEY_CONTROL('a'));
    assert_int_equal(TYPE(0xe0, PRESS(CONTROL), PRESS(0x25), 0xe0, RELEASE(CONTROL)), KEY_CONTROL('k'));
    assert_int_equal(press(0x25), 'k');
    assert_int_equal(TYPE(PRESS(CONTROL), PRESS(0x23), RELEASE(CONTROL)), KEY_BACKSPACE);
    assert_int_equal(TYPE(PRESS(CONTROL), PRESS(0x24), RELEASE(CONTROL)), KEY_ENTER);
    assert_int_equal(TYPE(PRESS(CONTROL), PRESS(0x02), RELEASE(CONTROL)), '1');
}

static void pause_key(void **state)
{
    (void)state;
    assert_int_equal(TYPE(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5), KEY_NONE);
    assert_int_equal(press(0x1e), 'a');
    assert_false(keyboard.number_lock || keyboard.left_control);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rows_of_keys, setup),  cmocka_unit_test_setup(named_keys, setup),
        cmocka_unit_test_setup(extended_keys, setup), cmocka_unit_test_setup(locks, setup),
        cmocka_unit_test_setup(control, setup),       cmocka_unit_test_setup(pause_key, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/loader_texts.c common/text.c common/failure.c */
/* Texts of EFI variables: UTF-16 both ways, numbers, GUIDs, paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "firmware/loader_texts.h"

#include <cmocka.h>

#define SPAN(array) ((struct span){ (const uint8_t *)(array), sizeof(array) })

static void to_utf16(void **state)
{
    static const uint16_t expected[] = { 'a', 0xe4, 0x20ac, 0xd83d, 0xde00, 0xfffd, 'z', 0 };
    uint16_t units[16];

    (void)state;
    assert_int_equal(utf16_from_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xffz", units, 16), 8);
    assert_memory_equal(units, expected, sizeof(expected));
    assert_int_equal(utf16_from_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xffz", units, 8), 8);
    assert_int_equal(utf16_from_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xffz", units, 7), 0);
    assert_int_equal(utf16_from_utf8("", units, 1), 1);
    assert_int_equal(utf16_from_utf8("", units, 0), 0);
    assert_int_equal(utf16_from_utf8("\xf0\x9f\x98\x80", units, 2), 0);
    assert_int_equal(utf16_from_utf8("\xf0\x9f\x98\x80", units, 3), 3);
}

static void no_utf8(void **state)
{
    /* Too long forms, surrogates, beyond the last code point, cut short, a byte alone: all bytes are replaced. */
    static const char *const broken[] = { "\xc0\x80",     "\xe0\x80\x80",        "\xf0\x80\x80\x80",
                                          "\xed\xa0\x80", "\xf4\x90\x80\x80",    "\xe2\x82",
                                          "\x80",         "\xf8\x88\x80\x80\x80" };

    (void)state;
    for (unsigned i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        const uint64_t length = strlen(broken[i]);
        uint16_t units[8];

        assert_int_equal(utf16_from_utf8(broken[i], units, 8), length + 1);
        for (unsigned at = 0; at < length; at++)
            assert_int_equal(units[at], 0xfffd);
    }
}

static void from_utf16(void **state)
{
    static const uint16_t good[] = { 'a', 0xe4, 0x20ac, 0xd83d, 0xde00, 0, 'z' };
    static const uint16_t broken[][3] = { { 0xd83d, 'x' }, { 0xde00, 'x' }, { 'a', 0xd83d },
                                          { 'a', 7 },      { 0x7f },        { 0x9f } };
    char text[16];

    (void)state;
    assert_true(utf8_from_utf16(SPAN(good), text, 11));
    assert_string_equal(text, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_false(utf8_from_utf16(SPAN(good), text, 10));
    assert_string_equal(text, "");
    for (unsigned i = 0; i < sizeof(broken) / sizeof(*broken); i++)
        assert_false(utf8_from_utf16(SPAN(broken[i]), text, sizeof(text)));
    /* Half a unit at the end, no NUL, nothing. */
    assert_true(utf8_from_utf16((struct span){ (const uint8_t *)good, 3 }, text, sizeof(text)));
    assert_string_equal(text, "a");
    assert_false(utf8_from_utf16((struct span){ (const uint8_t *)(good + 3), 2 }, text, sizeof(text)));
    assert_true(utf8_from_utf16((struct span){ NULL, 0 }, text, 1));
    assert_string_equal(text, "");
}

static bool timeout_is(const char *text, enum loader_timeout expected, uint32_t seconds)
{
    uint16_t units[64];
    const uint64_t count = utf16_from_utf8(text, units, 64);
    enum loader_timeout timeout = LOADER_TIMEOUT_NONE;
    uint32_t read = 99;

    return loader_timeout_read((struct span){ (const uint8_t *)units, count * 2 }, &timeout, &read) &&
           timeout == expected && read == seconds;
}

static void timeouts(void **state)
{
    static const char *const wrong[] = { "",           "menu",  "menu-force ",
                                         "-1",         "1s",    "0x10",
                                         "4294967296", "1 2 3", "99999999999999999999999999999" };

    (void)state;
    assert_true(timeout_is("0", LOADER_TIMEOUT_SECONDS, 0));
    assert_true(timeout_is("4294967294", LOADER_TIMEOUT_SECONDS, UINT32_MAX - 1));
    assert_true(timeout_is("4294967295", LOADER_TIMEOUT_FORCE, 0));
    assert_true(timeout_is("menu-force", LOADER_TIMEOUT_FORCE, 0));
    assert_true(timeout_is("menu-hidden", LOADER_TIMEOUT_HIDDEN, 0));
    assert_true(timeout_is("menu-disabled", LOADER_TIMEOUT_DISABLED, 0));
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        enum loader_timeout timeout = LOADER_TIMEOUT_NONE;
        uint16_t units[64];
        uint32_t seconds = 99;
        const uint64_t count = utf16_from_utf8(wrong[i], units, 64);

        assert_false(loader_timeout_read((struct span){ (const uint8_t *)units, count * 2 }, &timeout, &seconds));
        assert_true(timeout == LOADER_TIMEOUT_NONE && seconds == 99);
    }
}

static void times(void **state)
{
    uint64_t microseconds = 99;

    (void)state;
    assert_true(loader_microseconds(3000000000, 1000000000, &microseconds));
    assert_int_equal(microseconds, 3000000);
    assert_true(loader_microseconds(2399999999, 2400000000, &microseconds));
    assert_int_equal(microseconds, 999999);
    assert_true(loader_microseconds(UINT64_MAX, 5000000000, &microseconds));
    assert_int_equal(microseconds, UINT64_MAX / 5000); /* centuries later */
    assert_false(loader_microseconds(1, 0, &microseconds));
    assert_false(loader_microseconds(UINT64_MAX, 1, &microseconds));
    assert_false(loader_microseconds(1, UINT64_MAX, &microseconds));
}

static void guids(void **state)
{
    static const uint8_t esp[] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                   0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };
    char text[LOADER_GUID_TEXT];

    (void)state;
    loader_guid_text(esp, text);
    assert_string_equal(text, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
}

static void paths(void **state)
{
    char path[] = "/loader/entries/a+2-1.conf";

    (void)state;
    loader_path_to_efi(path);
    assert_string_equal(path, "\\loader\\entries\\a+2-1.conf");
    loader_path_from_efi(path);
    assert_string_equal(path, "/loader/entries/a+2-1.conf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_utf16), cmocka_unit_test(no_utf8), cmocka_unit_test(from_utf16), cmocka_unit_test(timeouts),
        cmocka_unit_test(times),    cmocka_unit_test(guids),   cmocka_unit_test(paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/os_release.c storage/path.c common/text.c common/failure.c */
/* Values of os-release(5): quotes, backslashes, lines, and what is no text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "menu/os_release.h"

#include <cmocka.h>

static char value[32];

/* A copy of its own size, so that the sanitizer sees reads behind it. */
static bool find_in(struct span text, const char *key, uint64_t size)
{
    uint8_t *copy = malloc(text.size ? text.size : 1);
    bool found;

    if (text.size)
        memcpy(copy, text.data, text.size);
    memset(value, '?', sizeof(value));
    found = os_release_find((struct span){ copy, text.size }, key, value, size);
    free(copy);
    return found;
}

static bool find(const char *text, const char *key)
{
    return find_in(text_span(text), key, sizeof(value));
}

static void values(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        { "ID=debian\n", "debian" },
        { "ID=debian", "debian" },
        { "ID=debian\r\nNAME=x\r\n", "debian" },
        { "ID=debian  \t\n", "debian" },
        { "NAME=x\nID=debian\nVERSION=1\n", "debian" },
        { "\n\n# ID=no\nID=debian\n", "debian" },
        { "ID=a\nID=b\n", "b" }, /* the last holds */
        { "ID=", "" },
        { "ID=\n", "" },
        { "ID=\"\"\n", "" },
        { "ID=''\n", "" },
        { "ID=\"Debian GNU/Linux 12\"\n", "Debian GNU/Linux 12" },
        { "ID='a \"b\" \\c'\n", "a \"b\" \\c" }, /* single quotes keep all */
        { "ID=\"a \\\"b\\\" \\\\ \\$c\"\n", "a \"b\" \\ $c" },
        { "ID=\"a\\\\\"\n", "a\\" },
        { "ID=a\\ b\n", "a b" },
        { "ID=\"a\n", "\"a" }, /* not closed: no quote */
        { "ID=\"\n", "\"" },
        { "ID=a\"\n", "a\"" },
        { "ID=\"a'\n", "\"a'" },
        { "ID=a=b\n", "a=b" },
        { "ID=a\\\n", "a\\" },
        { "ID=\xc3\xbc\n", "\xc3\xbc" },
        { "IDX=no\nID=yes\nID_LIKE=no\nXID=no\n", "yes" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (!find(cases[i].text, "ID"))
            fail_msg("none in \"%s\"", cases[i].text);
        assert_string_equal(value, cases[i].value);
    }
}

static void none(void **state)
{
    static const char *const texts[] = { "", "\n", "ID", "ID\n", "#ID=a\n", "id=a\n", "IDX=a", "I", "ID a\n" };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (find(texts[i], "ID"))
            fail_msg("%s in \"%s\"", value, texts[i]);
        assert_string_equal(value, "");
    }
    assert_false(os_release_find((struct span){ NULL, 0 }, "ID", value, sizeof(value)));
    assert_string_equal(value, "");
}

/* What is not clean is as if it were not there; the one before it does not come back. */
static void unclean(void **state)
{
    static const char *const texts[] = { "ID=a\x1b[2J\n", "ID=\xff\n", "ID=\xc3\n", "ID=good\nID=a\x01\n", "ID=\x7f" };
    static const char nul[] = "ID=a\0b\n";

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (find(texts[i], "ID"))
            fail_msg("%s in text %zu", value, i);
        assert_string_equal(value, "");
    }
    assert_false(find_in((struct span){ (const uint8_t *)nul, sizeof(nul) - 1 }, "ID", sizeof(value)));
    assert_true(find("ID=a\x01\nID=good\n", "ID"));
    assert_string_equal(value, "good");
}

/* Cut to the buffer, but never within a character. */
static void cut(void **state)
{
    static const struct {
        const char *text, *value;
        uint64_t size;
    } cases[] = {
        { "ID=abcdef", "abc", 4 },
        { "ID=abc", "abc", 4 },
        { "ID=abc", "", 1 },
        { "ID=\"abc\"", "ab", 3 },
        { "ID=ab\xc3\xbc", "ab", 4 },
        { "ID=a\xc3\xbc", "a\xc3\xbc", 4 },
        { "ID=a\xe2\x82\xac", "a", 4 },
        { "ID=a\xe2\x82\xac", "a", 3 },
        { "ID=\xe2\x82\xacx", "\xe2\x82\xac", 4 },
        { "ID=\xf0\x9f\x98\x80", "", 4 },
        { "ID=\xf0\x9f\x98\x80z", "\xf0\x9f\x98\x80", 5 },
        { "ID=x\xf0\x9f\x98\x80", "x", 5 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_true(find_in(text_span(cases[i].text), "ID", cases[i].size));
        assert_string_equal(value, cases[i].value);
        if (cases[i].size < sizeof(value))
            assert_int_equal(value[cases[i].size], '?');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(none),
        cmocka_unit_test(unclean),
        cmocka_unit_test(cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/text.c common/failure.c */
/* Formatting, words, numbers, and failures, which are formatted text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/failure.h"
#include "common/text.h"

static bool make_failure(struct failure *failure, const char *what, const char *why)
{
    return fail(failure, what, "%s", why);
}

#include <cmocka.h>

/* What the C library makes of the same format and the same arguments. */
#define assert_as_printf(...)                                                    \
    do {                                                                         \
        char ours[128], theirs[128];                                             \
        size_t length = text_format(ours, sizeof(ours), __VA_ARGS__);            \
        assert_int_equal(length, snprintf(theirs, sizeof(theirs), __VA_ARGS__)); \
        assert_string_equal(ours, theirs);                                       \
    } while (0)

static void numbers_as_printf(void **state)
{
    (void)state;
    assert_as_printf("%d %d %d", 0, INT32_MAX, INT32_MIN);
    assert_as_printf("%ld %ld %ld", 0l, INT64_MAX, INT64_MIN);
    assert_as_printf("%lld %llu %llx", -1ll, ~0ull, ~0ull);
    assert_as_printf("%u %x %lu %lx", UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX);
    assert_as_printf("%zu %zx", SIZE_MAX, SIZE_MAX);
    assert_as_printf("[%5d|%-5d|%05d]", 42, 42, 42);
    assert_as_printf("[%5d|%-5d|%05d]", -42, -42, -42);
    assert_as_printf("[%2d|%02x|%016lx]", 12345, 0xabcdef, 0xdeadul);
    assert_as_printf("100%% of %u", 7u);
}

static void text_as_printf(void **state)
{
    (void)state;
    assert_as_printf("%s|%7s|%-7s|", "abc", "abc", "abc");
    assert_as_printf("%2s|%c%c", "abc", 'x', '~');
    assert_as_printf("%.*s|%.*s|%.*s", 2, "abc", 0, "abc", 9, "abc");
    assert_as_printf("plain");
}

/* A minus sign makes a zero meaningless (C11 7.21.6.1, paragraph 6). gcc would warn of the literal. */
static void left_outranks_zero(void **state)
{
    const char *volatile format = "[%-05d]";
    char buffer[32];

    (void)state;
    text_format(buffer, sizeof(buffer), format, 42);
    assert_string_equal(buffer, "[42   ]");
}

static void outside_text_is_escaped(void **state)
{
    const char *volatile absent = NULL;
    char buffer[64];

    (void)state;
    text_format(buffer, sizeof(buffer), "%s|%c", "\x1b[2J\n\x7f\xff~", 7);
    assert_string_equal(buffer, "\\x1b[2J\\x0a\\x7f\\xff~|\\x07");
    text_format(buffer, sizeof(buffer), "%s", absent);
    assert_string_equal(buffer, "(none)");
}

/* %.*s needs no NUL behind what it may read. */
static void limited_text_has_no_terminator(void **state)
{
    const char three[3] = { 'a', 'b', 'c' };
    const int none = -1;
    char buffer[16];

    (void)state;
    text_format(buffer, sizeof(buffer), "%.*s", 3, three);
    assert_string_equal(buffer, "abc");
    text_format(buffer, sizeof(buffer), "[%.*s]", none, three);
    assert_string_equal(buffer, "[]");
}

static void text_is_cut(void **state)
{
    char buffer[5] = "????";
    char one = '?';

    (void)state;
    assert_int_equal(text_format(buffer, sizeof(buffer), "%s", "abcd"), 4);
    assert_string_equal(buffer, "abcd");
    assert_int_equal(text_format(buffer, sizeof(buffer), "%s", "abcdefgh"), 8);
    assert_string_equal(buffer, "abcd");
    assert_int_equal(text_format(&one, 1, "%u", 10u), 2);
    assert_int_equal(one, '\0');
    assert_int_equal(text_format(NULL, 0, "%u", 10u), 2);
}

static void odd_formats(void **state)
{
    static const char *const cases[][2] = { { "50%", "50" }, { "%y", "y" }, { "%", "" }, { "%5%|", "%|" } };
    char buffer[16];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        text_format(buffer, sizeof(buffer), cases[i][0]);
        assert_string_equal(buffer, cases[i][1]);
    }
}

static void assert_words(const char *text, size_t size, const char *const *words)
{
    struct span rest = { (const uint8_t *)text, size }, word;

    for (; *words; words++) {
        assert_true(text_next_word(&rest, &word));
        assert_int_equal(word.size, strlen(*words));
        assert_memory_equal(word.data, *words, word.size);
    }
    assert_false(text_next_word(&rest, &word));
    assert_int_equal(rest.size, 0);
}

#define ASSERT_WORDS(text, ...) assert_words(text, strlen(text), (const char *const[]){ __VA_ARGS__, NULL })

static void words(void **state)
{
    (void)state;
    ASSERT_WORDS("", NULL);
    ASSERT_WORDS(" \t\r\n", NULL);
    ASSERT_WORDS("a", "a");
    ASSERT_WORDS("  a=1\tb\r\nc  ", "a=1", "b", "c");
    ASSERT_WORDS("a=\"b c\" d", "a=\"b c\"", "d");
    ASSERT_WORDS("\"a b\"c\" d\" e", "\"a b\"c\" d\"", "e");
    ASSERT_WORDS("a \"never ends ", "a", "\"never ends ");
    ASSERT_WORDS("\"\" \"", "\"\"", "\"");
}

static void nul_is_no_blank(void **state)
{
    struct span rest = { (const uint8_t *)"a\0b c", 5 }, word;

    (void)state;
    assert_true(text_next_word(&rest, &word));
    assert_int_equal(word.size, 3);
    rest = (struct span){ NULL, 0 };
    assert_false(text_next_word(&rest, &word));
}

/* A word ends where the span does, whatever lies behind. */
static void words_end_with_the_span(void **state)
{
    const char text[] = "one two";
    struct span rest = { (const uint8_t *)text, 5 }, word;

    (void)state;
    assert_true(text_next_word(&rest, &word));
    assert_true(text_next_word(&rest, &word));
    assert_true(text_equals(word, "t"));
    assert_false(text_next_word(&rest, &word));
}

static void comparisons(void **state)
{
    struct span word = text_span("qv.console=com1"), rest = { 0 };

    (void)state;
    assert_true(text_prefix(word, "qv.", &rest));
    assert_true(text_equals(rest, "console=com1"));
    assert_false(text_equals(rest, "console=com"));
    assert_false(text_equals(rest, "console=com12"));
    assert_false(text_prefix(word, "qv.console=com1,", &rest));
    assert_true(text_prefix(word, "qv.console=com1", &rest));
    assert_int_equal(rest.size, 0);
    assert_true(text_equals(rest, ""));
    assert_true(text_prefix(word, "", &rest));
    assert_int_equal(rest.size, word.size);
    assert_false(text_equals((struct span){ NULL, 0 }, "x"));
}

static void good_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {
        { "0", 0 },
        { "007", 7 },
        { "115200", 115200 },
        { "18446744073709551615", UINT64_MAX },
        { "0x0", 0 },
        { "0xfF", 255 },
        { "0xffffffffffffffff", UINT64_MAX },
        { "0x0000000000000000000000001", 1 },
    };
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_true(text_number(text_span(cases[i].text), &value));
        assert_int_equal(value, cases[i].value);
    }
}

static void bad_numbers(void **state)
{
    static const char *const cases[] = {
        "",
        "0x",
        "x",
        "1a",
        "a",
        "F",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1,",
        "0xg",
        "0X",
        "0x-",
        "0x0x",
        "0xG",
        "0x1g",
        "1.0",
        "18446744073709551616",
        "0x10000000000000000",
    };
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (text_number(text_span(cases[i]), &value))
            fail_msg("\"%s\" was taken for a number", cases[i]);
    }
    /* A NUL is no digit, though strchr would find it in every string. */
    assert_false(text_number((struct span){ (const uint8_t *)"1\0", 2 }, &value));
    assert_false(text_number((struct span){ NULL, 0 }, &value));
}

static void failures_carry_both_texts(void **state)
{
    struct failure failure;
    char text[256];

    (void)state;
    assert_false(make_failure(&failure, "kernel", "it is truncated"));
    assert_string_equal(failure.what, "kernel");
    assert_string_equal(failure.why, "it is truncated");
    assert_false(make_failure(&failure, "a\033b", "\n"));
    assert_string_equal(failure.why, "\\x0a");
    assert_null(strchr(failure.what, '\033'));
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(make_failure(&failure, text, text));
    assert_int_equal(strlen(failure.what), sizeof(failure.what) - 1);
    assert_int_equal(strlen(failure.why), sizeof(failure.why) - 1);
}

static void beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(text_begins_with("Debian.conf", "debian") && text_begins_with("x", "") && text_begins_with("", ""));
    assert_false(text_begins_with("deb", "debian"));
    assert_false(text_begins_with("@", "`")); /* 0x40 and 0x60 are no letters */
    assert_true(text_ends_with("A.CONF", ".conf") && text_ends_with(".conf", ".conf") && text_ends_with("x", ""));
    assert_false(text_ends_with("conf", ".conf"));
    assert_false(text_ends_with("a.conf~", ".conf"));
    assert_true(text_lower('Z') == 'z' && text_lower('[') == '[' && text_lower((char)0xc4) == (char)0xc4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_as_printf),
        cmocka_unit_test(text_as_printf),
        cmocka_unit_test(left_outranks_zero),
        cmocka_unit_test(outside_text_is_escaped),
        cmocka_unit_test(limited_text_has_no_terminator),
        cmocka_unit_test(text_is_cut),
        cmocka_unit_test(odd_formats),
        cmocka_unit_test(words),
        cmocka_unit_test(nul_is_no_blank),
        cmocka_unit_test(words_end_with_the_span),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(good_numbers),
        cmocka_unit_test(bad_numbers),
        cmocka_unit_test(failures_carry_both_texts),
        cmocka_unit_test(beginnings_and_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

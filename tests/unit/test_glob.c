/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/glob.c */
/* Patterns; tests/fuzz/fuzz_names.c compares them with the C library's fnmatch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include <time.h>

#include "menu/glob.h"

#include <cmocka.h>

static void plain(void **state)
{
    (void)state;
    assert_true(glob_matches("", ""));
    assert_true(glob_matches("debian.conf", "debian.conf"));
    assert_true(glob_matches("DEBIAN.conf", "Debian.CONF"));
    assert_false(glob_matches("debian", "debian.conf"));
    assert_false(glob_matches("debian.conf", "debian"));
    assert_false(glob_matches("", "a"));
    assert_false(glob_matches("a", ""));
    assert_false(glob_matches("@", "`")); /* 0x20 apart, but no letters */
}

static void stars(void **state)
{
    (void)state;
    assert_true(glob_matches("*", ""));
    assert_true(glob_matches("*", "anything"));
    assert_true(glob_matches("***", "x"));
    assert_true(glob_matches("deb*.conf", "debian-6.1.conf"));
    assert_true(glob_matches("*a*b*c", "aabbaabbcc"));
    assert_true(glob_matches("*.conf*", "a.conf.conf"));
    assert_true(glob_matches("*ab", "aaab"));
    assert_false(glob_matches("*ab", "aaaba"));
    assert_false(glob_matches("a*b", "ac"));
    assert_false(glob_matches("*a*", "xyz"));
    assert_true(glob_matches("a*", "a/b.c")); /* no byte is special in a name */
}

static void single(void **state)
{
    (void)state;
    assert_true(glob_matches("a?c", "abc"));
    assert_true(glob_matches("?", "ä")); /* one character of two bytes */
    assert_true(glob_matches("b?r", "bär"));
    assert_true(glob_matches("?", "€"));
    assert_false(glob_matches("??", "ä"));
    assert_false(glob_matches("?", ""));
    assert_true(glob_matches("?b", "\xff"
                                   "b")); /* no UTF-8: a byte is a character */
    assert_true(glob_matches("*?x", "€x"));
}

static void brackets(void **state)
{
    (void)state;
    assert_true(glob_matches("[abc]", "b"));
    assert_true(glob_matches("[a-c]x", "bx"));
    assert_true(glob_matches("[A-C]", "b"));
    assert_false(glob_matches("[a-c]", "d"));
    assert_true(glob_matches("[!a-c]", "d"));
    assert_true(glob_matches("[^a-c]", "d"));
    assert_false(glob_matches("[!a-c]", "b"));
    assert_true(glob_matches("[]]", "]"));
    assert_true(glob_matches("[!]]", "a"));
    assert_true(glob_matches("[a-]", "-"));
    assert_true(glob_matches("[\\]]", "]"));
    assert_true(glob_matches("[ä-ü]", "ö"));
    assert_false(glob_matches("[ä-ü]", "o"));
    assert_true(glob_matches("6.[0-9]*", "6.12"));
    assert_false(glob_matches("[abc]", ""));
}

/* A title such as "Arch [lts" still names itself. */
static void brackets_without_end(void **state)
{
    (void)state;
    assert_true(glob_matches("[", "["));
    assert_true(glob_matches("a[b", "a[b"));
    assert_false(glob_matches("a[b", "ab"));
    assert_true(glob_matches("[]", "[]"));
    assert_true(glob_matches("[a[b[c", "[a[b[c"));
    assert_true(glob_matches("*[x", "[y[x"));
}

static void escapes(void **state)
{
    (void)state;
    assert_true(glob_matches("\\*", "*"));
    assert_false(glob_matches("\\*", "a"));
    assert_true(glob_matches("a\\?", "a?"));
    assert_true(glob_matches("\\\\", "\\"));
    assert_true(glob_matches("\\a", "A"));
    assert_true(glob_matches("a\\", "a\\")); /* at the end it is itself */
}

/* Patterns that take a naive matcher for ever. */
static void bounded(void **state)
{
    static char pattern[2001], text[4001];
    clock_t start = clock();

    (void)state;
    memset(text, 'a', 4000);
    for (size_t i = 0; i < 2000; i += 2)
        memcpy(pattern + i, "*a", 2);
    assert_true(glob_matches(pattern, text));
    pattern[1999] = 'b';
    assert_false(glob_matches(pattern, text));
    memset(text, '[', 4000);
    memset(pattern, '[', 2000);
    pattern[0] = '*';
    pattern[1999] = 'b';
    assert_false(glob_matches(pattern, text));
    memset(pattern, 'x', 2000);
    memcpy(pattern, "*[", 2);
    pattern[1999] = ']';
    assert_false(glob_matches(pattern, text));
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void same(void **state)
{
    (void)state;
    assert_true(glob_same("", ""));
    assert_true(glob_same("Debian [x]*", "debian [X]*"));
    assert_false(glob_same("a", "ab"));
    assert_false(glob_same("ab", "a"));
    assert_false(glob_same("a*", "ab"));
    assert_false(glob_same("ä", "Ä"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(stars),
        cmocka_unit_test(single),
        cmocka_unit_test(brackets),
        cmocka_unit_test(brackets_without_end),
        cmocka_unit_test(escapes),
        cmocka_unit_test(bounded),
        cmocka_unit_test(same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

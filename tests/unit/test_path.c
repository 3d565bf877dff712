/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/path.c common/text.c common/failure.c */
/* Paths from files: what becomes of them, and which are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "storage/path.h"

#include <cmocka.h>

static char path[TREE_PATH_MAX];
static struct failure failure;

static void expect(const char *given, const char *wanted)
{
    memset(path, '?', sizeof(path));
    assert_true(path_normalise(text_span(given), path, &failure));
    assert_string_equal(path, wanted);
}

static void refuse(const char *given, const char *why)
{
    memset(&failure, 0, sizeof(failure));
    assert_false(path_normalise(text_span(given), path, &failure));
    assert_string_equal(failure.what, "path");
    if (!strstr(failure.why, why))
        print_error("'%s' is refused: %s\n", given, failure.why);
    assert_non_null(strstr(failure.why, why));
}

static void one_form(void **state)
{
    (void)state;
    expect("/EFI/x", "/EFI/x");
    expect("EFI/x", "/EFI/x");
    expect("\\EFI\\x", "/EFI/x");
    expect("/EFI//./x", "/EFI/x");
    expect("./EFI/./x/.", "/EFI/x");
    expect("//EFI\\/x//", "/EFI/x");
    expect("/", "/");
    expect(".", "/");
    expect("/a b/ö.img", "/a b/ö.img");
    expect("/..a/b../.c/...", "/..a/b../.c/...");
}

static void leaving(void **state)
{
    (void)state;
    refuse("..", "'..' leaves the tree");
    refuse("/../x", "leaves the tree");
    refuse("/a/../x", "leaves the tree");
    refuse("a\\..\\..\\x", "leaves the tree");
    refuse("/a/..", "leaves the tree");
}

static void bad_bytes(void **state)
{
    const struct span with_nul = { (const uint8_t *)"/a\0b", 4 }, absent = { NULL, 0 };

    (void)state;
    refuse("", "empty");
    assert_false(path_normalise(absent, path, &failure));
    assert_false(path_normalise(with_nul, path, &failure));
    refuse("/a\nb", "control characters");
    refuse("/a\tb", "control characters");
    refuse("/a\x7f", "control characters");
    refuse("/a\xff", "not UTF-8");
    refuse("/a\x1b[2J", "'/a\\x1b[2J' has"); /* and no terminal obeys the message */
}

static void lengths(void **state)
{
    char given[2 * TREE_PATH_MAX];

    (void)state;
    memset(given, 'a', sizeof(given));
    given[TREE_NAME_MAX] = '\0';
    assert_true(path_normalise(text_span(given), path, &failure));
    assert_int_equal(strlen(path), TREE_NAME_MAX + 1);
    given[TREE_NAME_MAX] = 'a';
    given[TREE_NAME_MAX + 1] = '\0';
    refuse(given, "is too long");

    memset(given, 'a', sizeof(given));
    for (size_t i = 0; i < sizeof(given); i += 128)
        given[i] = '/';
    given[TREE_PATH_MAX - 1] = '\0';
    assert_true(path_normalise(text_span(given), path, &failure));
    assert_int_equal(strlen(path), TREE_PATH_MAX - 1);
    given[TREE_PATH_MAX - 1] = 'a';
    given[TREE_PATH_MAX] = '\0';
    refuse(given, "...' is too long");
}

static void depth(void **state)
{
    char given[2 * TREE_DEPTH_MAX + 8] = "";

    (void)state;
    for (int i = 0; i < TREE_DEPTH_MAX; i++)
        strcat(given, "/a");
    strcat(given, "/x");
    assert_true(path_normalise(text_span(given), path, &failure));
    strcat(given, "/y");
    refuse(given, "too many folders");
    assert_false(path_relative(path, text_span("b/c"), path, &failure));
    assert_non_null(strstr(failure.why, "too many folders"));
}

static void expect_relative(const char *base, const char *given, const char *wanted)
{
    assert_true(path_relative(base, text_span(given), path, &failure));
    assert_string_equal(path, wanted);
}

static void relative(void **state)
{
    (void)state;
    expect_relative("/boot/grub/menu.cfg", "linux", "/boot/grub/linux");
    expect_relative("/boot/grub/menu.cfg", "./x/linux", "/boot/grub/x/linux");
    expect_relative("/boot/grub/menu.cfg", "/linux", "/linux");
    expect_relative("/boot/grub/menu.cfg", "\\linux", "/linux");
    expect_relative("/menu.cfg", "linux", "/linux");
    expect_relative("/boot/menu.cfg", ".", "/boot");
    assert_false(path_relative("/boot/menu.cfg", text_span("../linux"), path, &failure));
    assert_false(path_relative("/boot/menu.cfg", text_span(""), path, &failure));
}

static void join(void **state)
{
    char name[TREE_PATH_MAX];

    (void)state;
    assert_true(path_join("/", "a", path));
    assert_string_equal(path, "/a");
    assert_true(path_join("/a/b", "c", path));
    assert_string_equal(path, "/a/b/c");
    assert_string_equal(path_name(path), "c");
    assert_string_equal(path_name("/"), "");
    assert_string_equal(path_name("x"), "x");
    assert_true(path_join(path, "d", path)); /* in place */
    assert_string_equal(path, "/a/b/c/d");

    memset(name, 'n', sizeof(name));
    name[TREE_PATH_MAX - 4] = '\0';
    assert_true(path_join("/a", name, path));
    assert_int_equal(strlen(path), TREE_PATH_MAX - 1);
    assert_false(path_join("/ab", name, path));
}

static bool clean(const char *text)
{
    return text_is_clean(text_span(text));
}

/* RFC 3629, section 4, with the edges of each range. */
static void utf8(void **state)
{
    static const char *const good[] = { "",
                                        "plain\ttext",
                                        "\xc2\xa0",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbd",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf" };
    static const char *const bad[] = { "\x80",
                                       "\xc0\x80",
                                       "\xc1\xbf",
                                       "\xc2",
                                       "\xc2\x41",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xe2\x82",
                                       "\xe2\x82\x41",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xff",
                                       "\xf0\x90\x80",
                                       "\x7f",
                                       "\r",
                                       "\x01",
                                       "\xc2\x80",
                                       "\xc2\x9f" };
    const struct span nul = { (const uint8_t *)"a\0", 2 }, absent = { NULL, 0 };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(clean(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(clean(bad[i]));
    assert_false(text_is_clean(nul));
    assert_true(text_is_clean(absent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_form), cmocka_unit_test(leaving),  cmocka_unit_test(bad_bytes), cmocka_unit_test(lengths),
        cmocka_unit_test(depth),    cmocka_unit_test(relative), cmocka_unit_test(join),      cmocka_unit_test(utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

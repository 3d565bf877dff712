/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/grub_words.c menu/grub_variables.c menu/grub_test.c menu/grub_env.c common/text.c */
/* The parts of the reader of grub.cfg that know nothing of one another: words, variables, tests, grubenv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "menu/grub_env.h"
#include "menu/grub_test.h"
#include "menu/grub_variables.h"
#include "menu/grub_words.h"

#include <cmocka.h>

static struct grub_command command;
static struct grub_variables variables;

static const char *look_up(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "x") == 0)
        return "two words";
    if (strcmp(name, "y_1") == 0 || strcmp(name, "1") == 0 || strcmp(name, "?") == 0)
        return name;
    return NULL;
}

/* The commands of a text: words in angle brackets, blocks in braces, keywords by number, `&` and `|` behind a command.
 */
static const char *read_all(const char *text)
{
    static char result[4096];
    struct grub_reader reader = { text_span(text), 1 };
    char *at = result;

    *at = '\0';
    while (grub_next(&reader, look_up, NULL, &command)) {
        if (command.keyword)
            at += sprintf(at, "%u", command.keyword);
        for (uint32_t i = 0; i < command.count; i++)
            at += sprintf(at, "<%s>", command.word[i]);
        if (command.block.rest.data)
            at += sprintf(at, "{%.*s}", (int)command.block.rest.size, command.block.rest.data);
        if (command.problem)
            at += sprintf(at, "(%s)", command.problem);
        at += sprintf(at, "%s", command.end == GRUB_END_AND ? "&" : command.end == GRUB_END_OR ? "|" : "\n");
    }
    return result;
}

static void words(void **state)
{
    static const char *const cases[][2] = {
        { "", "" },
        { " \t\n;;\n# only a comment", "" },
        { "set a=b", "<set><a=b>\n" },
        { "a;b\nc # comment\nd", "<a>\n<b>\n<c>\n<d>\n" },
        { "a#b '#c' \"#d\" #e", "<a#b><#c><#d>\n" },
        { "one \\\n two\\\nthree", "<one><twothree>\n" },
        { "'a b'c\"d e\"f", "<a bcd ef>\n" },
        { "'' \"\"", "<><>\n" },
        { "'a$x\\' \"a\\$x\\\\\\\"\\n\"", "<a$x\\><a$x\\\"\\n>\n" },
        { "\"two\nlines\" 'and\nmore'", "<two\nlines><and\nmore>\n" },
        { "\"cut \\\nhere\"", "<cut here>\n" },
        { "$x a${x}b \"$x\" 'x'$none \"$none\"", "<two><words><atwo><wordsb><two words><x><>\n" },
        { "$none", "\n" },
        { "$y_1 ${1} $? $ ${ $- ${y_1 $2a", "<y_1><1><?><$><$>" },
        { "\\$x a\\ b \\'c", "<$x><a b><'c>\n" },
        { "$\"translated\" x", "<translated><x>\n" },
        { "a\r\nb\r\n", "<a>\n<b>\n" },
        { "echo <a> & b | c", "<echo><<a>><&><b><|><c>\n" },
        { "a && b||c", "<a>&<b>|<c>\n" },
        { "if a; then b; elif c\nthen d\nelse e\nfi", "1\n<a>\n2\n<b>\n3\n<c>\n2\n<d>\n4\n<e>\n5\n" },
        { "if [ x = x ] ;then if_not fi;fi", "1\n<[><x><=><x><]>\n2\n<if_not><fi>\n5\n" },
        { "'if' a; echo if then", "<if><a>\n<echo><if><then>\n" },
        { "while a; do b; done; for i in 1 2; do c; done", "6\n<a>\n7\n<b>\n8\n6\n<i><in><1><2>\n7\n<c>\n8\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *read = read_all(cases[i][0]);

        if (strncmp(cases[i][0], "$y_1", 4) == 0) /* a brace that is no variable's is a block, which is not closed */
            assert_memory_equal(read, cases[i][1], strlen(cases[i][1]));
        else
            assert_string_equal(read, cases[i][1]);
    }
}

static void blocks(void **state)
{
    (void)state;
    assert_string_equal(read_all("menuentry 'a' --id b {\n linux $x\n}\nc"),
                        "<menuentry><a><--id><b>{\n linux $x\n}\n<c>\n");
    assert_string_equal(read_all("f { a { b } \"}\" '}' \\} ${x} # }\n c } d"),
                        "<f><d>{ a { b } \"}\" '}' \\} ${x} # }\n c }\n");
    assert_string_equal(read_all("function f { a; }; f"), "<function><f>{ a; }\n<f>\n");
    assert_string_equal(read_all("f { a#b } c"), "<f><c>{ a#b }\n");
    assert_string_equal(read_all("f { \"a\\\"}\" }"), "<f>{ \"a\\\"}\" }\n");
    assert_string_equal(read_all("f {}"), "<f>{}\n");
}

static void broken_words(void **state)
{
    (void)state;
    assert_string_equal(read_all("echo 'a\nb"), "<echo><a\nb>(has a quote that is not closed)\n");
    assert_string_equal(read_all("echo \"a"), "<echo><a>(has a quote that is not closed)\n");
    assert_string_equal(read_all("echo \"a\\"), "<echo><a\\>(has a quote that is not closed)\n");
    assert_string_equal(read_all("f { a"), "<f>{ a}(has a { that is not closed)\n");
    assert_string_equal(read_all("f { ' }"), "<f>{ ' }}(has a { that is not closed)\n");
    assert_string_equal(read_all("a }\nb"), "<a>(has a } without its {)\n<b>\n");
    assert_string_equal(read_all("f { a } { b }"), "<f>{ b }(has two blocks)\n");
    assert_string_equal(read_all("a\\"), "<a\\>\n");
}

static unsigned look_ups;

static const char *count_look_ups(void *context, const char *name)
{
    static char value[GRUB_VALUE_MAX];

    (void)context;
    (void)name;
    look_ups++;
    memset(value, 'a', sizeof(value) - 1);
    return value;
}

/* Once a command is too long, what else it says costs no more than reading it. */
static void long_values(void **state)
{
    static char text[4096];
    struct grub_reader reader = { { (const uint8_t *)text, sizeof(text) }, 1 };

    (void)state;
    for (unsigned i = 0; i < sizeof(text); i += 4)
        memcpy(text + i, "$x\"\"", 4);
    assert_true(grub_next(&reader, count_look_ups, NULL, &command));
    assert_string_equal(command.problem, "is too long");
    assert_int_equal(look_ups, GRUB_WORD_ROOM / (GRUB_VALUE_MAX - 1) + 1);
    assert_int_equal(reader.rest.size, 0);
}

/* One byte more than fits, and one word: a problem, and nothing is written past the end. */
static void long_words(void **state)
{
    static char text[2 * GRUB_WORD_ROOM + 16];
    struct grub_reader reader;

    (void)state;
    memset(text, 'a', GRUB_WORD_ROOM);
    for (unsigned i = 0; i < 2; i++) {
        reader = (struct grub_reader){ { (const uint8_t *)text, GRUB_WORD_ROOM - 1 + i }, 1 };
        assert_true(grub_next(&reader, look_up, NULL, &command));
        assert_true(!command.problem == !i);
        assert_int_equal(strlen(command.word[0]), GRUB_WORD_ROOM - 1);
    }
    assert_string_equal(command.problem, "is too long");
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = i % 2 ? ' ' : 'a';
    for (unsigned i = 0; i < 2; i++) {
        reader = (struct grub_reader){ { (const uint8_t *)text, 2 * (GRUB_WORDS_MAX + i) }, 1 };
        assert_true(grub_next(&reader, look_up, NULL, &command));
        assert_true(!command.problem == !i);
        assert_int_equal(command.count, GRUB_WORDS_MAX);
    }
    assert_string_equal(command.problem, "has too many words");
    memset(text, '\'', sizeof(text)); /* and empty ones, one behind the other */
    memset(text + GRUB_WORD_ROOM - 2, ' ', 1);
    memset(text, 'a', GRUB_WORD_ROOM - 2);
    reader = (struct grub_reader){ { (const uint8_t *)text, GRUB_WORD_ROOM + 1 }, 1 };
    assert_true(grub_next(&reader, look_up, NULL, &command));
    assert_string_equal(command.problem, "has too many words");
}

static void skipped_words(void **state)
{
    struct grub_reader reader = { text_span("a $x 'b'\nif c"), 7 };

    (void)state;
    assert_true(grub_next(&reader, NULL, NULL, &command));
    assert_int_equal(command.line, 7);
    assert_int_equal(command.count, 0);
    assert_true(grub_next(&reader, NULL, NULL, &command));
    assert_int_equal(command.keyword, GRUB_IF);
    assert_int_equal(command.line, 8);
    assert_true(grub_next(&reader, NULL, NULL, &command));
    assert_false(grub_next(&reader, NULL, NULL, &command));
}

/* ---- variables ---- */

static void set_and_get(void **state)
{
    (void)state;
    grub_variables_start(&variables);
    assert_null(grub_get(&variables, "root"));
    assert_true(grub_set(&variables, "root", "hd0"));
    assert_string_equal(grub_get(&variables, "root"), "hd0");
    assert_true(grub_set(&variables, "root", "hd0,gpt1"));
    assert_true(grub_set(&variables, "root", "h"));
    assert_string_equal(grub_get(&variables, "root"), "h");
    assert_int_equal(variables.count, 1);
    assert_true(grub_set(&variables, "empty", ""));
    assert_string_equal(grub_get(&variables, "empty"), "");
    assert_true(grub_set(&variables, "root", NULL));
    assert_null(grub_get(&variables, "root"));
    assert_true(grub_set(&variables, "root", "again"));
    assert_true(grub_set(&variables, "empty", grub_get(&variables, "root")));
    assert_string_equal(grub_get(&variables, "empty"), "again");
}

static void scopes(void **state)
{
    struct grub_scope outer, inner;

    (void)state;
    grub_variables_start(&variables);
    assert_true(grub_set(&variables, "a", "1") && grub_set(&variables, "b", "1"));
    outer = grub_scope_enter(&variables);
    assert_true(grub_set(&variables, "a", "2") && grub_set(&variables, "b", NULL));
    inner = grub_scope_enter(&variables);
    assert_true(grub_set(&variables, "a", "3") && grub_set(&variables, "c", "3"));
    assert_string_equal(grub_get(&variables, "a"), "3");
    assert_null(grub_get(&variables, "b"));
    grub_scope_leave(&variables, inner);
    assert_string_equal(grub_get(&variables, "a"), "2");
    assert_null(grub_get(&variables, "c"));
    assert_true(grub_set(&variables, "a", "4"));
    grub_scope_leave(&variables, outer);
    assert_string_equal(grub_get(&variables, "a"), "1");
    assert_string_equal(grub_get(&variables, "b"), "1");
    assert_int_equal(variables.count, 2);
}

static void full(void **state)
{
    static char value[GRUB_VALUE_MAX + 1];
    char name[16];
    uint32_t i;

    (void)state;
    grub_variables_start(&variables);
    memset(value, 'v', GRUB_VALUE_MAX);
    assert_false(grub_set(&variables, "x", value));
    value[GRUB_VALUE_MAX - 1] = '\0';
    for (i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        if (!grub_set(&variables, name, value))
            break;
    }
    assert_int_equal(i, GRUB_VALUE_ROOM / GRUB_VALUE_MAX - 1);
    assert_string_equal(grub_get(&variables, "n0"), value);
    assert_null(grub_get(&variables, name));
    grub_variables_start(&variables);
    for (i = 0; i < 2 * GRUB_VARIABLES_MAX; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        if (!grub_set(&variables, name, "v"))
            break;
    }
    assert_int_equal(i, GRUB_VARIABLES_MAX);
}

/* ---- tests ---- */

static bool look(void *context, char kind, const char *path)
{
    (void)context;
    return path[0] == kind;
}

static bool test(const char *text)
{
    struct grub_reader reader = { text_span(text), 1 };

    assert_true(grub_next(&reader, look_up, NULL, &command));
    return grub_test(command.word, command.count, look, NULL);
}

static void tests_of_words(void **state)
{
    static const char *const yes[] = {
        "a",
        "a = a",
        "a == a",
        "a != b",
        "! a = b",
        "-n a",
        "-z ''",
        "'' = ''",
        "-f f",
        "-d d",
        "-e e",
        "-s s",
        "! -f d",
        "2 -lt 10",
        "10 -ge 10",
        "-1 -lt 0",
        "a < b",
        "b >= a",
        "a -a b",
        "'' -o a",
        "a = b -o b = b",
        "a = b -a a = a -o c",
        "! a = b -a b = b",
        "! ! a",
        "-n = -n",
        "-f = -f",
        "-z",
        "!",
        "9999999999999999999999 -gt 1",
        "x\"${y_1}\" = xy_1",
        "a -a ! b = c",
        "a -o b -a",
        "a = a -o",
        "a = b -o",
        "a = a -a",
    };
    static const char *const no[] = {
        "''",      "a = b",   "a != a",   "! a = a",        "-n ''",          "-z a", "-f d",       "2 -gt 10",
        "1 -ne 1", "a -a ''", "'' -o ''", "a = a -a b = c", "a = b -o c = d", "! a",  "-n '' -a a", "! ! ''",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        if (!test(yes[i]))
            fail_msg("%s is false", yes[i]);
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
        if (test(no[i]))
            fail_msg("%s is true", no[i]);
    }
    assert_true(grub_test(NULL, 0, look, NULL)); /* as GRUB has it: `if [ $unset ]` is true */
}

/* ---- grubenv ---- */

static void environment(void **state)
{
    static const char text[] =
        "# GRUB Environment Block\n# a comment=1\nsaved_entry=a>b c\nempty=\nodd\n=none\n"
        "back=a\\\\b\\\nc\nlong=123456789012345678901234\nlonger-names=1\nshort=1234567890123456789\nlast=1";
    char name[12], value[24];
    struct span rest;

    (void)state;
    assert_false(grub_env_open(text_span("# GRUB Environment\n"), &rest));
    assert_true(grub_env_open(text_span(text), &rest));
    assert_true(grub_env_next(&rest, name, sizeof(name), value, sizeof(value)));
    assert_string_equal(name, "saved_entry");
    assert_string_equal(value, "a>b c");
    assert_true(grub_env_next(&rest, name, sizeof(name), value, sizeof(value)));
    assert_string_equal(name, "empty");
    assert_string_equal(value, "");
    assert_true(grub_env_next(&rest, name, sizeof(name), value, sizeof(value)));
    assert_string_equal(name, "back");
    assert_string_equal(value, "a\\b\nc");
    assert_true(grub_env_next(&rest, name, sizeof(name), value, sizeof(value)));
    assert_string_equal(name, "short");
    assert_string_equal(value, "1234567890123456789");
    assert_true(grub_env_next(&rest, name, sizeof(name), value, sizeof(value)));
    assert_string_equal(name, "last");
    assert_string_equal(value, "1");
    assert_false(grub_env_next(&rest, name, sizeof(name), value, sizeof(value)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),       cmocka_unit_test(blocks),        cmocka_unit_test(broken_words),
        cmocka_unit_test(long_words),  cmocka_unit_test(skipped_words), cmocka_unit_test(set_and_get),
        cmocka_unit_test(scopes),      cmocka_unit_test(full),          cmocka_unit_test(tests_of_words),
        cmocka_unit_test(environment), cmocka_unit_test(long_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

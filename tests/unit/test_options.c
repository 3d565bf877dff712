/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/options.c common/text.c common/failure.c */
/* Which words of a command line are ours, what they mean, and what is left for the payload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "menu/options.h"

#include <cmocka.h>

static struct options options;
static char rest[64];

static int setup(void **state)
{
    (void)state;
    memset(&options, 0, sizeof(options));
    memset(rest, '?', sizeof(rest));
    rest[0] = '\0';
    return 0;
}

static bool read_text(const char *text)
{
    return options_read(&options, text_span(text), rest, sizeof(rest));
}

static void others_words_pass(void **state)
{
    (void)state;
    assert_true(read_text("  root=/dev/sda1\tro  quiet\n"));
    assert_string_equal(rest, "root=/dev/sda1 ro quiet");
    assert_true(read_text("dyndbg=\"file a.c +p\" -- init \"x  y\""));
    assert_string_equal(rest, "root=/dev/sda1 ro quiet dyndbg=\"file a.c +p\" -- init \"x  y\"");
    assert_int_equal(options.unknown_count, 0);
}

static void nothing_to_read(void **state)
{
    (void)state;
    assert_true(read_text(""));
    assert_true(read_text("   "));
    assert_true(options_read(&options, (struct span){ NULL, 0 }, rest, sizeof(rest)));
    assert_string_equal(rest, "");
}

static void all_of_ours(void **state)
{
    (void)state;
    assert_true(read_text("a qv.debug qv.timeline qv.mark=0x80 b qv.exit=linux32 qv.onerror=poweroff qv.fault=ud "
                          "qv.console=com1,9600 qv.console=vga c"));
    assert_string_equal(rest, "a b c");
    assert_true(options.debug && options.timeline);
    assert_int_equal(options.mark, 0x80);
    assert_true(text_equals(options.exit, "linux32"));
    assert_true(text_equals(options.fault, "ud"));
    assert_true(options.on_error_given);
    assert_int_equal(options.on_error, ON_ERROR_POWEROFF);
    assert_int_equal(options.console_count, 2);
    assert_true(text_equals(options.consoles[0], "com1,9600"));
    assert_true(text_equals(options.consoles[1], "vga"));
    assert_int_equal(options.unknown_count, 0);
}

static void who_unpacks(void **state)
{
    (void)state;
    assert_true(read_text("quiet"));
    assert_int_equal(options.unpack, UNPACK_BY_DEFAULT);
    assert_true(read_text("qv.unpack=loader"));
    assert_int_equal(options.unpack, UNPACK_BY_LOADER);
    assert_true(read_text("qv.unpack=nobody qv.unpack="));
    assert_int_equal(options.unpack, UNPACK_BY_LOADER);
    assert_int_equal(options.unknown_count, 2);
    assert_true(read_text("qv.unpack=kernel"));
    assert_int_equal(options.unpack, UNPACK_BY_KERNEL);
}

static void absent(void **state)
{
    (void)state;
    assert_true(read_text("quiet"));
    assert_false(options.debug || options.timeline || options.on_error_given);
    assert_null(options.exit.data);
    assert_null(options.fault.data);
    assert_int_equal(options.mark, 0);
    assert_int_equal(options.console_count, 0);
    assert_int_equal(options.on_error, ON_ERROR_HALT);
}

static void the_later_holds(void **state)
{
    (void)state;
    assert_true(read_text("qv.exit=linux64 qv.onerror=reboot qv.mark=1"));
    assert_int_equal(options.on_error, ON_ERROR_REBOOT);
    assert_true(read_text("qv.exit=linux32 qv.onerror=halt qv.mark=65535 qv.console=a qv.console=b"));
    assert_true(text_equals(options.exit, "linux32"));
    assert_int_equal(options.on_error, ON_ERROR_HALT);
    assert_true(options.on_error_given);
    assert_int_equal(options.mark, 65535);
    assert_int_equal(options.console_count, 2);
}

/* Every word that begins with qv. is ours, and one that means nothing is named. */
static void unknown_words(void **state)
{
    static const char *const words[] = {
        "qv.",          "qv.debugg",      "qv.debug=1",       "qv.mark=",      "qv.mark=0",   "qv.mark=0x10000",
        "qv.mark=80h",  "qv.onerror=",    "qv.onerror=panic", "qv.onerror",    "qv.exit=",    "qv.exit",
        "qv.console=",  "qv.console",     "qv.fault=",        "qv.timeline=1", "qv.Debug",    "qv.mark=-1",
        "qv.consoles=", "qv.onerror=hal", "qv.onerror=halt2", "qv.entryy=1",   "qv.mark=1,2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        setup(NULL);
        assert_true(read_text(words[i]));
        assert_string_equal(rest, "");
        if (options.unknown_count != 1 || !text_equals(options.unknown[0], words[i]))
            fail_msg("%s has a meaning", words[i]);
        assert_false(options.on_error_given);
        assert_int_equal(options.mark, 0);
        assert_null(options.exit.data);
        assert_int_equal(options.console_count, 0);
    }
}

static void more_than_there_is_room_for(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * OPTIONS_CONSOLES_MAX; i++)
        assert_true(read_text(i % 2 ? "qv.console=com1 qv.nonsense a" : "qv.console=vga qv.rubbish b"));
    assert_int_equal(options.console_count, OPTIONS_CONSOLES_MAX);
    assert_int_equal(options.unknown_count, OPTIONS_CONSOLES_MAX);
    assert_true(text_equals(options.unknown[0], "qv.rubbish")); /* the first few */
    assert_int_equal(strlen(rest), 4 * OPTIONS_CONSOLES_MAX - 1);
}

static void words_of_others_that_look_like_ours(void **state)
{
    (void)state;
    assert_true(read_text("xqv.debug QV.debug \"qv.debug\" qv qvdebug"));
    assert_string_equal(rest, "xqv.debug QV.debug \"qv.debug\" qv qvdebug");
    assert_false(options.debug);
}

static void rest_is_full(void **state)
{
    char small[8] = "";

    (void)state;
    assert_true(options_read(&options, text_span("abc def"), small, sizeof(small))); /* seven and a NUL */
    assert_string_equal(small, "abc def");
    assert_false(options_read(&options, text_span("g"), small, sizeof(small)));
    assert_string_equal(small, "abc def");
    assert_true(options_read(&options, text_span("qv.debug"), small, sizeof(small)));
    small[0] = '\0';
    assert_false(options_read(&options, text_span("abcdefgh"), small, sizeof(small)));
    assert_false(options_read(&options, text_span("abc defg"), small, sizeof(small)));
    small[0] = '\0';
    assert_false(options_read(&options, text_span("x"), small, 1));
    assert_string_equal(small, "");
    assert_true(options_read(&options, text_span("qv.timeline"), small, 1));
}

/* A packed command line may have a NUL behind it, and nothing of what follows one gets through. */
static void text_ends_at_a_nul(void **state)
{
    static const char text[] = "a \"b\0c\" qv.debug d";

    (void)state;
    assert_true(options_read(&options, (struct span){ (const uint8_t *)text, sizeof(text) }, rest, sizeof(rest)));
    assert_string_equal(rest, "a \"b");
    assert_false(options.debug);
    setup(NULL);
    assert_true(options_read(&options, (struct span){ (const uint8_t *)"a b\0\0", 5 }, rest, sizeof(rest)));
    assert_string_equal(rest, "a b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(others_words_pass, setup),
        cmocka_unit_test_setup(nothing_to_read, setup),
        cmocka_unit_test_setup(all_of_ours, setup),
        cmocka_unit_test_setup(absent, setup),
        cmocka_unit_test_setup(who_unpacks, setup),
        cmocka_unit_test_setup(the_later_holds, setup),
        cmocka_unit_test_setup(unknown_words, setup),
        cmocka_unit_test_setup(more_than_there_is_room_for, setup),
        cmocka_unit_test_setup(words_of_others_that_look_like_ours, setup),
        cmocka_unit_test_setup(rest_is_full, setup),
        cmocka_unit_test_setup(text_ends_at_a_nul, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/words.c menu/options.c payloads/sections.c common/text.c common/failure.c */
/* Who says what on command lines, whose word holds, and what Secure Boot leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "menu/words.h"

#include <cmocka.h>

static struct words words;
static struct sections sections;
static struct parts parts;
static struct failure failure;

static int setup(void **state)
{
    (void)state;
    memset(&words, '?', sizeof(words));
    sections = (struct sections){ 0 };
    parts = (struct parts){ .exit = "", .profile = SECTIONS_FIRST_PROFILE };
    words_start(&words);
    return 0;
}

static void pack(const char *name, const char *content)
{
    struct section *section = &sections.section[sections.count++];

    text_format(section->name, sizeof(section->name), "%s", name);
    section->profile = SECTIONS_FIRST_PROFILE;
    section->content = text_span(content);
}

static void given_words_override_packed_ones(void **state)
{
    (void)state;
    pack(".cmdline", "root=a qv.exit=pvh qv.timeout=3 qv.mark=0x80");
    assert_true(words_read(&words, &sections, "b qv.exit=linux64 qv.mark=0x81", false, &failure));
    assert_true(text_equals(words.ours.exit, "linux64"));
    assert_true(words.ours.timeout == 3 && words.ours.mark == 0x81 && !words.refused);
    assert_string_equal(words.given, "b");
    assert_string_equal(words.packed, "root=a");
    assert_string_equal(words.line, "");
}

/* The words of a packed kernel are its own: who selects it gets them from its sections. */
static void packed_words_of_a_kernel(void **state)
{
    (void)state;
    pack(".linux", "kernel");
    pack(".cmdline", "root=a qv.debug");
    assert_true(words_read(&words, &sections, "b", false, &failure));
    assert_true(words.ours.debug);
    assert_string_equal(words.packed, "");
    assert_string_equal(words.given, "b");
}

static void a_profile_in_front(void **state)
{
    (void)state;
    pack(".linux", "kernel");
    assert_true(words_read(&words, &sections, "@2 b", false, &failure));
    assert_true(text_equals(words.ours.entry, "packed@2"));
    assert_string_equal(words.given, "b");
    setup(NULL);
    pack(".linux", "kernel");
    assert_true(words_read(&words, &sections, "@0 b qv.entry=x", false, &failure));
    assert_true(text_equals(words.ours.entry, "x")); /* a later word holds */
    setup(NULL);
    pack(".linux", "kernel");
    assert_true(words_read(&words, &sections, "b @1 @x", false, &failure));
    assert_null(words.ours.entry.data);
    assert_string_equal(words.given, "b @1 @x");
    /* Without a packed kernel it is somebody else's word. */
    setup(NULL);
    assert_true(words_read(&words, &sections, "@1 b", false, &failure));
    assert_null(words.ours.entry.data);
    assert_string_equal(words.given, "@1 b");
}

static void secure_boot(void **state)
{
    (void)state;
    pack(".cmdline", "p qv.mark=0x80");
    assert_true(words_read(&words, &sections, "g qv.entry=x qv.mark=0x81 qv.fault=ud", true, &failure));
    assert_true(words.refused && words.ours.mark == 0x80 && !words.ours.fault.data);
    assert_true(text_equals(words.ours.entry, "x"));
    parts.command_line = text_span("own");
    parts.string = text_span("string");
    assert_true(words_compose(&words, &parts, NULL, true, &failure));
    assert_string_equal(words.line, "own p");
}

static void the_order_of_the_line(void **state)
{
    (void)state;
    pack(".cmdline", "packed");
    assert_true(words_read(&words, &sections, "given", false, &failure));
    parts.command_line = text_span("own qv.exit=pvh");
    parts.addons = text_span("addons");
    parts.options = text_span("options");
    parts.string = text_span("string");
    assert_true(words_compose(&words, &parts, NULL, false, &failure));
    assert_string_equal(words.line, "own addons options packed string given");
    assert_true(text_equals(words.of_entry.exit, "pvh"));
    /* What a person made of it is all of it, but for the addons'; and the time after, nothing stays. */
    assert_true(words_compose(&words, &parts, "mine", false, &failure));
    assert_string_equal(words.line, "mine addons");
    assert_null(words.of_entry.exit.data);
    assert_true(words_compose(&words, &parts, "", false, &failure));
    assert_string_equal(words.line, "addons");
}

static void the_profile_of_a_stub(void **state)
{
    (void)state;
    parts.whole = true;
    parts.command_line = text_span("own");
    assert_true(words_compose(&words, &parts, NULL, false, &failure));
    assert_string_equal(words.line, "own");
    parts.profile = SECTIONS_FIRST_PROFILE + 2;
    assert_true(words_compose(&words, &parts, NULL, false, &failure));
    assert_string_equal(words.line, "@2 own");
}

static void whose_exit_holds(void **state)
{
    (void)state;
    assert_null(words_exit(&words, &parts).data);
    parts.exit = "multiboot2";
    assert_true(text_equals(words_exit(&words, &parts), "multiboot2"));
    parts.command_line = text_span("qv.exit=linux32");
    assert_true(words_compose(&words, &parts, NULL, false, &failure));
    assert_true(text_equals(words_exit(&words, &parts), "linux32"));
    assert_true(words_read(&words, &sections, "qv.exit=efi", false, &failure));
    assert_true(text_equals(words_exit(&words, &parts), "efi"));
}

/* The payload's word, wherever it stands; but who asks us something gets an answer. */
static void quiet(void **state)
{
    (void)state;
    parts.command_line = text_span("a quietly=1 b");
    assert_true(words_compose(&words, &parts, NULL, false, &failure));
    assert_false(words_quiet(&words));
    assert_true(words_read(&words, &sections, "b quiet", false, &failure));
    assert_true(words_compose(&words, &parts, NULL, false, &failure));
    assert_true(words_quiet(&words));
    assert_string_equal(words.line, "a quietly=1 b b quiet");
    assert_true(words_compose(&words, &parts, "a", false, &failure)); /* a person has taken it away */
    assert_false(words_quiet(&words));
    parts.command_line = text_span("quiet");
    assert_true(words_compose(&words, &parts, NULL, true, &failure));
    assert_true(words_quiet(&words));
    words.ours.timeline = true;
    assert_false(words_quiet(&words));
    words.ours = (struct options){ .debug = true };
    assert_false(words_quiet(&words));
}

static void whose_unpacking_holds(void **state)
{
    (void)state;
    assert_false(words_unpack(&words));
    words.of_entry.unpack = UNPACK_BY_LOADER;
    assert_true(words_unpack(&words));
    words.ours.unpack = UNPACK_BY_KERNEL;
    assert_false(words_unpack(&words));
    words.ours.unpack = UNPACK_BY_LOADER;
    words.of_entry.unpack = UNPACK_BY_KERNEL;
    assert_true(words_unpack(&words));
}

static void too_long(void **state)
{
    static char text[2 * LAYOUT_COMMAND_LINE_MAX + 10];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    assert_false(words_read(&words, &sections, text, false, &failure));
    assert_string_equal(failure.what, "command line");
    assert_string_equal(failure.why, "longer than 16383 bytes");
    text[LAYOUT_COMMAND_LINE_MAX] = '\0';
    assert_true(words_read(&words, &sections, text, false, &failure));
    parts.command_line = parts.addons = text_span(text);
    assert_false(words_compose(&words, &parts, NULL, false, &failure));
    pack(".cmdline", text);
    assert_true(words_read(&words, &sections, "", false, &failure));
    text[LAYOUT_COMMAND_LINE_MAX] = 'x';
    sections.section[0].content = text_span(text);
    assert_false(words_read(&words, &sections, "", false, &failure));
    assert_non_null(strstr(failure.why, "the packed one has"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(given_words_override_packed_ones, setup),
        cmocka_unit_test_setup(packed_words_of_a_kernel, setup),
        cmocka_unit_test_setup(a_profile_in_front, setup),
        cmocka_unit_test_setup(secure_boot, setup),
        cmocka_unit_test_setup(the_order_of_the_line, setup),
        cmocka_unit_test_setup(the_profile_of_a_stub, setup),
        cmocka_unit_test_setup(whose_exit_holds, setup),
        cmocka_unit_test_setup(quiet, setup),
        cmocka_unit_test_setup(whose_unpacking_holds, setup),
        cmocka_unit_test_setup(too_long, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

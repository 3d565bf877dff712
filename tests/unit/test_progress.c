/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/console.c common/text.c common/failure.c */
/* What a load says, and when: the clock is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static uint64_t now;

#define __builtin_ia32_rdtsc() now
#include "common/progress.c"

#include <cmocka.h>

#include "tests/unit/fake_console.h"

#define SECOND 1000000000ull

static uint64_t a_second(void)
{
    return SECOND;
}

static uint64_t no_clock(void)
{
    return 0;
}

static uint64_t never_asked(void)
{
    fail();
    return 0;
}

static int setup(void **state)
{
    (void)state;
    fake_consoles("printer", 80, 24);
    now = 77777;
    progress_clock(a_second);
    return 0;
}

/* What was printed since the last time: begins with a return, and covers what the line before it had. */
static void assert_line(const char *text)
{
    char wanted[LINE_WIDTH + 1];

    assert_int_equal(fake_printed_size, LINE_WIDTH + 1);
    assert_int_equal(fake_printed[0], '\r');
    memset(wanted, ' ', sizeof(wanted));
    memcpy(wanted, text, strlen(text));
    assert_memory_equal(fake_printed + 1, wanted, LINE_WIDTH);
    fake_printed_size = 0;
}

static void assert_nothing(void)
{
    assert_int_equal(fake_printed_size, 0);
}

static void a_short_load_is_silent(void **state)
{
    (void)state;
    progress_start("vmlinuz", 100 * MIB);
    for (unsigned i = 0; i < 100; i++) {
        now += SECOND / 250;
        progress(i * MIB);
    }
    progress_end();
    assert_nothing();
    progress(5);
    progress_end();
    assert_nothing();
}

/* What is over soon has nothing measured for it. */
static void the_clock_is_not_asked_early(void **state)
{
    (void)state;
    progress_clock(never_asked);
    progress_start("x", 5);
    now += SECOND / 25;
    progress(4);
    progress_end();
    assert_nothing();
}

static void a_long_load_tells_four_times_a_second(void **state)
{
    unsigned lines = 0;

    (void)state;
    progress_start("initrd.img", 100 * MIB);
    now += SECOND / 2 - 1;
    progress(45 * MIB);
    assert_nothing();
    now++;
    progress(45 * MIB + 5);
    assert_line("quadrivium: loading initrd.img: 45 % (45 MiB)");
    now += SECOND / 4 - 1;
    progress(50 * MIB);
    assert_nothing();
    now++;
    progress(50 * MIB);
    assert_line("quadrivium: loading initrd.img: 50 % (50 MiB)");
    for (unsigned i = 0; i < 2000; i++) {
        now += SECOND / 1000;
        progress(60 * MIB);
        lines += fake_printed_size != 0;
        fake_printed_size = 0;
    }
    assert_int_equal(lines, 8);
    progress(100 * MIB); /* nobody has to wait for the end to be told */
    assert_line("quadrivium: loading initrd.img: 100 % (100 MiB)");
    progress_end();
    assert_int_equal(fake_printed_size, 2);
    assert_memory_equal(fake_printed, "\r\n", 2);
}

static void sizes(void **state)
{
    static const struct {
        uint64_t total, done;
        const char *text;
    } rows[] = {
        { 0, 12 * MIB, "quadrivium: loading x: 12 MiB" },
        { 0, 12 * KIB, "quadrivium: loading x: 12 KiB" },
        { MIB / 2, MIB / 4, "quadrivium: loading x: 50 % (256 KiB)" },
        { 10, 10, "quadrivium: loading x: 100 % (0 KiB)" },
        { 10, MIB, "quadrivium: loading x: 100 % (1 MiB)" },
        { UINT64_MAX, UINT64_MAX - 1, "quadrivium: loading x: 100 % (17592186044415 MiB)" },
        { UINT64_MAX, UINT64_MAX / 2, "quadrivium: loading x: 50 % (8796093022207 MiB)" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        progress_start("x", rows[i].total);
        now += SECOND;
        progress(rows[i].done);
        assert_line(rows[i].text);
        progress_end();
        fake_printed_size = 0;
    }
}

static void long_names_do_not_wrap(void **state)
{
    (void)state;
    progress_start("a/very/long/path/that/nobody/would/ever/type/vmlinuz-6.1.0-40-amd64", 0);
    now += SECOND;
    progress(MIB);
    assert_line("quadrivium: loading a/very/long/path/that/nobody/would/e: 1 MiB");
    progress_end();
    fake_printed_size = 0;
    progress_start("\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033", 0);
    now += SECOND;
    progress(MIB);
    assert_int_equal(fake_printed_size, LINE_WIDTH + 1);
    progress_end();
}

static void without_a_clock(void **state)
{
    (void)state;
    progress_clock(no_clock);
    progress_start("x", 5);
    now += 100 * SECOND;
    progress(4);
    progress_end();
    assert_nothing();
}

static void the_outer_load_is_kept(void **state)
{
    (void)state;
    progress_start("outer", 100);
    progress_start("inner", 10);
    now += SECOND;
    progress(5);
    assert_nothing();
    progress_end();
    progress(20);
    assert_line("quadrivium: loading outer: 20 % (0 KiB)");
    progress_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_short_load_is_silent, setup),
        cmocka_unit_test_setup(the_clock_is_not_asked_early, setup),
        cmocka_unit_test_setup(a_long_load_tells_four_times_a_second, setup),
        cmocka_unit_test_setup(sizes, setup),
        cmocka_unit_test_setup(long_names_do_not_wrap, setup),
        cmocka_unit_test_setup(without_a_clock, setup),
        cmocka_unit_test_setup(the_outer_load_is_kept, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

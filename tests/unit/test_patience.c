/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: cpu/patience.c */
/* Patience ends, whatever the clock is, and not before its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/cpu.h"
#include "cpu/patience.h"

#include <cmocka.h>

static uint64_t frequency;
static unsigned asked;

uint64_t tsc_frequency(const char **source)
{
    *source = "test";
    asked++;
    return frequency;
}

/* The ticks of a wait until it is over. */
static uint64_t wait(unsigned seconds)
{
    uint64_t start = __builtin_ia32_rdtsc();
    struct patience patience;

    asked = 0;
    patience_start(&patience);
    while (patience_left(&patience, seconds))
        ;
    return __builtin_ia32_rdtsc() - start;
}

static void ends(void **state)
{
    (void)state;
    frequency = 20000000; /* 10 seconds are 200 million ticks: a tenth of one here */
    assert_true(wait(10) >= 200000000);
    frequency = 100000000;
    assert_true(wait(1) >= 100000000);
    assert_int_equal(asked, 1); /* not before it had to be */
}

static void without_a_clock(void **state)
{
    (void)state;
    frequency = 0;
    assert_true(wait(1) >= 5000000000);
}

static void short_waits(void **state)
{
    struct patience patience;

    (void)state;
    asked = 0;
    patience_start(&patience);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(patience_left(&patience, 10));
    assert_int_equal(asked, 0);
    patience.seen -= UINT64_C(1) << 50; /* the machine stood still for a week */
    for (unsigned i = 0; i < 100; i++)
        assert_true(patience_left(&patience, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends),
        cmocka_unit_test(without_a_clock),
        cmocka_unit_test(short_waits),
    };

    return cmocka_run_group_tests_name("patience", tests, NULL, NULL);
}

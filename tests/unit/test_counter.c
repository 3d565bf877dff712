/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/counter.c common/text.c */
/* UAPI.1, "Boot counting": names with counters, and what they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "menu/counter.h"
#include "storage/tree.h"

#include <cmocka.h>

static struct counter counter;
static char id[TREE_NAME_MAX + 1], next[TREE_NAME_MAX + 1];

static void expect_counter(const char *name, const char *suffix, uint32_t left, uint32_t done, const char *wanted_id)
{
    assert_true(counter_read(name, suffix, &counter, id));
    assert_true(counter.counted);
    assert_int_equal(counter.left, left);
    assert_int_equal(counter.done, done);
    assert_string_equal(id, wanted_id);
}

static void expect_plain(const char *name, bool fine)
{
    assert_int_equal(counter_read(name, ".conf", &counter, id), fine);
    assert_false(counter.counted);
    assert_int_equal(counter.left | counter.done, 0);
    assert_string_equal(id, name);
    assert_false(counter_next(name, ".conf", next));
}

static void read_them(void **state)
{
    (void)state;
    expect_counter("a+3.conf", ".conf", 3, 0, "a.conf");
    expect_counter("a+3-1.conf", ".conf", 3, 1, "a.conf");
    expect_counter("linux-6.1+2-1.efi", ".efi", 2, 1, "linux-6.1.efi");
    expect_counter("a+b+1.conf", ".conf", 1, 0, "a+b.conf");
    expect_counter("a+7+1-2.conf", ".conf", 1, 2, "a+7.conf");
    expect_counter("a+09-003.conf", ".conf", 9, 3, "a.conf");
    expect_counter("A+1.CONF", ".conf", 1, 0, "A.CONF"); /* FAT */
    expect_counter("a+0.conf", ".conf", 0, 0, "a.conf");
    expect_counter("a+0-9999.conf", ".conf", 0, 9999, "a.conf");
    expect_counter("a+9999-0.conf", ".conf", 9999, 0, "a.conf");
    expect_counter("a+0000000000000000000003.conf", ".conf", 3, 0, "a.conf");
}

static void parts_of_the_name(void **state)
{
    (void)state;
    expect_plain("a.conf", true);
    expect_plain("a+x.conf", true);
    expect_plain("a+1-.conf", true);
    expect_plain("a+-1.conf", true);
    expect_plain("a+.conf", true);
    expect_plain("a+1-2-3.conf", true);
    expect_plain("a+1 .conf", true);
    expect_plain("a+1.conf.bak", true);
    expect_plain("a+1.efi", true);
    expect_plain("a3.conf", true);
    expect_plain("6.1-3.conf", true);
    expect_plain("+3.conf", true); /* there would be no name left */
    expect_plain("+3-1.conf", true);
    expect_plain(".conf", true);
    expect_plain("conf", true);
    expect_plain("", true);
}

static void out_of_range(void **state)
{
    (void)state;
    expect_plain("a+10000.conf", false);
    expect_plain("a+99999.conf", false);
    expect_plain("a+1-10000.conf", false);
    expect_plain("a+4294967297.conf", false);
    expect_plain("a+18446744073709551617-1.conf", false);
}

static void expect_next(const char *name, const char *wanted)
{
    memset(next, '?', sizeof(next));
    assert_true(counter_next(name, ".conf", next));
    assert_string_equal(next, wanted);
}

/* The numbers of digits stay. */
static void count(void **state)
{
    (void)state;
    expect_next("a+3.conf", "a+2-1.conf");
    expect_next("a+2-1.conf", "a+1-2.conf");
    expect_next("a+1-2.conf", "a+0-3.conf");
    expect_next("a+10-00.conf", "a+09-01.conf");
    expect_next("a+100-0009.conf", "a+099-0010.conf");
    expect_next("a+5-9.conf", "a+4-9.conf");
    expect_next("a+5-99.conf", "a+4-99.conf");
    expect_next("a+5-9999.conf", "a+4-9999.conf");
    expect_next("a+5-09999.conf", "a+4-09999.conf"); /* 10000 would be none */
    expect_next("a+b+1.CONF", "a+b+0-1.CONF");
}

static void no_try_left(void **state)
{
    (void)state;
    assert_false(counter_next("a+0.conf", ".conf", next));
    assert_false(counter_next("a+0-3.conf", ".conf", next));
    assert_false(counter_next("a.conf", ".conf", next));
}

static void lengths(void **state)
{
    char name[TREE_NAME_MAX + 3];
    const char *tail = "+3.conf";

    (void)state;
    memset(name, 'a', sizeof(name));
    strcpy(name + TREE_NAME_MAX - strlen(tail), tail); /* the longest name; "-1" has no room */
    assert_true(counter_read(name, ".conf", &counter, id));
    assert_true(counter.counted);
    assert_int_equal(strlen(id), TREE_NAME_MAX - 2);
    assert_false(counter_next(name, ".conf", next));
    memmove(name, name + 1, strlen(name + 1) + 1);
    assert_false(counter_next(name, ".conf", next));
    memmove(name, name + 1, strlen(name + 1) + 1);
    assert_true(counter_next(name, ".conf", next));
    assert_int_equal(strlen(next), TREE_NAME_MAX);
    memset(name, 'a', sizeof(name));
    strcpy(name + TREE_NAME_MAX + 1 - strlen(tail), tail); /* longer than there can be */
    assert_false(counter_read(name, ".conf", &counter, id));
    assert_false(counter.counted);
    assert_int_equal(strlen(id), TREE_NAME_MAX);
    assert_false(counter_next(name, ".conf", next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_them), cmocka_unit_test(parts_of_the_name), cmocka_unit_test(out_of_range),
        cmocka_unit_test(count),     cmocka_unit_test(no_try_left),       cmocka_unit_test(lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/relocations.c common/text.c common/failure.c */
/* The relocations behind a packed kernel: both kinds of table, what each kind of field becomes, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "payloads/relocations.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define LINKED     0x1000000ull
#define AT(offset) (uint32_t)(RELOCATIONS_VIRTUAL + LINKED + (offset))
#define DELTA      0x3e400000ull

static uint8_t text[32], data[16];
static struct program program;
static struct relocations relocations;
static struct failure failure;

static int setup(void **state)
{
    (void)state;
    memset(text, 0, sizeof(text));
    memset(data, 0, sizeof(data));
    program = (struct program){ .count = 3,
                                .segments = { { { text, sizeof(text) }, LINKED, sizeof(text) },
                                              { { NULL, 0 }, LINKED + 0x1000, 0x1000 },
                                              { { data, sizeof(data) }, LINKED + 0x2000, 0x1000 } },
                                .start = LINKED,
                                .end = LINKED + 0x3000 };
    return 0;
}

static bool parse(const uint32_t *entries, uint64_t count)
{
    return relocations_parse((struct span){ (const uint8_t *)entries, count * sizeof(*entries) }, &relocations,
                             &failure);
}

#define PARSE(...) \
    parse((const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static void three_lists(void **state)
{
    const uint32_t table[] = { 0, AT(8), AT(0x2000), 0, AT(16), 0, AT(0), AT(4), AT(0x2008) };

    (void)state;
    assert_true(parse(table, sizeof(table) / sizeof(*table)));
    assert_ptr_equal(relocations.fields64.data, &table[1]);
    assert_int_equal(relocations.fields64.size, 8);
    assert_ptr_equal(relocations.inverse32.data, &table[4]);
    assert_int_equal(relocations.inverse32.size, 4);
    assert_ptr_equal(relocations.fields32.data, &table[6]);
    assert_int_equal(relocations.fields32.size, 12);
}

static void two_lists(void **state)
{
    const uint32_t table[] = { 0, AT(8), 0, AT(0), AT(4) };

    (void)state;
    assert_true(parse(table, sizeof(table) / sizeof(*table)));
    assert_int_equal(relocations.fields64.size, 4);
    assert_int_equal(relocations.inverse32.size, 0);
    assert_int_equal(relocations.fields32.size, 8);
}

static void empty_lists(void **state)
{
    (void)state;
    assert_true(PARSE(0, 0, 0));
    assert_true(PARSE(0, 0));
    assert_true(relocations_apply(&relocations, &program, DELTA, &failure));
}

static void no_table(void **state)
{
    const uint8_t odd[7] = { 0 };

    (void)state;
    assert_false(parse(NULL, 0));
    assert_failure(&failure, "kernel", "the 0 bytes behind its ELF are no relocations");
    assert_false(relocations_parse((struct span){ odd, sizeof(odd) }, &relocations, &failure));
    assert_failure(&failure, "kernel", "the 7 bytes");
    assert_false(PARSE(AT(0), 0, AT(4), 0, AT(8))); /* the terminator of the last list is missing */
    assert_failure(&failure, "kernel", "are no relocations");
    assert_false(PARSE(0, AT(0)));
    assert_failure(&failure, "kernel", "one list");
    assert_false(PARSE(0, 0, 0, 0));
    assert_failure(&failure, "kernel", "more than 3 lists");
}

static uint64_t field(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, at, size);
    return value;
}

static void fields(void **state)
{
    const uint32_t low = 0xf0000010, low_data = 0x81000000;
    const uint64_t wide = 0xffffffff81000123;

    (void)state;
    memcpy(text, &low, 4);
    memcpy(text + 16, &low, 4);
    memcpy(text + 21, &wide, 8); /* aligned to nothing */
    memcpy(data + 12, &low_data, 4);
    assert_true(PARSE(0, AT(21), 0, AT(16), 0, AT(0x200c), AT(0)));
    assert_true(relocations_apply(&relocations, &program, DELTA, &failure));
    assert_int_equal(field(text, 4), (uint32_t)(low + DELTA)); /* and nothing is carried out of it */
    assert_int_equal(field(text + 4, 4), 0);
    assert_int_equal(field(text + 16, 4), (uint32_t)(low - DELTA));
    assert_int_equal(field(text + 20, 1), 0);
    assert_int_equal(field(text + 21, 8), wide + DELTA);
    assert_int_equal(field(data + 12, 4), low_data + DELTA);
}

static void the_last_bytes(void **state)
{
    (void)state;
    assert_true(PARSE(0, AT(24), 0, AT(28)));
    assert_true(relocations_apply(&relocations, &program, 1, &failure));
    assert_int_equal(field(text + 24, 8), 0x100000001);
}

static void outside(void **state)
{
    /* Behind a segment by a byte, in what no bytes of the file fill, before the first, and below virtual addresses. */
    const uint32_t bad[] = { AT(29), AT(0x1000), AT(0x2010), AT(-1), AT(0x3000), 1, 0x7fffffff };

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_true(PARSE(0, 0, bad[i]));
        assert_false(relocations_apply(&relocations, &program, 1, &failure));
        assert_failure(&failure, "kernel", "outside its segments");
    }
    assert_true(PARSE(0, AT(25), 0)); /* where 32 bits would do */
    assert_false(relocations_apply(&relocations, &program, 1, &failure));
    assert_true(PARSE(0, 0, AT(29), 0));
    assert_false(relocations_apply(&relocations, &program, 1, &failure));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(three_lists, setup), cmocka_unit_test_setup(two_lists, setup),
        cmocka_unit_test_setup(empty_lists, setup), cmocka_unit_test_setup(no_table, setup),
        cmocka_unit_test_setup(fields, setup),      cmocka_unit_test_setup(the_last_bytes, setup),
        cmocka_unit_test_setup(outside, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/e820.c common/map.c common/text.c common/failure.c */
/* The memory map as payloads see it: E820 types, merged where only its users differ. */
#include "handoff/e820.h"
#include "tests/unit/map_fixture.h"

static void has(uint64_t start, uint64_t end, uint32_t type, uint32_t flags)
{
    assert_true(map_add(&map, start, end - start, type, flags, &failure));
}

static void used(uint64_t start, uint64_t size, uint32_t type)
{
    assert_true(map_carve(&map, start, size, type, &failure));
}

static void assert_ranges(const struct range *expected, unsigned count)
{
    struct range range;
    uint32_t index = 0;

    for (unsigned i = 0; i < count; i++) {
        assert_true(e820_next(&map, &index, &range));
        assert_int_equal(range.start, expected[i].start);
        assert_int_equal(range.end, expected[i].end);
        assert_int_equal(range.type, expected[i].type);
    }
    assert_false(e820_next(&map, &index, &range));
    assert_false(e820_next(&map, &index, &range)); /* and it stays so */
}

static void nothing(void **state)
{
    (void)state;
    assert_ranges(NULL, 0);
}

static void each_type(void **state)
{
    struct range expected[7];

    (void)state;
    for (uint32_t i = 0; i < 7; i++) {
        expected[i] = (struct range){ i * MIB, (i + 1) * MIB, MAP_RAM + i, 0 };
        has(expected[i].start, expected[i].end, expected[i].type, 0);
    }
    assert_ranges(expected, 7);
}

/* Whoever uses it: it is RAM, and one range. */
static void users_are_merged(void **state)
{
    static const struct range expected[] = { { 0, 64 * MIB, MAP_RAM, 0 } };

    (void)state;
    has(0, 64 * MIB, MAP_RAM, 0);
    for (uint32_t i = 0; i <= MAP_FIRMWARE - MAP_OURS; i++)
        used((2 + 3 * i) * MIB, MIB, MAP_OURS + i);
    used(40 * MIB, MIB, MAP_OURS);
    used(41 * MIB, MIB, MAP_MODULE);
    used(0, 1, MAP_LOADER);
    used(64 * MIB - 1, 1, MAP_PAYLOAD);
    assert_true(map.count > 10);
    assert_ranges(expected, 1);
}

/* Ranges that EFI calls its own at run time differ from their neighbours in a flag that E820 does not have. */
static void flags_are_merged(void **state)
{
    static const struct range expected[] = { { MIB, 3 * MIB, MAP_RESERVED, 0 }, { 3 * MIB, 4 * MIB, MAP_ACPI, 0 } };

    (void)state;
    has(MIB, 2 * MIB, MAP_RESERVED, 0);
    has(2 * MIB, 3 * MIB, MAP_RESERVED, MAP_RUNTIME);
    has(3 * MIB, 4 * MIB, MAP_ACPI, 0);
    assert_int_equal(map.count, 3);
    assert_ranges(expected, 2);
}

static void gaps_stay(void **state)
{
    static const struct range expected[] = { { 0, MIB, MAP_RAM, 0 },
                                             { MIB + 1, 2 * MIB, MAP_RAM, 0 },
                                             { 2 * MIB, 3 * MIB, MAP_RESERVED, 0 },
                                             { 3 * MIB, 4 * MIB, MAP_RAM, 0 } };

    (void)state;
    has(0, MIB, MAP_RAM, 0);
    has(MIB + 1, 2 * MIB, MAP_RAM, 0);
    has(2 * MIB, 3 * MIB, MAP_RESERVED, 0);
    has(3 * MIB, 4 * MIB, MAP_RAM, 0);
    used(3 * MIB, MIB, MAP_WORK);
    assert_ranges(expected, 4);
}

static void assert_basic(uint32_t lower, uint32_t upper)
{
    uint32_t given[2] = { 1, 1 };

    e820_basic(&map, &given[0], &given[1]);
    assert_int_equal(given[0], lower);
    assert_int_equal(given[1], upper);
}

static void basic(void **state)
{
    (void)state;
    assert_basic(0, 0);
    has(0, 0x9fc00, MAP_RAM, 0);
    assert_basic(639, 0);
    has(0x9fc00, MIB, MAP_RESERVED, 0);
    has(MIB, 16 * MIB + 1023, MAP_RAM, 0);
    assert_basic(639, 15 * 1024); /* whole KiB */
    used(2 * MIB, MIB, MAP_OURS); /* is no hole */
    used(0, 0x1000, MAP_LOADER);
    assert_basic(639, 15 * 1024);
    has(32 * MIB, GIB, MAP_RAM, 0); /* behind one */
    assert_basic(639, 15 * 1024);
}

static void basic_without_holes(void **state)
{
    (void)state;
    has(0, 4 * GIB, MAP_RAM, 0);
    assert_basic(640, 4 * MIB - 1024); /* what lies above is no lower memory */
    setup(state);
    has(0, 1ull << 60, MAP_RAM, 0);
    assert_basic(640, UINT32_MAX);
}

static void basic_elsewhere(void **state)
{
    (void)state;
    has(0x1000, 0x9f000, MAP_RAM, 0); /* not from 0 on */
    has(MIB + 0x1000, 2 * MIB, MAP_RAM, 0);
    assert_basic(0, 0);
    setup(state);
    has(0, MIB, MAP_RAM, 0); /* not a byte above */
    assert_basic(640, 0);
    setup(state);
    has(0x80000, 3 * MIB, MAP_RAM, 0);
    assert_basic(0, 2048);
    setup(state);
    has(0, 3 * MIB, MAP_RESERVED, 0);
    assert_basic(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing, setup),
        cmocka_unit_test_setup(each_type, setup),
        cmocka_unit_test_setup(users_are_merged, setup),
        cmocka_unit_test_setup(flags_are_merged, setup),
        cmocka_unit_test_setup(gaps_stay, setup),
        cmocka_unit_test_setup(basic, setup),
        cmocka_unit_test_setup(basic_without_holes, setup),
        cmocka_unit_test_setup(basic_elsewhere, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

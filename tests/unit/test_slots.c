/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/slots.c common/map.c common/text.c common/failure.c */
/* From where chance takes a kernel's place: every aligned one, each as likely, and no other. */
#include "payloads/slots.h"
#include "tests/unit/map_fixture.h"

static const struct slots slots = {
    .size = 4 * MIB, .alignment = 2 * MIB, .minimum = 16 * MIB, .maximum = UINT64_MAX - 1
};

/* The place that a number picks; 0: none. */
static uint64_t pick(uint64_t random)
{
    uint64_t address = 0;

    return slots_pick(&slots, &map, random, &address) ? address : 0;
}

static void each_once(void **state)
{
    (void)state;
    assert_true(add(0, 640 << 10, MAP_RAM));
    assert_true(add(MIB, 24 * MIB, MAP_RAM));
    assert_true(add(GIB + 5, GIB + 8 * MIB, MAP_RAM));
    assert_true(add(8 * GIB, 8 * GIB + 4 * MIB, MAP_RAM));
    /* 16, 18, 20 MiB; behind the first byte of the second range; the third just fits. */
    assert_int_equal(pick(0), 16 * MIB);
    assert_int_equal(pick(1), 18 * MIB);
    assert_int_equal(pick(2), 20 * MIB);
    assert_int_equal(pick(3), GIB + 2 * MIB);
    assert_int_equal(pick(4), GIB + 4 * MIB);
    assert_int_equal(pick(5), 8 * GIB);
    assert_int_equal(pick(6), 16 * MIB);
    assert_int_equal(pick(UINT64_MAX), pick(UINT64_MAX % 6));
}

static void nothing_else(void **state)
{
    (void)state;
    assert_true(add(MIB, 26 * MIB, MAP_RAM));
    assert_true(carve(18 * MIB, 18 * MIB + MAP_PAGE, MAP_MODULE));
    assert_true(add(64 * MIB, 80 * MIB, MAP_RESERVED));
    assert_int_equal(pick(0), 20 * MIB);
    assert_int_equal(pick(1), 22 * MIB);
    assert_int_equal(pick(2), 20 * MIB);
    assert_true(carve(21 * MIB, 23 * MIB, MAP_FIRMWARE));
    assert_int_equal(pick(0), 0);
}

static void no_higher_than(void **state)
{
    struct slots low = slots;
    uint64_t address;

    (void)state;
    assert_true(add(GIB, GIB + 8 * MIB, MAP_RAM));
    low.maximum = GIB + 6 * MIB - 1;
    assert_true(slots_pick(&low, &map, 1, &address));
    assert_int_equal(address, GIB + 2 * MIB);
    assert_true(slots_pick(&low, &map, 2, &address));
    assert_int_equal(address, GIB);
    low.maximum = GIB + 4 * MIB - 2;
    assert_false(slots_pick(&low, &map, 0, &address));
}

/* find_random_virt_addr of Linux's kaslr.c, by its numbers for Debian's 6.1: from 16 MiB on, 64 MiB within 1 GiB. */
static void virtual_addresses(void **state)
{
    uint64_t address;

    (void)state;
    assert_true(slots_pick_within(64 * MIB - 5, 2 * MIB, 16 * MIB, GIB, 0, &address));
    assert_int_equal(address, 16 * MIB);
    assert_true(slots_pick_within(64 * MIB - 5, 2 * MIB, 16 * MIB, GIB, 472, &address));
    assert_int_equal(address, GIB - 64 * MIB);
    assert_true(slots_pick_within(64 * MIB - 5, 2 * MIB, 16 * MIB, GIB, 473, &address));
    assert_int_equal(address, 16 * MIB);
    assert_true(slots_pick_within(4 * MIB, 4 * MIB, 6 * MIB, 12 * MIB, 77, &address));
    assert_int_equal(address, 8 * MIB);
    assert_false(slots_pick_within(4 * MIB, 4 * MIB, 9 * MIB, 12 * MIB, 0, &address));
    assert_false(slots_pick_within(GIB, 2 * MIB, 16 * MIB, GIB, 0, &address));
    assert_false(slots_pick_within(UINT64_MAX, 2 * MIB, 0, GIB, 0, &address));
    assert_false(slots_pick_within(1, 2 * MIB, UINT64_MAX, GIB, 0, &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_once, setup),
        cmocka_unit_test_setup(nothing_else, setup),
        cmocka_unit_test_setup(no_higher_than, setup),
        cmocka_unit_test_setup(virtual_addresses, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

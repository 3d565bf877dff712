/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/landing.c payloads/bzimage.c common/map.c common/text.c common/failure.c */
/* Where a kernel's file is to be read to: by the first bytes of one built field by field, in maps that are made up. */
#include "payloads/landing.h"
#include "tests/unit/map_fixture.h"
#include "tests/unit/synthetic_kernel.h"

#define LEAD   KERNEL_CODE
#define BEST   (KERNEL_PREFERRED - LEAD)
#define FRONT  4096 /* bytes of the pages that LEAD takes */
#define TOP    (64 * MIB)
#define SECOND (KERNEL_PREFERRED + KERNEL_ALIGNMENT)

_Static_assert(LEAD <= FRONT, "one page in front of the code");

static struct synthetic_kernel made;
static uint64_t address;

static int start(void **state)
{
    setup(state);
    synthetic_start(&made, 0x020f);
    return add(MIB, TOP, MAP_RAM) ? 0 : -1;
}

static bool find_of(uint64_t size)
{
    uint8_t head[LANDING_HEAD];

    memcpy(head, synthetic_file(&made, KERNEL_SIZE).data, sizeof(head));
    return landing_find((struct span){ head, sizeof(head) }, size, &map, &address);
}

static bool find(void)
{
    return find_of(KERNEL_SIZE);
}

static void at_the_preferred_address(void **state)
{
    (void)state;
    assert_true(find());
    assert_int_equal(address, BEST);
    assert_true(map_is_free(&map, MIB, TOP - MIB, false)); /* nothing was taken */
}

static void next_place(void **state)
{
    static const uint64_t taken[] = { KERNEL_PREFERRED - FRONT, KERNEL_PREFERRED, KERNEL_PREFERRED + MIB };

    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
        start(state);
        assert_true(carve(taken[i], taken[i] + 1, MAP_WORK));
        assert_true(find());
        assert_int_equal(address, SECOND - LEAD);
    }
}

static void just_enough(void **state)
{
    for (uint64_t less = 0; less < 2; less++) {
        setup(state);
        assert_true(add(KERNEL_PREFERRED - FRONT, KERNEL_PREFERRED + KERNEL_INIT_SIZE - less, MAP_RAM));
        assert_int_equal(find(), !less);
    }
    assert_true(add(TOP, 2 * TOP, MAP_RAM));
    assert_true(find());
    assert_int_equal(address, TOP + KERNEL_ALIGNMENT - LEAD);
}

static void below_four_gib(void **state)
{
    (void)state;
    setup(state);
    assert_true(add(4 * GIB, 5 * GIB, MAP_RAM));
    assert_false(find());
}

static void nothing_to_gain(void **state)
{
    (void)state;
    made.header.relocatable_kernel = 0;
    assert_false(find());
    start(state);
    made.header.version = 0x0209; /* says no init_size */
    assert_false(find());
    start(state);
    made.header.boot_flag = 0;
    made.header.header = BZIMAGE_REPACKED;
    assert_false(find());
    start(state);
    made.header.header = 0;
    assert_false(find());
}

static bool firmware(uint64_t first, uint64_t size)
{
    (void)first;
    (void)size;
    return true;
}

static void of_a_firmware(void **state)
{
    (void)state;
    map.claim = firmware;
    assert_false(find());
}

static void sizes_that_contradict(void **state)
{
    (void)state;
    assert_false(find_of(LEAD - 1));
    assert_true(find_of(LEAD + KERNEL_INIT_SIZE));
    assert_false(find_of(LEAD + KERNEL_INIT_SIZE + 1)); /* something is behind it that would be written over */
    made.header.init_size = 16;
    assert_false(find());
    start(state);
    made.header.pref_address = FRONT - 1;
    assert_false(find());
    made.header.pref_address = UINT64_MAX;
    assert_false(find());
    start(state);
    made.header.kernel_alignment = 0x3000;
    assert_false(find());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(at_the_preferred_address, start),
        cmocka_unit_test_setup(next_place, start),
        cmocka_unit_test_setup(just_enough, start),
        cmocka_unit_test_setup(below_four_gib, start),
        cmocka_unit_test_setup(nothing_to_gain, start),
        cmocka_unit_test_setup(of_a_firmware, start),
        cmocka_unit_test_setup(sizes_that_contradict, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

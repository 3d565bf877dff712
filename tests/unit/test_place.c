/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/place.c handoff/launch.c pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/* Finding places: programs as linked, moved, or over what gets out of the way; bytes that stay and bytes that do not.
 */
#include "tests/unit/exit_fixture.h"

static struct program program;
static uint64_t offset, address;

static int setup_place(void **state)
{
    if (setup(state))
        return -1;
    memset(&launch, 0, sizeof(launch));
    before = handoff.map;
    program_at(&program, LINKED);
    offset = address = 0xdeadbeef;
    return 0;
}

static const struct placement fixed = { .relocatable = false };

static bool place(const struct placement *placement)
{
    return place_program(&program, placement, &handoff, &launch, &offset, &failure);
}

static void assert_not_placed(const struct placement *placement, const char *why)
{
    uint32_t ranges = handoff.map.count;

    assert_false(place(placement));
    assert_failure(&failure, "kernel", why);
    assert_int_equal(launch.segment_count, 0);
    assert_int_equal(handoff.map.count, ranges);
}

/* Its segments at `base`, and their memory taken; what lies between them is not. */
static void assert_placed(uint64_t base)
{
    static const uint64_t at[] = { 0, SECOND }, file[] = { 0x2000, 0x100 }, memory[] = { 0x3000, 0x5000 };

    assert_int_equal(offset, base - program.start);
    assert_int_equal(launch.segment_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct launch_segment *segment = &launch.segments[i];

        assert_string_equal(segment->name, "kernel");
        assert_int_equal(segment->destination, base + at[i]);
        assert_ptr_equal(segment->source, program.segments[i].content.data);
        assert_int_equal(segment->file_size, file[i]);
        assert_int_equal(segment->memory_size, memory[i]);
        assert_int_equal(segment->reserved, memory[i]);
        for (uint64_t byte = 0; byte < memory[i]; byte += memory[i] - 1)
            assert_false(map_is_free(&handoff.map, base + at[i] + byte, 1, true));
    }
}

/* ---- programs that lie where they are linked ---- */

static void as_linked(void **state)
{
    (void)state;
    assert_true(place(&fixed));
    assert_placed(LINKED);
    assert_true(map_is_free(&handoff.map, LINKED + 0x3000, SECOND - 0x3000, false));
}

/* Each kind of user by itself, at the program's last byte and at its first. */
static void over_users(void **state)
{
    static const struct {
        uint32_t type;
        bool goes;
    } cases[] = {
        { MAP_OURS, true }, { MAP_LOADER, false },  { MAP_MODULE, true },
        { MAP_WORK, true }, { MAP_FIRMWARE, true }, /* which has ended by then */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (unsigned last = 0; last < 2; last++) {
            setup_place(state);
            used(last ? LINKED + LINKED_SIZE - 1 : LINKED, 1, cases[i].type);
            if (!cases[i].goes) {
                assert_not_placed(&fixed, "where the loader before us has left data");
                continue;
            }
            assert_true(place(&fixed));
            assert_placed(LINKED);
        }
    }
    setup_place(state);
    used(LINKED + 0x3000, SECOND - 0x3000, MAP_LOADER); /* between the segments */
    assert_true(place(&fixed));
    assert_placed(LINKED);
}

static void where_nothing_can_lie(void **state)
{
    (void)state;
    program_at(&program, REAL_END - LINKED_SIZE + 1);
    assert_not_placed(&fixed, "it must lie at 0x3dffb001, where there are no 20480 bytes of RAM");
    program_at(&program, 0x9f000); /* in the hole */
    assert_not_placed(&fixed, "it must lie at 0x9f000, where there are no 12288 bytes of RAM");
    program_at(&program, 0xfff);
    assert_not_placed(&fixed, "it must lie at 0xfff, in page 0");
    program_at(&program, 0x1000);
    assert_true(place(&fixed));
    setup_place(state);
    program_at(&program, UINT64_MAX - LINKED_SIZE);
    assert_not_placed(&fixed, "where there are no");
}

/* ---- programs that may move ---- */

static void moved(void **state)
{
    struct placement placement = { true, 0x1000, REAL_START, REAL_END - 1, PLACE_AS_LINKED };

    (void)state;
    assert_true(place(&placement));
    assert_placed(LINKED);
    setup_place(state);
    used(LINKED + LINKED_SIZE - 1, 1, MAP_MODULE); /* a module stays if it can */
    assert_true(place(&placement));
    assert_placed(LOADER_AT + 0x10000);
    setup_place(state);
    used(LOADER_AT + 0x10000, MIB, MAP_FIRMWARE); /* free once it has ended */
    placement.preference = PLACE_LOW;
    assert_true(place(&placement));
    assert_placed(LOADER_AT + 0x10000);
    setup_place(state);
    placement.preference = PLACE_HIGH;
    assert_true(place(&placement));
    assert_placed(REAL_END - LINKED_SIZE);
}

/* A limit is the last byte, and of no use where it is 0. */
static void limits(void **state)
{
    struct placement placement = { true, 0x1000, LINKED, LINKED + LINKED_SIZE - 1, PLACE_AS_LINKED };

    (void)state;
    assert_true(place(&placement));
    assert_placed(LINKED);
    setup_place(state);
    placement.maximum--;
    assert_not_placed(&placement, "no free memory for 86016 bytes aligned to 0x1000 from 0x3d000000 to 0x3d014ffe");
    placement = (struct placement){ true, 0x1000, 0, 0, PLACE_AS_LINKED };
    assert_not_placed(&placement, "no free memory");
    placement = (struct placement){ true, 0x1000, 0, UINT64_MAX, PLACE_HIGH };
    assert_true(place(&placement));
    assert_placed(REAL_END - LINKED_SIZE); /* of the free memory */
    setup_place(state);
    placement = (struct placement){ true, 0x1000, UINT64_MAX - 10, UINT64_MAX, PLACE_LOW };
    assert_not_placed(&placement, "no free memory");
    placement = (struct placement){ true, 1ull << 63, REAL_START, UINT64_MAX, PLACE_LOW };
    assert_not_placed(&placement, "no free memory");
}

/* An odd address that is linked is one that the program asks for; where it is moved it begins with a page. */
static void odd_address(void **state)
{
    struct placement placement = { true, 1, REAL_START, REAL_END - 1, PLACE_AS_LINKED };

    (void)state;
    program_at(&program, LINKED + 0x123);
    assert_true(place(&placement));
    assert_placed(LINKED + 0x123);
    setup_place(state);
    program_at(&program, LINKED + 0x123);
    placement.preference = PLACE_LOW;
    assert_true(place(&placement));
    assert_placed(LOADER_AT + 0x10000);
}

static void over_ourselves(void **state)
{
    const struct placement placement = { true, 0x1000, MODULES_AT, IMAGE_AT + MIB - 1, PLACE_AS_LINKED };

    (void)state;
    assert_true(place(&placement));
    assert_placed(IMAGE_AT);
    setup_place(state);
    launch.state.mode = LAUNCH_FIRMWARE; /* then not */
    assert_not_placed(&placement, "no free memory");
}

/* ---- under a firmware that goes on ---- */

static uint64_t claimed_start, claimed_size;
static bool gives;

static bool claim(uint64_t start, uint64_t size)
{
    claimed_start = start;
    claimed_size = size;
    return gives;
}

static void claimed(void **state)
{
    const struct placement placement = { true, 0x1000, REAL_START, REAL_END - 1, PLACE_HIGH };

    (void)state;
    launch.state.mode = LAUNCH_FIRMWARE;
    assert_not_placed(&fixed, "the firmware does not give its place");
    handoff.map.claim = claim;
    gives = false;
    assert_not_placed(&fixed, "the firmware does not give its place, 86016 bytes at 0x3d000000");
    gives = true;
    program_at(&program, LINKED + 0x123); /* whole pages, from the first to the last */
    assert_true(place(&fixed));
    assert_placed(LINKED + 0x123);
    assert_int_equal(claimed_start, LINKED);
    assert_int_equal(claimed_size, LINKED_SIZE + 0x1000);
    setup_place(state);
    handoff.map.claim = claim;
    launch.state.mode = LAUNCH_FIRMWARE;
    assert_true(place(&placement));
    assert_placed(REAL_END - LINKED_SIZE);
    assert_int_equal(claimed_start, REAL_END - LINKED_SIZE);
    assert_int_equal(claimed_size, LINKED_SIZE);
}

/* ---- bytes ---- */

static bool content(uint64_t at, uint64_t size, uint64_t alignment, uint64_t maximum)
{
    return place_content("module", (struct span){ real(at), size }, alignment, maximum, &handoff, &launch, &address,
                         &failure);
}

static void bytes_that_stay(void **state)
{
    (void)state;
    assert_true(content(MODULES_AT, 0x1234, 0x1000, MODULES_AT + 0x1233));
    assert_int_equal(address, MODULES_AT);
    assert_true(content(MODULES_AT + 0x1234, 4, 4, UINT64_MAX)); /* right behind it */
    assert_int_equal(address, MODULES_AT + 0x1234);
    assert_int_equal(launch.segment_count, 2);
    assert_int_equal(launch.segments[0].source, MODULES_AT);
    assert_int_equal(launch.segments[0].destination, MODULES_AT);
    assert_int_equal(launch.segments[0].file_size, 0x1234);
}

static void bytes_that_move(void **state)
{
    static const struct {
        uint64_t at, size, alignment, maximum;
    } cases[] = {
        { MODULES_AT + 4, 0x1234, 0x1000, REAL_END - 1 },                 /* not aligned */
        { MODULES_AT, 0x1234, 4 * MIB, REAL_END - 1 },                    /* not enough */
        { REAL_END - 0x2000, 0x1234, 0x1000, REAL_END - 0x1000 + 0x232 }, /* a byte too high */
        { LINKED + 0x1000, 0x1234, 0x1000, REAL_END - 1 },                /* where the program will lie */
        { LINKED - 0x1000, 0x1001, 0x1000, REAL_END - 1 },
        { LINKED + LINKED_SIZE - 0x1000, 0x1234, 0x1000, REAL_END - 1 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup_place(state);
        used(cases[i].at & ~0xfffull, 0x2000, MAP_MODULE);
        assert_true(place(&fixed));
        before = handoff.map;
        assert_true(content(cases[i].at, cases[i].size, cases[i].alignment, cases[i].maximum));
        assert_true(address != cases[i].at && address % cases[i].alignment == 0);
        assert_true(address + cases[i].size - 1 <= cases[i].maximum);
        assert_true(map_is_free(&before, address, cases[i].size, false));
        assert_false(map_is_free(&handoff.map, address, 1, true));
        assert_int_equal(launch.segments[2].source, cases[i].at);
        assert_int_equal(launch.segments[2].destination, address);
    }
}

static void no_bytes(void **state)
{
    (void)state;
    assert_true(content(MODULES_AT + 1, 0, 0x1000, 0));
    assert_int_equal(address, 0);
    assert_int_equal(launch.segment_count, 0);
}

static void no_place_for_bytes(void **state)
{
    (void)state;
    used(0, REAL_START, MAP_MODULE);
    assert_false(content(MODULES_AT + 1, 33 * MIB, 0x1000, UINT64_MAX));
    assert_string_equal(failure.what, "module");
    assert_int_equal(launch.segment_count, 0);
    for (unsigned i = 0; i < LAUNCH_SEGMENTS_MAX; i++)
        assert_true(content(MODULES_AT + i, 1, 1, UINT64_MAX));
    assert_false(content(MODULES_AT + LAUNCH_SEGMENTS_MAX, 1, 1, UINT64_MAX));
    assert_string_equal(failure.why, "more than 80 segments");
}

/* ---- parameters ---- */

static void parameters(void **state)
{
    uint8_t *block;

    (void)state;
    memset(real(REAL_END) - 0x3000, 0xff, 0x3000);
    block = place_parameters("parameters", 0x1801, &handoff, &launch, &failure);
    assert_ptr_equal(block, real(REAL_END) - 0x2000); /* as high as they go below 4 GiB */
    for (unsigned i = 0; i < 0x1801; i++)
        assert_int_equal(block[i], 0);
    assert_int_equal(launch.segment_count, 1);
    assert_int_equal(launch.segments[0].source, launch.segments[0].destination);
    assert_int_equal(launch.segments[0].file_size, 0x1801);
    assert_false(map_is_free(&handoff.map, (uint64_t)block, 0x1801, true));
    reachable = false;
    assert_null(place_parameters("parameters", 16, &handoff, &launch, &failure));
    assert_string_equal(failure.why, "0x3dffd000 is out of our reach");
    assert_null(place_parameters("parameters", 4 * GIB, &handoff, &launch, &failure));
    assert_non_null(strstr(failure.why, "no free memory"));
}

/* Early page tables of Linux and others reach no further than 1 GiB; where there is nothing free, it lies higher. */
static void parameters_below_1g(void **state)
{
    (void)state;
    ram(GIB - MIB, GIB + MIB); /* not real: it is out of reach before anybody writes there */
    used(GIB, MIB, MAP_FIRMWARE);
    reachable = false;
    assert_null(place_parameters("parameters", 0x2000, &handoff, &launch, &failure));
    assert_string_equal(failure.why, "0x3fffe000 is out of our reach");
    assert_null(place_parameters("parameters", 33 * MIB, &handoff, &launch, &failure));
    assert_string_equal(failure.what, "parameters");
    setup_place(state);
    used(0, REAL_END, MAP_MODULE);
    ram(GIB, GIB + MIB);
    reachable = false;
    assert_null(place_parameters("parameters", 0x2000, &handoff, &launch, &failure));
    assert_string_equal(failure.why, "0x400fe000 is out of our reach");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup_place)
    const struct CMUnitTest tests[] = {
        TEST(as_linked),
        TEST(over_users),
        TEST(where_nothing_can_lie),
        TEST(moved),
        TEST(limits),
        TEST(odd_address),
        TEST(claimed),
        TEST(over_ourselves),
        TEST(bytes_that_stay),
        TEST(no_bytes),
        TEST(parameters),
        TEST(bytes_that_move),
        TEST(no_place_for_bytes),
        TEST(parameters_below_1g),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

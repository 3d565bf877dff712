/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/map.c common/text.c common/failure.c */
/* The memory map: adding, carving, finding, allocating. At random, against a model, it is in test_map_random.c. */
#include "tests/unit/map_fixture.h"

static void assert_map(const struct range *ranges, uint32_t count)
{
    assert_sound();
    assert_int_equal(map.count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(map.ranges[i].start, ranges[i].start);
        assert_int_equal(map.ranges[i].end, ranges[i].end);
        assert_int_equal(map.ranges[i].type, ranges[i].type);
        assert_int_equal(map.ranges[i].flags, ranges[i].flags);
    }
}

#define ASSERT_MAP(...)                               \
    assert_map((const struct range[]){ __VA_ARGS__ }, \
               sizeof((const struct range[]){ __VA_ARGS__ }) / sizeof(struct range))

static void add_unsorted(void **state)
{
    (void)state;
    assert_true(add(4 * GIB, 5 * GIB, MAP_RAM));
    assert_true(add(0, 0x9fc00, MAP_RAM));
    assert_true(add(0xfffc0000, 4 * GIB, MAP_RESERVED));
    assert_true(add(MIB, 0x7ffe0000, MAP_RAM));
    assert_true(add(0x9fc00, 0xa0000, MAP_RESERVED));
    ASSERT_MAP({ 0, 0x9fc00, MAP_RAM, 0 }, { 0x9fc00, 0xa0000, MAP_RESERVED, 0 }, { MIB, 0x7ffe0000, MAP_RAM, 0 },
               { 0xfffc0000, 4 * GIB, MAP_RESERVED, 0 }, { 4 * GIB, 5 * GIB, MAP_RAM, 0 });
}

static void add_empty(void **state)
{
    (void)state;
    assert_true(map_add(&map, 0, 0, MAP_RAM, 0, &failure));
    assert_true(map_add(&map, UINT64_MAX, 0, MAP_RESERVED, 0, &failure));
    assert_true(map_carve(&map, UINT64_MAX, 0, MAP_OURS, &failure));
    assert_int_equal(map.count, 0);
}

static void add_wrapping(void **state)
{
    (void)state;
    assert_false(map_add(&map, UINT64_MAX - 10, 12, MAP_RAM, 0, &failure));
    assert_string_equal(failure.what, "memory map");
    assert_non_null(strstr(failure.why, "wrap around"));
    assert_false(map_add(&map, 1, UINT64_MAX, MAP_RAM, 0, &failure));
    assert_false(map_carve(&map, 2 * MIB, UINT64_MAX, MAP_OURS, &failure));
    assert_true(map_add(&map, UINT64_MAX - 10, 10, MAP_RAM, 0, &failure));
    assert_sound();
}

static void add_merges(void **state)
{
    (void)state;
    assert_true(add(0, MIB, MAP_RAM));
    assert_true(add(2 * MIB, 3 * MIB, MAP_RAM));
    assert_true(add(MIB, 2 * MIB, MAP_RAM)); /* the gap between them */
    ASSERT_MAP({ 0, 3 * MIB, MAP_RAM, 0 });
    assert_true(add(MIB, 2 * MIB, MAP_RAM)); /* what is there already */
    assert_true(add(MIB, 5 * MIB, MAP_RAM)); /* and more */
    ASSERT_MAP({ 0, 5 * MIB, MAP_RAM, 0 });
    assert_true(map_add(&map, 5 * MIB, MIB, MAP_RAM, MAP_RUNTIME, &failure)); /* flags keep ranges apart */
    ASSERT_MAP({ 0, 5 * MIB, MAP_RAM, 0 }, { 5 * MIB, 6 * MIB, MAP_RAM, MAP_RUNTIME });
}

static void add_over_several(void **state)
{
    (void)state;
    assert_true(add(2 * MIB, 3 * MIB, MAP_ACPI));
    assert_true(add(5 * MIB, 6 * MIB, MAP_RESERVED));
    assert_true(map_add(&map, 1 * MIB, 6 * MIB, MAP_RESERVED, MAP_RUNTIME, &failure));
    ASSERT_MAP({ 1 * MIB, 2 * MIB, MAP_RESERVED, MAP_RUNTIME }, { 2 * MIB, 3 * MIB, MAP_ACPI, MAP_RUNTIME },
               { 3 * MIB, 7 * MIB, MAP_RESERVED, MAP_RUNTIME });
}

static void contradictions(void **state)
{
    (void)state;
    assert_true(add(MIB, 4 * MIB, MAP_RAM));
    assert_false(add(2 * MIB, 3 * MIB, MAP_RESERVED));
    assert_string_equal(failure.why, "0x200000-0x2fffff is said to be RAM and also reserved");

    setup(NULL);
    assert_true(add(MIB, 4 * MIB, MAP_NVS));
    assert_false(add(0, MIB + 1, MAP_RAM)); /* one byte is enough */
    assert_non_null(strstr(failure.why, "0x100000-0x100000 is said to be RAM and also NVS"));

    setup(NULL);
    assert_true(add(MIB, 4 * MIB, MAP_RAM));
    assert_true(carve(MIB, 2 * MIB, MAP_MODULE));
    assert_false(add(MIB, 2 * MIB, MAP_UNUSABLE)); /* in use, but RAM all the same */
    assert_true(add(4 * MIB, 5 * MIB, MAP_RESERVED));
    assert_true(add(0, MIB, MAP_RESERVED));
}

/* Of kinds that are not RAM the stricter holds, in whatever order they come. */
static void stricter_holds(void **state)
{
    static const uint32_t strict[] = { MAP_PERSISTENT, MAP_RESERVED, MAP_ACPI, MAP_NVS, MAP_DISABLED, MAP_UNUSABLE };
    const size_t count = sizeof(strict) / sizeof(*strict);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            setup(NULL);
            assert_true(add(MIB, 2 * MIB, strict[i]));
            assert_true(add(MIB, 2 * MIB, strict[j]));
            ASSERT_MAP({ MIB, 2 * MIB, strict[i > j ? i : j], 0 });
        }
    }
}

/* A loader may describe its own parts as RAM in use, before the map says RAM or after. */
static void ram_in_use(void **state)
{
    (void)state;
    assert_true(add(2 * MIB, 3 * MIB, MAP_MODULE));
    assert_true(add(MIB, 4 * MIB, MAP_RAM));
    assert_true(add(MIB, 2 * MIB, MAP_FIRMWARE));
    ASSERT_MAP({ MIB, 2 * MIB, MAP_FIRMWARE, 0 }, { 2 * MIB, 3 * MIB, MAP_MODULE, 0 },
               { 3 * MIB, 4 * MIB, MAP_RAM, 0 });
}

static void carve_takes_only_what_is_free(void **state)
{
    (void)state;
    assert_true(add(MIB, 2 * MIB, MAP_RAM));
    assert_true(add(2 * MIB, 3 * MIB, MAP_RESERVED));
    assert_true(add(3 * MIB, 4 * MIB, MAP_FIRMWARE));
    assert_true(add(5 * MIB, 6 * MIB, MAP_RAM));
    assert_true(carve(0, 5 * MIB + 1, MAP_OURS)); /* a hole stays a hole */
    ASSERT_MAP({ MIB, 2 * MIB, MAP_OURS, 0 }, { 2 * MIB, 3 * MIB, MAP_RESERVED, 0 }, { 3 * MIB, 4 * MIB, MAP_OURS, 0 },
               { 5 * MIB, 5 * MIB + 1, MAP_OURS, 0 }, { 5 * MIB + 1, 6 * MIB, MAP_RAM, 0 });
    assert_true(carve(MIB, 2 * MIB, MAP_WORK)); /* what is taken stays whose it is */
    assert_int_equal(map.ranges[0].type, MAP_OURS);
}

static void carve_the_middle(void **state)
{
    (void)state;
    assert_true(add(0, 4 * MIB, MAP_RAM));
    assert_true(carve(MIB + 1, MIB + 3, MAP_WORK));
    assert_true(carve(MIB + 3, MIB + 4, MAP_WORK));
    ASSERT_MAP({ 0, MIB + 1, MAP_RAM, 0 }, { MIB + 1, MIB + 4, MAP_WORK, 0 }, { MIB + 4, 4 * MIB, MAP_RAM, 0 });
}

static void full_map(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < MAP_MAX; i++)
        assert_true(add(2 * i * MIB, (2 * i + 1) * MIB, i % 2 ? MAP_RAM : MAP_RESERVED));
    assert_int_equal(map.count, MAP_MAX);
    assert_sound();
    assert_false(add(2 * MAP_MAX * MIB, (2 * MAP_MAX + 1) * MIB, MAP_RAM));
    assert_string_equal(failure.why, "more than 1024 ranges");
    assert_false(add(MIB, MIB + 1, MAP_ACPI));
    assert_false(carve(2 * MIB + 1, 2 * MIB + 2, MAP_OURS));
    assert_true(carve(2 * MIB, 3 * MIB, MAP_OURS)); /* needs no new range */
    assert_int_equal(map.count, MAP_MAX);
}

static void find_lowest_and_highest(void **state)
{
    struct map_request request = { .size = 2 * MIB };
    uint64_t address;

    (void)state;
    assert_true(add(MIB, 2 * MIB, MAP_RAM));
    assert_true(add(4 * MIB, 8 * MIB, MAP_RAM));
    assert_true(add(16 * MIB, 20 * MIB, MAP_RAM));
    assert_true(add(24 * MIB, 25 * MIB, MAP_RAM));
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 4 * MIB);
    request.high = true;
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 18 * MIB);
    request.size = 4 * MIB + 1;
    assert_false(map_find(&map, &request, &address));
    request.size = 0;
    assert_false(map_find(&map, &request, &address));
    request.size = UINT64_MAX;
    assert_false(map_find(&map, &request, &address));
}

static void find_within_limits(void **state)
{
    struct map_request request = { .size = MIB, .minimum = 3 * MIB + 1 };
    uint64_t address;

    (void)state;
    assert_true(add(MIB, 8 * MIB, MAP_RAM));
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 3 * MIB + MAP_PAGE);
    request.maximum = 4 * MIB + MAP_PAGE - 1; /* the last byte that will do */
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 3 * MIB + MAP_PAGE);
    request.maximum--;
    assert_false(map_find(&map, &request, &address));
    request = (struct map_request){ .size = MIB, .maximum = 6 * MIB, .high = true };
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 5 * MIB);
    request.maximum = UINT64_MAX;
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 7 * MIB);
    request.minimum = 7 * MIB;
    assert_true(map_find(&map, &request, &address));
    request.minimum = UINT64_MAX;
    assert_false(map_find(&map, &request, &address));
}

static void find_aligned(void **state)
{
    struct map_request request = { .size = MIB, .alignment = 2 * MIB };
    uint64_t address;

    (void)state;
    assert_true(add(MIB, 6 * MIB + 1, MAP_RAM));
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 2 * MIB);
    request.high = true;
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, 4 * MIB);
    request.alignment = 8 * MIB;
    assert_false(map_find(&map, &request, &address));
    request.alignment = 1ull << 63;
    assert_false(map_find(&map, &request, &address));
    request = (struct map_request){ .size = 1, .alignment = 16 }; /* a page all the same */
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, MIB);
}

/* The memory maps of Xen's PVH guests, and ranges that do not end at pages. */
static void find_hole(void **state)
{
    const uint64_t below = 0xfec00000;
    uint64_t address;

    (void)state;
    assert_true(map_find_hole(&map, 1, below + 5, &address)); /* an empty map has nothing but holes */
    assert_int_equal(address, below - MAP_PAGE);
    assert_true(add(0, 256 * MIB, MAP_RAM));
    assert_true(add(0xfc000000, 0xfc008040, MAP_ACPI));
    assert_true(add(0xfeff8000, 0xff000000, MAP_RESERVED));
    assert_true(map_find_hole(&map, 3 * MAP_PAGE - 1, below, &address));
    assert_int_equal(address, below - 3 * MAP_PAGE);
    assert_true(map_find_hole(&map, below - 0xfc009000, below, &address)); /* just fits */
    assert_int_equal(address, 0xfc009000);
    assert_true(map_find_hole(&map, below - 0xfc009000 + 1, below, &address));
    assert_int_equal(address, 0xfc000000 - (below - 0xfc009000 + MAP_PAGE));
    assert_true(map_find_hole(&map, MAP_PAGE, 0xfeff8000 + 5, &address)); /* `below` lies in a range */
    assert_int_equal(address, 0xfeff7000);
    assert_true(map_find_hole(&map, MAP_PAGE, 0xfc008000, &address));
    assert_int_equal(address, 0xfbfff000);
    assert_false(map_find_hole(&map, 0, below, &address));
    assert_false(map_find_hole(&map, UINT64_MAX, below, &address));
    assert_false(map_find_hole(&map, 4 * GIB, below, &address));
}

static void no_hole(void **state)
{
    uint64_t address;

    (void)state;
    assert_true(add(0x9fc00, 4 * GIB - MAP_PAGE, MAP_RAM));
    assert_false(map_find_hole(&map, MAP_PAGE, 0xfec00000, &address)); /* below it is the first MiB */
    assert_true(map_find_hole(&map, MAP_PAGE, 4 * GIB, &address));
    assert_int_equal(address, 4 * GIB - MAP_PAGE);
    assert_true(add(8 * GIB, UINT64_MAX, MAP_RESERVED)); /* its end cannot be rounded up */
    assert_true(map_find_hole(&map, MAP_PAGE, UINT64_MAX, &address));
    assert_int_equal(address, 8 * GIB - MAP_PAGE);
    setup(NULL);
    assert_true(add(2 * MIB, 4 * GIB, MAP_RAM));
    assert_true(map_find_hole(&map, MIB, 0xfec00000, &address));
    assert_int_equal(address, MIB);
    assert_false(map_find_hole(&map, MIB + 1, 0xfec00000, &address));
    assert_false(map_find_hole(&map, MAP_PAGE, 2 * MAP_PAGE, &address));
}

/* Only whole pages are given out, however the firmware cuts its ranges. */
static void pages_inward(void **state)
{
    struct map_request request = { .size = 1 };
    uint64_t address;

    (void)state;
    assert_true(add(MIB + 1, MIB + 2 * MAP_PAGE - 1, MAP_RAM));
    assert_false(map_find(&map, &request, &address));
    assert_true(add(MIB + 2 * MAP_PAGE - 1, MIB + 3 * MAP_PAGE - 1, MAP_RAM));
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, MIB + MAP_PAGE);
    request.high = true;
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, MIB + MAP_PAGE);
    request.size = MAP_PAGE + 1;
    assert_false(map_find(&map, &request, &address));
    assert_int_equal(map.ranges[0].start, MIB + 1); /* the map itself is as it was told */
}

static void page_zero_is_never_given(void **state)
{
    struct map_request request = { .size = 1 };
    uint64_t address;

    (void)state;
    assert_true(add(0, MAP_PAGE, MAP_RAM));
    assert_false(map_find(&map, &request, &address));
    assert_true(add(MAP_PAGE, 2 * MAP_PAGE, MAP_RAM));
    for (int high = 0; high < 2; high++) {
        request.high = high;
        assert_true(map_find(&map, &request, &address));
        assert_int_equal(address, MAP_PAGE);
    }
    request.size = 2 * MAP_PAGE;
    assert_false(map_find(&map, &request, &address));
}

static void firmware_memory_when_asked_for(void **state)
{
    struct map_request request = { .size = 3 * MIB };
    uint64_t address;

    (void)state;
    assert_true(add(MIB, 2 * MIB, MAP_RAM));
    assert_true(add(2 * MIB, 3 * MIB, MAP_FIRMWARE));
    assert_true(add(3 * MIB, 4 * MIB, MAP_RAM));
    assert_false(map_find(&map, &request, &address));
    request.firmware_too = true;
    assert_true(map_find(&map, &request, &address));
    assert_int_equal(address, MIB);
    assert_false(map_is_free(&map, MIB, 3 * MIB, false));
    assert_true(map_is_free(&map, MIB, 3 * MIB, true));
    assert_false(map_is_free(&map, MIB, 3 * MIB + 1, true));
}

static void coverage(void **state)
{
    (void)state;
    assert_true(add(MIB, 2 * MIB, MAP_RAM));
    assert_true(add(2 * MIB, 3 * MIB, MAP_MODULE));
    assert_true(add(4 * MIB, 5 * MIB, MAP_RAM));
    assert_true(add(5 * MIB, 6 * MIB, MAP_RESERVED));
    assert_true(map_is_free(&map, MIB, MIB, false));
    assert_false(map_is_free(&map, MIB, MIB + 1, false));
    assert_true(map_is_type(&map, MIB, MIB, MAP_RAM));
    assert_false(map_is_type(&map, MIB, MIB + 1, MAP_RAM));
    assert_false(map_is_type(&map, MIB, MIB, MAP_WORK));
    assert_false(map_is_type(&map, UINT64_MAX, 2, MAP_RAM));
    assert_true(map_is_ram(&map, MIB, 2 * MIB));
    assert_false(map_is_ram(&map, MIB, 3 * MIB)); /* a hole */
    assert_false(map_is_ram(&map, MIB - 1, 2));
    assert_false(map_is_ram(&map, 4 * MIB, MIB + 1));
    assert_false(map_is_ram(&map, 7 * MIB, 1));
    assert_false(map_is_ram(&map, MIB, UINT64_MAX));
    assert_true(map_is_ram(&map, 3 * MIB, 0));
}

/* ---- allocation ---- */

static uint64_t refused; /* how often the firmware says no */
static uint64_t asked_start, asked_size;

static bool claim(uint64_t start, uint64_t size)
{
    asked_start = start;
    asked_size = size;
    return refused ? refused--, false : true;
}

static void allocate(void **state)
{
    const struct map_request request = { .size = MAP_PAGE + 1 };
    uint64_t address;

    (void)state;
    assert_true(add(MIB, MIB + 5 * MAP_PAGE, MAP_RAM));
    assert_true(map_allocate(&map, &request, MAP_WORK, &address, "thing", &failure));
    assert_int_equal(address, MIB);
    assert_true(map_allocate(&map, &request, MAP_PAYLOAD, &address, "thing", &failure));
    assert_int_equal(address, MIB + 2 * MAP_PAGE);
    ASSERT_MAP({ MIB, MIB + 2 * MAP_PAGE, MAP_WORK, 0 }, { MIB + 2 * MAP_PAGE, MIB + 4 * MAP_PAGE, MAP_PAYLOAD, 0 },
               { MIB + 4 * MAP_PAGE, MIB + 5 * MAP_PAGE, MAP_RAM, 0 });
    assert_false(map_allocate(&map, &request, MAP_WORK, &address, "thing", &failure));
    assert_string_equal(failure.what, "thing");
    assert_non_null(strstr(failure.why, "no free memory for 4097 bytes"));
}

static void firmware_refuses(void **state)
{
    const struct map_request request = { .size = 100 };
    uint64_t address;

    (void)state;
    map.claim = claim;
    refused = 2;
    assert_true(add(MIB, MIB + 4 * MAP_PAGE, MAP_RAM));
    assert_true(map_allocate(&map, &request, MAP_WORK, &address, "thing", &failure));
    assert_int_equal(address, MIB + 2 * MAP_PAGE);
    assert_int_equal(asked_start, address);
    assert_int_equal(asked_size, MAP_PAGE);
    ASSERT_MAP({ MIB, MIB + 2 * MAP_PAGE, MAP_LOADER, 0 }, { MIB + 2 * MAP_PAGE, MIB + 3 * MAP_PAGE, MAP_WORK, 0 },
               { MIB + 3 * MAP_PAGE, MIB + 4 * MAP_PAGE, MAP_RAM, 0 });
    refused = UINT64_MAX;
    assert_false(map_allocate(&map, &request, MAP_WORK, &address, "thing", &failure));
    assert_true(map.ranges[2].type == MAP_LOADER && map.count == 3);
}

static uint64_t released_start, released_size, released_times;

static void release(uint64_t start, uint64_t size)
{
    released_start = start;
    released_size = size;
    released_times++;
}

/* Only MAP_WORK goes back, exactly what of it lies within; and it can be taken again. */
static void release_work(void **state)
{
    const struct map_request request = { .size = 2 * MAP_PAGE };
    uint64_t address;

    (void)state;
    map.release = release;
    released_times = 0;
    assert_true(add(MIB, 4 * MIB, MAP_RAM));
    assert_true(carve(MIB, 2 * MIB, MAP_WORK));
    assert_true(carve(2 * MIB, 3 * MIB, MAP_PAYLOAD));
    assert_true(map_release(&map, MIB + MAP_PAGE, 2 * MIB, &failure));
    ASSERT_MAP({ MIB, MIB + MAP_PAGE, MAP_WORK, 0 }, { MIB + MAP_PAGE, 2 * MIB, MAP_RAM, 0 },
               { 2 * MIB, 3 * MIB, MAP_PAYLOAD, 0 }, { 3 * MIB, 4 * MIB, MAP_RAM, 0 });
    assert_true(released_start == MIB + MAP_PAGE && released_size == MIB - MAP_PAGE && released_times == 1);
    assert_true(map_allocate(&map, &request, MAP_WORK, &address, "thing", &failure));
    assert_int_equal(address, MIB + MAP_PAGE);
    map.release = NULL;
    assert_true(map_release(&map, 0, 5 * MIB, &failure));
    ASSERT_MAP({ MIB, 2 * MIB, MAP_RAM, 0 }, { 2 * MIB, 3 * MIB, MAP_PAYLOAD, 0 }, { 3 * MIB, 4 * MIB, MAP_RAM, 0 });
    assert_true(map_release(&map, MIB, 0, &failure));
    assert_false(map_release(&map, MIB, UINT64_MAX, &failure));
    assert_int_equal(released_times, 1);
}

/* Without a firmware all is as before; with one, what it was asked for since, and nothing else, goes back. */
static void restore(void **state)
{
    static struct memory_map before;

    (void)state;
    assert_true(add(MIB, 9 * MIB, MAP_RAM));
    assert_true(carve(MIB, 2 * MIB, MAP_WORK));
    before = map;
    assert_true(carve(2 * MIB, 3 * MIB, MAP_PAYLOAD));
    assert_true(carve(5 * MIB, 6 * MIB, MAP_WORK));
    map.claim = claim;
    map.release = release;
    released_times = 0;
    assert_true(map_restore(&map, &before, &failure));
    ASSERT_MAP({ MIB, 2 * MIB, MAP_WORK, 0 }, { 2 * MIB, 3 * MIB, MAP_PAYLOAD, 0 }, { 3 * MIB, 9 * MIB, MAP_RAM, 0 });
    assert_true(released_start == 5 * MIB && released_size == MIB && released_times == 1);
    map.claim = NULL;
    assert_true(map_restore(&map, &before, &failure));
    ASSERT_MAP({ MIB, 2 * MIB, MAP_WORK, 0 }, { 2 * MIB, 9 * MIB, MAP_RAM, 0 });
    assert_int_equal(released_times, 1);
}

static void names_and_types(void **state)
{
    (void)state;
    assert_string_equal(map_type_name(MAP_RAM), "RAM");
    assert_string_equal(map_type_name(MAP_PERSISTENT), "persistent");
    assert_string_equal(map_type_name(MAP_OURS), "ours");
    assert_string_equal(map_type_name(MAP_FIRMWARE), "firmware");
    assert_string_equal(map_type_name(8), "unknown");
    assert_string_equal(map_type_name(MAP_FIRMWARE + 1), "unknown");
    assert_string_equal(map_type_name(UINT32_MAX), "unknown");
    for (uint32_t type = 1; type <= 7; type++)
        assert_int_equal(map_type_from_e820(type), type);
    assert_int_equal(map_type_from_e820(0), MAP_RESERVED);
    assert_int_equal(map_type_from_e820(8), MAP_RESERVED);
    assert_int_equal(map_type_from_e820(12), MAP_RESERVED);
    assert_int_equal(map_type_from_e820(MAP_OURS), MAP_RESERVED); /* not what a firmware may say */
    assert_int_equal(map_type_from_e820(UINT32_MAX), MAP_RESERVED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(add_unsorted, setup),
        cmocka_unit_test_setup(add_empty, setup),
        cmocka_unit_test_setup(add_wrapping, setup),
        cmocka_unit_test_setup(add_merges, setup),
        cmocka_unit_test_setup(add_over_several, setup),
        cmocka_unit_test_setup(contradictions, setup),
        cmocka_unit_test_setup(stricter_holds, setup),
        cmocka_unit_test_setup(ram_in_use, setup),
        cmocka_unit_test_setup(carve_takes_only_what_is_free, setup),
        cmocka_unit_test_setup(carve_the_middle, setup),
        cmocka_unit_test_setup(full_map, setup),
        cmocka_unit_test_setup(find_lowest_and_highest, setup),
        cmocka_unit_test_setup(find_within_limits, setup),
        cmocka_unit_test_setup(find_aligned, setup),
        cmocka_unit_test_setup(find_hole, setup),
        cmocka_unit_test_setup(no_hole, setup),
        cmocka_unit_test_setup(pages_inward, setup),
        cmocka_unit_test_setup(page_zero_is_never_given, setup),
        cmocka_unit_test_setup(firmware_memory_when_asked_for, setup),
        cmocka_unit_test_setup(coverage, setup),
        cmocka_unit_test_setup(allocate, setup),
        cmocka_unit_test_setup(firmware_refuses, setup),
        cmocka_unit_test_setup(release_work, setup),
        cmocka_unit_test_setup(restore, setup),
        cmocka_unit_test(names_and_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/map.c common/text.c common/failure.c */
/* The heap, over a map of memory that the test has: its functions have other names here, so that the host's stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define malloc heap_malloc
#define calloc heap_calloc
#define free   heap_free
/* Before cmocka.h, which has a macro fail(). */
#include "common/heap.c"
#undef malloc
#undef calloc
#undef free

#include <cmocka.h>

#define KIB       1024ull
#define MIB       (KIB * KIB)
#define ROOM_SIZE (20 * MIB)

static uint8_t room[ROOM_SIZE] __attribute__((aligned(4096)));
static struct memory_map map;
static struct failure failure;
static uint64_t reached, released; /* bytes */
static bool unreachable;

static bool reach(uint64_t start, uint64_t size)
{
    assert_true(start >= (uint64_t)(uintptr_t)room && start + size <= (uint64_t)(uintptr_t)room + ROOM_SIZE);
    reached += size;
    return !unreachable;
}

static void release(uint64_t start, uint64_t size)
{
    (void)start;
    released += size;
}

static int setup(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    memset(room, 0xee, sizeof(room));
    reached = released = 0;
    unreachable = false;
    map.release = release;
    assert_true(map_add(&map, (uint64_t)(uintptr_t)room, ROOM_SIZE, MAP_RAM, 0, &failure));
    heap_start(&map, reach);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    heap_end();
    /* All is as it was. */
    assert_int_equal(map.count, 1);
    assert_int_equal(map.ranges[0].type, MAP_RAM);
    assert_int_equal(reached, released);
    return 0;
}

static void blocks(void **state)
{
    uint8_t *block[100];

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        block[i] = heap_malloc(i * 100);
        assert_non_null(block[i]);
        assert_int_equal((uintptr_t)block[i] % 16, 0);
        memset(block[i], (int)i, i * 100);
    }
    for (unsigned i = 0; i < 100; i++) {
        for (unsigned at = 0; at < i * 100; at++)
            assert_int_equal(block[i][at], i);
    }
    assert_int_equal(reached, 512 * KIB);
    assert_true(map_touches(&map, (uint64_t)(uintptr_t)block[0], 1, MAP_WORK));
}

static void large_block(void **state)
{
    uint8_t *small = heap_malloc(1), *large = heap_malloc(10 * MIB);

    (void)state;
    memset(large, 1, 10 * MIB);
    *small = 2;
    assert_int_equal(reached, 256 * KIB + 10 * MIB + MAP_PAGE); /* the header needs a page more */
    assert_null(heap_malloc(10 * MIB));
    heap_free(large);
    assert_int_equal(released, 10 * MIB + MAP_PAGE); /* at once */
    assert_non_null(heap_malloc(12 * MIB));
    assert_int_equal(*small, 2);
}

static void cleared(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *block = heap_calloc(3, 1000);

        assert_non_null(block);
        for (unsigned at = 0; at < 3000; at++)
            assert_int_equal(block[at], 0);
        memset(block, 0xff, 3000);
        heap_free(block);
    }
}

static void freed_in_any_order(void **state)
{
    void *first = heap_malloc(100), *second = heap_malloc(100), *third = heap_malloc(100);

    (void)state;
    heap_free(NULL);
    heap_free(third);
    assert_ptr_equal(heap_malloc(100), third);
    heap_free(second);
    assert_true(heap_malloc(100) > third); /* it waits for what was taken after it */
    heap_free(third);
    assert_int_equal(released, 0);
    (void)first;
}

static void chunks_go_back_when_empty(void **state)
{
    void *block[8];

    (void)state;
    for (unsigned i = 0; i < 8; i++)
        block[i] = heap_malloc(200 * KIB);
    assert_int_equal(reached, 8 * 256 * KIB);
    for (unsigned i = 0; i < 7; i++)
        heap_free(block[i]);
    assert_int_equal(released, 0);
    heap_free(block[7]);
    assert_int_equal(released, 8 * 256 * KIB);
    assert_int_equal(map.count, 1);
}

static void impossible_sizes(void **state)
{
    (void)state;
    assert_null(heap_malloc(SIZE_MAX));
    assert_null(heap_malloc(SIZE_MAX - 16));
    assert_null(heap_malloc(SIZE_MAX - 4096));
    assert_null(heap_malloc(SIZE_MAX / 2));
    assert_null(heap_calloc(SIZE_MAX / 2, 3));
    assert_null(heap_calloc(1ull << 32, 1ull << 32));
    assert_non_null(heap_malloc(0));
    assert_non_null(heap_calloc(0, SIZE_MAX));
}

static void too_many_chunks(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CHUNKS_MAX; i++)
        assert_non_null(heap_malloc(256 * KIB - 16));
    assert_null(heap_malloc(1));
}

static void no_memory(void **state)
{
    (void)state;
    assert_null(heap_malloc(ROOM_SIZE));
    while (heap_malloc(MIB))
        ;
    assert_non_null(heap_malloc(1000)); /* a smaller one fits all the same */
}

static void out_of_reach(void **state)
{
    (void)state;
    unreachable = true;
    assert_false(heap_lacked());
    assert_null(heap_malloc(1));
    assert_true(heap_lacked());
    assert_int_equal(released, 256 * KIB);
    unreachable = false;
    assert_non_null(heap_malloc(1));
    assert_true(heap_lacked()); /* once is enough */
    heap_end();
    heap_start(&map, reach);
    assert_false(heap_lacked());
}

static void no_heap(void **state)
{
    void *block = heap_malloc(1);

    (void)state;
    heap_end();
    assert_null(heap_malloc(1));
    assert_null(heap_calloc(1, 1));
    heap_free(block); /* dead, and nothing happens */
    heap_start(&map, reach);
    assert_ptr_equal(heap_malloc(1), block);
}

/* Blocks live and die at random; none is ever written to by another. */
static void at_random(void **state)
{
    struct {
        uint8_t *bytes;
        size_t size;
    } block[50] = { 0 };

    (void)state;
    srand(1);
    for (unsigned step = 0; step < 5000; step++) {
        unsigned i = (unsigned)rand() % 50;

        if (block[i].bytes) {
            for (size_t at = 0; at < block[i].size; at += 97)
                assert_int_equal(block[i].bytes[at], i);
            heap_free(block[i].bytes);
            block[i].bytes = NULL;
        } else {
            block[i].size = (size_t)rand() % (step % 20 ? 2000 : 300000);
            block[i].bytes = heap_malloc(block[i].size);
            if (block[i].bytes)
                memset(block[i].bytes, (int)i, block[i].size);
        }
        if (step % 500 == 499) { /* all gone now and then */
            for (i = 0; i < 50; i++) {
                heap_free(block[i].bytes);
                block[i].bytes = NULL;
            }
            assert_int_equal(map.count, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(large_block, setup, teardown),
        cmocka_unit_test_setup_teardown(cleared, setup, teardown),
        cmocka_unit_test_setup_teardown(freed_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(chunks_go_back_when_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(impossible_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_chunks, setup, teardown),
        cmocka_unit_test_setup_teardown(no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(out_of_reach, setup, teardown),
        cmocka_unit_test_setup_teardown(no_heap, setup, teardown),
        cmocka_unit_test_setup_teardown(at_random, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

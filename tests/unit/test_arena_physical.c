/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/arena.c common/physical.c */
/* Memory that is never given back, and text read through a window onto physical memory that shows two pages of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/checked.h"
#include "common/physical.h"

#include <cmocka.h>

#define PAGE        4096ull
#define WINDOW_SIZE (2 * PAGE)
#define NOWHERE     0x7000 /* not in the window of any test here */

struct window {
    struct physical physical;
    uint64_t start;
    uint8_t bytes[WINDOW_SIZE];
    uint64_t longest; /* the largest size that was asked for */
    bool apart;       /* its two pages do not lie side by side */
};

static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    struct window *window = (struct window *)physical;

    if (size > window->longest)
        window->longest = size;
    if (window->apart && address % PAGE + size > PAGE)
        return NULL;
    if (address < window->start || !checked_within(address - window->start, size, WINDOW_SIZE))
        return NULL;
    return window->bytes + (address - window->start);
}

static int setup(void **state)
{
    struct window *window = calloc(1, sizeof(*window));

    window->physical.view = view;
    window->start = 0x100000;
    memset(window->bytes, 'x', WINDOW_SIZE);
    *state = window;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static int64_t length_at(struct window *window, uint64_t offset, uint64_t limit)
{
    const char *text = NULL;
    int64_t length = physical_text(&window->physical, window->start + offset, limit, &text);

    if (length >= 0)
        assert_ptr_equal(text, window->bytes + offset);
    return length;
}

static void text_in_one_page(void **state)
{
    struct window *window = *state;

    window->bytes[13] = '\0';
    assert_int_equal(length_at(window, 10, 100), 3);
    assert_int_equal(length_at(window, 13, 100), 0);
    assert_int_equal(length_at(window, 10, 4), 3);
    assert_int_equal(length_at(window, 10, 3), -1); /* the limit includes the NUL */
    assert_int_equal(length_at(window, 10, 0), -1);
}

static void text_across_pages(void **state)
{
    struct window *window = *state;

    window->bytes[PAGE + 5] = '\0';
    assert_int_equal(length_at(window, PAGE - 5, 100), 10);
    assert_int_equal(length_at(window, PAGE - 5, 11), 10);
    assert_int_equal(length_at(window, PAGE - 5, 10), -1);
    assert_int_equal(length_at(window, 0, UINT64_MAX), PAGE + 5);
    assert_true(window->longest <= PAGE + 6); /* nothing behind its NUL */
    window->apart = true;                     /* pages that do not lie side by side cannot be one text */
    assert_int_equal(length_at(window, PAGE - 5, 100), -1);
    assert_int_equal(length_at(window, PAGE, 100), 5);
}

/* Text at the very end of memory is read without asking for what lies behind. */
static void text_at_the_end(void **state)
{
    struct window *window = *state;

    assert_int_equal(length_at(window, WINDOW_SIZE - 4, 100), -1);
    window->bytes[WINDOW_SIZE - 1] = '\0';
    assert_int_equal(length_at(window, WINDOW_SIZE - 4, 100), 3);
    assert_int_equal(length_at(window, WINDOW_SIZE - 1, UINT64_MAX), 0);
}

static void text_elsewhere(void **state)
{
    struct window *window = *state;
    const char *text = NULL;

    assert_int_equal(physical_text(&window->physical, NOWHERE, 16, &text), -1);
    assert_int_equal(physical_text(&window->physical, window->start - 1, 16, &text), -1);
    assert_int_equal(physical_text(&window->physical, UINT64_MAX, 16, &text), -1);
}

static void address_zero_is_an_address(void **state)
{
    struct window *window = *state;

    window->start = 0;
    window->bytes[2] = '\0';
    assert_int_equal(length_at(window, 0, 16), 2);
}

/* Text that goes on where addresses begin again is none. */
static void text_does_not_wrap(void **state)
{
    struct window *window = *state;

    window->start = UINT64_MAX - WINDOW_SIZE + 1;
    assert_int_equal(length_at(window, WINDOW_SIZE - 8, 16), -1);
    window->bytes[WINDOW_SIZE - 1] = '\0';
    assert_int_equal(length_at(window, WINDOW_SIZE - 8, 16), 7);
}

static void arena_gives_apart_and_aligned(void **state)
{
    _Alignas(16) uint8_t memory[256];
    struct arena arena = { memory, sizeof(memory), 0 };
    uint8_t *previous_end = memory;

    (void)state;
    for (uint64_t size = 1; size < 40; size += 13) {
        uint8_t *taken = arena_take(&arena, size);

        assert_non_null(taken);
        assert_int_equal((uintptr_t)taken % 16, 0);
        assert_true(taken >= previous_end && taken + size <= memory + sizeof(memory));
        previous_end = taken + size;
        memset(taken, 0xff, size);
    }
}

static void arena_full(void **state)
{
    _Alignas(16) uint8_t memory[64];
    struct arena arena = { memory, sizeof(memory), 0 };

    (void)state;
    assert_null(arena_take(&arena, 65));
    assert_null(arena_take(&arena, UINT64_MAX));
    assert_ptr_equal(arena_take(&arena, 64), memory);
    assert_null(arena_take(&arena, 1));

    arena = (struct arena){ memory, sizeof(memory), 0 };
    assert_non_null(arena_take(&arena, 1));
    assert_null(arena_take(&arena, 49)); /* 64 bytes less the 16 that are gone */
    assert_null(arena_take(&arena, UINT64_MAX - 8));
    assert_ptr_equal(arena_take(&arena, 48), memory + 16); /* what failed took nothing */

    arena = (struct arena){ NULL, 0, 0 };
    assert_null(arena_take(&arena, 1));
    assert_null(arena_text(&arena, "", 0));
}

static void arena_copies_text(void **state)
{
    _Alignas(16) uint8_t memory[32];
    const char three[3] = { 'a', 'b', 'c' }; /* no NUL */
    struct arena arena = { memory, sizeof(memory), 0 };

    (void)state;
    assert_string_equal(arena_text(&arena, three, sizeof(three)), "abc");
    assert_null(arena_text(&arena, three, UINT64_MAX));
    assert_null(arena_text(&arena, (const char *)memory, 16)); /* 16 are left, but not for the NUL */
    assert_string_equal(arena_text(&arena, "", 0), "");
}

static void checked_arithmetic(void **state)
{
    uint64_t result;

    (void)state;
    assert_true(checked_add(UINT64_MAX - 1, 1, &result));
    assert_int_equal(result, UINT64_MAX);
    assert_false(checked_add(UINT64_MAX, 1, &result));
    assert_true(checked_multiply(UINT32_MAX, UINT32_MAX, &result));
    assert_false(checked_multiply(1ull << 32, 1ull << 32, &result));
    assert_true(checked_align(0, PAGE, &result));
    assert_int_equal(result, 0);
    assert_true(checked_align(1, PAGE, &result));
    assert_int_equal(result, PAGE);
    assert_true(checked_align(UINT64_MAX - PAGE + 1, PAGE, &result));
    assert_int_equal(result, UINT64_MAX - PAGE + 1);
    assert_false(checked_align(UINT64_MAX - PAGE + 2, PAGE, &result));
    assert_true(checked_within(0, 0, 0));
    assert_true(checked_within(3, 7, 10));
    assert_false(checked_within(3, 8, 10));
    assert_false(checked_within(11, 0, 10));
    assert_false(checked_within(1, UINT64_MAX, 10));
    assert_int_equal(align_down(PAGE + 1, PAGE), PAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_in_one_page, setup, teardown),
        cmocka_unit_test_setup_teardown(text_across_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(text_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(text_elsewhere, setup, teardown),
        cmocka_unit_test_setup_teardown(address_zero_is_an_address, setup, teardown),
        cmocka_unit_test_setup_teardown(text_does_not_wrap, setup, teardown),
        cmocka_unit_test(arena_gives_apart_and_aligned),
        cmocka_unit_test(arena_full),
        cmocka_unit_test(arena_copies_text),
        cmocka_unit_test(checked_arithmetic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

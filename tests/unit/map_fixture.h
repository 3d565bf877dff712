/* SPDX-License-Identifier: BSD-2-Clause */
/* One memory map, empty as each test begins, and what every map is. */
#ifndef TESTS_UNIT_MAP_FIXTURE_H
#define TESTS_UNIT_MAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/map.h"

#include <cmocka.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct memory_map map;
static struct failure failure;

static inline int setup(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    memset(&failure, 0, sizeof(failure));
    return 0;
}

static inline bool add(uint64_t start, uint64_t end, uint32_t type)
{
    return map_add(&map, start, end - start, type, 0, &failure);
}

static inline bool carve(uint64_t start, uint64_t end, uint32_t type)
{
    return map_carve(&map, start, end - start, type, &failure);
}

/* What every map is: sorted, without overlaps and empty ranges, equal neighbours merged. */
static inline void assert_sound(void)
{
    assert_true(map.count <= MAP_MAX);
    for (uint32_t i = 0; i < map.count; i++) {
        const struct range *here = &map.ranges[i], *next = here + 1;

        assert_true(here->start < here->end);
        if (i + 1 == map.count)
            break;
        assert_true(here->end <= next->start);
        assert_false(here->end == next->start && here->type == next->type && here->flags == next->flags);
    }
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory to unpack into, for tests and fuzz targets: real, and in a map, so that what is taken and given back can be
 * seen there. The libraries use malloc, not our heap. For one .c file of a program.
 */
#ifndef TESTS_UNIT_EXPANDER_H
#define TESTS_UNIT_EXPANDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/heap.h"
#include "common/map.h"
#include "payloads/expand.h"

/* Below the address sanitizer's shadow, as a machine's memory is. */
#define EXPANDER_START 0x68000000ull
#ifndef EXPANDER_SIZE
#define EXPANDER_SIZE (4ull << 20)
#endif

static struct memory_map expander_map;
static bool heap_exists, heap_lacks; /* the second: what a test has the heap say */

void heap_start(struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size))
{
    if (heap_exists || map != &expander_map || !reach)
        abort();
    heap_exists = true;
}

void heap_end(void)
{
    if (!heap_exists)
        abort();
    heap_exists = false;
}

bool heap_lacked(void)
{
    return heap_lacks;
}

/* Only what was taken may be touched. */
static bool expander_reach(uint64_t start, uint64_t size)
{
    if (start >= EXPANDER_START && start < EXPANDER_START + EXPANDER_SIZE &&
        map_touches(&expander_map, start, size, MAP_RAM))
        abort();
    return true;
}

static const struct expander expander = { &expander_map, expander_reach };

/* All of it is free again. */
static inline void expander_start(void)
{
    void *start = (void *)EXPANDER_START;
    static bool mapped;
    struct failure failure;

    if (!mapped && mmap(start, EXPANDER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                        -1, 0) != start)
        abort();
    mapped = true;
    expander_map.count = 0;
    if (!map_add(&expander_map, EXPANDER_START, EXPANDER_SIZE, MAP_RAM, 0, &failure))
        abort();
}

/* Whether the bytes lie there, and are marked as taken. */
static inline bool expander_holds(struct span span)
{
    const uint64_t start = (uint64_t)span.data;

    return start >= EXPANDER_START && span.size <= EXPANDER_SIZE &&
           start - EXPANDER_START <= EXPANDER_SIZE - span.size && map_is_ram(&expander_map, start, span.size) &&
           !map_touches(&expander_map, start, span.size, MAP_RAM);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fuzzer's input as physical memory: its bytes lie at MEMORY_BASE, zeroes follow to the end of the page, there is
 * nothing else, and each view is a copy of exactly what was asked for, as aligned as its address. And what must hold of
 * whatever a normaliser accepts.
 */
#ifndef TESTS_FUZZ_MEMORY_H
#define TESTS_FUZZ_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "common/physical.h"
#include "handoff/handoff.h"

#define MEMORY_BASE       0x10000
#define MEMORY_VIEWS_MAX  4096
#define MEMORY_ARENA_SIZE 65536

struct memory {
    struct physical physical; /* first: the window is found from it */
    const uint8_t *bytes;
    uint64_t base, size, given;
    uint32_t view_count;
    void *views[MEMORY_VIEWS_MAX];
};

/* The input, and a handoff that is as good as any that has not been started. */
void memory_start(struct memory *memory, const uint8_t *bytes, size_t size);
void memory_end(struct memory *memory);

/* An empty handoff with an arena of its own. There is one. */
struct handoff *memory_handoff(enum door door);

/* Aborts unless the map is sorted, without overlap or empty ranges, and merged. */
void memory_check_map(const struct memory_map *map);

/* Aborts unless map, strings, modules and setup_data are sound; completes it and looks at the map again. */
void memory_check_handoff(struct handoff *handoff);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc and free for the libraries that we link, while one of them works: memory comes from the memory map and goes
 * back there, all of it, at the end.
 */
#ifndef COMMON_HEAP_H
#define COMMON_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "common/map.h"

/*
 * From now on malloc takes memory from *map (MAP_WORK). reach: makes memory accessible before it is used
 * (identity_reach). Only one heap exists at a time.
 */
void heap_start(struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size));

/* Gives everything back to the map; every pointer into the heap is then dead. */
void heap_end(void);

/* Whether malloc had no memory for what was asked, once or more, since heap_start. */
bool heap_lacked(void);

/*
 * C11 7.22.3. NULL where there is no memory, or no heap. What is freed can be taken again once everything taken after
 * it is free too.
 */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void free(void *block);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map as payloads see it: E820 types only, because what of the RAM we used is theirs. */
#ifndef HANDOFF_E820_H
#define HANDOFF_E820_H

#include <stdbool.h>
#include <stdint.h>

#include "common/map.h"

/* Ranges that a map may gain between a launch's preparation and its end (EFI makes its map anew). */
#define E820_SLACK 128

/*
 * The next range, merged with its neighbours where they differ only in who uses them until now; its type is one of the
 * first seven map_types. *index is 0 before the first call. False behind the last one.
 */
bool e820_next(const struct memory_map *map, uint32_t *index, struct range *range);

/* How much RAM there is from address 0 and from 1 MiB on without a gap, in KiB, as multiboot's mem_lower, mem_upper. */
void e820_basic(const struct memory_map *map, uint32_t *lower, uint32_t *upper);

#endif

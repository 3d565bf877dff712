/* SPDX-License-Identifier: BSD-2-Clause */
/* Places for a kernel, one of which chance takes, as Linux's own KASLR does (arch/x86/boot/compressed/kaslr.c). */
#ifndef PAYLOADS_SLOTS_H
#define PAYLOADS_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/map.h"

struct slots {
    uint64_t size;      /* bytes that each has room for, at least 1 */
    uint64_t alignment; /* of its address, a power of two */
    uint64_t minimum;   /* the lowest address */
    uint64_t maximum;   /* the highest address of its last byte */
};

/* Of all aligned places that are MAP_RAM, overlapping ones too, the one that a random number picks. False: none. */
bool slots_pick(const struct slots *slots, const struct memory_map *map, uint64_t random, uint64_t *address);

/*
 * Of the aligned addresses from `minimum` on at which `size` bytes end at `end` or below, the one that a random number
 * picks; minimum and size are rounded up to the alignment first. False: none.
 */
bool slots_pick_within(uint64_t size, uint64_t alignment, uint64_t minimum, uint64_t end, uint64_t random,
                       uint64_t *address);

#endif

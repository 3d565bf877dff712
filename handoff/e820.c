/* SPDX-License-Identifier: BSD-2-Clause */
/* See e820.h. Pure: compiled natively for tests as well. */
#include "handoff/e820.h"

#define KIB       1024
#define MIB       (1ull << 20)
#define LOWER_MAX 640 /* KiB; Multiboot 0.6.96, section 3.3 */

static uint32_t e820_type(const struct range *range)
{
    return map_type_is_ram(range->type) ? MAP_RAM : range->type;
}

bool e820_next(const struct memory_map *map, uint32_t *index, struct range *range)
{
    if (*index >= map->count)
        return false;
    *range = map->ranges[*index];
    range->type = e820_type(range);
    while (++*index < map->count) {
        const struct range *next = &map->ranges[*index];

        if (next->start != range->end || e820_type(next) != range->type)
            break;
        range->end = next->end;
    }
    return true;
}

void e820_basic(const struct memory_map *map, uint32_t *lower, uint32_t *upper)
{
    struct range range;

    *lower = *upper = 0;
    for (uint32_t i = 0; e820_next(map, &i, &range);) {
        if (range.type != MAP_RAM)
            continue;
        if (range.start == 0)
            *lower = range.end / KIB < LOWER_MAX ? (uint32_t)(range.end / KIB) : LOWER_MAX;
        if (range.start <= MIB && range.end > MIB)
            *upper = (range.end - MIB) / KIB < UINT32_MAX ? (uint32_t)((range.end - MIB) / KIB) : UINT32_MAX;
    }
}

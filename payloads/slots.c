/* SPDX-License-Identifier: BSD-2-Clause */
/* See slots.h. Pure: compiled natively for tests. */
#include "payloads/slots.h"

#include "common/checked.h"

/* How many there are in a range, and where the first is. */
static uint64_t count_in(const struct slots *slots, const struct range *range, uint64_t *first)
{
    uint64_t end = range->end;

    if (range->type != MAP_RAM)
        return 0;
    if (end - 1 > slots->maximum)
        end = slots->maximum + 1;
    if (!checked_align(range->start > slots->minimum ? range->start : slots->minimum, slots->alignment, first) ||
        *first > end || end - *first < slots->size)
        return 0;
    return (end - *first - slots->size) / slots->alignment + 1;
}

bool slots_pick(const struct slots *slots, const struct memory_map *map, uint64_t random, uint64_t *address)
{
    uint64_t total = 0, first;

    for (uint32_t i = 0; i < map->count; i++)
        total += count_in(slots, &map->ranges[i], &first);
    if (!total)
        return false;
    random %= total;
    for (uint32_t i = 0; i < map->count; i++) {
        const uint64_t here = count_in(slots, &map->ranges[i], &first);

        if (random < here) {
            *address = first + random * slots->alignment;
            return true;
        }
        random -= here;
    }
    return false;
}

bool slots_pick_within(uint64_t size, uint64_t alignment, uint64_t minimum, uint64_t end, uint64_t random,
                       uint64_t *address)
{
    if (!checked_align(minimum, alignment, &minimum) || !checked_align(size, alignment, &size) || minimum > end ||
        size > end - minimum)
        return false;
    *address = minimum + random % ((end - minimum - size) / alignment + 1) * alignment;
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map; see map.h. Everything is made of two steps: split the ranges at the borders of the new one, then look
 * at what lies between. Firmware gives mostly sorted maps, so searches begin at the end.
 */
#include "common/map.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define HOLE_MIN 0x100000ull /* what is in no range below has its own history */

const char *map_type_name(uint32_t type)
{
    static const char e820[][12] = { "0", "RAM", "reserved", "ACPI", "NVS", "unusable", "disabled", "persistent" };
    static const char ours[][12] = { "ours", "loader", "module", "work", "payload", "firmware" };

    if (type < sizeof(e820) / sizeof(*e820))
        return e820[type];
    if (type >= MAP_OURS && type - MAP_OURS < sizeof(ours) / sizeof(*ours))
        return ours[type - MAP_OURS];
    return "unknown";
}

uint32_t map_type_from_e820(uint32_t type)
{
    return type >= MAP_RAM && type <= MAP_PERSISTENT ? type : MAP_RESERVED;
}

bool map_type_is_ram(uint32_t type)
{
    return type == MAP_RAM || type >= MAP_OURS;
}

static bool is_free(uint32_t type, bool firmware_too)
{
    return type == MAP_RAM || (firmware_too && type == MAP_FIRMWARE);
}

/* Whether a request may be met out of memory of this type. */
static bool suits(uint32_t type, const struct map_request *request)
{
    return is_free(type, request->firmware_too) || (request->ours_too && type == MAP_OURS);
}

/* How little a kernel may do with it; of two claims on the same bytes the stricter holds. */
static unsigned strictness(uint32_t type)
{
    static const uint8_t by_type[] = { [MAP_RAM] = 0, [MAP_PERSISTENT] = 1, [MAP_RESERVED] = 2, [MAP_ACPI] = 3,
                                       [MAP_NVS] = 4, [MAP_DISABLED] = 5,   [MAP_UNUSABLE] = 6 };

    return type < sizeof(by_type) ? by_type[type] : 0;
}

/* The first range that ends behind address. */
static uint32_t first_behind(const struct memory_map *map, uint64_t address)
{
    uint32_t i = map->count;

    while (i > 0 && map->ranges[i - 1].end > address)
        i--;
    return i;
}

static bool insert(struct memory_map *map, uint32_t at, struct range range, struct failure *failure)
{
    if (map->count == MAP_MAX)
        return fail(failure, "memory map", "more than %u ranges", MAP_MAX);
    memmove(&map->ranges[at + 1], &map->ranges[at], (map->count - at) * sizeof(range));
    map->ranges[at] = range;
    map->count++;
    return true;
}

static bool split_at(struct memory_map *map, uint64_t address, struct failure *failure)
{
    uint32_t i = first_behind(map, address);

    if (i == map->count || map->ranges[i].start >= address)
        return true;

    struct range upper = map->ranges[i];

    upper.start = address;
    map->ranges[i].end = address;
    return insert(map, i + 1, upper, failure);
}

/* Merges equal neighbours among the ranges that touch [start, end]. */
static void merge(struct memory_map *map, uint64_t start, uint64_t end)
{
    uint32_t i = first_behind(map, start);

    if (i > 0)
        i--;
    while (i + 1 < map->count && map->ranges[i].start <= end) {
        struct range *here = &map->ranges[i], *next = here + 1;

        if (here->end != next->start || here->type != next->type || here->flags != next->flags) {
            i++;
            continue;
        }
        here->end = next->end;
        memmove(next, next + 1, (map->count - i - 2) * sizeof(*next));
        map->count--;
    }
}

/* Splits the map at both ends of a range. *end is its end; a failure where it wraps or the map is full. */
static bool open_range(struct memory_map *map, uint64_t start, uint64_t size, uint64_t *end, struct failure *failure)
{
    if (!checked_add(start, size, end))
        return fail(failure, "memory map", "%lu bytes at 0x%lx wrap around", size, start);
    return split_at(map, start, failure) && split_at(map, *end, failure);
}

static bool combine(struct range *old, const struct range *new, struct failure *failure)
{
    if (map_type_is_ram(old->type) != map_type_is_ram(new->type)) {
        const struct range *ram = map_type_is_ram(old->type) ? old : new;

        return fail(failure, "memory map", "0x%lx-0x%lx is said to be RAM and also %s", old->start, old->end - 1,
                    map_type_name(ram == old ? new->type : old->type));
    }
    if (strictness(new->type) > strictness(old->type) || (old->type == MAP_RAM && new->type != MAP_RAM))
        old->type = new->type;
    old->flags |= new->flags;
    return true;
}

bool map_add(struct memory_map *map, uint64_t start, uint64_t size, uint32_t type, uint32_t flags,
             struct failure *failure)
{
    uint64_t end, at = start;

    if (!size)
        return true;
    if (!open_range(map, start, size, &end, failure))
        return false;

    for (uint32_t i = first_behind(map, start); at < end; i++) {
        bool gap = i == map->count || map->ranges[i].start > at;
        struct range new = { at, end, type, flags };

        if (gap && i < map->count && map->ranges[i].start < end)
            new.end = map->ranges[i].start;
        if (gap ? !insert(map, i, new, failure) : !combine(&map->ranges[i], &new, failure))
            return false;
        at = map->ranges[i].end;
    }
    merge(map, start, end);
    return true;
}

bool map_carve(struct memory_map *map, uint64_t start, uint64_t size, uint32_t type, struct failure *failure)
{
    uint64_t end;

    if (!size)
        return true;
    if (!open_range(map, start, size, &end, failure))
        return false;
    for (uint32_t i = first_behind(map, start); i < map->count && map->ranges[i].start < end; i++) {
        if (is_free(map->ranges[i].type, true))
            map->ranges[i].type = type;
    }
    merge(map, start, end);
    return true;
}

void map_copy(struct memory_map *copy, const struct memory_map *map)
{
    memcpy(copy, map, offsetof(struct memory_map, ranges) + map->count * sizeof(*map->ranges));
}

/* The place within [low, high) that the request wants, where there is one. */
static bool place(uint64_t low, uint64_t high, const struct map_request *request, uint64_t size, uint64_t alignment,
                  uint64_t *address)
{
    if (low < request->minimum)
        low = request->minimum;
    if (request->maximum && high - 1 > request->maximum)
        high = request->maximum + 1;
    if (!checked_align(low, alignment, &low) || low >= high || high - low < size)
        return false;
    *address = request->high ? align_down(high - size, alignment) : low;
    return true;
}

bool map_find(const struct memory_map *map, const struct map_request *request, uint64_t *address)
{
    uint64_t alignment = request->alignment > MAP_PAGE ? request->alignment : MAP_PAGE;
    bool found = false;
    uint64_t size;

    if (!request->size || !checked_align(request->size, MAP_PAGE, &size))
        return false;
    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t low = map->ranges[i].start;

        if (!suits(map->ranges[i].type, request))
            continue;
        /* Neighbours that are free for this request, though of two kinds, are one place. */
        while (i + 1 < map->count && map->ranges[i + 1].start == map->ranges[i].end &&
               suits(map->ranges[i + 1].type, request))
            i++;
        if (low < MAP_PAGE)
            low = MAP_PAGE; /* page 0 is never given out */
        if (map->ranges[i].end <= low || !place(low, map->ranges[i].end, request, size, alignment, address))
            continue;
        found = true;
        if (!request->high)
            return true;
    }
    return found;
}

bool map_find_hole(const struct memory_map *map, uint64_t size, uint64_t below, uint64_t *address)
{
    uint64_t end = align_down(below, MAP_PAGE);

    if (!size || !checked_align(size, MAP_PAGE, &size))
        return false;
    for (uint32_t i = map->count; i-- > 0;) {
        const struct range *range = &map->ranges[i];
        uint64_t low;

        if (range->start >= end)
            continue;
        if (checked_align(range->end, MAP_PAGE, &low) && low <= end && end - low >= size)
            break;
        end = align_down(range->start, MAP_PAGE);
    }
    if (end < HOLE_MIN || end - HOLE_MIN < size)
        return false;
    *address = end - size;
    return true;
}

bool map_allocate(struct memory_map *map, const struct map_request *request, uint32_t type, uint64_t *address,
                  const char *what, struct failure *failure)
{
    const unsigned tries = 64;

    for (unsigned i = 0; i < tries && map_find(map, request, address); i++) {
        uint64_t size = align_up(request->size, MAP_PAGE); /* fits, or nothing had been found */
        bool ours = !map->claim || map->claim(*address, size);

        /* What the firmware refuses it has taken for itself since the map was read. */
        if (!map_carve(map, *address, size, ours ? type : MAP_LOADER, failure))
            return false;
        if (ours)
            return true;
    }
    return fail(failure, what, "no free memory for %lu bytes aligned to 0x%lx from 0x%lx to 0x%lx", request->size,
                request->alignment, request->minimum, request->maximum ? request->maximum : UINT64_MAX);
}

bool map_release(struct memory_map *map, uint64_t start, uint64_t size, struct failure *failure)
{
    uint64_t end;

    if (!size)
        return true;
    if (!open_range(map, start, size, &end, failure))
        return false;
    for (uint32_t i = first_behind(map, start); i < map->count && map->ranges[i].start < end; i++) {
        struct range *range = &map->ranges[i];

        if (range->type != MAP_WORK)
            continue;
        range->type = MAP_RAM;
        if (map->release)
            map->release(range->start, range->end - range->start);
    }
    merge(map, start, end);
    return true;
}

bool map_restore(struct memory_map *map, const struct memory_map *before, struct failure *failure)
{
    if (!map->claim) {
        map_copy(map, before);
        return true;
    }
    for (uint32_t i = 0; i < before->count; i++) {
        const struct range *range = &before->ranges[i];

        if (range->type == MAP_RAM && !map_release(map, range->start, range->end - range->start, failure))
            return false;
    }
    return true;
}

/* Whether every byte of the range lies in ranges whose type is accepted, by a function over it and `argument`. */
static bool covered(const struct memory_map *map, uint64_t start, uint64_t size,
                    bool (*accepts)(uint32_t type, uint32_t argument), uint32_t argument)
{
    uint64_t end;

    if (!checked_add(start, size, &end))
        return false;
    for (uint32_t i = first_behind(map, start); start < end; i++) {
        if (i == map->count || map->ranges[i].start > start || !accepts(map->ranges[i].type, argument))
            return false;
        start = map->ranges[i].end;
    }
    return true;
}

static bool is_free_type(uint32_t type, uint32_t firmware_too)
{
    return is_free(type, firmware_too);
}

static bool is_that_type(uint32_t type, uint32_t wanted)
{
    return type == wanted;
}

static bool is_ram_type(uint32_t type, uint32_t unused)
{
    (void)unused;
    return map_type_is_ram(type);
}

bool map_is_free(const struct memory_map *map, uint64_t start, uint64_t size, bool firmware_too)
{
    return covered(map, start, size, is_free_type, firmware_too);
}

bool map_is_type(const struct memory_map *map, uint64_t start, uint64_t size, uint32_t type)
{
    return covered(map, start, size, is_that_type, type);
}

bool map_touches(const struct memory_map *map, uint64_t start, uint64_t size, uint32_t type)
{
    uint64_t end;

    if (!checked_add(start, size, &end))
        return true;
    for (uint32_t i = first_behind(map, start); i < map->count && map->ranges[i].start < end; i++) {
        if (map->ranges[i].type == type)
            return true;
    }
    return false;
}

bool map_is_ram(const struct memory_map *map, uint64_t start, uint64_t size)
{
    return covered(map, start, size, is_ram_type, 0);
}

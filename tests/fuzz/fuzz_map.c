/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/map.c common/text.c common/failure.c */
/*
 * The memory map: the input is a series of steps, eight bytes each, over addresses that often coincide and sometimes
 * wrap. After each the map is sorted, without overlaps and merged, and a place that was found is free and as it was
 * asked for.
 *
 *   byte 0     what to do: add, carve, find, allocate
 *   byte 1     type, or how to find
 *   byte 2, 3  start, in units that bits of byte 0 choose
 *   byte 4, 5  size, likewise
 *   byte 6, 7  minimum and maximum, for finding
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/map.h"

#define STEP 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static const uint32_t types[] = { MAP_RAM,      MAP_RAM,        MAP_RESERVED, MAP_ACPI,   MAP_NVS,  MAP_UNUSABLE,
                                  MAP_DISABLED, MAP_PERSISTENT, MAP_OURS,     MAP_MODULE, MAP_WORK, MAP_FIRMWARE };

static void check_sound(const struct memory_map *map)
{
    require(map->count <= MAP_MAX);
    for (uint32_t i = 0; i < map->count; i++)
        require(map->ranges[i].start < map->ranges[i].end && (!i || map->ranges[i - 1].end <= map->ranges[i].start));
}

static void check_merged(const struct memory_map *map)
{
    for (uint32_t i = 1; i < map->count; i++) {
        const struct range *here = &map->ranges[i], *before = here - 1;

        require(before->end != here->start || before->type != here->type || before->flags != here->flags);
    }
}

static void check_place(const struct memory_map *map, const struct map_request *request, uint64_t address)
{
    const uint64_t size = (request->size + MAP_PAGE - 1) & ~(MAP_PAGE - 1);

    require(address >= MAP_PAGE && address >= request->minimum && address % MAP_PAGE == 0);
    require(!request->alignment || address % request->alignment == 0);
    require(!request->maximum || address + size - 1 <= request->maximum);
    require(map_is_free(map, address, size, request->firmware_too));
    require(map_is_ram(map, address, size));
}

static uint64_t number(const uint8_t *bytes, unsigned shift)
{
    return (uint64_t)(bytes[0] | bytes[1] << 8) << shift;
}

/* Says whether the map may go on to be used. */
static bool run_step(struct memory_map *map, const uint8_t *step)
{
    static const uint8_t shifts[] = { 0, 8, 12, 48 };
    const unsigned shift = shifts[step[0] >> 2 & 3];
    const uint64_t start = number(step + 2, shift), length = number(step + 4, shift);
    const uint32_t type = types[step[1] % (sizeof(types) / sizeof(*types))];
    const struct map_request request = { .size = length,
                                         .alignment = step[1] & 0x80 ? 1ull << (step[1] & 0x1f) : 0,
                                         .minimum = (uint64_t)step[6] << 16,
                                         .maximum = (uint64_t)step[7] << 16,
                                         .high = step[0] & 0x10,
                                         .firmware_too = step[0] & 0x20 };
    struct failure failure;
    uint64_t address;
    bool done;

    switch (step[0] & 3) {
    case 0:
        done = map_add(map, start, length, type, step[0] >> 7, &failure);
        break;
    case 1:
        done = map_carve(map, start, length, type, &failure);
        require(!done || !map_is_free(map, start, length, false) || type == MAP_RAM || !length);
        break;
    case 2:
        if (map_find(map, &request, &address))
            check_place(map, &request, address);
        return true;
    default:
        done = map_allocate(map, &request, MAP_PAYLOAD, &address, "thing", &failure);
        if (done)
            require(!map_is_free(map, address, 1, true) && map_is_ram(map, address, request.size));
        return true; /* having no room harms nothing */
    }
    if (done)
        check_merged(map);
    return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_map *map = calloc(1, sizeof(*map));

    for (; size >= STEP; size -= STEP, data += STEP) {
        bool whole = run_step(map, data);

        check_sound(map);
        if (!whole)
            break; /* a boot ends here */
    }
    free(map);
    return 0;
}

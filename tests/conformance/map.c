/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map, and what lies in it; see memory.h. */
#include "tests/conformance/memory.h"

#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

#define REGIONS_MAX 512
#define OBJECTS_MAX 128

static struct region {
    uint64_t start, size;
    bool ram;
} regions[REGIONS_MAX];
static unsigned region_count;

static struct object {
    char name[32];
    uint64_t start, size;
} objects[OBJECTS_MAX];
static unsigned object_count;

void region_add(uint64_t start, uint64_t size, bool ram)
{
    if (region_count < REGIONS_MAX)
        regions[region_count++] = (struct region){ start, size, ram };
}

void object_add(const char *name, uint64_t start, uint64_t size)
{
    if (!size || object_count == OBJECTS_MAX)
        return;
    struct object *object = &objects[object_count++];

    for (unsigned i = 0; i < sizeof(object->name) - 1 && name[i]; i++)
        object->name[i] = name[i];
    object->start = start;
    object->size = size;
}

uint64_t regions_from(uint64_t start)
{
    uint64_t end = start;

    for (bool longer = true; longer;) {
        longer = false;
        for (unsigned i = 0; i < region_count; i++) {
            const struct region *region = &regions[i];

            if (region->ram && region->start <= end && end - region->start < region->size) {
                end = region->start + region->size;
                longer = true;
            }
        }
    }
    return end - start;
}

bool regions_hold(uint64_t start, uint64_t size)
{
    return regions_from(start) >= size;
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size && a_size && b_size;
}

void check_map(void)
{
    uint64_t ram = 0;
    int empty = -1, wraps = -1, first = -1, second = -1;

    for (unsigned i = 0; i < region_count; i++) {
        const struct region *region = &regions[i];

        ram += region->ram ? region->size : 0;
        if (!region->size)
            empty = (int)i;
        /* A range may end where addresses do. */
        if (region->size && region->start + (region->size - 1) < region->start)
            wraps = (int)i;
        for (unsigned j = 0; j < i; j++)
            if (overlap(region->start, region->size, regions[j].start, regions[j].size)) {
                first = (int)j;
                second = (int)i;
            }
    }
    check(ram > 0, "map-ram", "%u ranges hold %lu KiB of RAM", region_count, ram >> 10);
    check(first < 0, "map-apart", "ranges that overlap: %d and %d (-1: none)", first, second);
    check(empty < 0, "map-empty", "a range that is empty: %d (-1: none)", empty);
    check(wraps < 0, "map-wrap", "a range that wraps: %d (-1: none)", wraps);
}

void check_map_sorted(void)
{
    unsigned i = 1;

    while (i < region_count && regions[i - 1].start <= regions[i].start)
        i++;
    check(i >= region_count, "map-sorted", "%u of %u ranges are in order, shall all be", i, region_count);
}

void check_objects(void)
{
    const struct object *outside = NULL, *first = NULL, *second = NULL;

    for (unsigned i = 0; i < object_count; i++) {
        if (!regions_hold(objects[i].start, objects[i].size))
            outside = &objects[i];
        for (unsigned j = 0; j < i; j++)
            if (overlap(objects[i].start, objects[i].size, objects[j].start, objects[j].size)) {
                first = &objects[j];
                second = &objects[i];
            }
    }
    if (outside)
        check(false, "in-ram", "%s, 0x%lx bytes at 0x%lx, is not in RAM", outside->name, outside->size, outside->start);
    else
        check(true, "in-ram", "%u things that we were given lie in RAM", object_count);
    if (first)
        check(false, "apart", "%s at 0x%lx overlaps %s at 0x%lx", first->name, first->start, second->name,
              second->start);
    else
        check(true, "apart", "no two of %u things that we were given overlap", object_count);
}

static bool sums_to_zero(const uint8_t *bytes, unsigned size)
{
    uint8_t sum = 0;

    while (size--)
        sum = (uint8_t)(sum + *bytes++);
    return sum == 0;
}

bool rsdp_is_sound(const void *rsdp)
{
    const uint8_t *bytes = rsdp;
    static const char signature[8] = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' };

    for (unsigned i = 0; i < sizeof(signature); i++)
        if (bytes[i] != (uint8_t)signature[i])
            return false;
    /* 20 bytes of ACPI 1.0; from revision 2 on the length follows them. */
    return sums_to_zero(bytes, 20) && (bytes[15] < 2 || sums_to_zero(bytes, *(const uint32_t *)(bytes + 20)));
}

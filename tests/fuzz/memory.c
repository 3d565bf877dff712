/* SPDX-License-Identifier: BSD-2-Clause */
/* A fuzzer's input as physical memory; see memory.h. */
#include "tests/fuzz/memory.h"

#include <stdlib.h>
#include <string.h>

#include "common/layout.h"

#define ALIGNMENT 16
#define PAGE      4096

static uint8_t arena[MEMORY_ARENA_SIZE];
static struct handoff the_handoff;

static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    struct memory *memory = (struct memory *)(uintptr_t)physical;
    uint64_t skip = address % ALIGNMENT;
    uint8_t *copy;

    if (address < memory->base || address - memory->base > memory->size ||
        size > memory->size - (address - memory->base))
        return NULL;
    if (memory->view_count == MEMORY_VIEWS_MAX)
        abort(); /* no input is worth so many looks */
    copy = calloc(1, skip + size + !size);
    memory->views[memory->view_count++] = copy;
    if (address - memory->base < memory->given) {
        uint64_t given = memory->given - (address - memory->base);

        memcpy(copy + skip, memory->bytes + (address - memory->base), given < size ? given : size);
    }
    return copy + skip;
}

void memory_start(struct memory *memory, const uint8_t *bytes, size_t size)
{
    memory->physical.view = view;
    memory->bytes = bytes;
    memory->base = MEMORY_BASE;
    memory->given = size;
    memory->size = (size + PAGE - 1) & ~(PAGE - 1ull);
    memory->view_count = 0;
}

void memory_end(struct memory *memory)
{
    while (memory->view_count)
        free(memory->views[--memory->view_count]);
}

struct handoff *memory_handoff(enum door door)
{
    handoff_start(&the_handoff, door, arena, sizeof(arena));
    return &the_handoff;
}

void memory_check_map(const struct memory_map *map)
{
    if (map->count > MAP_MAX)
        abort();
    for (uint32_t i = 0; i < map->count; i++) {
        const struct range *range = &map->ranges[i];

        if (range->start >= range->end || !range->type)
            abort();
        if (!i)
            continue;
        if (range[-1].end > range->start)
            abort();
        if (range[-1].end == range->start && range[-1].type == range->type && range[-1].flags == range->flags)
            abort();
    }
}

/* Of the arena or a literal, and ended; ASan has a word where it is not. */
static void check_text(const char *text)
{
    if (!text || strlen(text) >= sizeof(arena))
        abort();
}

void memory_check_handoff(struct handoff *handoff)
{
    struct failure failure;

    memory_check_map(&handoff->map);
    check_text(handoff->command_line);
    if (handoff->loader_name)
        check_text(handoff->loader_name);
    if (handoff->module_count > HANDOFF_MODULES_MAX || handoff->setup_data_count > HANDOFF_SETUP_DATA_MAX ||
        handoff->arena.used > handoff->arena.size)
        abort();
    for (uint32_t i = 0; i < handoff->module_count; i++) {
        check_text(handoff->modules[i].string);
        if (handoff->modules[i].start + handoff->modules[i].size < handoff->modules[i].start)
            abort();
    }
    if (handoff_complete(handoff, LAYOUT_LINK_BASE, LAYOUT_LINK_BASE + LAYOUT_PAGE, &failure)) {
        memory_check_map(&handoff->map);
        for (uint32_t i = 0; i < handoff->module_count; i++) {
            if (handoff->modules[i].size &&
                map_is_free(&handoff->map, handoff->modules[i].start, handoff->modules[i].size, true))
                abort();
        }
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling struct handoff. Pure: compiled natively for tests as well. */
#include "handoff/handoff.h"

#include <stddef.h>

#include "common/string.h"

const char *door_name(enum door door)
{
    static const char names[DOOR_COUNT][16] = {
        [DOOR_NONE] = "none",
        [DOOR_PVH] = "pvh",
        [DOOR_EFI] = "efi",
        [DOOR_MULTIBOOT2] = "multiboot2-bios",
        [DOOR_MULTIBOOT2_EFI] = "multiboot2-efi",
        [DOOR_LINUX16] = "linux16",
        [DOOR_LINUX32] = "linux32",
        [DOOR_LINUX64] = "linux64",
        [DOOR_EFI_HANDOVER] = "efi-handover",
    };

    return door < DOOR_COUNT ? names[door] : "?";
}

void handoff_start(struct handoff *handoff, enum door door, void *arena, uint64_t arena_size)
{
    /* The map is large and its ranges count for nothing beyond its count: clear all but them. */
    memset(handoff, 0, offsetof(struct handoff, map) + offsetof(struct memory_map, ranges));
    handoff->version = HANDOFF_VERSION;
    handoff->size = sizeof(*handoff);
    handoff->door = door;
    handoff->command_line = "";
    handoff->arena = (struct arena){ arena, arena_size, 0 };
}

bool handoff_add_module(struct handoff *handoff, uint64_t start, uint64_t size, const char *string, uint64_t length,
                        struct failure *failure)
{
    struct handoff_module *module = &handoff->modules[handoff->module_count];

    if (handoff->module_count == HANDOFF_MODULES_MAX)
        return fail(failure, "modules", "more than %u", HANDOFF_MODULES_MAX);
    if (start + size < start)
        return fail(failure, "modules", "module %u, %lu bytes at 0x%lx, wraps around", handoff->module_count, size,
                    start);
    *module = (struct handoff_module){ start, size, arena_text(&handoff->arena, string, length) };
    if (!module->string)
        return fail(failure, "modules", "the string of module %u is too long (%lu bytes)", handoff->module_count,
                    length);
    handoff->module_count++;
    return true;
}

bool handoff_copy_text(struct handoff *handoff, const struct physical *physical, uint64_t address, uint64_t limit,
                       const char *what, const char **copy, struct failure *failure)
{
    const char *text = NULL;
    int64_t length = physical_text(physical, address, limit, &text);

    if (length < 0)
        return fail(failure, what, "no text of at most %lu bytes at 0x%lx", limit, address);
    *copy = length ? arena_text(&handoff->arena, text, (uint64_t)length) : "";
    return *copy || fail(failure, what, "too long (%ld bytes)", length);
}

static bool has_ram(const struct memory_map *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (map_type_is_ram(map->ranges[i].type))
            return true;
    }
    return false;
}

static bool mark_module(struct handoff *handoff, uint32_t index, uint64_t image_start, uint64_t image_end,
                        struct failure *failure)
{
    const struct handoff_module *module = &handoff->modules[index];

    if (!module->size)
        return true;
    if (!map_is_ram(&handoff->map, module->start, module->size))
        return fail(failure, "modules", "module %u, %lu bytes at 0x%lx, is not in RAM", index, module->size,
                    module->start);
    if (module->start < image_end && image_start < module->start + module->size)
        return fail(failure, "modules", "module %u, %lu bytes at 0x%lx, overlaps this loader", index, module->size,
                    module->start);
    return map_carve(&handoff->map, module->start, module->size, MAP_MODULE, failure);
}

bool handoff_complete(struct handoff *handoff, uint64_t image_start, uint64_t image_end, struct failure *failure)
{
    struct memory_map *map = &handoff->map;

    if (!has_ram(map))
        return fail(failure, "memory map", "there is no RAM in it");
    if (!map_carve(map, image_start, image_end - image_start, MAP_OURS, failure))
        return false;
    for (uint32_t i = 0; i < handoff->module_count; i++) {
        if (!mark_module(handoff, i, image_start, image_end, failure))
            return false;
    }
    for (uint32_t i = 0; i < handoff->setup_data_count; i++) {
        if (!map_carve(map, handoff->setup_data[i].address, handoff->setup_data[i].size, MAP_LOADER, failure))
            return false;
    }
    return map_carve(map, handoff->efi.map, handoff->efi.map_size, MAP_LOADER, failure);
}

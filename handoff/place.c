/* SPDX-License-Identifier: BSD-2-Clause */
/* See place.h. Pure but for place_parameters, which clears the memory that it takes. */
#include "handoff/place.h"

#include "common/checked.h"
#include "common/string.h"
#include "pagetables/pagetables.h"

/* Its last byte. Linux, entered by PVH, reads its start_info through page tables that reach no further. */
#define FIRST_GIB 0x3fffffffull

static bool add_segments(const struct program *program, uint64_t offset, struct launch *launch, struct failure *failure)
{
    for (uint32_t i = 0; i < program->count; i++) {
        const struct launch_segment segment = { .name = "kernel",
                                                .destination = program->segments[i].address + offset,
                                                .source = (uint64_t)program->segments[i].content.data,
                                                .file_size = program->segments[i].content.size,
                                                .memory_size = program->segments[i].memory_size };

        if (!launch_add(launch, &segment, failure))
            return false;
    }
    return true;
}

/* Whether the map has nothing against each segment's linked place; what else lies there is moved aside. */
static bool may_lie(const struct program *program, const struct handoff *handoff, struct failure *failure)
{
    for (uint32_t i = 0; i < program->count; i++) {
        const struct program_segment *segment = &program->segments[i];

        if (!map_is_ram(&handoff->map, segment->address, segment->memory_size))
            return fail(failure, "kernel", "it must lie at 0x%lx, where there are no %lu bytes of RAM",
                        segment->address, segment->memory_size);
        if (segment->address < MAP_PAGE)
            return fail(failure, "kernel", "it must lie at 0x%lx, in page 0", segment->address);
        if (map_touches(&handoff->map, segment->address, segment->memory_size, MAP_LOADER))
            return fail(failure, "kernel", "it must lie at 0x%lx, where the loader before us has left data",
                        segment->address);
    }
    return true;
}

static bool is_free(const struct program *program, const struct handoff *handoff, bool firmware_too)
{
    for (uint32_t i = 0; i < program->count; i++) {
        if (program->segments[i].address < MAP_PAGE ||
            !map_is_free(&handoff->map, program->segments[i].address, program->segments[i].memory_size, firmware_too))
            return false;
    }
    return true;
}

/* The firmware gives whole pages, so it is asked for the whole extent. */
static bool claim(const struct program *program, uint64_t offset, const struct handoff *handoff,
                  struct failure *failure)
{
    uint64_t start = align_down(program->start + offset, MAP_PAGE);
    uint64_t size = align_up(program->end + offset, MAP_PAGE) - start;

    return (handoff->map.claim && handoff->map.claim(start, size)) ||
           fail(failure, "kernel", "the firmware does not give its place, %lu bytes at 0x%lx", size, start);
}

/* Takes the place, so that nothing is put there that comes later. */
static bool take(const struct program *program, uint64_t offset, struct handoff *handoff, struct failure *failure)
{
    for (uint32_t i = 0; i < program->count; i++) {
        if (!map_carve(&handoff->map, program->segments[i].address + offset, program->segments[i].memory_size,
                       MAP_PAYLOAD, failure))
            return false;
    }
    return true;
}

/* A free place for the whole extent, as one piece. */
static bool find(const struct program *program, const struct placement *placement, const struct handoff *handoff,
                 bool firmware_too, uint64_t *address)
{
    struct map_request request = { .size = program->end - program->start,
                                   .alignment = placement->alignment,
                                   .minimum = placement->minimum,
                                   .maximum = placement->maximum,
                                   .high = placement->preference == PLACE_HIGH,
                                   .firmware_too = firmware_too };

    if (!placement->maximum)
        return false; /* which a request takes for no limit */
    if (map_find(&handoff->map, &request, address))
        return true;
    request.ours_too = firmware_too; /* memory is tight: over ourselves, as the last thing that we do */
    return request.ours_too && map_find(&handoff->map, &request, address);
}

bool place_program(const struct program *program, const struct placement *placement, struct handoff *handoff,
                   struct launch *launch, uint64_t *offset, struct failure *failure)
{
    const bool lasting = launch->state.mode != LAUNCH_FIRMWARE; /* what the firmware uses is free in the end */
    bool as_linked = is_free(program, handoff, lasting);
    uint64_t address;

    *offset = 0;
    if (placement->relocatable) {
        as_linked = as_linked && placement->preference == PLACE_AS_LINKED && program->start >= placement->minimum &&
                    program->end - 1 <= placement->maximum && program->start % placement->alignment == 0;
        if (!as_linked && find(program, placement, handoff, lasting, &address))
            *offset = address - program->start;
        else if (!as_linked)
            return fail(failure, "kernel", "no free memory for %lu bytes aligned to 0x%lx from 0x%lx to 0x%lx",
                        program->end - program->start, placement->alignment, placement->minimum, placement->maximum);
    } else if (!as_linked && !may_lie(program, handoff, failure)) {
        return false;
    }
    return (lasting || claim(program, *offset, handoff, failure)) && take(program, *offset, handoff, failure) &&
           add_segments(program, *offset, launch, failure);
}

bool place_content(const char *name, struct span content, uint64_t alignment, uint64_t maximum, struct handoff *handoff,
                   struct launch *launch, uint64_t *address, struct failure *failure)
{
    const struct map_request request = {
        .size = content.size, .alignment = alignment, .maximum = maximum, .high = true
    };
    struct launch_segment segment = { .name = name, .source = (uint64_t)content.data, .file_size = content.size };

    *address = 0;
    if (!content.size)
        return true;
    *address = segment.source;
    if (segment.source % alignment || segment.source + content.size - 1 > maximum ||
        launch_covers(launch, segment.source, content.size)) {
        if (!map_allocate(&handoff->map, &request, MAP_PAYLOAD, address, name, failure))
            return false;
    }
    segment.destination = *address;
    return launch_add(launch, &segment, failure);
}

bool place_modules(const struct boot *boot, uint64_t maximum, struct handoff *handoff, struct launch *launch,
                   uint64_t *addresses, struct failure *failure)
{
    for (uint32_t i = 0; i < boot->module_count; i++) {
        if (!place_content("module", boot->modules[i].content, MAP_PAGE, maximum, handoff, launch, &addresses[i],
                           failure))
            return false;
    }
    return true;
}

void *place_parameters(const char *name, uint64_t size, struct handoff *handoff, struct launch *launch,
                       struct failure *failure)
{
    struct map_request request = { .size = size, .maximum = FIRST_GIB, .high = true };
    struct launch_segment segment = { .name = name, .file_size = size };
    struct failure ignored;

    if (!map_allocate(&handoff->map, &request, MAP_PAYLOAD, &segment.destination, name, &ignored)) {
        request.maximum = MAP_BELOW_4G;
        if (!map_allocate(&handoff->map, &request, MAP_PAYLOAD, &segment.destination, name, failure))
            return NULL;
    }
    if (!identity_reach(segment.destination, size)) {
        fail(failure, name, "0x%lx is out of our reach", segment.destination);
        return NULL;
    }
    segment.source = segment.destination;
    memset((void *)segment.destination, 0, size);
    return launch_add(launch, &segment, failure) ? (void *)segment.destination : NULL;
}

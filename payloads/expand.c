/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See expand.h. Most streams do not tell their size, so the largest free place is lent to them, and what they leave of
 * it goes back to the map.
 */
#include "payloads/expand.h"

#include "common/checked.h"
#include "common/heap.h"
#include "payloads/unpack.h"

static bool largest_place(const struct memory_map *map, struct map_request *request)
{
    uint64_t best = 0;

    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t start = align_up(map->ranges[i].start, MAP_PAGE);
        uint64_t end = align_down(map->ranges[i].end, MAP_PAGE);

        if (start < MAP_PAGE)
            start = MAP_PAGE;
        if (map->ranges[i].type != MAP_RAM || end <= start || end - start <= best)
            continue;
        best = end - start;
        *request = (struct map_request){ .size = best, .minimum = start, .maximum = end - 1 };
    }
    return best;
}

/* Unpacks into what the request gets, and gives back what is left of it. */
static bool try(const struct expander *expander, const struct map_request *request, struct span packed,
                struct span *content, uint64_t *used, struct failure *failure)
{
    uint64_t address, size, kept;
    struct failure ignored;
    bool done;

    if (!map_allocate(expander->map, request, MAP_WORK, &address, "payload", failure))
        return false;
    if (!expander->reach(address, request->size) || !expander->reach((uint64_t)packed.data, packed.size)) {
        map_release(expander->map, address, request->size, &ignored);
        return fail(failure, "payload", "its place at 0x%lx is out of our reach", address);
    }
    heap_start(expander->map, expander->reach);
    done = unpack(packed, (uint8_t *)address, request->size, &size, used, failure);
    heap_end();
    kept = done ? align_up(size, MAP_PAGE) : 0;
    if (kept < request->size)
        map_release(expander->map, address + kept, request->size - kept, &ignored);
    *content = (struct span){ (const uint8_t *)address, size };
    return done;
}

bool expand(const struct expander *expander, struct span packed, struct span *content, uint64_t *used,
            struct failure *failure)
{
    static const unsigned shares[] = { 8, 14 }; /* of 16 */
    struct map_request request = { .high = true };

    *content = packed;
    *used = packed.size;
    if (unpack_recognise(packed) == PACKING_NONE)
        return true;
    if (unpack_size(packed, &request.size) && request.size) {
        if (request.size > EXPAND_MAX)
            return fail(failure, "payload", "it would unpack to %lu bytes", request.size);
        request.size = align_up(request.size, MAP_PAGE);
        return try(expander, &request, packed, content, used, failure);
    }
    /* Half of it at first: the decoder needs memory too, and most kernels want the lower addresses. */
    if (!largest_place(expander->map, &request))
        return fail(failure, "payload", "no free memory to unpack it");
    for (unsigned i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
        struct map_request share = request;

        share.size = align_down(request.size / 16 * shares[i], MAP_PAGE);
        if (share.size > EXPAND_MAX)
            share.size = EXPAND_MAX;
        share.minimum = share.maximum + 1 - share.size;
        if (try(expander, &share, packed, content, used, failure))
            return true;
    }
    return false;
}

enum payload_kind expand_recognise(const struct expander *expander, struct span content)
{
    enum payload_kind kind;

    if (unpack_recognise(content) == PACKING_NONE)
        return payload_recognise(content);
    heap_start(expander->map, expander->reach);
    kind = payload_recognise(content);
    heap_end();
    return kind;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/select.c payloads/payload.c payloads/bzimage.c payloads/sections.c handoff/handoff.c */
/* sources: common/arena.c common/physical.c common/map.c common/text.c common/failure.c */
/*
 * Selecting among modules of any content. The input is a series of modules, each a header of three bytes (its size, low
 * and high, and that of its string) and then both; the last takes what there is. What is selected lies within a module.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/checked.h"
#include "menu/select.h"

#define MEMORY 0x100000ull
#define HEADER 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span memory; /* shown at MEMORY */
static volatile uint8_t sink;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    (void)physical;
    return address >= MEMORY && checked_within(address - MEMORY, size, memory.size) ? memory.data + (address - MEMORY)
                                                                                    : NULL;
}

static void check_span(struct span span)
{
    require(span.data >= memory.data && span.data + span.size <= memory.data + memory.size);
    for (uint64_t i = 0; i < span.size; i++)
        sink = span.data[i];
}

static void add_modules(struct handoff *handoff)
{
    struct failure failure;
    uint64_t at = 0;

    while (memory.size - at >= HEADER) {
        const uint8_t *header = memory.data + at;
        const uint64_t left = memory.size - at - HEADER;
        uint64_t length = header[2], size = header[0] | header[1] << 8;

        length = length < left ? length : left;
        size = size < left - length ? size : left - length;
        if (!handoff_add_module(handoff, MEMORY + at + HEADER + length, size, (const char *)header + HEADER, length,
                                &failure))
            return;
        at += HEADER + length + size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct handoff handoff;
    static uint8_t arena[4096] __attribute__((aligned(16)));
    static const struct sections none;
    static const struct physical physical = { view };
    struct entry entry;
    struct failure failure;
    uint8_t *copy = malloc(size ? size : 1);

    if (size)
        memcpy(copy, data, size);
    memory = (struct span){ copy, size };
    handoff_start(&handoff, DOOR_PVH, arena, sizeof(arena));
    add_modules(&handoff);
    if (select_entry(&handoff, &none, &physical, &entry, &failure)) {
        require(entry.kind != PAYLOAD_DATA && entry.initrd_count <= LINUX_INITRDS_MAX && entry.source);
        check_span(entry.kernel);
        for (uint32_t i = 0; i < entry.initrd_count; i++) {
            require(entry.initrds[i].size > 0);
            check_span(entry.initrds[i]);
        }
    }
    free(copy);
    return 0;
}

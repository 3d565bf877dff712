/* SPDX-License-Identifier: BSD-2-Clause */
/* Preparing a launch; see launch.h. What can go wrong goes wrong here, before a byte moves. */
#include "handoff/launch.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"
#include "cpu/cpu.h"
#include "cpu/registers.h"
#include "handoff/trampoline.h"
#include "pagetables/pagetables.h"

#define GIB (1ull << 30)

struct copy {
    uint64_t destination, source, file_size, zero_size;
};

struct trampoline_table {
    uint64_t gdt[TRAMPOLINE_GDT_SIZE / 8];
    uint8_t padding[6];
    uint16_t gdt_limit;
    uint64_t gdt_base;
    uint64_t root;
    uint64_t instruction;
    uint64_t rax, rbx, rsi;
    uint32_t cr4;
    uint32_t long_mode;
    uint32_t change_level;
    uint32_t padding2;
    uint64_t count;
    struct copy copies[TRAMPOLINE_COPIES_MAX];
};

_Static_assert(offsetof(struct trampoline_table, gdt_limit) == TABLE_GDT_LIMIT, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, gdt_base) == TABLE_GDT_BASE, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, root) == TABLE_ROOT, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, instruction) == TABLE_INSTRUCTION, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, rax) == TABLE_RAX, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, rbx) == TABLE_RBX, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, rsi) == TABLE_RSI, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, cr4) == TABLE_CR4, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, long_mode) == TABLE_LONG, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, change_level) == TABLE_CHANGE_LEVEL, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, count) == TABLE_COUNT, "trampoline.h");
_Static_assert(offsetof(struct trampoline_table, copies) == TABLE_COPIES, "trampoline.h");
_Static_assert(offsetof(struct copy, source) == COPY_SOURCE, "trampoline.h");
_Static_assert(offsetof(struct copy, file_size) == COPY_FILE_SIZE, "trampoline.h");
_Static_assert(offsetof(struct copy, zero_size) == COPY_ZERO_SIZE, "trampoline.h");
_Static_assert(sizeof(struct copy) == COPY_SIZE, "trampoline.h");
_Static_assert(LAUNCH_SEGMENTS_MAX <= TRAMPOLINE_COPIES_MAX, "every segment has a copy");
/* The far returns at the end need a few words of stack behind the table. */
_Static_assert(TRAMPOLINE_TABLE + sizeof(struct trampoline_table) + 128 <= TRAMPOLINE_SIZE, "one page");

extern const uint8_t trampoline_start[], trampoline_end[];
extern const uint8_t image_base[], image_end[];

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size && a_size && b_size;
}

bool launch_add(struct launch *launch, const struct launch_segment *segment, struct failure *failure)
{
    struct launch_segment *new = &launch->segments[launch->segment_count];
    uint64_t end;

    if (launch->segment_count == LAUNCH_SEGMENTS_MAX)
        return fail(failure, "launch", "more than %u segments", LAUNCH_SEGMENTS_MAX);
    *new = *segment;
    if (new->memory_size < new->file_size)
        new->memory_size = new->file_size;
    if (new->reserved < new->memory_size)
        new->reserved = new->memory_size;
    if (!checked_add(new->destination, new->reserved, &end) || !checked_add(new->source, new->file_size, &end))
        return fail(failure, new->name, "%lu bytes at 0x%lx wrap around", new->reserved, new->destination);
    launch->segment_count++;
    return true;
}

bool launch_covers(const struct launch *launch, uint64_t start, uint64_t size)
{
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        if (overlap(launch->segments[i].destination, launch->segments[i].reserved, start, size))
            return true;
    }
    return false;
}

static bool check_destinations(const struct launch *launch, const struct handoff *handoff, struct failure *failure)
{
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        const struct launch_segment *a = &launch->segments[i];

        if (!map_is_ram(&handoff->map, a->destination, a->reserved))
            return fail(failure, a->name, "%lu bytes at 0x%lx are not all RAM", a->reserved, a->destination);
        for (uint32_t j = 0; j < i; j++) {
            const struct launch_segment *b = &launch->segments[j];

            if (overlap(a->destination, a->reserved, b->destination, b->reserved))
                return fail(failure, a->name, "its place at 0x%lx overlaps that of the %s at 0x%lx", a->destination,
                            b->name, b->destination);
        }
    }
    return true;
}

/* Whether it is all there already, so that nothing is written to its place. */
static bool lies_there(const struct launch_segment *segment)
{
    return segment->source == segment->destination && segment->memory_size == segment->file_size;
}

/* Whether copying `segment` to its place would destroy what `other` is still to be copied from. */
static bool endangers(const struct launch_segment *segment, const struct launch_segment *other)
{
    return segment != other && !lies_there(segment) && other->source != other->destination &&
           overlap(other->source, other->file_size, segment->destination, segment->memory_size);
}

/* How many bytes of the segments from index `from` on would be destroyed if `segment` were copied before them. They fit
 * into RAM together, or check_destinations had said so. */
static uint64_t endangered(const struct launch *launch, uint32_t from, const struct launch_segment *segment)
{
    uint64_t bytes = 0;

    for (uint32_t i = from; i < launch->segment_count; i++) {
        if (endangers(segment, &launch->segments[i]))
            bytes += launch->segments[i].file_size;
    }
    return bytes;
}

/* Copies to memory that nothing claims what the segment at index `by` would destroy of those behind it. */
static bool stage_sources(struct launch *launch, uint32_t by, struct handoff *handoff, struct failure *failure)
{
    for (uint32_t i = by + 1; i < launch->segment_count; i++) {
        struct launch_segment *segment = &launch->segments[i];
        const struct map_request request = { .size = segment->file_size, .high = true };
        uint64_t place;

        if (!endangers(&launch->segments[by], segment))
            continue;
        if (!map_allocate(&handoff->map, &request, MAP_WORK, &place, segment->name, failure))
            return false;
        if (!identity_reach(place, segment->file_size) || !identity_reach(segment->source, segment->file_size))
            return fail(failure, segment->name, "0x%lx or 0x%lx is out of our reach", segment->source, place);
        memcpy((void *)place, (const void *)segment->source, segment->file_size);
        segment->source = place;
    }
    return true;
}

/*
 * Puts the segments into an order in which none destroys the source of one behind it, so that each byte is copied once.
 * Where they are in each other's way all round, the fewest bytes are moved aside.
 */
static bool order_segments(struct launch *launch, struct handoff *handoff, struct failure *failure)
{
    struct launch_segment *segments = launch->segments;

    for (uint32_t first = 0; first < launch->segment_count; first++) {
        uint64_t least = UINT64_MAX;
        uint32_t best = first;

        for (uint32_t i = first; i < launch->segment_count && least; i++) {
            const uint64_t bytes = endangered(launch, first, &segments[i]);

            if (bytes < least) {
                least = bytes;
                best = i;
            }
        }
        if (best != first) {
            const struct launch_segment next = segments[best];

            memmove(&segments[first + 1], &segments[first], (best - first) * sizeof(next));
            segments[first] = next;
        }
        if (least && !stage_sources(launch, first, handoff, failure))
            return false;
    }
    return true;
}

/* Tables that may be needed: the first 4 GiB, and ranges above them with their borders. */
static uint32_t tables_needed(const struct launch *launch)
{
    const uint64_t for_borders = 4;
    uint64_t count = 8 + for_borders; /* root, a fifth level, a third, 4 GiB of 2 MiB pages; the image */

    for (uint32_t i = 0; i < launch->segment_count; i++)
        count += 2 * (launch->segments[i].reserved / GIB + for_borders);
    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

/* Maps what of a range lies above 4 GiB, in whole 2 MiB pages so that neighbours share tables. */
static bool reach(struct pagetables *tables, uint64_t start, uint64_t size, struct failure *failure)
{
    const unsigned all = MAP_ACCESS_READ | MAP_ACCESS_WRITE | MAP_ACCESS_EXECUTE;
    const uint64_t page = 2ull << 20;
    uint64_t end = start + size; /* launch_add checked it */

    if (!size || end <= 4 * GIB)
        return true;
    start = start < 4 * GIB ? 4 * GIB : align_down(start, page);
    return pagetables_map(tables, start, align_down(end - 1, page) + page, all, failure);
}

/* *root4, *root5: the same map with 4 and with 5 levels. */
static bool build_page_tables(struct launch *launch, struct handoff *handoff, struct failure *failure, uint64_t *root4,
                              uint64_t *root5)
{
    const unsigned all = MAP_ACCESS_READ | MAP_ACCESS_WRITE | MAP_ACCESS_EXECUTE;
    const uint32_t count = tables_needed(launch);
    const struct map_request request = { .size = (uint64_t)count * PAGETABLES_PAGE,
                                         .maximum = MAP_BELOW_4G,
                                         .high = true };
    struct pagetables tables;
    uint64_t memory;

    if (!map_allocate(&handoff->map, &request, MAP_WORK, &memory, "page tables", failure))
        return false;

    /* One page is kept back for a fifth level on top. */
    pagetables_start(&tables, (uint8_t *)memory + PAGETABLES_PAGE, count - 1, 4, cpu.gigabyte_pages, false);
    if (!pagetables_map(&tables, 0, 4 * GIB, all, failure) ||
        !reach(&tables, (uint64_t)image_base, (uint64_t)(image_end - image_base), failure))
        return false;
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        const struct launch_segment *segment = &launch->segments[i];

        if (!reach(&tables, segment->destination, segment->reserved, failure) ||
            !reach(&tables, segment->source, segment->file_size, failure))
            return false;
    }
    *root4 = pagetables_root(&tables);
    *root5 = memory;
    launch->page_tables = *root4;
    if (cpu.five_levels || launch->state.needs_five_levels) {
        memset((void *)memory, 0, PAGETABLES_PAGE);
        *(uint64_t *)memory = *root4 | 3; /* present, writable: 4 levels under one entry of the fifth */
    }
    if (cpu.five_levels)
        launch->page_tables = *root5;
    return true;
}

static void fill_trampoline(const struct launch *launch, uint64_t root4, uint64_t root5)
{
    const bool five_levels = launch->state.needs_five_levels || (cpu.five_levels && launch->state.five_levels);
    struct trampoline_table *table = (struct trampoline_table *)(launch->trampoline + TRAMPOLINE_TABLE);

    memcpy((void *)launch->trampoline, trampoline_start, (size_t)(trampoline_end - trampoline_start));
    memset(table, 0, offsetof(struct trampoline_table, copies));
    table->gdt[TRAMPOLINE_TASK / 8] = DESCRIPTOR_TASK32;
    table->gdt[TRAMPOLINE_CODE / 8] = launch->state.mode == LAUNCH_LONG ? DESCRIPTOR_CODE64 : DESCRIPTOR_CODE32;
    table->gdt[TRAMPOLINE_DATA / 8] = DESCRIPTOR_DATA;
    table->gdt[TRAMPOLINE_CODE32 / 8] = DESCRIPTOR_CODE32;
    table->gdt_limit = TRAMPOLINE_GDT_SIZE - 1;
    table->gdt_base = (uint64_t)table->gdt;
    table->root = five_levels ? root5 : root4;
    table->instruction = launch->state.instruction;
    table->rax = launch->state.rax;
    table->rbx = launch->state.rbx;
    table->rsi = launch->state.rsi;
    table->cr4 = (uint32_t)(five_levels ? CR4_PAE | CR4_LA57 : CR4_PAE);
    table->long_mode = launch->state.mode == LAUNCH_LONG;
    table->change_level = cpu.five_levels != five_levels;
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        const struct launch_segment *segment = &launch->segments[i];

        if (lies_there(segment))
            continue;
        table->copies[table->count++] = (struct copy){ segment->destination, segment->source, segment->file_size,
                                                       segment->memory_size - segment->file_size };
    }
}

bool launch_prepare(struct launch *launch, struct handoff *handoff, struct failure *failure)
{
    const struct map_request page = { .size = TRAMPOLINE_SIZE, .maximum = MAP_BELOW_4G, .high = true };
    uint64_t root4, root5;

    if (launch->run)
        return true;
    if (!check_destinations(launch, handoff, failure))
        return false;
    if (launch->state.mode == LAUNCH_FIRMWARE)
        return true; /* each place is one that the firmware gave, so nothing can lie there */
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        if (!map_carve(&handoff->map, launch->segments[i].destination, launch->segments[i].reserved, MAP_PAYLOAD,
                       failure))
            return false;
    }
    if (!order_segments(launch, handoff, failure) ||
        !map_allocate(&handoff->map, &page, MAP_WORK, &launch->trampoline, "trampoline", failure) ||
        !build_page_tables(launch, handoff, failure, &root4, &root5))
        return false;
    fill_trampoline(launch, root4, root5);
    return true;
}

bool launch_finish(struct launch *launch, const struct handoff *handoff, struct failure *failure)
{
    return check_destinations(launch, handoff, failure) &&
           (!launch->finish || launch->finish(launch, handoff, failure));
}

/* The firmware's tables map everything, and no destination holds another's source. */
static void copy_segments(const struct launch *launch)
{
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        const struct launch_segment *segment = &launch->segments[i];
        uint8_t *destination = (uint8_t *)segment->destination;

        memmove(destination, (const void *)segment->source, segment->file_size);
        memset(destination + segment->file_size, 0, segment->memory_size - segment->file_size);
    }
}

void launch_jump(const struct launch *launch)
{
    if (launch->state.mode == LAUNCH_FIRMWARE) {
        copy_segments(launch);
        cpu_return_exceptions();
        __asm__ volatile("cld\n\t"
                         "jmp *%0"
                         :
                         : "r"(launch->state.instruction), "a"(launch->state.rax), "b"(launch->state.rbx),
                           "S"(launch->state.rsi)
                         : "memory");
    }
    __asm__ volatile("cli\n\t"
                     "mov %0, %%cr3\n\t"
                     "jmp *%1"
                     :
                     : "r"(launch->page_tables), "r"(launch->trampoline), "D"(launch->trampoline)
                     : "memory");
    __builtin_unreachable();
}

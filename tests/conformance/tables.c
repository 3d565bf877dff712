/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables: those we were given, looked through by hand, and our own; see processor.h. */
#include "tests/conformance/processor.h"

#define PRESENT    0x1ull
#define WRITABLE   0x2ull
#define LARGE      0x80ull
#define NO_EXECUTE (1ull << 63)
#define ADDRESS    0x000ffffffffff000ull
#define ENTRIES    512
#define LARGE_SIZE 0x200000ull
#define LOW_END    (1ull << 32)
#define SPARE      16

extern uint64_t page_tables[6][ENTRIES] __attribute__((visibility("hidden")));

static uint64_t spare[SPARE][ENTRIES] __attribute__((aligned(PAGE_SIZE)));
static unsigned spare_used;
static bool ours;

void tables_take_over(void)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        page_tables[0][i] = page_tables[1][i] = 0;
    page_tables[0][0] = (uintptr_t)page_tables[1] | PRESENT | WRITABLE;
    for (unsigned i = 0; i < 4; i++)
        page_tables[1][i] = (uintptr_t)page_tables[2 + i] | PRESENT | WRITABLE;
    for (uint64_t i = 0; i < 4 * ENTRIES; i++)
        page_tables[2 + i / ENTRIES][i % ENTRIES] = i * LARGE_SIZE | PRESENT | WRITABLE | LARGE;

    uint64_t root = (uintptr_t)page_tables[0];

    if (state.cr4 & CR4_LA57) {
        spare[spare_used][0] = root | PRESENT | WRITABLE;
        root = (uintptr_t)spare[spare_used++];
    }
    __asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
    ours = true;
}

/* The table that `entry` points to, made where there is none. NULL: no more. */
static uint64_t *table_of(uint64_t *entry)
{
    if (!(*entry & PRESENT)) {
        if (spare_used == SPARE)
            return NULL;
        *entry = (uintptr_t)spare[spare_used++] | PRESENT | WRITABLE;
    }
    return (uint64_t *)(*entry & ADDRESS);
}

bool tables_reach(uint64_t address, uint64_t size)
{
    if (state.mode == 64 && !ours)
        return true;
    for (uint64_t at = address & ~(LARGE_SIZE - 1); at < address + size; at += LARGE_SIZE) {
        if (at < LOW_END)
            continue;
        uint64_t *level3 = table_of(&page_tables[0][at >> 39 & (ENTRIES - 1)]);
        uint64_t *level2 = level3 ? table_of(&level3[at >> 30 & (ENTRIES - 1)]) : NULL;

        if (!level2)
            return false;
        level2[at >> 21 & (ENTRIES - 1)] = at | PRESENT | WRITABLE | LARGE;
    }
    return true;
}

/* Looks up one address; *size is that of its page. */
static enum mapping look_up(uint64_t address, uint64_t *size, bool *writable, bool *executable)
{
    uint64_t table = state.cr3 & ADDRESS;

    for (int shift = state.cr4 & CR4_LA57 ? 48 : 39; shift >= 12; shift -= 9) {
        if (!tables_reach(table, PAGE_SIZE))
            return MAPPING_NONE;
        uint64_t entry = ((const uint64_t *)table)[address >> shift & (ENTRIES - 1)];

        if (!(entry & PRESENT))
            return MAPPING_NONE;
        *writable = *writable && (entry & WRITABLE);
        *executable = *executable && !((entry & NO_EXECUTE) && (state.efer & EFER_NXE));
        if (shift == 12 || (shift <= 30 && (entry & LARGE))) {
            uint64_t mask = (1ull << shift) - 1;

            *size = mask + 1;
            return (entry & ADDRESS & ~mask) == (address & ~mask) ? MAPPING_IDENTITY : MAPPING_ELSEWHERE;
        }
        table = entry & ADDRESS;
    }
    return MAPPING_NONE;
}

enum mapping tables_look_up(uint64_t address, uint64_t size, bool *writable, bool *executable)
{
    uint64_t page;

    *writable = *executable = true;
    for (uint64_t at = address; at < address + size; at = (at & ~(page - 1)) + page) {
        enum mapping mapping = look_up(at, &page, writable, executable);

        if (mapping != MAPPING_IDENTITY)
            return mapping;
    }
    return MAPPING_IDENTITY;
}

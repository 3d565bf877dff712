/* SPDX-License-Identifier: BSD-2-Clause */
/* Building identity maps; see pagetables.h. Pure: compiled natively for tests as well. */
#include "pagetables/pagetables.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define ENTRIES        512
#define PRESENT        (1ull << 0)
#define WRITABLE       (1ull << 1)
#define LARGE          (1ull << 7) /* a page, not a table, at levels 2 and 3 */
#define NOT_EXECUTABLE (1ull << 63)
#define ADDRESS_BITS   0x000ffffffffff000ull
#define PHYSICAL_LIMIT (1ull << 52) /* the first address with a bit that ADDRESS_BITS lacks */
#define FLAG_BITS      (PRESENT | WRITABLE | LARGE | NOT_EXECUTABLE)

/* Bytes that one entry of a level covers: 4 KiB at level 1, 2 MiB, 1 GiB, 512 GiB, 256 TiB. */
static uint64_t coverage(unsigned level)
{
    return PAGETABLES_PAGE << (9 * (level - 1));
}

static unsigned entry_index(uint64_t address, unsigned level)
{
    return (unsigned)(address / coverage(level)) % ENTRIES;
}

/* What it holds is the caller's to say. */
static uint64_t *new_table(struct pagetables *tables)
{
    return tables->used == tables->page_count ? NULL : tables->pages + (uint64_t)tables->used++ * ENTRIES;
}

/* Gives entries, one after the other, values that rise by `step`: most of what a map costs, so eight at a time. */
static void fill(uint64_t *entry, uint64_t count, uint64_t value, uint64_t step)
{
    for (; count >= 8; count -= 8, entry += 8, value += 8 * step) {
        entry[0] = value;
        entry[1] = value + step;
        entry[2] = value + 2 * step;
        entry[3] = value + 3 * step;
        entry[4] = value + 4 * step;
        entry[5] = value + 5 * step;
        entry[6] = value + 6 * step;
        entry[7] = value + 7 * step;
    }
    for (; count; count--, value += step)
        *entry++ = value;
}

bool pagetables_start(struct pagetables *tables, void *pages, uint32_t page_count, uint8_t levels, bool gigabyte_pages,
                      bool no_execute)
{
    *tables = (struct pagetables){ .pages = pages,
                                   .page_count = page_count,
                                   .levels = levels,
                                   .gigabyte_pages = gigabyte_pages,
                                   .no_execute = no_execute };

    uint64_t *root = new_table(tables);

    if (root)
        memset(root, 0, PAGETABLES_PAGE);
    return root != NULL;
}

static bool is_table(uint64_t entry, unsigned level)
{
    return level > 1 && (entry & PRESENT) && !(entry & LARGE);
}

/*
 * The table that an entry of `level` leads to: made where there is none, or out of the large page that was there. all:
 * every entry of it will be written at once.
 */
static uint64_t *descend(struct pagetables *tables, uint64_t *entry, unsigned level, bool all)
{
    if (is_table(*entry, level))
        return (uint64_t *)(*entry & ADDRESS_BITS);

    uint64_t *table = new_table(tables);

    if (!table)
        return NULL;
    if (*entry & PRESENT) /* the bit LARGE means something else at level 1 */
        fill(table, ENTRIES, *entry & ~(level == 2 ? LARGE : 0), coverage(level - 1));
    else if (!all)
        memset(table, 0, PAGETABLES_PAGE);
    /* A table allows everything; its entries restrict. */
    *entry = (uint64_t)table | PRESENT | WRITABLE;
    return table;
}

static bool is_page_level(const struct pagetables *tables, unsigned level)
{
    return level <= 2 || (level == 3 && tables->gigabyte_pages);
}

/* Whether one entry of `level` may map what begins at start, as far as addresses go. */
static bool fits(const struct pagetables *tables, unsigned level, uint64_t start, uint64_t end)
{
    uint64_t size = coverage(level);

    return is_page_level(tables, level) && !(start & (size - 1)) && end - start >= size;
}

/* How many entries of `level`, from the one at `entry` on, one after the other may be pages: up to a table, at most
 * count. */
static uint64_t pages_before_table(const uint64_t *entry, unsigned level, uint64_t count)
{
    uint64_t found = 0;

    while (found < count && !is_table(entry[found], level))
        found++;
    return found;
}

/* Maps as much of [start, end) as one table can, and returns where that ends; 0 where the tables are used up. */
static uint64_t map_some(struct pagetables *tables, uint64_t start, uint64_t end, uint64_t flags)
{
    uint64_t *table = tables->pages;
    bool new = false; /* the table: it leads to no others, and may not even be cleared */

    for (unsigned level = tables->levels; level >= 1; level--) {
        const uint64_t size = coverage(level), large = level > 1 ? LARGE : 0;
        const unsigned index = entry_index(start, level);

        if (fits(tables, level, start, end) && (new || !is_table(table[index], level))) {
            uint64_t count = (end - start) / size;

            if (count > ENTRIES - index)
                count = ENTRIES - index;
            if (level > 1 && !new)
                count = pages_before_table(table + index, level, count);
            fill(table + index, count, flags ? start | flags | large : 0, flags ? size : 0);
            return start + count * size;
        }

        const uint32_t used = tables->used;

        table = descend(tables, &table[index], level,
                        level > 1 && !(start & (size - 1)) && end - start >= size && is_page_level(tables, level - 1));
        new = tables->used != used;
        if (!table)
            return 0;
    }
    return 0; /* not reached: level 1 always maps */
}

bool pagetables_map(struct pagetables *tables, uint64_t start, uint64_t end, unsigned access, struct failure *failure)
{
    uint64_t limit = coverage(tables->levels) * (ENTRIES / 2), flags = 0;

    if (access)
        flags |= PRESENT;
    if (access & MAP_ACCESS_WRITE)
        flags |= WRITABLE;
    if (access && !(access & MAP_ACCESS_EXECUTE) && tables->no_execute)
        flags |= NOT_EXECUTABLE;

    /* Identity-mapped addresses must be canonical, in the lower half, and physical ones that an entry can hold. */
    if (limit > PHYSICAL_LIMIT)
        limit = PHYSICAL_LIMIT;
    if (start > end || end > limit)
        return fail(failure, "page tables", "0x%lx-0x%lx is beyond %u levels", start, end, tables->levels);
    if (start == end)
        return true;
    start &= ~(PAGETABLES_PAGE - 1);
    end = align_up(end, PAGETABLES_PAGE);
    while (start < end) {
        start = map_some(tables, start, end, flags);
        if (!start)
            return fail(failure, "page tables", "more than %u tables are needed", tables->page_count);
    }
    return true;
}

uint64_t pagetables_entry(const struct pagetables *tables, uint64_t address)
{
    const uint64_t *table = tables->pages;

    for (unsigned level = tables->levels; level >= 1; level--) {
        uint64_t entry = table[entry_index(address, level)];

        if (!(entry & PRESENT))
            return 0;
        if (level == 1 || (entry & LARGE))
            return entry & (ADDRESS_BITS | FLAG_BITS);
        table = (const uint64_t *)(entry & ADDRESS_BITS);
    }
    return 0;
}

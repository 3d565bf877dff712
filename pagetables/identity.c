/* SPDX-License-Identifier: BSD-2-Clause */
/* The map that we run on; see pagetables.h. */
#include "common/noinit.h"
#include "cpu/cpu.h"
#include "cpu/registers.h"
#include "pagetables/pagetables.h"

/* Root, two or three levels below, 4 for 4 GiB without 1 GiB pages, the image's, and those of ranges above 4 GiB. */
#define TABLES       40
#define FIRST_MAPPED (4ull << 30)

/* Borders of the image, from image.lds.S and start.S. */
extern const uint8_t image_base[], text_start[], text_end[], rodata_end[], image_end[];
extern const uint8_t stack_guard[];

static uint64_t pages[TABLES][512] __attribute__((aligned(4096))) NOINIT;
static struct pagetables tables;
static bool running, page0_hidden;

static bool map_image(struct failure *failure)
{
    uint64_t base = (uint64_t)image_base, guard = (uint64_t)stack_guard;
    const unsigned read_write = MAP_ACCESS_READ | MAP_ACCESS_WRITE;

    /* Page 0 of the image is not ours with the boot.txt doors, and nobody looks at it with the others. */
    return pagetables_map(&tables, base + PAGETABLES_PAGE, (uint64_t)text_start, MAP_ACCESS_READ, failure) &&
           pagetables_map(&tables, (uint64_t)text_start, (uint64_t)text_end, MAP_ACCESS_READ | MAP_ACCESS_EXECUTE,
                          failure) &&
           pagetables_map(&tables, (uint64_t)text_end, (uint64_t)rodata_end, MAP_ACCESS_READ, failure) &&
           pagetables_map(&tables, (uint64_t)rodata_end, (uint64_t)image_end, read_write, failure) &&
           pagetables_map(&tables, guard, guard + PAGETABLES_PAGE, 0, failure);
}

bool identity_start(struct failure *failure)
{
    pagetables_start(&tables, pages, TABLES, cpu.five_levels ? 5 : 4, cpu.gigabyte_pages, cpu.no_execute);
    if (!pagetables_map(&tables, 0, FIRST_MAPPED, MAP_ACCESS_READ | MAP_ACCESS_WRITE, failure) ||
        !pagetables_map(&tables, 0, PAGETABLES_PAGE, MAP_ACCESS_READ, failure) || !map_image(failure))
        return false;
    cr3_write(pagetables_root(&tables));
    running = true;
    return true;
}

bool identity_hide_page0(struct failure *failure)
{
    if (!running)
        return true;
    if (!pagetables_map(&tables, 0, PAGETABLES_PAGE, 0, failure))
        return false;
    cr3_write(pagetables_root(&tables)); /* forgets what was mapped */
    return page0_hidden = true;
}

/* Maps the page or the large page that begins at start, if nothing is mapped there, and returns its size; 0:
 * impossible. */
static uint64_t reach_one(uint64_t start)
{
    const uint64_t large = 2ull << 20, base = (uint64_t)image_base, end = (uint64_t)image_end;
    /* Near the image page by page, around it, because the image keeps its own protection, the guard page above all. */
    const bool near = start + large > base && start < end + large;
    const uint64_t size = near || start & (large - 1) ? PAGETABLES_PAGE : large;
    struct failure ignored;

    if ((start >= base && start < end) || pagetables_entry(&tables, start))
        return size;
    return pagetables_map(&tables, start, start + size, MAP_ACCESS_READ | MAP_ACCESS_WRITE, &ignored) ? size : 0;
}

bool identity_reach(uint64_t start, uint64_t size)
{
    uint64_t end, step;

    if (__builtin_add_overflow(start, size, &end))
        return false;
    if (!running)
        return true;
    if (start < PAGETABLES_PAGE && page0_hidden)
        return false;
    if (end <= FIRST_MAPPED)
        return true;
    start = start < FIRST_MAPPED ? FIRST_MAPPED : start & ~((2ull << 20) - 1);
    for (; start < end; start += step) {
        step = reach_one(start);
        if (!step)
            return false;
    }
    return true;
}

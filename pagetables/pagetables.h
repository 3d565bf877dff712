/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identity maps (AMD64 Architecture Programmer's Manual 2, section 5.3): built anywhere, of the largest pages that fit,
 * by one pure function; and the map that we run on.
 */
#ifndef PAGETABLES_PAGETABLES_H
#define PAGETABLES_PAGETABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"

#define PAGETABLES_PAGE 4096ull

/* What a mapping allows; 0 maps nothing: an access is an exception. */
#define MAP_ACCESS_READ    1u
#define MAP_ACCESS_WRITE   2u
#define MAP_ACCESS_EXECUTE 4u

struct pagetables {
    uint64_t *pages;     /* page-aligned memory for tables, identity-mapped, the caller's; the first one is the root */
    uint32_t page_count; /* how many it holds */
    uint32_t used;
    uint8_t levels; /* 4 or 5 */
    bool gigabyte_pages;
    bool no_execute; /* whether MAP_ACCESS_EXECUTE means anything */
};

/* Makes *tables an empty map. False where there is no page for the root. */
bool pagetables_start(struct pagetables *tables, void *pages, uint32_t page_count, uint8_t levels, bool gigabyte_pages,
                      bool no_execute);

/*
 * Maps [start, end) to itself, rounded outward to pages, replacing what was there. A failure where it lies beyond what
 * the levels reach or the tables are used up; the map is then as it was for all other addresses.
 */
bool pagetables_map(struct pagetables *tables, uint64_t start, uint64_t end, unsigned access, struct failure *failure);

/* The entry that maps address, 0 where none is present. */
uint64_t pagetables_entry(const struct pagetables *tables, uint64_t address);

static inline uint64_t pagetables_root(const struct pagetables *tables)
{
    return (uint64_t)tables->pages;
}

/* ---- the map that we run on (identity.c) ---- */

/*
 * Builds and enters it: the first 4 GiB readable and writable and not executable; the image by section, W^X; the page
 * under the stack not at all; page 0 is readable until identity_hide_page0. Call after cpu_start, and not while a
 * firmware's own map is needed.
 */
bool identity_start(struct failure *failure);

/*
 * Unmaps page 0, so that a null pointer is an exception. Loaders leave structures there (QEMU's PVH memory map, the
 * BIOS's data), so it comes after the door.
 */
bool identity_hide_page0(struct failure *failure);

/*
 * Makes [start, start + size) readable and writable where it is not mapped yet. True at once where we still run on a
 * firmware's map. False where that cannot be.
 */
bool identity_reach(uint64_t start, uint64_t size);

#endif

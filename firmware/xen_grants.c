/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grant table, version 1 (public/grant_table.h, whose rules for adding and invalidating entries are those below).
 * Its first entries are the tool stack's. Entries that were taken back are a chain; those behind `fresh` were never
 * given. Pages of the table are mapped when the chain and they are used up.
 */
#include "firmware/xen_grants.h"

#include <stddef.h>

#include "common/noinit.h"
#include "firmware/xen_frames.h"
#include "firmware/xen_hypercall.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

_Static_assert(sizeof(struct grant_entry_v1) == 8 && __builtin_offsetof(struct grant_entry_v1, domid) == 2 &&
                   __builtin_offsetof(struct grant_entry_v1, frame) == 4,
               "public/grant_table.h: grant_entry_v1");

#define FRAMES_MAX  8 /* half of them is what the disks take, few or many (storage/blkfront.h) */
#define PER_FRAME   (4096u / sizeof(struct grant_entry_v1))
#define ENTRIES_MAX (FRAMES_MAX * PER_FRAME)
#define NOBODY      0 /* ends the chain: entry 0 is the tool stack's console */

#define REVOKE_TRIES 16 /* each means that the other domain mapped or unmapped it just then */

static struct {
    struct grant_entry_v1 *entries; /* NULL: not started */
    uint32_t frames_max, frames;    /* of the table; mapped */
    uint32_t fresh;                 /* the first entry that was never given */
    uint32_t chain;                 /* the entry that was taken back last */
    uint32_t given;                 /* how many are in use */
} table;

static uint16_t next[ENTRIES_MAX] NOINIT; /* in the chain */

static bool map_frame(struct failure *failure)
{
    if (table.frames == table.frames_max)
        return fail(failure, "Xen's grants", "all %lu are in use",
                    table.frames * PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES);
    if (!xen_frame_map(XENMAPSPACE_grant_table, table.frames, (uint64_t)table.entries + table.frames * MAP_PAGE))
        return fail(failure, "Xen's grants", "Xen does not give page %u of the table", table.frames);
    table.frames++;
    return true;
}

bool xen_grants_start(struct memory_map *map, struct failure *failure)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_set_version version = { .version = 1 };
    uint64_t address;

    if (table.entries)
        return true;
    if (xen_hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, (uint64_t)&size, 1, 0) ||
        size.status != GNTST_okay || !size.max_nr_frames)
        return fail(failure, "Xen's grants", "Xen does not say how large the table is");
    /* A kernel before us may have left it at version 2; a Xen that knows only version 1 may know no versions. */
    xen_hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, (uint64_t)&version, 1, 0);
    if (version.version == 2)
        return fail(failure, "Xen's grants", "the table is of version 2 and in use");
    table.frames_max = size.max_nr_frames < FRAMES_MAX ? size.max_nr_frames : FRAMES_MAX;
    if (!xen_frames_reserve(map, table.frames_max, &address, "Xen's grants", failure))
        return false;
    table.entries = (struct grant_entry_v1 *)address;
    table.frames = table.given = 0;
    table.fresh = GNTTAB_NR_RESERVED_ENTRIES;
    table.chain = NOBODY;
    if (!map_frame(failure)) {
        table.entries = NULL;
        return false;
    }
    return true;
}

/* An entry that nobody uses; what somebody before us left in use is passed over. */
static bool take(uint32_t *reference, struct failure *failure)
{
    if (table.chain != NOBODY) {
        *reference = table.chain;
        table.chain = next[table.chain];
        return true;
    }
    for (;;) {
        if (table.fresh == table.frames * PER_FRAME && !map_frame(failure))
            return false;
        *reference = table.fresh++;
        if (__atomic_load_n(&table.entries[*reference].flags, __ATOMIC_RELAXED) == GTF_invalid)
            return true;
    }
}

bool xen_grant(uint16_t domain, uint64_t address, bool read_only, uint32_t *reference, struct failure *failure)
{
    struct grant_entry_v1 *entry;

    if (!table.entries)
        return fail(failure, "Xen's grants", "not started");
    if (address % MAP_PAGE || address / MAP_PAGE > UINT32_MAX)
        return fail(failure, "Xen's grants", "0x%lx is no page that can be granted", address);
    if (!take(reference, failure))
        return false;
    entry = &table.entries[*reference];
    entry->domid = domain;
    entry->frame = (uint32_t)(address / MAP_PAGE);
    __atomic_store_n(&entry->flags, GTF_permit_access | (read_only ? GTF_readonly : 0), __ATOMIC_RELEASE);
    table.given++;
    return true;
}

bool xen_grant_revoke(uint32_t reference)
{
    uint16_t *flags, now;

    if (!table.entries || reference < GNTTAB_NR_RESERVED_ENTRIES || reference >= table.fresh)
        return false;
    flags = &table.entries[reference].flags;
    now = __atomic_load_n(flags, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < REVOKE_TRIES; i++) {
        if ((now & GTF_type_mask) != GTF_permit_access || now & (GTF_reading | GTF_writing))
            return false;
        if (!__atomic_compare_exchange_n(flags, &now, GTF_invalid, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            continue;
        next[reference] = (uint16_t)table.chain;
        table.chain = reference;
        table.given--;
        return true;
    }
    return false;
}

bool xen_grants_end(struct failure *failure)
{
    if (!table.entries)
        return true;
    if (table.given)
        return fail(failure, "Xen's grants", "%u pages may still be mapped by another domain", table.given);
    for (uint32_t i = 0; i < table.frames; i++)
        xen_frame_unmap((uint64_t)table.entries + i * MAP_PAGE);
    table.entries = NULL;
    return true;
}

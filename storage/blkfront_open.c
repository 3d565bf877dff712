/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the front end of a disk comes to its back end (Xen public/io/blkif.h, "Startup"): it waits until the back end has
 * looked at the disk, grants pages, publishes where they are, and reads what the back end then says of the disk.
 */
#include "storage/blkfront.h"

#include <stddef.h>

#include "common/string.h"
#include "firmware/xen_events.h"
#include "firmware/xen_grants.h"

/*
 * Pages for data. A back end of Linux keeps at most 1056 mapped (max_persistent_grants), and Xen's tables are finite.
 */
#define POOL_PAGES     512
#define POOL_PAGES_MIN (BLKFRONT_DIRECT * 4)
#define REQUESTS       8 /* in flight, where each can have many pages */

#define RING_PAGE  0
#define LIST_PAGES 1
#define DATA_PAGES (LIST_PAGES + BLKFRONT_ENTRIES)

#define BELOW_4G 0xffffffffull /* what our page tables reach */

enum { VDISK_CDROM = 1, VDISK_REMOVABLE = 2 }; /* blkif.h, "info" */

/* Memory: the ring, lists, data, and behind all that is granted, what is not: the references. */
static bool take_memory(struct blkfront *front, uint32_t *pool_pages, struct failure *failure)
{
    for (*pool_pages = POOL_PAGES;; *pool_pages /= 2) {
        const uint32_t pages = DATA_PAGES + *pool_pages;
        const struct map_request request = { .size = pages * (MAP_PAGE + sizeof(uint32_t)),
                                             .maximum = BELOW_4G,
                                             .high = true };

        if (map_allocate(front->map, &request, MAP_WORK, &front->memory, front->bus.name, failure)) {
            front->memory_size = request.size;
            front->references = (uint32_t *)(front->memory + pages * MAP_PAGE);
            /* Nobody shall see what lay there before. */
            memset((void *)front->memory, 0, pages * MAP_PAGE);
            return true;
        }
        if (*pool_pages / 2 < POOL_PAGES_MIN)
            return false;
    }
}

static bool grant(struct blkfront *front, uint32_t pages, struct failure *failure)
{
    for (; front->granted < pages; front->granted++) {
        /* Writable all of them: a back end that keeps pages mapped maps them so (blkif.h, note 8). */
        if (!xen_grant(front->bus.domain, front->memory + front->granted * MAP_PAGE, false,
                       &front->references[front->granted], failure))
            return false;
    }
    return true;
}

static bool publish(struct blkfront *front, struct failure *failure)
{
    const struct xenbus_device *bus = &front->bus;

    front->published = true;
    return xenbus_publish_number(bus, "ring-ref", front->references[RING_PAGE], failure) &&
           xenbus_publish_number(bus, "event-channel", front->port, failure) &&
           xenbus_publish(bus, "protocol", "x86_64-abi", failure) &&
           xenbus_publish_number(bus, "feature-persistent", 1, failure) &&
           xenbus_switch(bus, XENBUS_INITIALISED, failure);
}

/* A drive without a disc in it has a back end that waits for one. */
static bool has_medium(struct blkfront *front, bool *present, struct failure *failure)
{
    bool is_disc, empty;

    if (!xenbus_front_is(&front->bus, "device-type", "cdrom", &is_disc, failure) ||
        !xenbus_back_is(&front->bus, "params", "", &empty, failure))
        return false;
    front->block.removable = is_disc;
    *present = !is_disc || !empty;
    return true;
}

static bool connect(struct blkfront *front, struct failure *failure)
{
    const uint32_t ready = XENBUS_IS(XENBUS_INIT_WAIT) | XENBUS_IS(XENBUS_INITIALISED);
    enum xenbus_state state;

    if (!xenbus_back_state(&front->bus, &state, failure))
        return false;
    if (state >= XENBUS_CONNECTED && !blkfront_reset(front, failure))
        return false;
    if (!xenbus_wait(&front->bus, ready | XENBUS_IS(XENBUS_UNKNOWN), &state, failure))
        return false;
    if (state == XENBUS_UNKNOWN)
        return fail(failure, front->bus.name, "there is no back end");
    if (!grant(front, DATA_PAGES, failure) || !xen_event_allocate(front->bus.domain, &front->port, failure))
        return false;
    front->has_port = true;
    front->ring.shared = (struct blkfront_shared *)(front->memory + RING_PAGE * MAP_PAGE);
    blkfront_ring_start(&front->ring);
    if (!publish(front, failure) ||
        !xenbus_wait(&front->bus, ~(ready | XENBUS_IS(XENBUS_INITIALISING)), &state, failure))
        return false;
    if (state != XENBUS_CONNECTED)
        return fail(failure, front->bus.name, "the back end does not connect: state %u", state);
    return true;
}

/* What the disk is like. *present: it has any sectors. */
static bool read_properties(struct blkfront *front, bool *present, struct failure *failure)
{
    const struct xenbus_device *bus = &front->bus;
    uint64_t sectors, size, info;

    if (!xenbus_back_number(bus, "sectors", 0, &sectors, failure) ||
        !xenbus_back_number(bus, "sector-size", BLKFRONT_SECTOR, &size, failure) ||
        !xenbus_back_number(bus, "info", 0, &info, failure))
        return false;
    if (size < BLKFRONT_SECTOR || size > BLKFRONT_PAGE || size & (size - 1))
        return fail(failure, bus->name, "its sectors have %lu bytes", size);
    if (sectors > UINT64_MAX / BLKFRONT_SECTOR)
        return fail(failure, bus->name, "it says that it has %lu sectors", sectors);
    /* Whatever the size of its own: Linux's back and front ends count 512 bytes here. */
    front->block.block_size = (uint32_t)size;
    front->block.block_count = sectors / (size / BLKFRONT_SECTOR);
    front->block.removable |= (info & (VDISK_CDROM | VDISK_REMOVABLE)) != 0;
    *present = front->block.block_count;
    return true;
}

/* Shares the pages for data out among as many requests as is good. */
static bool fill_ring(struct blkfront *front, uint32_t pool_pages, struct failure *failure)
{
    struct blkfront_ring *ring = &front->ring;
    uint64_t segments;

    if (!xenbus_back_number(&front->bus, "feature-max-indirect-segments", 0, &segments, failure))
        return false;
    ring->segments = BLKFRONT_DIRECT;
    if (segments > BLKFRONT_DIRECT) {
        ring->segments = segments < pool_pages / REQUESTS ? (uint32_t)segments : pool_pages / REQUESTS;
        if (ring->segments > BLKFRONT_INDIRECT_MAX)
            ring->segments = BLKFRONT_INDIRECT_MAX;
        if (ring->segments < BLKFRONT_DIRECT)
            ring->segments = BLKFRONT_DIRECT;
        ring->lists = (uint8_t *)(front->memory + LIST_PAGES * MAP_PAGE);
        ring->list_references = front->references + LIST_PAGES;
    }
    ring->slots = pool_pages / ring->segments;
    if (ring->slots > BLKFRONT_ENTRIES)
        ring->slots = BLKFRONT_ENTRIES;
    ring->pool = (uint8_t *)(front->memory + DATA_PAGES * MAP_PAGE);
    ring->references = front->references + DATA_PAGES;
    return grant(front, DATA_PAGES + ring->slots * ring->segments, failure);
}

bool blkfront_open(struct blkfront *front, uint32_t number, bool *present, struct failure *failure)
{
    uint32_t pool_pages;

    if (!xenbus_open("vbd", number, &front->bus, failure) || !has_medium(front, present, failure))
        return false;
    if (!*present)
        return true;
    front->ring.name = front->bus.name;
    front->ring.handle = number;
    front->ring.notify = blkfront_notify;
    front->ring.wait = blkfront_wait;
    front->ring.context = front;
    if (!take_memory(front, &pool_pages, failure) || !connect(front, failure) ||
        !read_properties(front, present, failure) || !fill_ring(front, pool_pages, failure))
        return false;
    return xenbus_switch(&front->bus, XENBUS_CONNECTED, failure);
}

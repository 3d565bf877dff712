/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the front end of a disk comes to its back end (Xen public/io/blkif.h, "Startup"): it waits until the back end has
 * looked at the disk, grants pages, publishes where they are, and reads what the back end then says of the disk.
 */
#include "storage/blkfront.h"

#include <stddef.h>

#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "firmware/xen_events.h"
#include "firmware/xen_grants.h"
#include "storage/path.h"

#define REQUESTS       4 /* in flight, where each can have many pages */
#define POOL_PAGES_MIN (BLKFRONT_DIRECT * REQUESTS)

/* The pages, in this order: the ring, those for data, a list of these for each request. */
#define RING_PAGES 1

static struct xenbus_batch batch NOINIT;

enum { VDISK_CDROM = 1, VDISK_REMOVABLE = 2 }; /* blkif.h, "info" */

/* What is granted, and behind it what is not: the references. Where memory is short there are fewer pages for data. */
static bool take_memory(struct blkfront *front, struct failure *failure)
{
    for (;; front->pool_pages /= 2) {
        const uint32_t pages = RING_PAGES + front->pool_pages + BLKFRONT_ENTRIES;
        const struct map_request request = { .size = pages * (MAP_PAGE + sizeof(uint32_t)),
                                             .maximum = MAP_BELOW_4G,
                                             .high = true };

        if (map_allocate(front->map, &request, MAP_WORK, &front->memory, front->bus.name, failure)) {
            front->memory_size = request.size;
            front->references = (uint32_t *)(front->memory + pages * MAP_PAGE);
            /* Nobody shall see what lay there before. */
            memset((void *)front->memory, 0, pages * MAP_PAGE);
            return true;
        }
        if (front->pool_pages / 2 < POOL_PAGES_MIN)
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

/* Both ends' folders, and what kind of device it is. */
static bool find_back_end(struct blkfront *front, uint32_t number, struct failure *failure)
{
    struct xenbus_device *bus = &front->bus;
    uint32_t path, domain, type;
    uint64_t back_domain;
    struct span text;

    text_format(bus->front, sizeof(bus->front), "device/vbd/%u", number);
    path = xenbus_read(&batch, bus->front, "backend");
    domain = xenbus_read(&batch, bus->front, "backend-id");
    type = xenbus_read(&batch, bus->front, "device-type");
    if (!xenbus_do(&batch, failure) || !xenbus_number(&batch, domain, UINT64_MAX, &back_domain, failure))
        return false;
    text = xenbus_text(&batch, path);
    if (!text.data || !text.size || text.size >= sizeof(bus->back) || !text_is_clean(text) || back_domain > UINT16_MAX)
        return fail(failure, bus->name, "the xenstore does not say where its back end is");
    memcpy(bus->back, text.data, text.size);
    bus->back[text.size] = '\0';
    bus->domain = (uint16_t)back_domain;
    front->block.removable = text_equals(xenbus_text(&batch, type), "cdrom");
    return true;
}

/* Waits until the back end waits for us. *present false: a drive without a disc, whose back end never would connect. */
static bool meet_back_end(struct blkfront *front, bool *present, struct failure *failure)
{
    const uint32_t medium = xenbus_read(&batch, front->bus.back, "params");
    const uint32_t first = xenbus_read(&batch, front->bus.back, "state");
    enum xenbus_state state;

    xenbus_watch(&batch, &front->bus);
    if (!xenbus_do(&batch, failure))
        return false;
    *present = !front->block.removable || xenbus_text(&batch, medium).size;
    state = xenbus_state(&batch, first);
    if (!*present || state == XENBUS_INIT_WAIT || state == XENBUS_INITIALISED)
        return true;
    if (state == XENBUS_UNKNOWN)
        return fail(failure, front->bus.name, "there is no back end");
    if (state >= XENBUS_CONNECTED)
        return blkfront_reset(front, failure); /* somebody before us left it so */
    return xenbus_wait(&front->bus, XENBUS_IS(XENBUS_INIT_WAIT) | XENBUS_IS(XENBUS_INITIALISED), &state, failure);
}

static bool publish(struct blkfront *front, struct failure *failure)
{
    struct xenbus_device *bus = &front->bus;

    front->published = true;
    xenbus_publish_number(&batch, bus, "ring-ref", front->references[0]);
    xenbus_publish_number(&batch, bus, "event-channel", front->port);
    xenbus_publish(&batch, bus, "protocol", "x86_64-abi");
    xenbus_publish(&batch, bus, "feature-persistent", "1");
    xenbus_switch(&batch, bus, XENBUS_INITIALISED);
    return xenbus_do(&batch, failure);
}

static bool offer(struct blkfront *front, struct failure *failure)
{
    if (!grant(front, RING_PAGES, failure) || !xen_event_allocate(front->bus.domain, &front->port, failure))
        return false;
    front->has_port = true;
    front->ring.shared = (struct blkfront_shared *)front->memory;
    blkfront_ring_start(&front->ring);
    return publish(front, failure);
}

/* What the disk is like. *present: it has any sectors. *segments: pages of one request, 0: as ever. */
static bool read_properties(struct blkfront *front, bool *present, uint64_t *segments, struct failure *failure)
{
    const char *back = front->bus.back;
    const uint32_t at_sectors = xenbus_read(&batch, back, "sectors"),
                   at_size = xenbus_read(&batch, back, "sector-size");
    const uint32_t at_info = xenbus_read(&batch, back, "info");
    const uint32_t at_segments = xenbus_read(&batch, back, "feature-max-indirect-segments");
    uint64_t sectors, size, info;

    xenbus_switch(&batch, &front->bus, XENBUS_CONNECTED);
    if (!xenbus_do(&batch, failure) || !xenbus_number(&batch, at_sectors, 0, &sectors, failure) ||
        !xenbus_number(&batch, at_size, BLKFRONT_SECTOR, &size, failure) ||
        !xenbus_number(&batch, at_info, 0, &info, failure) || !xenbus_number(&batch, at_segments, 0, segments, failure))
        return false;
    if (size < BLKFRONT_SECTOR || size > BLKFRONT_PAGE || size & (size - 1))
        return fail(failure, front->bus.name, "its sectors have %lu bytes", size);
    if (sectors > UINT64_MAX / BLKFRONT_SECTOR)
        return fail(failure, front->bus.name, "it says that it has %lu sectors", sectors);
    /* Whatever the size of its own: Linux's back and front ends count 512 bytes here. */
    front->block.block_size = (uint32_t)size;
    front->block.block_count = sectors / (size / BLKFRONT_SECTOR);
    front->block.removable |= (info & (VDISK_CDROM | VDISK_REMOVABLE)) != 0;
    *present = front->block.block_count;
    return true;
}

/* Shares the pages for data out among as many requests as is good. */
static bool fill_ring(struct blkfront *front, uint64_t segments, struct failure *failure)
{
    struct blkfront_ring *ring = &front->ring;
    const uint32_t share = front->pool_pages / REQUESTS;

    uint32_t data;

    ring->segments = BLKFRONT_DIRECT;
    if (segments > BLKFRONT_DIRECT && share > BLKFRONT_DIRECT)
        ring->segments = segments < share ? (uint32_t)segments : share;
    ring->slots = front->pool_pages / ring->segments;
    if (ring->slots > BLKFRONT_ENTRIES)
        ring->slots = BLKFRONT_ENTRIES;
    data = ring->slots * ring->segments;
    ring->pool = (uint8_t *)(front->memory + RING_PAGES * MAP_PAGE);
    ring->references = front->references + RING_PAGES;
    ring->lists = ring->pool + data * MAP_PAGE;
    ring->list_references = ring->references + data;
    return grant(front, RING_PAGES + data + (ring->segments > BLKFRONT_DIRECT ? ring->slots : 0), failure);
}

_Static_assert(BLKFRONT_POOL_PAGES / REQUESTS <= BLKFRONT_INDIRECT_MAX, "one page holds the segments of a request");

bool blkfront_offer(struct blkfront *front, uint32_t number, bool *present, struct failure *failure)
{
    batch.count = 0;
    front->ring.name = front->bus.name;
    front->ring.handle = number;
    front->ring.notify = blkfront_notify;
    front->ring.wait = blkfront_wait;
    front->ring.context = front;
    if (!find_back_end(front, number, failure) || !meet_back_end(front, present, failure))
        return false;
    return !*present || (take_memory(front, failure) && offer(front, failure));
}

bool blkfront_connect(struct blkfront *front, bool *present, struct failure *failure)
{
    const uint32_t before =
        XENBUS_IS(XENBUS_INITIALISING) | XENBUS_IS(XENBUS_INIT_WAIT) | XENBUS_IS(XENBUS_INITIALISED);
    enum xenbus_state state;
    uint64_t segments;

    batch.count = 0;
    if (!xenbus_wait(&front->bus, ~before, &state, failure))
        return false;
    if (state != XENBUS_CONNECTED)
        return fail(failure, front->bus.name, "the back end does not connect: state %u", state);
    return read_properties(front, present, &segments, failure) && fill_ring(front, segments, failure);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the front end of a disk leaves its back end: closed, with every page taken back, and then as the tool stack made
 * it, so that the next front end (the kernel's) finds a device that nobody has used. A back end of Linux goes back to
 * its begin where it is closed and our end is initialising again (drivers/block/xen-blkback/xenbus.c).
 */
#include "storage/blkfront.h"

#include "common/console.h"
#include "common/noinit.h"
#include "common/text.h"
#include "firmware/xen_events.h"
#include "firmware/xen_grants.h"
#include "storage/xenstore.h"

#define PATIENCE 5000000000ull /* nanoseconds for pages to be unmapped */
#define NAP      5000000ull

#define GONE (XENBUS_IS(XENBUS_UNKNOWN)) /* somebody took it away: there is nothing to wait for */

static struct xenbus_batch batch NOINIT;

static bool wait(const struct blkfront *front, uint32_t wanted, struct failure *failure)
{
    enum xenbus_state now;

    return xenbus_wait(&front->bus, wanted | GONE, &now, failure);
}

enum presence {
    TAKEN,   /* the tool stack has removed the device: what we wrote then would be a new one */
    LEAVING, /* it waits until we have closed it, and then removes it (xenbus.h: its back end is not "online") */
    STAYING,
};

static bool find_presence(const struct blkfront *front, enum presence *presence, struct failure *failure)
{
    uint32_t back, online;

    batch.count = 0;
    back = xenbus_read(&batch, front->bus.front, "backend");
    online = xenbus_read(&batch, front->bus.back, "online");
    if (!xenbus_do(&batch, failure))
        return false;
    *presence = !xenbus_text(&batch, back).data                 ? TAKEN
                : text_equals(xenbus_text(&batch, online), "0") ? LEAVING
                                                                : STAYING;
    return true;
}

/* There are back ends that do nothing before we are closed. */
static bool go_closed(const struct blkfront *front, struct failure *failure)
{
    struct failure ignored;

    batch.count = 0;
    xenbus_switch(&batch, &front->bus, XENBUS_CLOSING);
    if (!xenbus_do(&batch, failure))
        return false;
    wait(front, XENBUS_IS(XENBUS_CLOSING) | XENBUS_IS(XENBUS_CLOSED), &ignored);
    xenbus_switch(&batch, &front->bus, XENBUS_CLOSED);
    return xenbus_do(&batch, failure) && wait(front, XENBUS_IS(XENBUS_CLOSED), failure);
}

static bool go_initial(const struct blkfront *front, struct failure *failure)
{
    static const char *const keys[] = { "ring-ref", "event-channel", "protocol", "feature-persistent" };

    batch.count = 0;
    for (unsigned i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        xenbus_unpublish(&batch, &front->bus, keys[i]);
    xenbus_switch(&batch, &front->bus, XENBUS_INITIALISING);
    return xenbus_do(&batch, failure) &&
           wait(front, XENBUS_IS(XENBUS_INIT_WAIT) | XENBUS_IS(XENBUS_INITIALISED), failure);
}

bool blkfront_reset(const struct blkfront *front, struct failure *failure)
{
    return go_closed(front, failure) && go_initial(front, failure);
}

static bool unwatch(struct blkfront *front, struct failure *failure)
{
    batch.count = 0;
    xenbus_unwatch(&batch, &front->bus);
    return xenbus_do(&batch, failure);
}

/* Takes all pages back; a back end that is about to let go of them is given time. */
static bool revoke(struct blkfront *front, struct failure *failure)
{
    const uint64_t end = xen_time() + PATIENCE;

    while (front->granted) {
        if (xen_grant_revoke(front->references[front->granted - 1]))
            front->granted--;
        else if (xen_time() < end)
            xenstore_sleep(NAP);
        else
            return fail(failure, front->bus.name, "the back end does not give back %u pages", front->granted);
    }
    return true;
}

static bool give_memory(struct blkfront *front, struct failure *failure)
{
    const uint64_t size = front->memory_size;

    front->memory_size = 0;
    return !size || map_release(front->map, front->memory, size, failure);
}

bool blkfront_close(struct blkfront *front, struct failure *failure)
{
    struct failure first, second;
    enum presence presence = TAKEN;
    bool orderly = !front->published ||
                   (find_presence(front, &presence, &first) && (presence == TAKEN || go_closed(front, &first)));

    if (!revoke(front, failure))
        return false;
    if (front->has_port)
        xen_event_close(front->port);
    front->has_port = front->published = false;
    orderly = orderly && (presence != STAYING || go_initial(front, &first));
    orderly = unwatch(front, orderly ? &first : &second) && orderly;
    /* Nothing of ours is its own any more: the kernel may start, and see for itself. */
    if (!orderly)
        warn("%s: %s", first.what, first.why);
    return give_memory(front, failure);
}

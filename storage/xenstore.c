/* SPDX-License-Identifier: BSD-2-Clause */
/* The xenstore over the page that the tool stack gave us (public/hvm/params.h, HVM_PARAM_STORE_*); see xenstore.h. */
#include "storage/xenstore.h"

#include "common/map.h"
#include "common/noinit.h"
#include "firmware/xen_events.h"
#include "firmware/xen_hypercall.h"
#include "storage/xenstore_wire.h"

#include <xen/hvm/params.h>

#define PATIENCE 5000000000ull /* nanoseconds for a reply */

static uint8_t content[XENSTORE_CONTENT_MAX] NOINIT;

static struct {
    uint32_t port;
    uint64_t deadline; /* of the request that is under way */
} own;

static void notify(void *context)
{
    (void)context;
    xen_event_send(own.port);
}

static bool wait(void *context)
{
    const uint64_t now = xen_time();

    (void)context;
    if (now >= own.deadline)
        return false;
    /* What it returns says nothing: an event that came before may be of what is seen already. */
    xen_event_wait(own.port, own.deadline - now);
    return true;
}

static struct xenstore_link connection = { .notify = notify, .wait = wait };

bool xenstore_start(void)
{
    uint64_t frame, port;

    /* The page is among Xen's special ones, just below 4 GiB. */
    if (!xen_parameter(HVM_PARAM_STORE_PFN, &frame) || !xen_parameter(HVM_PARAM_STORE_EVTCHN, &port) ||
        frame > UINT32_MAX / MAP_PAGE || port > UINT32_MAX)
        return false;
    connection.page = (struct xenstore_page *)(frame * MAP_PAGE);
    own.port = (uint32_t)port;
    return true;
}

static bool ask(enum xenstore_operation operation, const char *path, const char *value, struct span *reply,
                struct failure *failure)
{
    own.deadline = xen_time() + PATIENCE;
    return xenstore_exchange(&connection, operation, path, value, content, reply, failure);
}

bool xenstore_read(const char *path, struct span *value, struct failure *failure)
{
    return ask(XENSTORE_READ, path, "", value, failure);
}

bool xenstore_directory(const char *path, struct span *names, struct failure *failure)
{
    return ask(XENSTORE_DIRECTORY, path, "", names, failure);
}

bool xenstore_write(const char *path, const char *value, struct failure *failure)
{
    struct span reply;

    return ask(XENSTORE_WRITE, path, value, &reply, failure);
}

bool xenstore_remove(const char *path, struct failure *failure)
{
    struct span reply;

    return ask(XENSTORE_REMOVE, path, "", &reply, failure);
}

void xenstore_sleep(uint64_t nanoseconds)
{
    const uint64_t end = xen_time() + nanoseconds;

    for (uint64_t now = xen_time(); now < end; now = xen_time())
        xen_event_wait(own.port, end - now);
}

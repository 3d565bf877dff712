/* SPDX-License-Identifier: BSD-2-Clause */
/* The xenstore over the page that the tool stack gave us (public/hvm/params.h, HVM_PARAM_STORE_*); see xenstore.h. */
#include "storage/xenstore.h"

#include "common/map.h"
#include "common/noinit.h"
#include "firmware/xen_events.h"
#include "firmware/xen_hypercall.h"

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
    xenstore_link_start(&connection);
    return true;
}

bool xenstore_ask(struct xenstore_request *requests, uint32_t count, struct failure *failure)
{
    own.deadline = xen_time() + PATIENCE;
    return xenstore_exchange(&connection, requests, count, content, failure);
}

bool xenstore_wait(uint64_t nanoseconds, struct failure *failure)
{
    bool came;

    own.deadline = xen_time() + nanoseconds;
    return xenstore_take_event(&connection, &came, failure);
}

void xenstore_sleep(uint64_t nanoseconds)
{
    const uint64_t end = xen_time() + nanoseconds;

    for (uint64_t now = xen_time(); now < end; now = xen_time())
        xen_event_wait(own.port, end - now);
}

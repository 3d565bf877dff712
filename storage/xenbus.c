/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices in the xenstore; see xenbus.h (public/io/xenbus.h; Xen docs/misc/xenstore-paths.pandoc). */
#include "storage/xenbus.h"

#include "common/noinit.h"
#include "common/text.h"
#include "firmware/xen_events.h"
#include "storage/xenstore.h"

#define PATIENCE 10000000000ull /* nanoseconds for a state of the back end */

static const char token[] = "quadrivium";

bool xenbus_list(const char *kind, uint32_t *numbers, uint32_t limit, uint32_t *count, struct failure *failure)
{
    char path[32], name[16];
    struct xenstore_request request = { XENSTORE_DIRECTORY, path, "", { 0 } };
    uint64_t at = 0, number;

    *count = 0;
    text_format(path, sizeof(path), "device/%s", kind);
    if (!xenstore_ask(&request, 1, failure))
        return false;
    while (xenstore_next_name(request.reply, &at, name, sizeof(name))) {
        if (!text_number(text_span(name), &number) || number > UINT32_MAX)
            continue;
        if (*count < limit)
            numbers[*count] = (uint32_t)number;
        (*count)++;
    }
    return true;
}

/* ---- requests ---- */

/* There is always room: what we ask for at once is known where it is written. */
static uint32_t add(struct xenbus_batch *batch, enum xenstore_operation operation, const char *folder, const char *key,
                    const char *value)
{
    const uint32_t number = batch->count++ % XENBUS_REQUESTS;

    text_format(batch->path[number], sizeof(batch->path[number]), "%s/%s", folder, key);
    text_format(batch->value[number], sizeof(batch->value[number]), "%s", value);
    batch->request[number] = (struct xenstore_request){ operation, batch->path[number], batch->value[number], { 0 } };
    return number;
}

uint32_t xenbus_read(struct xenbus_batch *batch, const char *folder, const char *key)
{
    return add(batch, XENSTORE_READ, folder, key, "");
}

void xenbus_publish(struct xenbus_batch *batch, const struct xenbus_device *device, const char *key, const char *text)
{
    add(batch, XENSTORE_WRITE, device->front, key, text);
}

void xenbus_publish_number(struct xenbus_batch *batch, const struct xenbus_device *device, const char *key,
                           uint32_t number)
{
    char text[16];

    text_format(text, sizeof(text), "%u", number);
    xenbus_publish(batch, device, key, text);
}

void xenbus_unpublish(struct xenbus_batch *batch, const struct xenbus_device *device, const char *key)
{
    add(batch, XENSTORE_REMOVE, device->front, key, "");
}

void xenbus_switch(struct xenbus_batch *batch, const struct xenbus_device *device, enum xenbus_state state)
{
    xenbus_publish_number(batch, device, "state", state);
}

void xenbus_watch(struct xenbus_batch *batch, struct xenbus_device *device)
{
    add(batch, XENSTORE_WATCH, device->back, "state", token);
    device->watched = true;
}

void xenbus_unwatch(struct xenbus_batch *batch, struct xenbus_device *device)
{
    if (device->watched)
        add(batch, XENSTORE_UNWATCH, device->back, "state", token);
    device->watched = false;
}

bool xenbus_do(struct xenbus_batch *batch, struct failure *failure)
{
    const uint32_t count = batch->count < XENBUS_REQUESTS ? batch->count : XENBUS_REQUESTS;

    batch->count = 0;
    return xenstore_ask(batch->request, count, failure);
}

struct span xenbus_text(const struct xenbus_batch *batch, uint32_t request)
{
    return batch->request[request].reply;
}

bool xenbus_number(const struct xenbus_batch *batch, uint32_t request, uint64_t fallback, uint64_t *number,
                   struct failure *failure)
{
    const struct span text = xenbus_text(batch, request);

    *number = fallback;
    return !text.data || text_number(text, number) ||
           fail(failure, "xenstore", "%s is no number", batch->path[request]);
}

enum xenbus_state xenbus_state(const struct xenbus_batch *batch, uint32_t request)
{
    uint64_t number;

    if (!text_number(xenbus_text(batch, request), &number) || number >= XENBUS_STATES)
        return XENBUS_UNKNOWN;
    return (enum xenbus_state)number;
}

/* ---- states ---- */

bool xenbus_back_state(const struct xenbus_device *device, enum xenbus_state *state, struct failure *failure)
{
    static struct xenbus_batch batch NOINIT;
    uint32_t request;

    batch.count = 0;
    request = xenbus_read(&batch, device->back, "state");
    if (!xenbus_do(&batch, failure))
        return false;
    *state = xenbus_state(&batch, request);
    return true;
}

bool xenbus_wait(const struct xenbus_device *device, uint32_t wanted, enum xenbus_state *state, struct failure *failure)
{
    const uint64_t end = xen_time() + PATIENCE;

    for (;;) {
        uint64_t now;

        if (!xenbus_back_state(device, state, failure))
            return false;
        if (wanted & XENBUS_IS(*state))
            return true;
        now = xen_time();
        if (now >= end)
            return fail(failure, device->name, "the back end stays in state %u", *state);
        if (!xenstore_wait(end - now, failure))
            return false;
    }
}

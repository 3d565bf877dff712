/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices in the xenstore; see xenbus.h (public/io/xenbus.h; Xen docs/misc/xenstore-paths.pandoc). */
#include "storage/xenbus.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "firmware/xen_events.h"
#include "storage/path.h"
#include "storage/xenstore.h"
#include "storage/xenstore_wire.h"

#define PATIENCE 10000000000ull /* nanoseconds for a state of the back end */
#define NAP_MIN  1000000ull
#define NAP_MAX  32000000ull

bool xenbus_list(const char *kind, uint32_t *numbers, uint32_t limit, uint32_t *count, struct failure *failure)
{
    char path[32], name[16];
    struct span names;
    uint64_t at = 0, number;

    *count = 0;
    text_format(path, sizeof(path), "device/%s", kind);
    if (!xenstore_directory(path, &names, failure))
        return false;
    while (xenstore_next_name(names, &at, name, sizeof(name))) {
        if (!text_number(text_span(name), &number) || number > UINT32_MAX)
            continue;
        if (*count < limit)
            numbers[*count] = (uint32_t)number;
        (*count)++;
    }
    return true;
}

static bool read_key(const char *folder, const char *key, struct span *value, struct failure *failure)
{
    char path[sizeof(((struct xenbus_device *)0)->back) + 40];

    text_format(path, sizeof(path), "%s/%s", folder, key);
    return xenstore_read(path, value, failure);
}

/* A key that may be absent: *value is `fallback` then. */
static bool read_number(const struct xenbus_device *device, const char *folder, const char *key, uint64_t fallback,
                        uint64_t *value, struct failure *failure)
{
    struct span text;

    if (!read_key(folder, key, &text, failure))
        return false;
    if (!text.data)
        *value = fallback;
    else if (!text_number(text, value))
        return fail(failure, device->name, "%s in the xenstore is no number", key);
    return true;
}

bool xenbus_open(const char *kind, uint32_t number, struct xenbus_device *device, struct failure *failure)
{
    struct span path;
    uint64_t domain;

    text_format(device->front, sizeof(device->front), "device/%s/%u", kind, number);
    if (!read_key(device->front, "backend", &path, failure))
        return false;
    if (!path.data || !path.size || path.size >= sizeof(device->back) || !text_is_clean(path))
        return fail(failure, device->name, "the xenstore does not name its back end");
    memcpy(device->back, path.data, path.size);
    device->back[path.size] = '\0';
    if (!read_number(device, device->front, "backend-id", UINT64_MAX, &domain, failure))
        return false;
    if (domain > UINT16_MAX)
        return fail(failure, device->name, "the xenstore does not say in which domain its back end is");
    device->domain = (uint16_t)domain;
    return true;
}

bool xenbus_back_number(const struct xenbus_device *device, const char *key, uint64_t fallback, uint64_t *value,
                        struct failure *failure)
{
    return read_number(device, device->back, key, fallback, value, failure);
}

static bool key_is(const char *folder, const char *key, const char *text, bool *same, struct failure *failure)
{
    struct span value;

    if (!read_key(folder, key, &value, failure))
        return false;
    *same = text_equals(value, text);
    return true;
}

bool xenbus_front_is(const struct xenbus_device *device, const char *key, const char *text, bool *same,
                     struct failure *failure)
{
    return key_is(device->front, key, text, same, failure);
}

bool xenbus_back_is(const struct xenbus_device *device, const char *key, const char *text, bool *same,
                    struct failure *failure)
{
    return key_is(device->back, key, text, same, failure);
}

bool xenbus_publish(const struct xenbus_device *device, const char *key, const char *value, struct failure *failure)
{
    char path[64];

    text_format(path, sizeof(path), "%s/%s", device->front, key);
    return xenstore_write(path, value, failure);
}

bool xenbus_publish_number(const struct xenbus_device *device, const char *key, uint32_t value, struct failure *failure)
{
    char text[16];

    text_format(text, sizeof(text), "%u", value);
    return xenbus_publish(device, key, text, failure);
}

bool xenbus_unpublish(const struct xenbus_device *device, const char *key, struct failure *failure)
{
    char path[64];

    text_format(path, sizeof(path), "%s/%s", device->front, key);
    return xenstore_remove(path, failure);
}

static bool read_state(const struct xenbus_device *device, const char *folder, enum xenbus_state *state,
                       struct failure *failure)
{
    uint64_t number;

    if (!read_number(device, folder, "state", XENBUS_UNKNOWN, &number, failure))
        return false;
    *state = number < XENBUS_STATES ? (enum xenbus_state)number : XENBUS_UNKNOWN;
    return true;
}

bool xenbus_back_state(const struct xenbus_device *device, enum xenbus_state *state, struct failure *failure)
{
    return read_state(device, device->back, state, failure);
}

bool xenbus_front_state(const struct xenbus_device *device, enum xenbus_state *state, struct failure *failure)
{
    return read_state(device, device->front, state, failure);
}

bool xenbus_switch(const struct xenbus_device *device, enum xenbus_state state, struct failure *failure)
{
    return xenbus_publish_number(device, "state", state, failure);
}

/* Its state is read now and then: a watch would have to be taken back, with the events that it made meanwhile. */
bool xenbus_wait(const struct xenbus_device *device, uint32_t wanted, enum xenbus_state *state, struct failure *failure)
{
    const uint64_t end = xen_time() + PATIENCE;

    for (uint64_t nap = NAP_MIN;; nap = nap < NAP_MAX ? nap * 2 : nap) {
        if (!xenbus_back_state(device, state, failure))
            return false;
        if (wanted & XENBUS_IS(*state))
            return true;
        if (xen_time() >= end)
            return fail(failure, device->name, "the back end stays in state %u", *state);
        xenstore_sleep(nap);
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of xenstored and the ring that they go over; see xenstore_wire.h. Compiled natively for tests as well. */
#include "storage/xenstore_wire.h"

#include "common/string.h"

/* public/io/xs_wire.h, struct xsd_sockmsg. */
struct header {
    uint32_t type;
    uint32_t request; /* its number, which the reply repeats */
    uint32_t transaction;
    uint32_t size; /* of what follows */
};

_Static_assert(sizeof(struct header) == 16, "xs_wire.h");

/* How many events that nobody asked for may come before a reply. */
#define EVENTS_MAX 256

static const char broke[] = "the connection to xenstored is broken";

static bool break_link(struct xenstore_link *link, const char *path, const char *why, struct failure *failure)
{
    link->broken = true;
    return fail(failure, "xenstore", "%s: %s", path, why);
}

/* ---- the ring ---- */

/* How many bytes of a ring hold something; more than there are: it contradicts itself. */
static uint32_t filled(uint32_t producer, uint32_t consumer)
{
    return producer - consumer;
}

static bool send(struct xenstore_link *link, const void *data, uint32_t size, const char *path, struct failure *failure)
{
    struct xenstore_page *page = link->page;
    const uint8_t *bytes = data;

    while (size) {
        const uint32_t producer = page->request_producer; /* ours: only we write it */
        const uint32_t used = filled(producer, __atomic_load_n(&page->request_consumer, __ATOMIC_ACQUIRE));
        const uint32_t at = producer % XENSTORE_RING;
        uint32_t part = XENSTORE_RING - used;

        if (used > XENSTORE_RING)
            return break_link(link, path, "xenstored took more than it was given", failure);
        if (!part) {
            if (!link->wait(link->context))
                return break_link(link, path, "xenstored takes no request", failure);
            continue;
        }
        if (part > XENSTORE_RING - at)
            part = XENSTORE_RING - at;
        if (part > size)
            part = size;
        memcpy(page->requests + at, bytes, part);
        __atomic_store_n(&page->request_producer, producer + part, __ATOMIC_RELEASE);
        link->notify(link->context);
        bytes += part;
        size -= part;
    }
    return true;
}

/* data NULL: what comes is thrown away. */
static bool receive(struct xenstore_link *link, uint8_t *data, uint32_t size, const char *path, struct failure *failure)
{
    struct xenstore_page *page = link->page;

    while (size) {
        const uint32_t consumer = page->reply_consumer; /* ours */
        uint32_t part = filled(__atomic_load_n(&page->reply_producer, __ATOMIC_ACQUIRE), consumer);
        const uint32_t at = consumer % XENSTORE_RING;

        if (part > XENSTORE_RING)
            return break_link(link, path, "xenstored gave more than there is room for", failure);
        if (!part) {
            if (!link->wait(link->context))
                return break_link(link, path, "xenstored does not answer", failure);
            continue;
        }
        if (part > XENSTORE_RING - at)
            part = XENSTORE_RING - at;
        if (part > size)
            part = size;
        if (data) {
            memcpy(data, page->replies + at, part);
            data += part;
        }
        __atomic_store_n(&page->reply_consumer, consumer + part, __ATOMIC_RELEASE);
        link->notify(link->context);
        size -= part;
    }
    return true;
}

/* ---- messages ---- */

static bool send_request(struct xenstore_link *link, enum xenstore_operation operation, const char *path,
                         const char *value, struct failure *failure)
{
    const uint32_t path_size = (uint32_t)strlen(path) + 1, value_size = (uint32_t)strlen(value);
    const struct header header = { .type = operation, .request = ++link->last, .size = path_size + value_size };

    if (header.size > XENSTORE_CONTENT_MAX)
        return fail(failure, "xenstore", "a request of %u bytes is too long", header.size);
    return send(link, &header, sizeof(header), path, failure) && send(link, path, path_size, path, failure) &&
           send(link, value, value_size, path, failure);
}

/* xenstore.txt: an error is the name of one of errno.h, with its NUL. */
static bool take_error(struct span reply, const char *path, bool *absent, struct failure *failure)
{
    static const char none[] = "ENOENT";

    *absent = reply.size >= sizeof(none) - 1 && !memcmp(reply.data, none, sizeof(none) - 1) &&
              (reply.size == sizeof(none) - 1 || !reply.data[sizeof(none) - 1]);
    return *absent ||
           fail(failure, "xenstore", "%s: %.*s", path,
                (int)strnlen((const char *)reply.data, reply.size < 32 ? reply.size : 32), (const char *)reply.data);
}

bool xenstore_exchange(struct xenstore_link *link, enum xenstore_operation operation, const char *path,
                       const char *value, uint8_t *content, struct span *reply, struct failure *failure)
{
    struct header header;
    bool absent;

    *reply = (struct span){ 0 };
    if (link->broken)
        return fail(failure, "xenstore", "%s: %s", path, broke);
    if (!send_request(link, operation, path, value, failure))
        return false;
    for (unsigned events = 0;; events++) {
        if (!receive(link, (uint8_t *)&header, sizeof(header), path, failure))
            return false;
        if (header.size > XENSTORE_CONTENT_MAX)
            return break_link(link, path, "the reply is too long", failure);
        if (!receive(link, content, header.size, path, failure))
            return false;
        if (header.type != XENSTORE_WATCH_EVENT)
            break;
        if (events == EVENTS_MAX)
            return break_link(link, path, "xenstored tells of other things without end", failure);
    }
    if (header.request != link->last || header.transaction)
        return break_link(link, path, "the reply is another request's", failure);
    if (header.type == XENSTORE_ERROR)
        return take_error((struct span){ content, header.size }, path, &absent, failure);
    if (header.type != (uint32_t)operation)
        return break_link(link, path, "the reply is of another kind", failure);
    *reply = (struct span){ content, header.size };
    return true;
}

/* ---- what replies hold ---- */

static bool is_key_character(uint8_t character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '_' || character == '@';
}

bool xenstore_next_name(struct span reply, uint64_t *at, char *name, uint64_t limit)
{
    uint64_t size = 0;
    bool clean = true;

    if (*at >= reply.size)
        return false;
    for (; *at < reply.size && reply.data[*at]; (*at)++) {
        clean = clean && size + 1 < limit && is_key_character(reply.data[*at]);
        if (clean)
            name[size++] = (char)reply.data[*at];
    }
    (*at)++;
    name[clean ? size : 0] = '\0';
    return true;
}

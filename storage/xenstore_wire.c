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

/* How many events may come before a reply. */
#define EVENTS_MAX 256

static bool break_link(struct xenstore_link *link, const char *path, const char *why, struct failure *failure)
{
    link->broken = true;
    return fail(failure, "xenstore", "%s: %s", path, why);
}

/* ---- the ring ---- */

void xenstore_link_start(struct xenstore_link *link)
{
    link->sent = link->page->request_producer;
    link->taken = link->page->reply_consumer;
    link->last = 0;
    link->broken = false;
}

/* Puts bytes into the ring; the other side is told where it is full, and by the caller in the end. */
static bool send(struct xenstore_link *link, const void *data, uint32_t size, const char *path, struct failure *failure)
{
    struct xenstore_page *page = link->page;
    const uint8_t *bytes = data;

    while (size) {
        const uint32_t used = link->sent - __atomic_load_n(&page->request_consumer, __ATOMIC_ACQUIRE);
        const uint32_t at = link->sent % XENSTORE_RING;
        uint32_t part = XENSTORE_RING - used;

        if (used > XENSTORE_RING)
            return break_link(link, path, "xenstored took more than it was given", failure);
        if (!part) {
            link->notify(link->context);
            if (!link->wait(link->context))
                return break_link(link, path, "xenstored takes no request", failure);
            continue;
        }
        if (part > XENSTORE_RING - at)
            part = XENSTORE_RING - at;
        if (part > size)
            part = size;
        memcpy(page->requests + at, bytes, part);
        link->sent += part;
        __atomic_store_n(&page->request_producer, link->sent, __ATOMIC_RELEASE);
        bytes += part;
        size -= part;
    }
    return true;
}

/* How many bytes have come. */
static uint32_t ready(const struct xenstore_link *link)
{
    return __atomic_load_n(&link->page->reply_producer, __ATOMIC_ACQUIRE) - link->taken;
}

static bool receive(struct xenstore_link *link, void *data, uint32_t size, const char *path, struct failure *failure)
{
    struct xenstore_page *page = link->page;
    uint8_t *bytes = data;

    while (size) {
        const uint32_t all = ready(link), at = link->taken % XENSTORE_RING;
        uint32_t part = all;

        if (all > XENSTORE_RING)
            return break_link(link, path, "xenstored gave more than there is room for", failure);
        if (!all) {
            if (!link->wait(link->context))
                return break_link(link, path, "xenstored does not answer", failure);
            continue;
        }
        if (part > XENSTORE_RING - at)
            part = XENSTORE_RING - at;
        if (part > size)
            part = size;
        memcpy(bytes, page->replies + at, part);
        __atomic_store_n(&page->reply_consumer, link->taken + part, __ATOMIC_SEQ_CST);
        /* It may wait for room, which it may have found none only since we looked. */
        if (ready(link) >= XENSTORE_RING)
            link->notify(link->context);
        link->taken += part;
        bytes += part;
        size -= part;
    }
    return true;
}

/* ---- messages ---- */

static bool send_request(struct xenstore_link *link, const struct xenstore_request *request, struct failure *failure)
{
    const bool token = request->operation == XENSTORE_WATCH || request->operation == XENSTORE_UNWATCH;
    const uint64_t path_size = strlen(request->path) + 1, value_size = strlen(request->value) + token;
    const struct header header = { .type = request->operation,
                                   .request = ++link->last,
                                   .size = (uint32_t)(path_size + value_size) };

    return send(link, &header, sizeof(header), request->path, failure) &&
           send(link, request->path, (uint32_t)path_size, request->path, failure) &&
           send(link, request->value, (uint32_t)value_size, request->path, failure);
}

/* Takes the content of a message that nobody needs. */
static bool skip(struct xenstore_link *link, uint32_t size, const char *path, struct failure *failure)
{
    uint8_t content[64];

    if (size > XENSTORE_CONTENT_MAX)
        return break_link(link, path, "an event is too long", failure);
    for (uint32_t part; size; size -= part) {
        part = size < sizeof(content) ? size : sizeof(content);
        if (!receive(link, content, part, path, failure))
            return false;
    }
    return true;
}

/* The next message that is no event. */
static bool receive_reply(struct xenstore_link *link, const char *path, struct header *header, uint8_t *content,
                          uint32_t room, struct failure *failure)
{
    for (unsigned events = 0; events <= EVENTS_MAX; events++) {
        if (!receive(link, header, sizeof(*header), path, failure))
            return false;
        if (header->type != XENSTORE_WATCH_EVENT) {
            if (header->size > room)
                return break_link(link, path, "the reply is too long", failure);
            return receive(link, content, header->size, path, failure);
        }
        if (!skip(link, header->size, path, failure))
            return false;
    }
    return break_link(link, path, "xenstored tells of other things without end", failure);
}

static bool says(struct span error, const char *name)
{
    return error.size == strlen(name) + 1 && !memcmp(error.data, name, error.size);
}

/*
 * xenstore.txt: an error is the name of one of errno.h, with its NUL. Of what is not there in a folder that is not
 * there either, a guest is told that it may not look.
 */
static bool is_absence(const struct xenstore_request *request, struct span error)
{
    return says(error, "ENOENT") || (request->operation == XENSTORE_READ && says(error, "EACCES"));
}

static void say_refused(const struct xenstore_request *request, struct span error, struct failure *failure)
{
    const uint64_t limit = error.size < 32 ? error.size : 32;
    const char *text = (const char *)error.data;

    fail(failure, "xenstore", "%s: xenstored says %.*s", request->path, (int)strnlen(text, limit), text);
}

bool xenstore_exchange(struct xenstore_link *link, struct xenstore_request *requests, uint32_t count, uint8_t *content,
                       struct failure *failure)
{
    const uint32_t first = link->last + 1;
    uint32_t used = 0;
    bool refused = false;

    for (uint32_t i = 0; i < count; i++) {
        requests[i].reply = (struct span){ 0 };
        if (link->broken)
            return fail(failure, "xenstore", "%s: the connection broke before", requests[i].path);
        if (strlen(requests[i].path) + strlen(requests[i].value) + 2 > XENSTORE_CONTENT_MAX)
            return fail(failure, "xenstore", "a request of %lu bytes is too long",
                        strlen(requests[i].path) + strlen(requests[i].value));
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!send_request(link, &requests[i], failure))
            return false;
    }
    link->notify(link->context);
    for (uint32_t i = 0; i < count; i++) {
        const struct span reply = { content + used, 0 };
        struct header header;

        if (!receive_reply(link, requests[i].path, &header, content + used, XENSTORE_CONTENT_MAX - used, failure))
            return false;
        if (header.request != first + i || header.transaction)
            return break_link(link, requests[i].path, "the reply is another request's", failure);
        if (header.type == XENSTORE_ERROR) {
            const struct span error = { reply.data, header.size };

            if (is_absence(&requests[i], error))
                continue;
            if (!refused)
                say_refused(&requests[i], error, failure);
            refused = true;
            continue;
        }
        if (header.type != (uint32_t)requests[i].operation)
            return break_link(link, requests[i].path, "the reply is of another kind", failure);
        requests[i].reply = (struct span){ reply.data, header.size };
        used += header.size;
    }
    return !refused;
}

bool xenstore_take_event(struct xenstore_link *link, bool *came, struct failure *failure)
{
    static const char path[] = "a watch";
    struct header header;

    *came = false;
    if (link->broken)
        return fail(failure, "xenstore", "%s: the connection broke before", path);
    while (!ready(link)) {
        if (!link->wait(link->context))
            return true;
    }
    if (!receive(link, &header, sizeof(header), path, failure))
        return false;
    if (header.type != XENSTORE_WATCH_EVENT)
        return break_link(link, path, "what came is no event", failure);
    if (!skip(link, header.size, path, failure))
        return false;
    *came = true;
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

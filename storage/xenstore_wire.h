/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to xenstored and its replies, over the page that both share (Xen docs/misc/xenstore-ring.txt, xenstore.txt;
 * public/io/xs_wire.h). Pure: who owns the page says how to notify and to wait.
 */
#ifndef STORAGE_XENSTORE_WIRE_H
#define STORAGE_XENSTORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

#define XENSTORE_RING        1024 /* bytes in each direction */
#define XENSTORE_CONTENT_MAX 4096 /* bytes of a message, without its header */

/* xenstore-ring.txt, "The xenstore ring datastructure". */
struct xenstore_page {
    uint8_t requests[XENSTORE_RING];
    uint8_t replies[XENSTORE_RING];
    uint32_t request_consumer, request_producer; /* bytes in all, modulo 2^32 */
    uint32_t reply_consumer, reply_producer;
    uint32_t server_features;
    uint32_t connection;
    uint32_t error;
};

_Static_assert(offsetof(struct xenstore_page, request_consumer) == 2048, "xenstore-ring.txt");
_Static_assert(offsetof(struct xenstore_page, reply_producer) == 2060, "xenstore-ring.txt");
_Static_assert(sizeof(struct xenstore_page) == 2076, "xenstore-ring.txt");

enum xenstore_operation { /* xs_wire.h, XS_… */
                          XENSTORE_DIRECTORY = 1,
                          XENSTORE_READ = 2,
                          XENSTORE_WATCH = 4,   /* value: a token, which says whose watch it is */
                          XENSTORE_UNWATCH = 5, /* … */
                          XENSTORE_WRITE = 11,
                          XENSTORE_REMOVE = 13,
                          XENSTORE_WATCH_EVENT = 15,
                          XENSTORE_ERROR = 16,
};

struct xenstore_request {
    enum xenstore_operation operation;
    const char *path;
    const char *value; /* NUL-terminated, never NULL */
    struct span reply; /* what it holds; absent (data NULL) where there is no such key */
};

struct xenstore_link {
    struct xenstore_page *page;    /* the other side writes it whenever it likes */
    void (*notify)(void *context); /* tells the other side that the page has changed */
    bool (*wait)(void *context);   /* sleeps until it may have changed again; false: the time is over */
    void *context;
    uint32_t sent, taken; /* bytes in all, modulo 2^32 */
    uint32_t last;        /* the number of the last request */
    bool broken;          /* what comes next on it cannot be known */
};

/* Goes on where the page is. All fields above `sent` are filled. */
void xenstore_link_start(struct xenstore_link *link);

/*
 * Sends requests, all at once, and takes their replies, which together lie in content (XENSTORE_CONTENT_MAX bytes).
 * Events of watches are passed over. A failure names the path; where it was xenstored that refused, the other requests
 * are done nevertheless. One that leaves the page in the midst of a message makes the link broken, and then all later
 * requests fail.
 */
bool xenstore_exchange(struct xenstore_link *link, struct xenstore_request *requests, uint32_t count, uint8_t *content,
                       struct failure *failure);

/* Waits for the event of a watch. *came false: the time was over. */
bool xenstore_take_event(struct xenstore_link *link, bool *came, struct failure *failure);

/*
 * The next name of a directory's reply, of at most `limit` bytes with its NUL, into name; *at begins as 0. False behind
 * the last one. One that is too long or has characters that no key has becomes "".
 */
bool xenstore_next_name(struct span reply, uint64_t *at, char *name, uint64_t limit);

#endif

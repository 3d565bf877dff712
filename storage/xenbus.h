/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices of a Xen guest: two folders in the xenstore, ours and the back end's, and a state in each. */
#ifndef STORAGE_XENBUS_H
#define STORAGE_XENBUS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "storage/xenstore_wire.h"

/* public/io/xenbus.h. */
enum xenbus_state {
    XENBUS_UNKNOWN, /* also: the folder is gone */
    XENBUS_INITIALISING,
    XENBUS_INIT_WAIT,
    XENBUS_INITIALISED,
    XENBUS_CONNECTED,
    XENBUS_CLOSING,
    XENBUS_CLOSED,
    XENBUS_STATES = 9, /* two more, of no use to us */
};

#define XENBUS_IS(state) (1u << (state))

struct xenbus_device {
    char name[16];   /* for people */
    char front[32];  /* our folder: "device/vbd/51712" */
    char back[96];   /* the back end's: "/local/domain/0/backend/vbd/1/51712" */
    uint16_t domain; /* where that is */
    bool watched;    /* the back end's state */
};

/*
 * The numbers of the devices of a kind ("vbd"), at most `limit` of them, in no order; *count is how many there are,
 * which may be more. Names that are no numbers are none of ours.
 */
bool xenbus_list(const char *kind, uint32_t *numbers, uint32_t limit, uint32_t *count, struct failure *failure);

/* ---- requests ---- */

#define XENBUS_REQUESTS 8

/* Requests that are done together, because each round trip through the other domain is dear. */
struct xenbus_batch {
    uint32_t count;
    struct xenstore_request request[XENBUS_REQUESTS];
    char path[XENBUS_REQUESTS][128];
    char value[XENBUS_REQUESTS][16];
};

/* Adds reading a key of a folder; returns which request it is. */
uint32_t xenbus_read(struct xenbus_batch *batch, const char *folder, const char *key);

/* Add publishing a key in our folder, or taking it back. A text is at most 15 bytes long. */
void xenbus_publish(struct xenbus_batch *batch, const struct xenbus_device *device, const char *key, const char *text);
void xenbus_publish_number(struct xenbus_batch *batch, const struct xenbus_device *device, const char *key,
                           uint32_t number);
void xenbus_unpublish(struct xenbus_batch *batch, const struct xenbus_device *device, const char *key);

/* Adds a new state of ours. */
void xenbus_switch(struct xenbus_batch *batch, const struct xenbus_device *device, enum xenbus_state state);

/* Add the begin and the end of a watch on the back end's state. */
void xenbus_watch(struct xenbus_batch *batch, struct xenbus_device *device);
void xenbus_unwatch(struct xenbus_batch *batch, struct xenbus_device *device);

/* Does all of them, and leaves the batch for reading what came and for adding the next ones. */
bool xenbus_do(struct xenbus_batch *batch, struct failure *failure);

/* What a request that read brought: a text; a number, `fallback` where there is none; a state. */
struct span xenbus_text(const struct xenbus_batch *batch, uint32_t request);
bool xenbus_number(const struct xenbus_batch *batch, uint32_t request, uint64_t fallback, uint64_t *number,
                   struct failure *failure);
enum xenbus_state xenbus_state(const struct xenbus_batch *batch, uint32_t request);

/* ---- states ---- */

/* The back end's state now. */
bool xenbus_back_state(const struct xenbus_device *device, enum xenbus_state *state, struct failure *failure);

/*
 * Waits until the back end's state is one of `wanted` (XENBUS_IS), in bounded time; needs the watch. A failure where
 * that does not come.
 */
bool xenbus_wait(const struct xenbus_device *device, uint32_t wanted, enum xenbus_state *state,
                 struct failure *failure);

#endif

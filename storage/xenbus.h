/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices of a Xen guest: two folders in the xenstore, ours and the back end's, and a state in each. */
#ifndef STORAGE_XENBUS_H
#define STORAGE_XENBUS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"

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
};

/*
 * The numbers of the devices of a kind ("vbd"), at most `limit` of them, in no order; *count is how many there are,
 * which may be more. Names that are no numbers are none of ours.
 */
bool xenbus_list(const char *kind, uint32_t *numbers, uint32_t limit, uint32_t *count, struct failure *failure);

/* Finds the folders of a device, whose name is filled already. A failure where the tool stack left it half made. */
bool xenbus_open(const char *kind, uint32_t number, struct xenbus_device *device, struct failure *failure);

/* A number that the back end published; `fallback` where it did not. */
bool xenbus_back_number(const struct xenbus_device *device, const char *key, uint64_t fallback, uint64_t *value,
                        struct failure *failure);

/* Whether a key of ours (which the tool stack wrote), or of the back end's, holds this text; an absent one holds "". */
bool xenbus_front_is(const struct xenbus_device *device, const char *key, const char *text, bool *same,
                     struct failure *failure);
bool xenbus_back_is(const struct xenbus_device *device, const char *key, const char *text, bool *same,
                    struct failure *failure);

/* What we publish, and take back. */
bool xenbus_publish(const struct xenbus_device *device, const char *key, const char *value, struct failure *failure);
bool xenbus_publish_number(const struct xenbus_device *device, const char *key, uint32_t value,
                           struct failure *failure);
bool xenbus_unpublish(const struct xenbus_device *device, const char *key, struct failure *failure);

/* The states of both ends, and a new one for ours. */
bool xenbus_back_state(const struct xenbus_device *device, enum xenbus_state *state, struct failure *failure);
bool xenbus_front_state(const struct xenbus_device *device, enum xenbus_state *state, struct failure *failure);
bool xenbus_switch(const struct xenbus_device *device, enum xenbus_state state, struct failure *failure);

/*
 * Waits until the back end's state is one of `wanted` (XENBUS_IS), in bounded time. A failure where that does not come.
 */
bool xenbus_wait(const struct xenbus_device *device, uint32_t wanted, enum xenbus_state *state,
                 struct failure *failure);

#endif

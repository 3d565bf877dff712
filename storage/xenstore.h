/* SPDX-License-Identifier: BSD-2-Clause */
/* The xenstore of a Xen guest: a tree of small texts that the tool stack and the back ends of devices keep. */
#ifndef STORAGE_XENSTORE_H
#define STORAGE_XENSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "storage/xenstore_wire.h"

/*
 * Finds the page and the port that the tool stack gave us. False where there are none. Needs xen_events_start. Paths
 * that do not begin with a slash are in this domain's own folder.
 */
bool xenstore_start(void);

/* Does requests, all at once. Replies are valid until the next ones. In bounded time. */
bool xenstore_ask(struct xenstore_request *requests, uint32_t count, struct failure *failure);

/* Sleeps until a watch (XENSTORE_WATCH) has an event, or so many nanoseconds have passed. */
bool xenstore_wait(uint64_t nanoseconds, struct failure *failure);

/* Sleeps so long; what happens in the xenstore meanwhile does not end it. */
void xenstore_sleep(uint64_t nanoseconds);

#endif

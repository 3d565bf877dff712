/* SPDX-License-Identifier: BSD-2-Clause */
/* The xenstore of a Xen guest: a tree of small texts that the tool stack and the back ends of devices keep. */
#ifndef STORAGE_XENSTORE_H
#define STORAGE_XENSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

/*
 * Finds the page and the port that the tool stack gave us. False where there are none. Needs xen_events_start. Paths
 * that do not begin with a slash are in this domain's own folder.
 */
bool xenstore_start(void);

/* What a key holds, valid until the next request; absent (data NULL) where there is no such key. */
bool xenstore_read(const char *path, struct span *value, struct failure *failure);

/* The names in a folder, for xenstore_next_name, valid until the next request; absent where there is no such folder. */
bool xenstore_directory(const char *path, struct span *names, struct failure *failure);

bool xenstore_write(const char *path, const char *value, struct failure *failure);

/* Removes a key, or a folder with all that is in it; that it was not there is no failure. */
bool xenstore_remove(const char *path, struct failure *failure);

/* Sleeps so long; what happens in the xenstore meanwhile does not end it. */
void xenstore_sleep(uint64_t nanoseconds);

#endif

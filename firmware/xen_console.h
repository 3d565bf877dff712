/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PV console of a guest of Xen (`xl console`, for a Linux its hvc0), as the console "xen". Its ring and its port
 * are the tool stack's and stay as they are: what is in the ring when we leave is still read, and the kernel goes on
 * with both.
 */
#ifndef FIRMWARE_XEN_CONSOLE_H
#define FIRMWARE_XEN_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/map.h"

/* Makes the console known. `map` is where xen_events_start is to look, and must live on; it may be filled later. */
void xen_console_register(struct memory_map *map);

/*
 * Sleeps in Xen until something happens on the console, or so many nanoseconds have passed. False at once where the
 * console is not started, so that who waits for a key must pass the time in another way.
 */
bool xen_console_wait(uint64_t nanoseconds);

/* Tells the other end of what was written, before the kernel takes over. */
void xen_console_flush(void);

/* Waits until the other end has taken all, but not for ever: for who ends the domain. */
void xen_console_drain(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels of Xen without interrupts: who expects one looks whether it came, and sleeps in Xen until it does.
 *
 * A wait forgets what came before it, and what a back end does may be done before its event was cleared. So the order
 * that loses nothing is: look at the ring; where there is nothing, wait; look again, whatever the wait returned. An
 * event that comes between the look and the wait ends the wait at once, because only the wait clears it, and only when
 * it returns.
 */
#ifndef FIRMWARE_XEN_EVENTS_H
#define FIRMWARE_XEN_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/map.h"

/* Maps the shared info page where `map` has nothing. Once: later calls do nothing until xen_events_end. */
bool xen_events_start(struct memory_map *map, struct failure *failure);

/* A new port to which that domain may bind. It is ours until xen_event_close. */
bool xen_event_allocate(uint16_t domain, uint32_t *port, struct failure *failure);

/* Tells who is at the other end. Needs no start. */
void xen_event_send(uint32_t port);

/*
 * Sleeps until an event has come on the port, or so many nanoseconds have passed; other domains run meanwhile. Returns
 * whether one came, and takes it. False at once where events are not started.
 */
bool xen_event_wait(uint32_t port, uint64_t nanoseconds);

/* Gives back a port that was allocated. */
void xen_event_close(uint32_t port);

/* Xen's system time in nanoseconds; 0 where events are not started. */
uint64_t xen_time(void);

/*
 * The page as it was, for the kernel: ports of ours are closed, the masks are the old ones, events that were taken on
 * ports of the tool stack are there again, for one too many does no harm. Then it is unmapped.
 */
void xen_events_end(void);

#endif

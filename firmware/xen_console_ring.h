/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rings of a PV console (Xen public/io/console.h). The other end may write anything into them at any time: indexes
 * that cannot be make a ring that is full for who writes and empty for who reads. Pure.
 */
#ifndef FIRMWARE_XEN_CONSOLE_RING_H
#define FIRMWARE_XEN_CONSOLE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/io/console.h>

/* Whether all that was written was taken. */
bool xen_console_ring_taken(const struct xencons_interface *ring);

/* Whether there is room for a byte. */
bool xen_console_ring_has_room(const struct xencons_interface *ring);

/* Writes a byte. False, and nothing is written, where there is no room. */
bool xen_console_ring_put(struct xencons_interface *ring, uint8_t byte);

/* Takes the next byte that was typed. False where there is none. */
bool xen_console_ring_get(struct xencons_interface *ring, uint8_t *byte);

#endif

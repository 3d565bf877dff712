/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of a PV console; see xen_console_ring.h. Indexes run freely and are masked where they are used. */
#include "firmware/xen_console_ring.h"

#include <stddef.h>

_Static_assert(offsetof(struct xencons_interface, out) == 1024 && offsetof(struct xencons_interface, in_cons) == 3072 &&
                   offsetof(struct xencons_interface, in_prod) == 3076 &&
                   offsetof(struct xencons_interface, out_cons) == 3080 &&
                   offsetof(struct xencons_interface, out_prod) == 3084,
               "public/io/console.h: xencons_interface");

static XENCONS_RING_IDX index_of(const XENCONS_RING_IDX *place)
{
    return __atomic_load_n(place, __ATOMIC_ACQUIRE);
}

bool xen_console_ring_taken(const struct xencons_interface *ring)
{
    return index_of(&ring->out_cons) == index_of(&ring->out_prod);
}

bool xen_console_ring_has_room(const struct xencons_interface *ring)
{
    return index_of(&ring->out_prod) - index_of(&ring->out_cons) < sizeof(ring->out);
}

bool xen_console_ring_put(struct xencons_interface *ring, uint8_t byte)
{
    const XENCONS_RING_IDX at = index_of(&ring->out_prod);

    if (!xen_console_ring_has_room(ring))
        return false;
    ring->out[MASK_XENCONS_IDX(at, ring->out)] = (char)byte;
    __atomic_store_n(&ring->out_prod, at + 1, __ATOMIC_RELEASE);
    return true;
}

bool xen_console_ring_get(struct xencons_interface *ring, uint8_t *byte)
{
    const XENCONS_RING_IDX at = index_of(&ring->in_cons);
    const XENCONS_RING_IDX count = index_of(&ring->in_prod) - at;

    if (!count || count > sizeof(ring->in))
        return false;
    *byte = (uint8_t)ring->in[MASK_XENCONS_IDX(at, ring->in)];
    __atomic_store_n(&ring->in_cons, at + 1, __ATOMIC_RELEASE);
    return true;
}

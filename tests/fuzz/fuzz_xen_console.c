/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/xen_console_ring.c common/terminal.c common/keys.c common/text.c */
/*
 * The other end of a PV console, which writes what it likes into the page between two looks of ours. Each operation is
 * a byte: two bits of what, six of where. Nothing but our own bytes and indexes changes, nothing beside the page is
 * touched, and the reading of a key ends.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/terminal.h"
#include "firmware/xen_console_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum operation { PUT, GET, INDEX, TYPED };

static struct xencons_interface *ring; /* of exactly its size, for the sanitizer */
static unsigned given;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void put(uint8_t byte)
{
    struct xencons_interface before = *ring;
    const bool room = before.out_prod - before.out_cons < sizeof(before.out);

    require(xen_console_ring_has_room(ring) == room);
    require(xen_console_ring_put(ring, byte) == room);
    if (room)
        before.out[before.out_prod++ % sizeof(before.out)] = (char)byte;
    require(!memcmp(&before, ring, sizeof(before)));
    require(xen_console_ring_taken(ring) == (before.out_cons == before.out_prod));
}

static bool receive(uint8_t *byte)
{
    struct xencons_interface before = *ring;
    const uint32_t count = before.in_prod - before.in_cons;
    const bool some = count && count <= sizeof(before.in);

    require(xen_console_ring_get(ring, byte) == some);
    if (some)
        require(*byte == (uint8_t)before.in[before.in_cons++ % sizeof(before.in)]);
    require(!memcmp(&before, ring, sizeof(before)));
    given += some;
    return some;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct terminal terminal = { 0 };
    uint32_t *indexes;

    ring = calloc(1, sizeof(*ring));
    require(ring != NULL);
    indexes = &ring->in_cons;
    for (size_t i = 0; i < size; i++) {
        const unsigned where = data[i] >> 2;

        switch ((enum operation)(data[i] & 3)) {
        case PUT:
            for (unsigned times = 0; times < where * 36; times++)
                put((uint8_t)times);
            break;
        case GET:
            given = 0;
            terminal_read(&terminal, receive, where * 100000000ull);
            require(given <= sizeof(ring->in));
            break;
        case INDEX:
            if (size - i > 4)
                memcpy(&indexes[where % 4], &data[i + 1], 4);
            i += 4;
            break;
        case TYPED:
            for (i++; i < size && data[i]; i++)
                ring->in[ring->in_prod++ % sizeof(ring->in)] = (char)data[i];
            break;
        }
    }
    free(ring);
    return 0;
}

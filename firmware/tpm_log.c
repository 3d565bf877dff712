/* SPDX-License-Identifier: BSD-2-Clause */
/* The size of an event log; see tpm_log.h. All numbers are little-endian and aligned to nothing. */
#include "firmware/tpm_log.h"

#include <stdbool.h>
#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define EV_NO_ACTION   3
#define SIGNATURE      "Spec ID Event03"
#define ALGORITHMS_MAX 16

/* The first event has the form of TPM 1.2, and says which digests all others have. */
struct first_event {
    uint32_t pcr, type;
    uint8_t digest[20];
    uint32_t size; /* of what follows */
    uint8_t signature[16];
    uint32_t platform_class;
    uint8_t version[3], uintn_size;
    uint32_t algorithms; /* how many struct algorithm follow */
};

struct algorithm {
    uint16_t id, size;
};

struct event {
    uint32_t pcr, type,
        digests; /* then for each digest its algorithm's id and its bytes, a 32-bit size, and the data */
};

_Static_assert(offsetof(struct first_event, signature) == 32, "TCG_PCClientPCREvent");
_Static_assert(sizeof(struct first_event) == 60, "TCG_EfiSpecIdEvent");

struct algorithms {
    uint32_t count;
    struct algorithm list[ALGORITHMS_MAX];
};

/* Copies what lies `*at` bytes from the start, and moves on. */
static bool take(struct span from, uint64_t *at, void *to, uint64_t size)
{
    if (!checked_within(*at, size, from.size))
        return false;
    memcpy(to, from.data + *at, size);
    *at += size;
    return true;
}

static bool read_first(struct span log, struct algorithms *algorithms, uint64_t *end)
{
    struct first_event first;
    uint64_t at = 0;

    if (!take(log, &at, &first, sizeof(first)) || first.type != EV_NO_ACTION ||
        memcmp(first.signature, SIGNATURE, sizeof(first.signature)) || !first.algorithms ||
        first.algorithms > ALGORITHMS_MAX)
        return false;
    algorithms->count = first.algorithms;
    *end = offsetof(struct first_event, signature) + (uint64_t)first.size;
    return take(log, &at, algorithms->list, first.algorithms * sizeof(struct algorithm)) && at <= *end &&
           *end <= log.size;
}

static bool digest_size(const struct algorithms *algorithms, uint16_t id, uint64_t *size)
{
    for (uint32_t i = 0; i < algorithms->count; i++) {
        if (algorithms->list[i].id == id) {
            *size = algorithms->list[i].size;
            return true;
        }
    }
    return false;
}

/* Moves over one event. */
static bool pass(const struct algorithms *algorithms, struct span events, uint64_t *at)
{
    struct event event;
    uint32_t data;

    if (!take(events, at, &event, sizeof(event)) || event.digests > algorithms->count)
        return false;
    for (uint32_t i = 0; i < event.digests; i++) {
        uint64_t size;
        uint16_t id;

        if (!take(events, at, &id, sizeof(id)) || !digest_size(algorithms, id, &size) ||
            !checked_within(*at, size, events.size))
            return false;
        *at += size;
    }
    if (!take(events, at, &data, sizeof(data)) || !checked_within(*at, data, events.size))
        return false;
    *at += data;
    return true;
}

uint64_t tpm_log_size(struct span log, uint64_t last)
{
    struct algorithms algorithms;
    uint64_t end;

    if (!read_first(log, &algorithms, &end))
        return 0;
    if (!last)
        return end;
    return last >= end && pass(&algorithms, log, &last) ? last : 0;
}

uint64_t tpm_log_events_size(struct span log, struct span events, uint64_t count)
{
    struct algorithms algorithms;
    uint64_t end, at = 0;

    if (!read_first(log, &algorithms, &end))
        return 0;
    for (; count; count--) {
        if (!pass(&algorithms, events, &at))
            return 0;
    }
    return at;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and responses of a Xen block device; see blkfront_ring.h. Compiled natively for tests as well. */
#include "storage/blkfront_ring.h"

#include "common/string.h"

void blkfront_ring_start(struct blkfront_ring *ring)
{
    memset(ring->shared, 0, BLKFRONT_PAGE);
    /* ring.h, SHARED_RING_INIT: the first of each is told of. */
    ring->shared->request_event = ring->shared->response_event = 1;
    ring->produced = ring->consumed = ring->in_flight = 0;
    ring->broken = false;
    memset(ring->slot, 0, sizeof(ring->slot));
}

static bool break_ring(struct blkfront_ring *ring, const char *why, uint64_t number, struct failure *failure)
{
    ring->broken = true;
    return fail(failure, ring->name, "the back end breaks the protocol: %s %lu", why, number);
}

/* ---- requests ---- */

/* The segments of a read of so many sectors into a slot's pages. */
static uint32_t fill_segments(const struct blkfront_ring *ring, uint32_t slot, uint32_t sectors,
                              struct blkfront_segment *segments)
{
    uint32_t count = 0;

    for (; sectors; count++) {
        const uint32_t part = sectors < BLKFRONT_PAGE_SECTORS ? sectors : BLKFRONT_PAGE_SECTORS;

        segments[count] = (struct blkfront_segment){ .reference = ring->references[slot * ring->segments + count],
                                                     .last = (uint8_t)(part - 1) };
        sectors -= part;
    }
    return count;
}

static void put_request(struct blkfront_ring *ring, uint32_t slot, uint64_t sector, uint32_t sectors)
{
    union blkfront_entry *entry = &ring->shared->entry[ring->produced++ % BLKFRONT_ENTRIES];
    const uint16_t handle = (uint16_t)ring->handle;

    if (sectors <= BLKFRONT_DIRECT * BLKFRONT_PAGE_SECTORS) {
        struct blkfront_direct *request = &entry->direct;

        *request =
            (struct blkfront_direct){ .operation = BLKFRONT_READ, .handle = handle, .id = slot, .sector = sector };
        request->segments = (uint8_t)fill_segments(ring, slot, sectors, request->segment);
    } else {
        struct blkfront_segment *list = (struct blkfront_segment *)(ring->lists + (uint64_t)slot * BLKFRONT_PAGE);

        entry->indirect = (struct blkfront_indirect){ .operation = BLKFRONT_INDIRECT,
                                                      .what = BLKFRONT_READ,
                                                      .segments = (uint16_t)fill_segments(ring, slot, sectors, list),
                                                      .handle = handle,
                                                      .id = slot,
                                                      .sector = sector,
                                                      .reference = { ring->list_references[slot] } };
    }
}

/* ring.h, RING_PUSH_REQUESTS_AND_CHECK_NOTIFY. */
static void push_requests(struct blkfront_ring *ring, uint32_t before)
{
    struct blkfront_shared *shared = ring->shared;

    if (ring->produced == before)
        return;
    __atomic_store_n(&shared->request_producer, ring->produced, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (ring->produced - __atomic_load_n(&shared->request_event, __ATOMIC_RELAXED) < ring->produced - before)
        ring->notify(ring->context);
}

/* Puts requests into all free slots for what is left of a read; returns how many sectors they are. */
static uint64_t put_requests(struct blkfront_ring *ring, uint64_t sector, uint64_t count, uint8_t *target)
{
    const uint32_t before = ring->produced;
    uint64_t done = 0;

    for (uint32_t i = 0; i < ring->slots && done < count; i++) {
        uint32_t part = ring->segments * BLKFRONT_PAGE_SECTORS;

        if (ring->slot[i].sectors)
            continue;
        if (part > count - done)
            part = (uint32_t)(count - done);
        ring->slot[i] = (struct blkfront_slot){ target + done * BLKFRONT_SECTOR, part };
        put_request(ring, i, sector + done, part);
        ring->in_flight++;
        done += part;
    }
    push_requests(ring, before);
    return done;
}

/* ---- responses ---- */

static bool take_response(struct blkfront_ring *ring, bool *wrong, struct failure *failure)
{
    const volatile struct blkfront_response *shared = &ring->shared->entry[ring->consumed % BLKFRONT_ENTRIES].response;
    const struct blkfront_response response = { .id = shared->id,
                                                .operation = shared->operation,
                                                .status = shared->status };
    struct blkfront_slot *slot;

    ring->consumed++;
    if (response.id >= ring->slots || !ring->slot[response.id].sectors)
        return break_ring(ring, "it answers what was not asked, id", response.id, failure);
    if (response.operation != BLKFRONT_READ && response.operation != BLKFRONT_INDIRECT)
        return break_ring(ring, "it answers a read by operation", response.operation, failure);
    slot = &ring->slot[response.id];
    if (response.status && !*wrong) {
        *wrong = true;
        fail(failure, ring->name, "the back end cannot read: status %d", response.status);
    }
    if (!*wrong)
        memcpy(slot->target, ring->pool + response.id * ring->segments * BLKFRONT_PAGE,
               (uint64_t)slot->sectors * BLKFRONT_SECTOR);
    slot->sectors = 0;
    ring->in_flight--;
    return true;
}

/* Takes all responses that are there. *any: there was one; *wrong: the device could not read, failure says it. */
static bool take_responses(struct blkfront_ring *ring, bool *any, bool *wrong, struct failure *failure)
{
    const uint32_t count = __atomic_load_n(&ring->shared->response_producer, __ATOMIC_ACQUIRE) - ring->consumed;

    if (count > ring->in_flight)
        return break_ring(ring, "more responses than requests:", count, failure);
    *any = count;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_response(ring, wrong, failure))
            return false;
    }
    return true;
}

/*
 * Asks to be told when half of what is in flight is done, so that the other half keeps the back end busy meanwhile.
 * False: something has come already (ring.h, RING_FINAL_CHECK_FOR_RESPONSES).
 */
static bool expect_responses(struct blkfront_ring *ring)
{
    __atomic_store_n(&ring->shared->response_event, ring->consumed + (ring->in_flight + 1) / 2, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&ring->shared->response_producer, __ATOMIC_RELAXED) == ring->consumed;
}

bool blkfront_ring_read(struct blkfront_ring *ring, uint64_t sector, uint64_t count, uint8_t *buffer,
                        struct failure *failure)
{
    uint64_t asked = 0;
    bool any = false, first = true, looked_again = false, wrong = false;

    if (ring->broken)
        return fail(failure, ring->name, "the back end broke off before");
    while (ring->in_flight || (asked < count && !wrong)) {
        if (!wrong)
            asked += put_requests(ring, sector + asked, count - asked, buffer + asked * BLKFRONT_SECTOR);
        if (!take_responses(ring, &any, &wrong, failure))
            return false;
        if (any) {
            first = true;
            looked_again = false;
        } else if (looked_again || expect_responses(ring)) {
            if (!ring->wait(ring->context, first, failure)) {
                ring->broken = true;
                return false;
            }
            first = looked_again = false;
        } else {
            looked_again = true; /* but not for ever */
        }
    }
    return !wrong;
}

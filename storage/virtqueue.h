/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues (Virtio 1.2, section 2.7), the driver's side, over memory that both sides see. Nothing here knows of
 * registers: who adds to a queue tells its device. Pure: compiled natively for tests as well.
 *
 * The descriptors are dealt out once: a slot has a fixed run of them, which is one chain, and so one request. What the
 * device may write is never believed: which requests are in flight is kept here.
 */
#ifndef STORAGE_VIRTQUEUE_H
#define STORAGE_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"

#define VIRTQUEUE_ALIGN     4096  /* of the memory, and of the used ring in it: as legacy devices want it */
#define VIRTQUEUE_SIZE_MAX  32768 /* entries, section 2.7 */
#define VIRTQUEUE_SLOTS_MAX 16    /* requests in flight */

/* Section 2.7.5: struct virtq_desc. */
struct virtq_desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

#define VIRTQ_DESC_NEXT  1u
#define VIRTQ_DESC_WRITE 2u /* by the device */

/* Section 2.7.6: struct virtq_avail. */
struct virtq_avail {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[];
};

#define VIRTQ_AVAIL_NO_INTERRUPT 1u

/* Section 2.7.8: struct virtq_used. */
struct virtq_used {
    uint16_t flags;
    uint16_t index;
    struct virtq_used_element {
        uint32_t id; /* the first descriptor of a chain */
        uint32_t length;
    } ring[];
};

_Static_assert(sizeof(struct virtq_desc) == 16, "section 2.7.5");
_Static_assert(sizeof(struct virtq_used_element) == 8, "section 2.7.8");
_Static_assert(sizeof(struct virtq_used) == 4 && sizeof(struct virtq_avail) == 4, "sections 2.7.6 and 2.7.8");

struct virtqueue {
    uint16_t size;  /* entries, a power of two */
    uint16_t chain; /* descriptors of a slot */
    uint16_t slots;
    uint16_t added;     /* how many requests ever, as the ring counts */
    uint16_t taken;     /* and how many came back */
    uint32_t in_flight; /* a bit a slot */
    struct virtq_desc *descriptors;
    struct virtq_avail *available;
    struct virtq_used *used;
};

/* How many bytes a queue of `size` entries has. */
uint64_t virtqueue_bytes(uint16_t size);

/*
 * Lays a queue out in memory (virtqueue_bytes of it, aligned to VIRTQUEUE_ALIGN, the caller's), as legacy devices want
 * it, which suits all others. A slot is `chain` descriptors. A failure where not even one slot fits.
 */
bool virtqueue_start(struct virtqueue *queue, void *memory, uint16_t size, uint16_t chain, struct failure *failure);

/* A slot that is not in flight; -1: none. */
int virtqueue_free_slot(const struct virtqueue *queue);

/*
 * Writes one descriptor of a slot, by its number in the chain; `more`: another one follows it. Flags: 0 or
 * VIRTQ_DESC_WRITE.
 */
void virtqueue_describe(struct virtqueue *queue, unsigned slot, unsigned number, uint64_t address, uint32_t length,
                        uint16_t flags, bool more);

/* Gives a slot, whose descriptors are written, to the device. */
void virtqueue_add(struct virtqueue *queue, unsigned slot);

/*
 * Takes one request back that the device is done with: *slot, -1 where there is none, and how much the device says that
 * it wrote. A failure: it tells of requests that are not in flight.
 */
bool virtqueue_take(struct virtqueue *queue, int *slot, uint32_t *length, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Split virtqueues; see virtqueue.h. */
#include "storage/virtqueue.h"

#include "common/checked.h"
#include "common/string.h"

static const char what[] = "virtqueue";

/* Section 2.7.2: where the used ring begins. Each ring has one number more behind it. */
static uint64_t used_at(uint16_t size)
{
    uint64_t end = size * sizeof(struct virtq_desc) + sizeof(struct virtq_avail) + (size + 1) * sizeof(uint16_t);

    return align_up(end, VIRTQUEUE_ALIGN);
}

uint64_t virtqueue_bytes(uint16_t size)
{
    return used_at(size) + sizeof(struct virtq_used) + size * sizeof(struct virtq_used_element) + sizeof(uint16_t);
}

bool virtqueue_start(struct virtqueue *queue, void *memory, uint16_t size, uint16_t chain, struct failure *failure)
{
    uint8_t *bytes = memory;
    unsigned slots = chain ? size / chain : 0;

    if (!size || (size & (size - 1)) || size > VIRTQUEUE_SIZE_MAX)
        return fail(failure, what, "its size of %u is no power of two up to %u", size, VIRTQUEUE_SIZE_MAX);
    if (!slots)
        return fail(failure, what, "its %u entries are too few for a request of %u", size, chain);
    memset(bytes, 0, virtqueue_bytes(size));
    *queue = (struct virtqueue){
        .size = size,
        .chain = chain,
        .slots = (uint16_t)(slots < VIRTQUEUE_SLOTS_MAX ? slots : VIRTQUEUE_SLOTS_MAX),
        .descriptors = (struct virtq_desc *)bytes,
        .available = (struct virtq_avail *)(bytes + size * sizeof(struct virtq_desc)),
        .used = (struct virtq_used *)(bytes + used_at(size)),
    };
    queue->available->flags = VIRTQ_AVAIL_NO_INTERRUPT;
    return true;
}

int virtqueue_free_slot(const struct virtqueue *queue)
{
    for (int slot = 0; slot < queue->slots; slot++) {
        if (!(queue->in_flight & 1u << slot))
            return slot;
    }
    return -1;
}

void virtqueue_describe(struct virtqueue *queue, unsigned slot, unsigned number, uint64_t address, uint32_t length,
                        uint16_t flags, bool more)
{
    unsigned index = slot * queue->chain + number;

    queue->descriptors[index] = (struct virtq_desc){
        .address = address,
        .length = length,
        .flags = (uint16_t)(flags | (more ? VIRTQ_DESC_NEXT : 0)),
        .next = (uint16_t)(more ? index + 1 : 0),
    };
}

void virtqueue_add(struct virtqueue *queue, unsigned slot)
{
    queue->available->ring[queue->added % queue->size] = (uint16_t)(slot * queue->chain);
    queue->added++;
    queue->in_flight |= 1u << slot;
    /* The device sees the entry and what it describes before it sees the index (section 2.7.13). */
    __atomic_store_n(&queue->available->index, queue->added, __ATOMIC_RELEASE);
}

bool virtqueue_take(struct virtqueue *queue, int *slot, uint32_t *length, struct failure *failure)
{
    uint16_t ahead = (uint16_t)(__atomic_load_n(&queue->used->index, __ATOMIC_ACQUIRE) - queue->taken);
    unsigned in_flight = (unsigned)__builtin_popcount(queue->in_flight);
    const volatile struct virtq_used_element *element = &queue->used->ring[queue->taken % queue->size];
    uint32_t id, number;

    *slot = -1;
    if (!ahead)
        return true;
    if (ahead > in_flight)
        return fail(failure, what, "the device is done with %u requests, and has %u", ahead, in_flight);
    id = element->id; /* once, whatever the device does meanwhile */
    *length = element->length;
    number = id / queue->chain;
    if (id % queue->chain || number >= queue->slots || !(queue->in_flight & 1u << number))
        return fail(failure, what, "the device is done with request %u, which it does not have", id);
    queue->in_flight &= ~(1u << number);
    queue->taken++;
    *slot = (int)number;
    return true;
}

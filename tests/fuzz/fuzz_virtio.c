/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/virtio_disk.c storage/virtqueue.c common/map.c common/text.c common/failure.c */
/*
 * A virtio block device that does what the input says: its registers, its configuration, and at each of its turns what
 * it writes into its queue. Reads end; what they say was read is what a device wrote there.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/console.h"
#include "cpu/patience.h"
#include "storage/virtio_disk.h"
#include "storage/virtqueue.h"

#define RAM_SIZE    (1u << 20)
#define SEEN_SIZE   16384 /* of it, at its end: what a device with a small queue sees */
#define BUFFER_SIZE (8u << 20)
#define TURNS       64
#define READS       4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t input_size;
static uint8_t *ram, *buffer;

static struct {
    uint8_t status;
    uint16_t size;
    struct virtq_desc *descriptors;
    struct virtq_avail *available;
    struct virtq_used *used;
    uint16_t seen;
    bool spoilt; /* it has overwritten what it was told */
} device;

/* The next `count` bytes of the input; zeros behind its end. */
static uint64_t next(unsigned count)
{
    uint64_t value = 0;

    for (; count && input_size; count--, input_size--)
        value = value << 8 | *input++;
    return value;
}

void warn(const char *format, ...)
{
    (void)format;
}

static uint8_t status(const struct virtio_transport *transport)
{
    uint8_t how = (uint8_t)next(1);

    (void)transport;
    return how < 0xf0 ? device.status : (uint8_t)next(1);
}

static void set_status(const struct virtio_transport *transport, uint8_t value)
{
    (void)transport;
    device.status = value;
    if (!value)
        device.available = NULL;
}

static uint64_t features(const struct virtio_transport *transport)
{
    uint64_t low = next(1);

    (void)transport;
    return low | next(1) << 32;
}

static void set_features(const struct virtio_transport *transport, uint64_t value)
{
    (void)transport;
    (void)value;
}

static uint32_t queue_max(const struct virtio_transport *transport)
{
    (void)transport;
    return (uint32_t)next(2);
}

static bool queue_set(const struct virtio_transport *transport, uint16_t queue_size, uint64_t descriptors,
                      uint64_t available, uint64_t used, struct failure *failure)
{
    (void)transport;
    (void)failure;
    device.size = queue_size;
    device.descriptors = (void *)descriptors;
    device.available = (void *)available;
    device.used = (void *)used;
    device.seen = 0;
    return true;
}

static void notify(const struct virtio_transport *transport)
{
    (void)transport;
}

static uint64_t config(const struct virtio_transport *transport, uint32_t offset, unsigned count)
{
    (void)transport;
    (void)offset;
    return next(count < 4 ? count : 3);
}

static uint32_t generation(const struct virtio_transport *transport)
{
    (void)transport;
    return (uint32_t)next(1) / 128;
}

/* A good answer: every buffer is filled, inside what is the driver's. */
static void answer(void)
{
    uint16_t head = device.available->ring[device.seen++ % device.size], at = head;
    struct virtq_used_element *element = &device.used->ring[device.used->index % device.size];
    uint32_t length = 0;

    for (unsigned i = 0; i < device.size; i++) {
        const struct virtq_desc *desc = &device.descriptors[at];

        if (at >= device.size)
            abort();
        if (desc->flags & VIRTQ_DESC_WRITE) {
            uint8_t *to = (uint8_t *)desc->address;
            bool last = !(desc->flags & VIRTQ_DESC_NEXT);

            if (last ? to < ram || to >= ram + RAM_SIZE || desc->length != 1
                     : to < buffer || desc->length > BUFFER_SIZE - (uint64_t)(to - buffer))
                abort();
            memset(to, last ? 0 : 0x5a, desc->length);
            length += desc->length;
        }
        if (!(desc->flags & VIRTQ_DESC_NEXT))
            break;
        at = desc->next;
    }
    *element = (struct virtq_used_element){ head, length };
    device.used->index++;
}

static void turn(void)
{
    struct virtq_used_element *element = &device.used->ring[next(1) % device.size];
    uint8_t value;

    switch (next(1) % 8) {
    case 0:
        device.used->index = (uint16_t)next(2);
        break;
    case 1:
        device.used->index++;
        break;
    case 2:
        element->id = (uint32_t)next(1);
        break;
    case 3:
        element->id = (uint32_t)next(4);
        break;
    case 4:
        element->length = (uint32_t)next(4);
        break;
    case 5: /* what is ours, too: descriptors, indices, headers */
        device.spoilt = true;
        value = (uint8_t)next(1);
        ram[RAM_SIZE - 1 - next(2) % SEEN_SIZE] = value;
        break;
    case 6:
        device.used->index = device.available->index;
        break;
    default:
        if (device.available->index != device.seen && !device.spoilt)
            answer();
    }
}

void patience_start(struct patience *patience)
{
    patience->polls = 0;
}

bool patience_left(struct patience *patience, unsigned seconds)
{
    (void)seconds;
    if (device.available && input_size)
        turn();
    return ++patience->polls < TURNS;
}

static bool reach(uint64_t start, uint64_t count)
{
    (void)start;
    (void)count;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct handoff handoff;
    struct machine machine = { .handoff = &handoff, .reach = reach };
    struct virtio_transport transport = { .status = status,
                                          .set_status = set_status,
                                          .features = features,
                                          .set_features = set_features,
                                          .queue_max = queue_max,
                                          .queue_set = queue_set,
                                          .notify = notify,
                                          .config = config,
                                          .generation = generation };
    struct devices devices = { .count = 0 };
    struct failure failure;

    if (!ram) {
        ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
        buffer = aligned_alloc(4096, BUFFER_SIZE);
    }
    input = data;
    input_size = size;
    memset(&device, 0, sizeof(device));
    handoff.map.count = 0;
    if (!map_add(&handoff.map, (uint64_t)ram, RAM_SIZE, MAP_RAM, 0, &failure))
        abort();
    transport.legacy = transport.fixed_size = next(1) & 1;
    virtio_disk_add(&transport, "here", &machine, &devices);
    for (unsigned i = 0; i < READS && devices.count && input_size; i++) {
        struct block_device *disk = devices.device[0];
        uint64_t most = BUFFER_SIZE / disk->block_size, first, count;

        if (disk->block_size < 512 || disk->block_size > 4096 || (disk->block_size & (disk->block_size - 1)))
            abort();
        if (!disk->block_count)
            break;
        first = next(3) % disk->block_count;
        count = 1 + next(2) % most;
        if (count > disk->block_count - first)
            count = disk->block_count - first;
        disk->read(disk, first, count, buffer, &failure);
    }
    if (devices.count && devices.device[0]->close(devices.device[0], &failure) && handoff.map.count != 1)
        abort();
    return 0;
}

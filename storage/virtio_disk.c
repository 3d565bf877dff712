/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio block devices; see virtio_disk.h. Section numbers are of Virtio 1.2. */
#include "storage/virtio_disk.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "cpu/patience.h"
#include "storage/virtqueue.h"

#define SECONDS      10         /* without any progress: what runs on a loaded host may be slow */
#define SECTOR       512        /* section 5.2: in which requests count, whatever the blocks are */
#define REQUEST_SIZE (1u << 20) /* bytes of one request: the cost of a round trip is small by then */
#define SEGMENTS_MAX 32         /* of a request, where the device wants short ones */
#define QUEUE_SIZE   64         /* entries, where we may choose */
#define LOOKS        1024       /* at the queue between two at the device's status, which costs an exit */
#define CONFIG_TRIES 8
#define LETTERS      26

/* Section 6, and 5.2.3. */
#define F_VERSION_1       (1ull << 32)
#define F_ACCESS_PLATFORM (1ull << 33) /* there may be an IOMMU: it translates nothing before somebody says so */
#define F_ORDER_PLATFORM  (1ull << 36) /* our barriers are those of the platform */
#define F_SIZE_MAX        (1ull << 1)
#define F_SEG_MAX         (1ull << 2)
#define F_RO              (1ull << 5)
#define F_BLK_SIZE        (1ull << 6)
#define FEATURES          (F_VERSION_1 | F_ACCESS_PLATFORM | F_ORDER_PLATFORM | F_SIZE_MAX | F_SEG_MAX | F_RO | F_BLK_SIZE)

/* Section 5.2.4: struct virtio_blk_config. */
#define CONFIG_CAPACITY 0
#define CONFIG_SIZE_MAX 8
#define CONFIG_SEG_MAX  12
#define CONFIG_BLK_SIZE 20

/* Section 5.2.6: struct virtio_blk_req, apart from its data. */
#define REQUEST_IN    0
#define REQUEST_ENDS  2 /* descriptors beside those of the data */
#define STATUS_OK     0
#define STATUS_UNSEEN 0xff /* none of the specification's */

struct request {
    struct request_header {
        uint32_t type;
        uint32_t reserved;
        uint64_t sector;
    } header;
    uint8_t status;
    uint8_t unused[15];
};

_Static_assert(sizeof(struct request_header) == 16, "section 5.2.6");

struct virtio_disk {
    struct block_device device;
    struct virtio_transport transport;
    struct memory_map *map;
    bool (*reach)(uint64_t start, uint64_t size);
    uint64_t memory, memory_size; /* what the device sees of us, besides buffers */
    struct virtqueue queue;
    struct request *requests;           /* a slot, there */
    uint32_t sent[VIRTQUEUE_SLOTS_MAX]; /* bytes that were asked for */
    uint32_t segment_size, request_size;
    bool told_lengths; /* what the device says that it wrote counts */
    bool lost;         /* it was reset after an error */
};

static struct virtio_disk disks[DEVICES_MAX] NOINIT; /* by their places among all devices */
static uint32_t named;                               /* Linux gives a name to a disk without a medium, too */

/* ---- the device as a whole ---- */

/*
 * Section 2.4: after this it writes nowhere. The devices of Firecracker up to 1.16, once they have run, say that they
 * have failed instead, and serve nobody any more.
 */
static bool reset(const struct virtio_transport *transport, struct failure *failure)
{
    uint8_t before = transport->status(transport), now;
    struct patience patience;

    transport->set_status(transport, 0);
    patience_start(&patience);
    while ((now = transport->status(transport))) {
        if (now & ~before & VIRTIO_STATUS_FAILED)
            return fail(failure, "virtio", "the device cannot be reset (status 0x%x)", now);
        if (!patience_left(&patience, SECONDS))
            return fail(failure, "virtio", "the device is not reset after %u seconds", SECONDS);
    }
    return true;
}

static void add_status(const struct virtio_transport *transport, uint8_t status)
{
    transport->set_status(transport, transport->status(transport) | status);
}

/* Section 3.1.1, steps 2 to 6. */
static bool negotiate(const struct virtio_transport *transport, uint64_t *features, struct failure *failure)
{
    add_status(transport, VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(transport, VIRTIO_STATUS_DRIVER);
    *features = transport->features(transport) & FEATURES;
    if (transport->legacy)
        *features &= ~(F_VERSION_1 | F_ACCESS_PLATFORM | F_ORDER_PLATFORM);
    else if (!(*features & F_VERSION_1))
        return fail(failure, "virtio", "the device has registers of version 1, and does not offer that");
    transport->set_features(transport, *features);
    if (transport->legacy)
        return true;
    add_status(transport, VIRTIO_STATUS_FEATURES_OK);
    return (transport->status(transport) & VIRTIO_STATUS_FEATURES_OK) ||
           fail(failure, "virtio", "the device refuses the features 0x%lx", *features);
}

struct geometry {
    uint64_t capacity; /* sectors */
    uint32_t block_size, size_max, seg_max;
};

/* Section 2.5.3: read until nothing has changed meanwhile. */
static bool read_config(const struct virtio_transport *transport, uint64_t features, struct geometry *geometry,
                        struct failure *failure)
{
    for (unsigned i = 0; i < CONFIG_TRIES; i++) {
        uint32_t before = transport->generation ? transport->generation(transport) : 0;

        *geometry = (struct geometry){ .block_size = SECTOR, .size_max = REQUEST_SIZE, .seg_max = 1 };
        geometry->capacity = transport->config(transport, CONFIG_CAPACITY, sizeof(uint64_t));
        if (features & F_SIZE_MAX)
            geometry->size_max = (uint32_t)transport->config(transport, CONFIG_SIZE_MAX, sizeof(uint32_t));
        if (features & F_SEG_MAX)
            geometry->seg_max = (uint32_t)transport->config(transport, CONFIG_SEG_MAX, sizeof(uint32_t));
        if (features & F_BLK_SIZE)
            geometry->block_size = (uint32_t)transport->config(transport, CONFIG_BLK_SIZE, sizeof(uint32_t));
        if (!transport->generation || transport->generation(transport) == before)
            return true;
    }
    return fail(failure, "virtio", "the device's configuration does not come to rest");
}

/* How requests are cut: one segment, unless the device wants short ones. */
static bool cut(struct virtio_disk *disk, const struct geometry *geometry, uint32_t *segments, struct failure *failure)
{
    uint32_t block = geometry->block_size, most = geometry->seg_max ? geometry->seg_max : 1;
    uint64_t request;

    if (block < 512 || block > 4096 || (block & (block - 1)))
        return fail(failure, "virtio", "blocks of %u bytes are none that we read", block);
    if (geometry->capacity > UINT64_MAX / SECTOR)
        return fail(failure, "virtio", "%lu sectors are more than a disk can have", geometry->capacity);
    disk->segment_size = (geometry->size_max < REQUEST_SIZE ? geometry->size_max : REQUEST_SIZE) / block * block;
    if (!disk->segment_size)
        return fail(failure, "virtio", "segments of %u bytes hold no block of %u", geometry->size_max, block);
    *segments = (REQUEST_SIZE + disk->segment_size - 1) / disk->segment_size;
    if (*segments > SEGMENTS_MAX)
        *segments = SEGMENTS_MAX;
    if (*segments > most)
        *segments = most;
    request = (uint64_t)*segments * disk->segment_size;
    disk->request_size = request < REQUEST_SIZE ? (uint32_t)request : REQUEST_SIZE / block * block;
    disk->device.block_size = block;
    disk->device.block_count = geometry->capacity / (block / SECTOR);
    return true;
}

/* Section 3.1.1, step 7: memory for the queue and the requests, and the device told of it. */
static bool start_queue(struct virtio_disk *disk, uint32_t segments, struct failure *failure)
{
    const struct virtio_transport *transport = &disk->transport;
    uint32_t size = transport->queue_max(transport);
    uint64_t queue_size;

    if (!transport->fixed_size && size) { /* as few as do, and a power of two */
        size = size < QUEUE_SIZE ? size : QUEUE_SIZE;
        size = 1u << (31 - __builtin_clz(size));
    }
    if (size <= REQUEST_ENDS || size > VIRTQUEUE_SIZE_MAX)
        return fail(failure, "virtio", "a queue of %u entries", size);
    if (segments > size - REQUEST_ENDS)
        segments = size - REQUEST_ENDS;
    if ((uint64_t)segments * disk->segment_size < disk->request_size)
        disk->request_size = segments * disk->segment_size;
    queue_size = align_up(virtqueue_bytes((uint16_t)size), MAP_PAGE);

    const struct map_request request = {
        .size = queue_size + MAP_PAGE, .alignment = VIRTQUEUE_ALIGN, .maximum = MAP_BELOW_4G, .high = true
    };

    if (!map_allocate(disk->map, &request, MAP_WORK, &disk->memory, "virtio queue", failure))
        return false;
    disk->memory_size = request.size;
    if (!disk->reach(disk->memory, disk->memory_size))
        return fail(failure, "virtio", "its queue at 0x%lx is out of our reach", disk->memory);
    disk->requests = (struct request *)(disk->memory + queue_size);
    return virtqueue_start(&disk->queue, (void *)disk->memory, (uint16_t)size, (uint16_t)(segments + REQUEST_ENDS),
                           failure) &&
           transport->queue_set(transport, (uint16_t)size, (uint64_t)disk->queue.descriptors,
                                (uint64_t)disk->queue.available, (uint64_t)disk->queue.used, failure);
}

/* ---- reading ---- */

/* Puts one request for `size` bytes into a slot. */
static void send(struct virtio_disk *disk, unsigned slot, uint64_t sector, uint64_t buffer, uint32_t size)
{
    struct request *request = &disk->requests[slot];
    unsigned number = 0;

    request->header = (struct request_header){ .type = REQUEST_IN, .sector = sector };
    request->status = STATUS_UNSEEN;
    disk->sent[slot] = size;
    virtqueue_describe(&disk->queue, slot, number++, (uint64_t)&request->header, sizeof(request->header), 0, true);
    while (size) {
        uint32_t part = size < disk->segment_size ? size : disk->segment_size;

        virtqueue_describe(&disk->queue, slot, number++, buffer, part, VIRTQ_DESC_WRITE, true);
        buffer += part;
        size -= part;
    }
    virtqueue_describe(&disk->queue, slot, number, (uint64_t)&request->status, sizeof(request->status),
                       VIRTQ_DESC_WRITE, false);
    virtqueue_add(&disk->queue, slot);
}

/* Whether a request that came back did what it should. */
static bool check_request(const struct virtio_disk *disk, unsigned slot, uint32_t length, struct failure *failure)
{
    uint8_t status = *(volatile uint8_t *)&disk->requests[slot].status;
    uint64_t sector = disk->requests[slot].header.sector; /* for people only */

    if (status != STATUS_OK)
        return fail(failure, disk->device.name, "the device could not read %u bytes at sector %lu (status %u)",
                    disk->sent[slot], sector, status);
    if (disk->told_lengths && (length < disk->sent[slot] || length - disk->sent[slot] > sizeof(status)))
        return fail(failure, disk->device.name, "%u bytes of %u were read at sector %lu", length, disk->sent[slot],
                    sector);
    return true;
}

/* Whether the device still works, after a while of nothing. */
static bool check_status(const struct virtio_disk *disk, struct failure *failure)
{
    uint8_t status = disk->transport.status(&disk->transport);

    return ((status & VIRTIO_STATUS_DRIVER_OK) && !(status & VIRTIO_STATUS_NEEDS_RESET)) ||
           fail(failure, disk->device.name, "the device has stopped (status 0x%x)", status);
}

struct reading {
    uint64_t sector, buffer, left; /* what is to be asked for next; left in bytes */
    bool refused;                  /* a request failed: nothing more is asked for */
    struct patience patience;
};

/* Keeps as many requests in flight as there is room for. */
static void fill(struct virtio_disk *disk, struct reading *reading)
{
    bool sent = false;
    int slot;

    while (reading->left && !reading->refused && (slot = virtqueue_free_slot(&disk->queue)) >= 0) {
        uint32_t size = reading->left < disk->request_size ? (uint32_t)reading->left : disk->request_size;

        send(disk, (unsigned)slot, reading->sector, reading->buffer, size);
        reading->sector += size / SECTOR;
        reading->buffer += size;
        reading->left -= size;
        sent = true;
    }
    if (sent) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        disk->transport.notify(&disk->transport);
    }
}

/* Waits until one request comes back. False where none will; what one says of itself is in *reading. */
static bool settle(struct virtio_disk *disk, struct reading *reading, struct failure *failure)
{
    struct failure ignored;
    uint32_t length;
    int slot;

    patience_start(&reading->patience);
    for (uint32_t looks = 1;; looks++) {
        if (!virtqueue_take(&disk->queue, &slot, &length, failure))
            return false;
        if (slot >= 0)
            break;
        if (looks % LOOKS == 0 && !check_status(disk, failure))
            return false;
        if (!patience_left(&reading->patience, SECONDS))
            return fail(failure, disk->device.name, "the device did not answer for %u seconds", SECONDS);
    }
    if (!check_request(disk, (unsigned)slot, length, reading->refused ? &ignored : failure))
        reading->refused = true;
    return true;
}

static bool read(struct block_device *device, uint64_t first, uint64_t count, void *buffer, struct failure *failure)
{
    struct virtio_disk *disk = device->own;
    struct reading reading = { .sector = first * (device->block_size / SECTOR),
                               .buffer = (uint64_t)buffer,
                               .left = count * device->block_size };
    struct failure ignored;

    if (disk->lost)
        return fail(failure, device->name, "it was given up after an error");
    while ((reading.left && !reading.refused) || disk->queue.in_flight) {
        fill(disk, &reading);
        if (!settle(disk, &reading, failure)) {
            disk->lost = true; /* and must not write into that buffer any more */
            reset(&disk->transport, &ignored);
            return false;
        }
    }
    return !reading.refused;
}

/* ---- beginning and end ---- */

/* Memory that the device may still write to stays taken. */
static bool let_go(struct virtio_disk *disk, struct failure *failure)
{
    bool good = reset(&disk->transport, failure);

    if (disk->transport.let_go)
        disk->transport.let_go(&disk->transport);
    if (good && disk->memory_size)
        good = map_release(disk->map, disk->memory, disk->memory_size, failure);
    return good;
}

static bool close(struct block_device *device, struct failure *failure)
{
    return let_go(device->own, failure);
}

/* *medium: whether there is anything to read. */
static bool start(struct virtio_disk *disk, bool *medium, struct failure *failure)
{
    const struct virtio_transport *transport = &disk->transport;
    struct geometry geometry;
    uint64_t features;
    uint32_t segments = 1;

    if (!reset(transport, failure) || !negotiate(transport, &features, failure) ||
        !read_config(transport, features, &geometry, failure))
        return false;
    disk->told_lengths = features & F_VERSION_1;
    *medium = geometry.capacity;
    if (!*medium)
        return true;
    if (!cut(disk, &geometry, &segments, failure) || !start_queue(disk, segments, failure))
        return false;
    add_status(transport, VIRTIO_STATUS_DRIVER_OK);
    return true;
}

void virtio_disk_add(const struct virtio_transport *transport, const char *place, const struct machine *machine,
                     struct devices *devices)
{
    struct virtio_disk *disk = &disks[devices->count];
    struct failure failure, ignored;
    bool medium = false, started;

    if (devices->count == DEVICES_MAX) {
        warn("%s: one disk too many: %u are read", place, DEVICES_MAX);
        if (transport->let_go)
            transport->let_go(transport);
        return;
    }
    *disk = (struct virtio_disk){ .transport = *transport, .map = &machine->handoff->map, .reach = machine->reach };
    started = start(disk, &medium, &failure);
    if (!started)
        warn("%s: %s: %s", place, failure.what, failure.why);
    else
        text_format(disk->device.name, sizeof(disk->device.name), "vd%c", 'a' + (char)(named++ % LETTERS));
    if (!started || !medium) {
        let_go(disk, &ignored);
        return;
    }
    disk->device.read = read;
    disk->device.close = close;
    disk->device.own = disk;
    devices->device[devices->count++] = &disk->device;
}

bool virtio_disks_end(struct failure *failure)
{
    (void)failure;
    named = 0;
    return true;
}

/* ---- registers ---- */

bool virtio_registers(const struct machine *machine, uint64_t start, uint64_t size, struct failure *failure)
{
    static const uint32_t memory[] = { MAP_RAM,    MAP_ACPI, MAP_NVS,     MAP_OURS,    MAP_LOADER,
                                       MAP_MODULE, MAP_WORK, MAP_PAYLOAD, MAP_FIRMWARE };

    for (unsigned i = 0; i < sizeof(memory) / sizeof(*memory); i++) {
        if (map_touches(&machine->handoff->map, start, size, memory[i]))
            return fail(failure, "virtio", "registers at 0x%lx, where %s is", start, map_type_name(memory[i]));
    }
    return machine->reach(start, size) || fail(failure, "virtio", "registers at 0x%lx are out of our reach", start);
}

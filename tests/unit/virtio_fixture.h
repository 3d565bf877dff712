/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio block device as a transport: good by itself, and bad in every way that a test sets. It works whenever the
 * driver waits. To be included behind our own headers, as cmocka.h is; one in a program.
 */
#ifndef TESTS_UNIT_VIRTIO_FIXTURE_H
#define TESTS_UNIT_VIRTIO_FIXTURE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/console.h"
#include "cpu/patience.h"
#include "storage/virtio_disk.h"
#include "storage/virtqueue.h"
#include "tests/unit/assert_failure.h"

#define DISK_SECTORS (20 * 2048 + 8) /* 20 MiB and 4 KiB */
#define DISK_BYTES   (DISK_SECTORS * 512ull)
#define RAM_SIZE     (2u << 20) /* a legacy queue has up to 800 KiB */
#define TURNS        3000       /* of the device, until the driver's patience is over */

#define F_SIZE_MAX  (1ull << 1)
#define F_SEG_MAX   (1ull << 2)
#define F_BLK_SIZE  (1ull << 6)
#define F_VERSION_1 (1ull << 32)
#define F_UNKNOWN   (1ull << 34 | 1ull << 29 | 1ull << 28 | 1ull << 9) /* packed, event index, indirect, flush */

static struct {
    /* What it says. */
    struct {
        uint64_t capacity;
        uint32_t size_max, seg_max, geometry, block_size;
    } config;
    uint64_t features;
    uint32_t queue_max;
    uint32_t generation, generation_steps; /* how much it changes with each look */
    bool resets, refuses_features;
    uint8_t fails_for_reset; /* VIRTIO_STATUS_FAILED: instead of being reset */
    uint8_t after_ok;        /* added to its status once it runs */

    /* What it does. */
    unsigned at_once;   /* requests that are answered in a turn */
    bool backwards;     /* the last ones first */
    uint64_t broken;    /* a sector that cannot be read */
    uint8_t error;      /* the status of its request */
    int more_length;    /* than was written */
    void (*turn)(void); /* instead of all that */

    /* What it was told, and what happened. */
    uint8_t status;
    uint64_t taken;
    uint16_t size;
    struct virtq_desc *descriptors;
    struct virtq_avail *available;
    struct virtq_used *used;
    uint16_t seen;
    unsigned notified, answered, most_in_flight, resets_seen, let_go, turns;
    uint32_t longest_segment, longest_request, most_segments;
} fake;

static uint8_t *disk_content; /* DISK_BYTES */
static char warned[512];

static struct handoff handoff;
static struct machine machine;
static struct devices devices;
static struct failure failure;
static struct virtio_transport transport;
static void *ram;

void warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(warned, sizeof(warned), format, arguments);
    va_end(arguments);
}

/* ---- the device ---- */

static void fake_used(uint32_t id, uint32_t length)
{
    fake.used->ring[fake.used->index % fake.size].id = id;
    fake.used->ring[fake.used->index % fake.size].length = length;
    fake.used->index++;
    fake.answered++;
}

/* Does what a chain asks for, and checks that it is as section 5.2.6 has it; returns what was written. */
static uint32_t fake_do(uint16_t head)
{
    const struct virtq_desc *desc = &fake.descriptors[head];
    const struct {
        uint32_t type, reserved;
        uint64_t sector;
    } *header = (const void *)desc->address;
    uint64_t at, start = header->sector * 512;
    uint32_t segments = 0, length = 0;
    bool error;

    assert_int_equal(desc->length, 16);
    assert_int_equal(desc->flags, VIRTQ_DESC_NEXT);
    assert_int_equal(header->type, 0);
    at = start;
    for (desc = &fake.descriptors[desc->next]; desc->flags & VIRTQ_DESC_NEXT; desc = &fake.descriptors[desc->next]) {
        assert_true(desc->flags & VIRTQ_DESC_WRITE);
        assert_true(desc->length && desc->length % 512 == 0 && at <= DISK_BYTES && desc->length <= DISK_BYTES - at);
        memcpy((void *)desc->address, disk_content + at, desc->length);
        at += desc->length;
        length += desc->length;
        if (desc->length > fake.longest_segment)
            fake.longest_segment = desc->length;
        assert_true(++segments < fake.size);
    }
    assert_true(segments);
    assert_int_equal(desc->flags, VIRTQ_DESC_WRITE);
    assert_int_equal(desc->length, 1);
    error = fake.broken >= start / 512 && fake.broken < at / 512;
    *(uint8_t *)desc->address = error ? fake.error : 0;
    if (length > fake.longest_request)
        fake.longest_request = length;
    if (segments > fake.most_segments)
        fake.most_segments = segments;
    return error ? 1 : length + 1;
}

static void fake_answer(void)
{
    uint16_t waiting = (uint16_t)(fake.available->index - fake.seen);

    if (waiting > fake.most_in_flight)
        fake.most_in_flight = waiting;
    for (unsigned i = 0; i < fake.at_once && i < waiting; i++) {
        uint16_t *from = &fake.available->ring[fake.seen % fake.size];
        uint16_t *last = &fake.available->ring[(uint16_t)(fake.seen + waiting - 1 - i) % fake.size];
        uint16_t head = fake.backwards ? *last : *from;

        if (fake.backwards)
            *last = *from; /* which comes later then */
        fake_used(head, fake_do(head) + (uint32_t)fake.more_length);
        fake.seen++;
    }
}

static uint8_t fake_status(const struct virtio_transport *unused)
{
    (void)unused;
    return fake.status | (fake.status & VIRTIO_STATUS_DRIVER_OK ? fake.after_ok : 0);
}

static void fake_set_status(const struct virtio_transport *unused, uint8_t value)
{
    (void)unused;
    if (!value) {
        fake.resets_seen++;
        fake.available = NULL;
        fake.status |= fake.fails_for_reset;
        if (!fake.resets || fake.fails_for_reset)
            return;
    }
    if (fake.refuses_features)
        value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    fake.status = value;
}

static uint64_t fake_features(const struct virtio_transport *unused)
{
    (void)unused;
    assert_int_equal(fake.status, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
    return fake.features;
}

static void fake_set_features(const struct virtio_transport *unused, uint64_t value)
{
    (void)unused;
    assert_int_equal(fake.status, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
    fake.taken = value;
}

static uint32_t fake_queue_max(const struct virtio_transport *unused)
{
    (void)unused;
    return fake.queue_max;
}

static bool fake_queue_set(const struct virtio_transport *which, uint16_t size, uint64_t descriptors,
                           uint64_t available, uint64_t used, struct failure *reason)
{
    (void)reason;
    assert_false(fake.status & VIRTIO_STATUS_DRIVER_OK);
    assert_int_equal(!!(fake.status & VIRTIO_STATUS_FEATURES_OK), !which->legacy);
    assert_true(size && size <= fake.queue_max && !(size & (size - 1)));
    if (which->fixed_size)
        assert_int_equal(size, fake.queue_max);
    if (which->legacy) { /* section 2.7.2 */
        assert_int_equal(descriptors % 4096, 0);
        assert_int_equal(available, descriptors + size * 16);
        assert_int_equal(used, (available + 6 + size * 2 + 4095) / 4096 * 4096);
    }
    fake.size = size;
    fake.descriptors = (void *)descriptors;
    fake.available = (void *)available;
    fake.used = (void *)used;
    fake.seen = 0;
    assert_int_equal(fake.available->flags, VIRTQ_AVAIL_NO_INTERRUPT);
    return true;
}

static void fake_notify(const struct virtio_transport *unused)
{
    (void)unused;
    assert_true(fake.status & VIRTIO_STATUS_DRIVER_OK);
    fake.notified++;
}

static uint64_t fake_config(const struct virtio_transport *unused, uint32_t offset, unsigned size)
{
    uint64_t value = 0;

    (void)unused;
    assert_true(offset + size <= sizeof(fake.config));
    memcpy(&value, (const uint8_t *)&fake.config + offset, size);
    return value;
}

static uint32_t fake_generation(const struct virtio_transport *unused)
{
    (void)unused;
    return fake.generation += fake.generation_steps;
}

static void fake_let_go(const struct virtio_transport *unused)
{
    (void)unused;
    fake.let_go++;
}

/* The driver waits. */
void patience_start(struct patience *patience)
{
    patience->polls = 0;
}

bool patience_left(struct patience *patience, unsigned seconds)
{
    assert_int_equal(seconds, 10);
    fake.turns++;
    if (fake.turn && fake.available)
        fake.turn();
    else if (fake.available)
        fake_answer();
    return ++patience->polls < TURNS;
}

/* ---- the machine ---- */

static bool fake_reach(uint64_t start, uint64_t size)
{
    (void)start;
    (void)size;
    return true;
}

/* A good device, on a machine that has just begun. */
static void fake_start(void)
{
    if (!ram) {
        ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
        disk_content = malloc(DISK_BYTES);
        for (uint64_t i = 0; i < DISK_BYTES / 8; i++)
            ((uint64_t *)disk_content)[i] = i * 0x9e3779b97f4a7c15;
    }
    memset(&fake, 0, sizeof(fake));
    fake.config.capacity = DISK_SECTORS;
    fake.config.block_size = 512;
    fake.features = F_VERSION_1 | F_BLK_SIZE | F_UNKNOWN;
    fake.queue_max = 256;
    fake.resets = true;
    fake.at_once = 3;
    fake.broken = UINT64_MAX;
    fake.error = 1;
    memset(warned, 0, sizeof(warned));
    handoff = (struct handoff){ .command_line = "" };
    assert_true(map_add(&handoff.map, (uint64_t)ram, RAM_SIZE, MAP_RAM, 0, &failure));
    machine = (struct machine){ .handoff = &handoff, .reach = fake_reach };
    virtio_disks_end(&failure);
    devices.count = 0;
    transport = (struct virtio_transport){ .status = fake_status,
                                           .set_status = fake_set_status,
                                           .features = fake_features,
                                           .set_features = fake_set_features,
                                           .queue_max = fake_queue_max,
                                           .queue_set = fake_queue_set,
                                           .notify = fake_notify,
                                           .config = fake_config,
                                           .generation = fake_generation,
                                           .let_go = fake_let_go };
}

#endif

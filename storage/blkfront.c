/* SPDX-License-Identifier: BSD-2-Clause */
/* The disks of a Xen guest: the driver (drivers.h). How one is opened and closed is in blkfront_open.c and _close.c. */
#include "storage/blkfront.h"

#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "firmware/xen_events.h"
#include "firmware/xen_grants.h"
#include "storage/drivers.h"
#include "storage/xen_vbd.h"
#include "storage/xenstore.h"

#define NUMBERS_MAX 64 /* of devices that the xenstore names */

#define PATIENCE 10000000000ull /* nanoseconds without any answer */
#define GLANCE   1000000000ull  /* so often we see whether the back end is still there */

static struct blkfront fronts[DEVICES_MAX] NOINIT;
static uint32_t front_count;

void blkfront_notify(void *context)
{
    const struct blkfront *front = context;

    xen_event_send(front->port);
}

bool blkfront_wait(void *context, bool first, struct failure *failure)
{
    struct blkfront *front = context;
    enum xenbus_state state;
    const uint64_t now = xen_time();

    if (first)
        front->deadline = now + PATIENCE;
    if (now >= front->deadline)
        return fail(failure, front->bus.name, "the back end does not answer");
    if (xen_event_wait(front->port, GLANCE))
        return true;
    if (!xenbus_back_state(&front->bus, &state, failure))
        return false;
    return state == XENBUS_CONNECTED || fail(failure, front->bus.name, "the back end has closed it: state %u", state);
}

static bool read_blocks(struct block_device *device, uint64_t first, uint64_t count, void *buffer,
                        struct failure *failure)
{
    struct blkfront *front = device->own;
    const uint64_t sectors = device->block_size / BLKFRONT_SECTOR;

    return blkfront_ring_read(&front->ring, first * sectors, count * sectors, buffer, failure);
}

static bool close_device(struct block_device *device, struct failure *failure)
{
    return blkfront_close(device->own, failure);
}

/* ---- finding ---- */

/* The devices in the order of their names; those that Linux would not have are left out. */
static uint32_t sort(uint32_t *numbers, uint32_t count, struct xen_vbd *vbds)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t number = numbers[i];
        struct xen_vbd vbd;
        uint32_t at;

        if (!xen_vbd_read(number, &vbd)) {
            warn("the disk with the number %u is of no kind that is known", number);
            continue;
        }
        for (at = kept; at && (vbds[at - 1].disk > vbd.disk ||
                               (vbds[at - 1].disk == vbd.disk && vbds[at - 1].partition > vbd.partition));
             at--) {
            vbds[at] = vbds[at - 1];
            numbers[at] = numbers[at - 1];
        }
        vbds[at] = vbd;
        numbers[at] = number;
        kept++;
    }
    return kept;
}

static void add(struct memory_map *map, uint32_t number, const struct xen_vbd *vbd, struct devices *devices)
{
    struct blkfront *front = &fronts[front_count];
    struct failure failure;
    bool present, opened;

    memset(front, 0, sizeof(*front));
    front->map = map;
    front->block = (struct block_device){ .read = read_blocks, .close = close_device, .own = front };
    _Static_assert(sizeof(front->block.name) == sizeof(vbd->name) && sizeof(front->bus.name) == sizeof(vbd->name),
                   "names of a device");
    memcpy(front->block.name, vbd->name, sizeof(vbd->name));
    memcpy(front->bus.name, vbd->name, sizeof(vbd->name));
    opened = blkfront_open(front, number, &present, &failure);
    if (!opened)
        warn("%s: %s", failure.what, failure.why);
    if (opened && present) {
        devices->device[devices->count++] = &front->block;
        front_count++;
    } else if (!blkfront_close(front, &failure)) {
        warn("%s: %s", failure.what, failure.why);
        front_count++; /* what it still has must not be forgotten: xen_grants_end will say so */
    }
}

static bool list(const struct machine *machine, uint32_t *numbers, uint32_t *count, struct failure *failure)
{
    *count = 0;
    if (!xen_events_start(&machine->handoff->map, failure) || !xenbus_list("vbd", numbers, NUMBERS_MAX, count, failure))
        return false;
    if (*count > NUMBERS_MAX) {
        warn("of %u disks only %u are looked at", *count, NUMBERS_MAX);
        *count = NUMBERS_MAX;
    }
    return !*count || xen_grants_start(&machine->handoff->map, failure);
}

static void find(const struct machine *machine, struct devices *devices)
{
    static struct xen_vbd vbds[NUMBERS_MAX] NOINIT;
    static uint32_t numbers[NUMBERS_MAX] NOINIT;
    struct failure failure;
    uint32_t count;

    /* With boot services the devices are those of the firmware's drivers. */
    if (!machine->handoff->xen.present || machine->handoff->efi.boot_services || !xenstore_start())
        return;
    front_count = 0;
    if (!list(machine, numbers, &count, &failure)) {
        warn("%s: %s", failure.what, failure.why);
        return;
    }
    count = sort(numbers, count, vbds);
    for (uint32_t i = 0; i < count; i++) {
        if (devices->count == DEVICES_MAX || front_count == DEVICES_MAX) {
            warn("%s and further disks are left out: there are too many", vbds[i].name);
            return;
        }
        add(&machine->handoff->map, numbers[i], &vbds[i], devices);
    }
}

static bool end(struct failure *failure)
{
    if (!xen_grants_end(failure))
        return false;
    xen_events_end();
    return true;
}

const struct driver driver_xen = { "xen", find, end };

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
    /* A back end that is closing waits for us, and answers until then. */
    return state == XENBUS_CONNECTED || state == XENBUS_CLOSING ||
           fail(failure, front->bus.name, "the back end has closed it: state %u", state);
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

/* What cannot be used is given up. */
static void give_up(struct blkfront *front)
{
    struct failure failure;

    front->block.block_count = 0;
    if (!blkfront_close(front, &failure))
        warn("%s: %s", failure.what, failure.why);
}

static void offer(struct blkfront *front, uint32_t number, const struct xen_vbd *vbd)
{
    struct failure failure;
    bool present = false;

    front->block = (struct block_device){ .block_count = 1, .read = read_blocks, .close = close_device, .own = front };
    _Static_assert(sizeof(front->block.name) == sizeof(vbd->name) && sizeof(front->bus.name) == sizeof(vbd->name),
                   "names of a device");
    memcpy(front->block.name, vbd->name, sizeof(vbd->name));
    memcpy(front->bus.name, vbd->name, sizeof(vbd->name));
    if (!blkfront_offer(front, number, &present, &failure)) {
        warn("%s: %s", failure.what, failure.why);
        present = false;
    }
    if (!present)
        give_up(front);
}

static void connect(struct blkfront *front, struct devices *devices)
{
    struct failure failure;
    bool present = false;

    if (!blkfront_connect(front, &present, &failure)) {
        warn("%s: %s", failure.what, failure.why);
        present = false;
    }
    if (present)
        devices->device[devices->count++] = &front->block;
    else
        give_up(front);
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
    uint32_t count, pages;

    /* With boot services the devices are those of the firmware's drivers. */
    if (!machine->handoff->xen.present || machine->handoff->efi.boot_services || !xenstore_start())
        return;
    if (!list(machine, numbers, &count, &failure)) {
        warn("%s: %s", failure.what, failure.why);
        return;
    }
    count = sort(numbers, count, vbds);
    if (count > DEVICES_MAX - devices->count) {
        warn("%s and further disks are left out: there are too many", vbds[DEVICES_MAX - devices->count].name);
        count = DEVICES_MAX - devices->count;
    }
    pages = count < BLKFRONT_MANY ? BLKFRONT_POOL_PAGES : BLKFRONT_POOL_PAGES_MANY;
    /* All back ends work at once. */
    for (uint32_t i = 0; i < count; i++) {
        fronts[i] = (struct blkfront){ .map = &machine->handoff->map, .pool_pages = pages };
        offer(&fronts[i], numbers[i], &vbds[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (fronts[i].block.block_count)
            connect(&fronts[i], devices);
    }
}

/* Events are the console's, too, and end with it. */
static bool end(struct failure *failure)
{
    return xen_grants_end(failure);
}

const struct driver driver_xen = { "xen", find, end };

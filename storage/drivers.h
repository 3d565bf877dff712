/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver of block devices is: one row of drivers.c, one file. */
#ifndef STORAGE_DRIVERS_H
#define STORAGE_DRIVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/physical.h"
#include "handoff/handoff.h"
#include "storage/block.h"

#define DEVICES_MAX 16 /* of all drivers together */

/* The machine, as a driver looks at it; lives as long as the devices do. */
struct machine {
    struct handoff *handoff; /* its map gives memory (MAP_WORK); command line, RSDP, Xen are told there */
    const struct physical *physical;
    bool (*reach)(uint64_t start, uint64_t size); /* makes memory and device registers accessible (identity_reach) */
};

struct devices {
    uint32_t count;
    struct block_device *device[DEVICES_MAX]; /* the drivers' */
};

struct driver {
    const char *name;

    /*
     * Adds the devices that it can drive, ready to be read, in the order in which Linux would name them. Where there is
     * nothing of its kind it does nothing, and quickly. One that is broken is warned of (console.h) and left out.
     */
    void (*find)(const struct machine *machine, struct devices *devices);

    /* After all devices were closed: gives up what the driver itself holds. NULL: nothing. */
    bool (*end)(struct failure *failure);
};

/* Fills *devices with those of all drivers. */
void drivers_find(const struct machine *machine, struct devices *devices);

/*
 * Closes all devices, the last one first, and ends the drivers: then the machine is as it was. A failure: a device did
 * not let go of our memory, and nothing must be started there.
 */
bool drivers_end(struct devices *devices, struct failure *failure);

extern const struct driver driver_xen, driver_virtio_pci, driver_virtio_mmio, driver_efi;

#endif

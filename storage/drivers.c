/* SPDX-License-Identifier: BSD-2-Clause */
/* All drivers of block devices, in the order of searching, and what is done with all of them; see drivers.h. */
#include "storage/drivers.h"

#include <stddef.h>

static const struct driver *const drivers[] = { &driver_xen, &driver_virtio_pci, &driver_virtio_mmio, &driver_efi,
                                                NULL };

void drivers_find(const struct machine *machine, struct devices *devices)
{
    devices->count = 0;
    for (unsigned i = 0; drivers[i]; i++)
        drivers[i]->find(machine, devices);
}

bool drivers_end(struct devices *devices, struct failure *failure)
{
    for (; devices->count; devices->count--) {
        struct block_device *device = devices->device[devices->count - 1];

        if (device->close && !device->close(device, failure))
            return false;
    }
    for (unsigned i = 0; drivers[i]; i++) {
        if (drivers[i]->end && !drivers[i]->end(failure))
            return false;
    }
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio devices in memory that ACPI tells of, as QEMU's microvm does. */
#ifndef FIRMWARE_ACPI_VIRTIO_H
#define FIRMWARE_ACPI_VIRTIO_H

#include <stdint.h>

#include "common/physical.h"
#include "common/span.h"

#define ACPI_VIRTIO_MAX 32 /* QEMU's microvm has up to 24 */

struct acpi_virtio {
    uint32_t count;
    struct {
        uint32_t address, size; /* of the registers, bytes */
    } device[ACPI_VIRTIO_MAX];
};

/*
 * Adds the devices in one table of AML, header included, to *found (which is empty at first), in its order. This is no
 * interpreter: it looks for Device objects (ACPI 6.5, section 20.2.5.2) with the _HID "LNRO0005" and a _CRS that is a
 * plain buffer with a 32-bit fixed memory range, directly in them. Anything else is not seen.
 */
void acpi_virtio_scan(struct span table, struct acpi_virtio *found);

/* Those of the DSDT, then those of each SSDT. */
void acpi_virtio_find(const struct physical *physical, uint64_t rsdp, struct acpi_virtio *found);

#endif

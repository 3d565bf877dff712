/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio block devices (Virtio 1.2, sections 3 and 5.2), whatever they are reached by: storage/virtio_pci.c, _mmio.c.
 */
#ifndef STORAGE_VIRTIO_DISK_H
#define STORAGE_VIRTIO_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "storage/drivers.h"

#define VIRTIO_ID_BLOCK 2 /* section 5 */

/* Section 2.1: device status. */
#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER      2u
#define VIRTIO_STATUS_DRIVER_OK   4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_FAILED      0x80u

/* What a device is reached by. Queues are always queue 0. */
struct virtio_transport {
    bool legacy;     /* section 1.3.1: it knows nothing of VIRTIO_F_VERSION_1, and its queue lies in one piece */
    bool fixed_size; /* the device alone says how many entries its queue has */

    uint8_t (*status)(const struct virtio_transport *transport);
    void (*set_status)(const struct virtio_transport *transport, uint8_t status);
    uint64_t (*features)(const struct virtio_transport *transport);
    void (*set_features)(const struct virtio_transport *transport, uint64_t features);

    /* How many entries the queue has at most; 0: there is none. */
    uint32_t (*queue_max)(const struct virtio_transport *transport);

    /* Tells the device where its queue is, and makes it ready. A legacy queue is at `descriptors`. */
    bool (*queue_set)(const struct virtio_transport *transport, uint16_t size, uint64_t descriptors, uint64_t available,
                      uint64_t used, struct failure *failure);
    void (*notify)(const struct virtio_transport *transport);

    /* A number of 1, 2, 4 or 8 bytes in the device's configuration; and what changes when that does (NULL: nothing). */
    uint64_t (*config)(const struct virtio_transport *transport, uint32_t offset, unsigned size);
    uint32_t (*generation)(const struct virtio_transport *transport);

    /* After the last reset: what else is put back. NULL: nothing. */
    void (*let_go)(const struct virtio_transport *transport);

    uint64_t own[8]; /* its kind's own */
};

/*
 * Makes a block device of what is behind a transport, which is copied, and adds it. One without a medium is left out;
 * one that is broken, or one too many, is warned of as `place`, and let go.
 */
void virtio_disk_add(const struct virtio_transport *transport, const char *place, const struct machine *machine,
                     struct devices *devices);

/* After the last one was closed: names begin anew. */
bool virtio_disks_end(struct failure *failure);

/* Makes a device's registers accessible. A failure where they lie in memory, or nowhere. */
bool virtio_registers(const struct machine *machine, uint64_t start, uint64_t size, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk of a Xen guest: what blkfront.c, blkfront_open.c and blkfront_close.c share. */
#ifndef STORAGE_BLKFRONT_H
#define STORAGE_BLKFRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/map.h"
#include "storage/blkfront_ring.h"
#include "storage/block.h"
#include "storage/xenbus.h"

/*
 * Pages for data of one disk, and where there are many disks: a back end of Linux keeps at most 1056 mapped
 * (max_persistent_grants), and Xen's table is finite. Twice as many were not faster, half as many were slower.
 */
#define BLKFRONT_POOL_PAGES      512
#define BLKFRONT_POOL_PAGES_MANY 128
#define BLKFRONT_MANY            5

struct blkfront {
    struct block_device block;
    struct xenbus_device bus;
    struct blkfront_ring ring;
    struct memory_map *map;

    uint64_t memory, memory_size; /* physical, bytes; size 0: none taken */
    uint32_t pool_pages;          /* of these, for data; before: how many are wanted */
    uint32_t *references;         /* of all granted pages, which the memory begins with */
    uint32_t granted;             /* how many */
    uint32_t port;                /* of the event channel */
    bool has_port;
    bool published;    /* the back end may know of us */
    uint64_t deadline; /* of a wait, by xen_time */
};

/*
 * Offers a ring to the back end of the device `number`, whose name is in front->bus; map, block and pool_pages are
 * filled. *present: there is a medium. Where there is none, or it fails, blkfront_close undoes what was done.
 */
bool blkfront_offer(struct blkfront *front, uint32_t number, bool *present, struct failure *failure);

/* Waits for the back end, and reads what it says of the disk. As above. */
bool blkfront_connect(struct blkfront *front, bool *present, struct failure *failure);

/* The ring's. */
bool blkfront_wait(void *context, bool first, struct failure *failure);
void blkfront_notify(void *context);

/* Undoes what was done, however far that was. A failure: the back end still has pages of ours. */
bool blkfront_close(struct blkfront *front, struct failure *failure);

/* Brings a back end that somebody before us left connected to where it waits for a new front end. */
bool blkfront_reset(const struct blkfront *front, struct failure *failure);

#endif

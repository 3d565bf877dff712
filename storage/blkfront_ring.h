/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading through the ring that a front end of a Xen block device shares with its back end (Xen public/io/blkif.h,
 * ring.h). Pure: who owns the pages says how to notify and to wait.
 *
 * Data go through pages that are granted once and for all, and are copied from there: so the back end may keep them
 * mapped (blkif.h, "feature-persistent"), and never sees or writes a byte that is not the disk's.
 */
#ifndef STORAGE_BLKFRONT_RING_H
#define STORAGE_BLKFRONT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"

#define BLKFRONT_PAGE         4096
#define BLKFRONT_SECTOR       512 /* all numbers of sectors on the ring count these, whatever the device's own are */
#define BLKFRONT_PAGE_SECTORS (BLKFRONT_PAGE / BLKFRONT_SECTOR)
#define BLKFRONT_DIRECT       11  /* pages of a request that names them itself */
#define BLKFRONT_ENTRIES      32  /* in a ring of one page */
#define BLKFRONT_INDIRECT_MAX 512 /* pages of a request that names them in a page of its own */

struct blkfront_segment {
    uint32_t reference; /* the grant of a page */
    uint8_t first;      /* sectors of that page, both inclusive */
    uint8_t last;
    uint16_t padding;
};

enum { BLKFRONT_READ = 0, BLKFRONT_INDIRECT = 6 };

/* A request that names its pages itself. */
struct blkfront_direct {
    uint8_t operation;
    uint8_t segments;
    uint16_t handle; /* the device's number */
    uint32_t padding;
    uint64_t id; /* comes back in the response */
    uint64_t sector;
    struct blkfront_segment segment[BLKFRONT_DIRECT];
};

/* One that names pages that hold the segments. */
struct blkfront_indirect {
    uint8_t operation; /* BLKFRONT_INDIRECT */
    uint8_t what;      /* BLKFRONT_READ */
    uint16_t segments;
    uint32_t padding;
    uint64_t id;
    uint64_t sector;
    uint16_t handle;
    uint16_t padding2;
    uint32_t reference[8];
    uint32_t padding3;
};

struct blkfront_response {
    uint64_t id;
    uint8_t operation;
    uint8_t padding;
    int16_t status; /* 0: done */
    uint32_t padding2;
};

/* ring.h; the numbers of entries count on and on, modulo 2^32. */
struct blkfront_shared {
    uint32_t request_producer, request_event;
    uint32_t response_producer, response_event;
    uint8_t padding[48];
    union blkfront_entry {
        struct blkfront_direct direct;
        struct blkfront_indirect indirect;
        struct blkfront_response response;
    } entry[BLKFRONT_ENTRIES];
};

_Static_assert(sizeof(struct blkfront_segment) == 8, "blkif.h");
_Static_assert(offsetof(struct blkfront_direct, id) == 8, "blkif.h: blkif_request, x86_64-abi");
_Static_assert(offsetof(struct blkfront_direct, segment) == 24, "blkif.h: blkif_request");
_Static_assert(sizeof(struct blkfront_direct) == 112, "blkif.h: blkif_request");
_Static_assert(offsetof(struct blkfront_indirect, id) == 8, "blkif.h: blkif_request_indirect");
_Static_assert(offsetof(struct blkfront_indirect, reference) == 28, "blkif.h: blkif_request_indirect");
_Static_assert(sizeof(struct blkfront_indirect) == 64, "blkif.h: blkif_request_indirect");
_Static_assert(offsetof(struct blkfront_response, status) == 10, "blkif.h: blkif_response");
_Static_assert(sizeof(struct blkfront_response) == 16, "blkif.h: blkif_response");
_Static_assert(offsetof(struct blkfront_shared, entry) == 64, "ring.h");
_Static_assert(sizeof(struct blkfront_shared) <= BLKFRONT_PAGE, "ring.h");

/* A request in flight and its pages. */
struct blkfront_slot {
    uint8_t *target;  /* where the data go */
    uint32_t sectors; /* 0: free */
};

struct blkfront_ring {
    const char *name;               /* of the device, for failures */
    struct blkfront_shared *shared; /* the other side writes it whenever it likes */
    uint32_t handle;
    uint32_t slots;             /* at most BLKFRONT_ENTRIES */
    uint32_t segments;          /* pages of each: more than BLKFRONT_DIRECT only where there are lists */
    uint8_t *pool;              /* slots times segments pages */
    const uint32_t *references; /* the grant of each of them */
    uint8_t *lists;             /* a page for each slot, for its segments, where they are more than BLKFRONT_DIRECT */
    const uint32_t *list_references;

    void (*notify)(void *context);
    /*
     * Sleeps until something may have come, or for a while. first: it is the first time since something came. A
     * failure: the other side has closed the device, or let us wait for too long.
     */
    bool (*wait)(void *context, bool first, struct failure *failure);
    void *context;

    uint32_t produced, consumed; /* requests, responses */
    uint32_t in_flight;
    bool broken; /* the back end does not keep to the protocol, or does not answer */
    struct blkfront_slot slot[BLKFRONT_ENTRIES];
};

/* Makes the shared page empty. The fields above are filled already, or will be before the first read. */
void blkfront_ring_start(struct blkfront_ring *ring);

/*
 * Reads `count` sectors from `sector` on into the buffer: all of them, or a failure. Where the back end breaks the
 * protocol the ring is broken, and all later reads fail; where it only says that it could not read, it is not.
 */
bool blkfront_ring_read(struct blkfront_ring *ring, uint64_t sector, uint64_t count, uint8_t *buffer,
                        struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/blkfront_ring.c common/text.c common/failure.c */
/*
 * The back end of a disk, of which the input says what it does: it answers what it was asked, or what it was not, moves
 * numbers, writes over the ring, lets wait. Whatever it does, a read ends; what a successful one brought is what the
 * back end gave for it; and no byte is written anywhere else.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/failure.h"
#include "storage/blkfront_ring.h"

#define POOL_PAGES 44
#define PAGES      (1 + POOL_PAGES + BLKFRONT_ENTRIES)
#define READS      3

enum { GOOD_ONE, GOOD_ALL, ANSWER, AHEAD, SCRIBBLE, IDLE, ANY_EVENT, BAD_STATUS, DEEDS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *memory;
static struct blkfront_ring ring;
static const uint8_t *input;
static size_t left;
static bool lied, refused;
static uint32_t taken, given, waits;
static uint64_t ids[BLKFRONT_ENTRIES], sectors[BLKFRONT_ENTRIES];
static uint32_t kept;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t next(void)
{
    return left ? left--, *input++ : 0;
}

/* What the disk holds: each sector its own number, everywhere. */
static void fill(uint64_t id, uint64_t sector)
{
    uint8_t *to = ring.pool + id * ring.segments * BLKFRONT_PAGE;

    for (uint32_t i = 0; i < ring.segments * BLKFRONT_PAGE_SECTORS; i++)
        memset(to + i * BLKFRONT_SECTOR, (int)((sector + i) % 251), BLKFRONT_SECTOR);
}

static void respond(uint64_t id, uint8_t operation, int16_t status)
{
    ring.shared->entry[given++ % BLKFRONT_ENTRIES].response =
        (struct blkfront_response){ .id = id, .operation = operation, .status = status };
}

static void take_requests(void)
{
    for (; taken != ring.shared->request_producer && kept < BLKFRONT_ENTRIES; taken++, kept++) {
        const union blkfront_entry *entry = &ring.shared->entry[taken % BLKFRONT_ENTRIES];

        /* Both kinds have these at the same places. */
        ids[kept] = entry->direct.id;
        sectors[kept] = entry->direct.sector;
        if (lied)
            continue;
        require(ids[kept] < ring.slots);
        require(entry->direct.operation == BLKFRONT_READ || ring.segments > BLKFRONT_DIRECT);
    }
}

static void answer(uint32_t count, int16_t status)
{
    for (; count-- && kept; kept--) {
        if (ids[kept - 1] < ring.slots)
            fill(ids[kept - 1], sectors[kept - 1]);
        respond(ids[kept - 1], BLKFRONT_READ, status);
    }
}

static bool wait(void *context, bool first, struct failure *failure)
{
    (void)context;
    waits++;
    require(waits < 100000);
    ring.shared->request_event = taken + 1;
    if (!left) {
        if (lied || !first)
            return fail(failure, "xvda", "the back end does not answer");
        take_requests();
        answer(BLKFRONT_ENTRIES, 0);
        ring.shared->response_producer = given;
        return true;
    }
    take_requests();
    switch (next() % DEEDS) {
    case GOOD_ONE:
        answer(1, 0);
        break;
    case GOOD_ALL:
        answer(BLKFRONT_ENTRIES, 0);
        break;
    case ANSWER:
        lied = true;
        respond(next(), next() % 8, 0);
        break;
    case AHEAD:
        lied = true;
        given += (uint32_t)next() << (next() % 32);
        break;
    case SCRIBBLE:
        lied = true;
        memset(memory + (next() % 16) * 256 + next(), next(), 1);
        break;
    case ANY_EVENT:
        ring.shared->request_event += next();
        break;
    case BAD_STATUS:
        refused |= kept != 0;
        answer(1, (int16_t) - (1 + next()));
        break;
    default:
        break;
    }
    ring.shared->response_producer = given;
    return true;
}

static void notify(void *context)
{
    (void)context;
}

static void check_read(uint64_t sector, uint32_t count)
{
    uint8_t *buffer = malloc(count * BLKFRONT_SECTOR);
    struct failure failure = { 0 };

    refused = false;
    if (blkfront_ring_read(&ring, sector, count, buffer, &failure)) {
        require(!ring.in_flight && !ring.broken && !refused);
        for (uint32_t i = 0; !lied && i < count * BLKFRONT_SECTOR; i++)
            require(buffer[i] == (sector + i / BLKFRONT_SECTOR) % 251);
    } else {
        require(failure.why[0] && (ring.broken || (!ring.in_flight && refused)));
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t references[PAGES];

    input = data;
    left = size;
    lied = false;
    taken = given = kept = waits = 0;
    memory = aligned_alloc(BLKFRONT_PAGE, PAGES * BLKFRONT_PAGE);
    memset(memory, 0, PAGES * BLKFRONT_PAGE);
    ring = (struct blkfront_ring){ .name = "xvda", .notify = notify, .wait = wait };
    ring.shared = (struct blkfront_shared *)memory;
    ring.segments = (uint32_t[]){ 1, 4, BLKFRONT_DIRECT, 22 }[next() % 4];
    ring.slots = POOL_PAGES / ring.segments < BLKFRONT_ENTRIES ? POOL_PAGES / ring.segments : BLKFRONT_ENTRIES;
    ring.pool = memory + BLKFRONT_PAGE;
    ring.references = references;
    ring.lists = ring.pool + POOL_PAGES * BLKFRONT_PAGE;
    ring.list_references = references;
    blkfront_ring_start(&ring);
    for (unsigned i = 0; i < READS; i++) {
        const uint64_t sector = (uint64_t)next() << (next() % 40);

        check_read(sector, 1u + next() * (1u + next() % 4));
    }
    free(memory);
    return 0;
}

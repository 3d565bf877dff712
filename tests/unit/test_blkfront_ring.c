/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/blkfront_ring.c common/text.c common/failure.c */
/* Reads through a ring with a back end that does as it should, in any order, and with one that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/blkfront_ring.h"
#include "tests/unit/assert_failure.h"

#include <cmocka.h>

#define POOL_PAGES 64
#define PAGES      (POOL_PAGES + BLKFRONT_ENTRIES)
#define DISK       (3u << 20) /* bytes */
#define REFERENCE  1000       /* of the first page */
#define WAITS_MAX  10000
#define HANDLE     51712

static uint8_t *memory; /* the ring, then PAGES pages */
static uint32_t references[PAGES];
static uint8_t *disk, *buffer;
static struct blkfront_ring ring;
static struct failure failure;

/* The back end. */
static struct {
    uint32_t taken, given;   /* requests, responses */
    uint32_t at_once;        /* responses each time */
    bool backwards;          /* the last request first */
    unsigned waits, firsts;  /* that there were; of these such as began anew */
    unsigned notified, told; /* by us; would have told us */
    uint64_t fails_at;       /* a sector */
    int16_t status;          /* for that */
    uint32_t largest;        /* request, in segments */
    uint32_t most;           /* in flight */
    unsigned indirect;
    void (*lie)(struct blkfront_response *response);
    uint32_t ahead; /* added to the producer */
    bool silent;
} back;

static uint8_t *page_of(uint32_t reference)
{
    assert_true(reference >= REFERENCE && reference < REFERENCE + PAGES);
    return memory + (uint64_t)(1 + reference - REFERENCE) * BLKFRONT_PAGE;
}

/* Does a read; returns its status. */
static int16_t do_read(uint64_t sector, const struct blkfront_segment *segments, uint32_t count)
{
    const uint64_t first = sector;

    assert_true(count >= 1 && count <= ring.segments);
    if (count > back.largest)
        back.largest = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t size = (segments[i].last - segments[i].first + 1u) * BLKFRONT_SECTOR;

        assert_true(segments[i].first == 0 && segments[i].last < BLKFRONT_PAGE_SECTORS);
        assert_true(i == count - 1 || segments[i].last == BLKFRONT_PAGE_SECTORS - 1);
        assert_true(sector * BLKFRONT_SECTOR + size <= DISK);
        memcpy(page_of(segments[i].reference), disk + sector * BLKFRONT_SECTOR, size);
        sector += segments[i].last + 1u;
    }
    return back.fails_at >= first && back.fails_at < sector ? back.status : 0;
}

static void respond(const union blkfront_entry *entry)
{
    struct blkfront_response response = { 0 };

    if (entry->direct.operation == BLKFRONT_READ) {
        assert_int_equal(entry->direct.handle, HANDLE & 0xffff);
        response.id = entry->direct.id;
        response.status = do_read(entry->direct.sector, entry->direct.segment, entry->direct.segments);
        assert_true(entry->direct.segments <= BLKFRONT_DIRECT);
    } else {
        assert_int_equal(entry->indirect.operation, BLKFRONT_INDIRECT);
        assert_int_equal(entry->indirect.what, BLKFRONT_READ);
        assert_int_equal(entry->indirect.handle, HANDLE & 0xffff);
        assert_true(entry->indirect.segments > BLKFRONT_DIRECT);
        back.indirect++;
        response.id = entry->indirect.id;
        response.status =
            do_read(entry->indirect.sector, (const struct blkfront_segment *)page_of(entry->indirect.reference[0]),
                    entry->indirect.segments);
    }
    if (back.lie)
        back.lie(&response);
    ring.shared->entry[back.given++ % BLKFRONT_ENTRIES].response = response;
}

static bool wait(void *context, bool first, struct failure *reason)
{
    static union blkfront_entry requests[BLKFRONT_ENTRIES]; /* taken out of the ring, as a back end does */
    static uint32_t kept;
    const uint32_t before = back.given;

    assert_ptr_equal(context, &back);
    back.firsts += first;
    if (back.waits == 0)
        kept = 0;
    if (back.silent || back.waits++ == WAITS_MAX)
        return (fail)(reason, "xvda", "the back end does not answer");
    for (; back.taken != ring.shared->request_producer; back.taken++) {
        assert_true(kept < BLKFRONT_ENTRIES);
        requests[kept++] = ring.shared->entry[back.taken % BLKFRONT_ENTRIES];
    }
    ring.shared->request_event = back.taken + 1;
    if (kept > back.most)
        back.most = kept;
    for (uint32_t i = 0; i < back.at_once && kept; i++) {
        const uint32_t next = back.backwards ? kept - 1 : 0;

        respond(&requests[next]);
        memmove(requests + next, requests + next + 1, (--kept - next) * sizeof(*requests));
    }
    ring.shared->response_producer = back.given + back.ahead;
    if (ring.shared->response_event - before - 1 < back.given - before)
        back.told++;
    return true;
}

static void notify(void *context)
{
    assert_ptr_equal(context, &back);
    back.notified++;
}

static int setup(void **state)
{
    (void)state;
    free(memory);
    free(buffer);
    memory = aligned_alloc(BLKFRONT_PAGE, (1 + PAGES) * BLKFRONT_PAGE);
    memset(memory, 0x5a, (1 + PAGES) * BLKFRONT_PAGE);
    buffer = malloc(DISK + 1);
    memset(buffer, 0x77, DISK + 1);
    if (!disk) {
        disk = malloc(DISK);
        for (uint32_t i = 0; i < DISK; i++)
            disk[i] = (uint8_t)(i * 13 + i / 509 + i / 70001);
    }
    memset(&back, 0, sizeof(back));
    back.at_once = BLKFRONT_ENTRIES;
    back.fails_at = UINT64_MAX;
    for (uint32_t i = 0; i < PAGES; i++)
        references[i] = REFERENCE + i;
    ring = (struct blkfront_ring){ .name = "xvda",
                                   .shared = (struct blkfront_shared *)memory,
                                   .handle = HANDLE,
                                   .slots = 4,
                                   .segments = POOL_PAGES / 4,
                                   .pool = memory + BLKFRONT_PAGE,
                                   .references = references,
                                   .lists = memory + (1 + POOL_PAGES) * BLKFRONT_PAGE,
                                   .list_references = references + POOL_PAGES,
                                   .notify = notify,
                                   .wait = wait,
                                   .context = &back };
    blkfront_ring_start(&ring);
    return 0;
}

static void check(uint64_t sector, uint64_t count)
{
    memset(buffer, 0x77, DISK + 1);
    assert_true(blkfront_ring_read(&ring, sector, count, buffer, &failure));
    assert_memory_equal(buffer, disk + sector * BLKFRONT_SECTOR, count * BLKFRONT_SECTOR);
    assert_int_equal(buffer[count * BLKFRONT_SECTOR], 0x77);
    assert_int_equal(ring.in_flight, 0);
}

static void refuse(uint64_t count, const char *why)
{
    assert_false(blkfront_ring_read(&ring, 0, count, buffer, &failure));
    assert_failure(&failure, "xvda", why);
}

/* ---- as it should be ---- */

static void sizes(void **state)
{
    static const uint32_t counts[] = {
        1, 7, 8, 9, 87, 88, 89, 95, 96, 127, 128, 129, 512, 513, DISK / BLKFRONT_SECTOR
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        check(0, counts[i]);
        check(DISK / BLKFRONT_SECTOR - counts[i], counts[i]);
    }
    assert_int_equal(back.largest, 16);
    assert_int_equal(back.most, 4);
    assert_true(back.indirect > 40);
}

static void without_indirect_requests(void **state)
{
    (void)state;
    ring.segments = BLKFRONT_DIRECT;
    ring.slots = POOL_PAGES / BLKFRONT_DIRECT;
    ring.lists = NULL;
    ring.list_references = NULL;
    check(0, DISK / BLKFRONT_SECTOR);
    check(5, 1000);
    assert_int_equal(back.largest, BLKFRONT_DIRECT);
    assert_int_equal(back.indirect, 0);
    assert_int_equal(back.most, 5);
}

static void a_full_ring(void **state)
{
    (void)state;
    ring.slots = BLKFRONT_ENTRIES;
    ring.segments = POOL_PAGES / BLKFRONT_ENTRIES;
    check(0, DISK / BLKFRONT_SECTOR);
    assert_int_equal(back.most, BLKFRONT_ENTRIES);
}

static void any_order(void **state)
{
    (void)state;
    for (back.at_once = 1; back.at_once <= 5; back.at_once++) {
        back.backwards = back.at_once % 2;
        check(back.at_once, 3000);
    }
}

/* Responses come by halves, and we are told of each half once; requests are told of while the back end sleeps. */
static void few_notifications(void **state)
{
    (void)state;
    check(0, 4 * 128 * 8);
    assert_int_equal(back.notified, 8);
    assert_int_equal(back.told, 8);
    assert_int_equal(back.waits, 8);
    back.notified = 0;
    ring.shared->request_event = ring.produced + 100; /* it is awake */
    assert_true(blkfront_ring_read(&ring, 0, 1, buffer, &failure));
    assert_int_equal(back.notified, 0);
}

static void numbers_wrap(void **state)
{
    (void)state;
    ring.produced = ring.consumed = back.taken = back.given = UINT32_MAX - 5;
    ring.shared->request_producer = ring.shared->response_producer = UINT32_MAX - 5;
    ring.shared->request_event = UINT32_MAX - 4;
    check(3, 5000);
    assert_true(ring.produced < 100);
}

/* ---- what fails ---- */

static void a_bad_sector(void **state)
{
    (void)state;
    back.fails_at = 300;
    back.status = -1;
    for (back.at_once = 1; back.at_once < 4; back.at_once++) {
        refuse(DISK / BLKFRONT_SECTOR, "the back end cannot read: status -1");
        assert_int_equal(ring.in_flight, 0); /* and nothing comes later */
        assert_int_equal(ring.consumed, ring.produced);
        assert_true(ring.produced < 40);
    }
    check(301, 200);
}

static void no_answer(void **state)
{
    (void)state;
    back.silent = true;
    refuse(100, "the back end does not answer");
    assert_true(ring.broken);
    back.silent = false;
    refuse(100, "the back end broke off before");
    setup(NULL);
    back.at_once = 0; /* it wakes us for nothing */
    refuse(100, "the back end does not answer");
    assert_int_equal(back.firsts, 1);
}

static void unknown_id(struct blkfront_response *response)
{
    response->id = 4;
}

static void high_id(struct blkfront_response *response)
{
    response->id |= 1ull << 32;
}

static void same_id(struct blkfront_response *response)
{
    response->id = 0;
}

static void wrong_operation(struct blkfront_response *response)
{
    response->operation = 1;
}

static void lies(void **state)
{
    (void)state;
    back.lie = unknown_id;
    refuse(100, "it answers what was not asked, id 4");
    assert_true(ring.broken);
    setup(NULL);
    back.lie = high_id;
    refuse(100, "it answers what was not asked, id 4294967296");
    setup(NULL);
    back.lie = same_id;
    refuse(1000, "it answers what was not asked, id 0");
    setup(NULL);
    back.lie = wrong_operation;
    refuse(100, "it answers a read by operation 1");
}

static void producer_runs_ahead(void **state)
{
    (void)state;
    back.ahead = 1;
    refuse(1, "more responses than requests: 2");
    setup(NULL);
    back.ahead = UINT32_MAX; /* backwards */
    back.at_once = 0;
    refuse(1, "more responses than requests: 4294967295");
    assert_true(ring.broken);
}

/* What the ring and the lists hold may change: our own copy of everything holds. */
static void ring_changes(struct blkfront_response *response)
{
    for (uint32_t i = 0; i < BLKFRONT_ENTRIES; i++) {
        if (i != back.given % BLKFRONT_ENTRIES)
            memset(&ring.shared->entry[i], 0xff, sizeof(ring.shared->entry[i]));
    }
    memset(memory + (1 + POOL_PAGES) * BLKFRONT_PAGE, 0xff, BLKFRONT_ENTRIES * BLKFRONT_PAGE);
    (void)response;
}

static void changes_behind_our_back(void **state)
{
    (void)state;
    ring.segments = BLKFRONT_DIRECT;
    back.at_once = 1;
    back.lie = ring_changes;
    check(0, 88 * 4);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sizes),
        TEST(without_indirect_requests),
        TEST(a_full_ring),
        TEST(any_order),
        TEST(few_notifications),
        TEST(numbers_wrap),
        TEST(a_bad_sector),
        TEST(no_answer),
        TEST(lies),
        TEST(producer_runs_ahead),
        TEST(changes_behind_our_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

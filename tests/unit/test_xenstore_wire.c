/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/xenstore_wire.c common/text.c common/failure.c */
/* Requests to a xenstored and its replies: one that does as it should, at its own pace, and one that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "storage/xenstore_wire.h"
#include "tests/unit/assert_failure.h"

#include <cmocka.h>

#define WAITS_MAX 5000
#define BUSY      4096 /* bytes that it keeps while the ring is full */

struct header {
    uint32_t type, request, transaction, size;
};

static struct xenstore_page *page;
static struct xenstore_link connection;
static uint8_t content[XENSTORE_CONTENT_MAX];
static struct failure failure;

/* The xenstored. What it does wrong is a field. */
static struct {
    uint8_t asked[BUSY];
    uint32_t asked_size;
    uint8_t answer[2 * XENSTORE_CONTENT_MAX];
    uint32_t answer_size, answer_sent;
    uint32_t step; /* bytes that it takes and gives each time */
    unsigned waits, notified;
    unsigned events;       /* before each reply */
    uint32_t event_size;   /* of each, beyond a usual one */
    bool silent, deaf;     /* gives nothing; takes nothing */
    uint32_t number_error; /* added to the numbers of replies */
    uint32_t transaction;
    uint32_t type;       /* of replies, where it is not 0 */
    uint32_t size_error; /* added to the size that a reply names */
    uint32_t stop_after; /* bytes */
    char written[64];    /* "path=value" */
    unsigned watches;
} store;

static void put(const void *data, uint32_t size)
{
    assert_true(store.answer_size + size <= sizeof(store.answer));
    memcpy(store.answer + store.answer_size, data, size);
    store.answer_size += size;
}

static void answer(uint32_t type, uint32_t request, const void *data, uint32_t size)
{
    struct header header = { store.type ? store.type : type, request + store.number_error, store.transaction,
                             size + store.size_error };

    for (unsigned i = 0; i < store.events; i++) {
        const struct header event = { XENSTORE_WATCH_EVENT, 0, 0, 8 + store.event_size };
        static const uint8_t zeros[XENSTORE_CONTENT_MAX];

        put(&event, sizeof(event));
        put("a/b\0tok", 8);
        put(zeros, store.event_size < sizeof(zeros) ? store.event_size : 0);
    }
    put(&header, sizeof(header));
    put(data, size);
}

static void carry_out(const struct header *header, const char *data)
{
    static const char names[] = "51712\0backend\0a b\0a-name-that-is-longer-than-all\0\07";
    const char *value = data + strlen(data) + 1;

    if (header->type == XENSTORE_READ && strcmp(data, "backend") == 0)
        answer(header->type, header->request, "/local/domain/0", 15);
    else if (header->type == XENSTORE_READ && strcmp(data, "empty") == 0)
        answer(header->type, header->request, "", 0);
    else if (header->type == XENSTORE_READ && strcmp(data, "secret") == 0)
        answer(XENSTORE_ERROR, header->request, "EACCES", 7);
    else if (header->type == XENSTORE_READ)
        answer(XENSTORE_ERROR, header->request, "ENOENT", 7);
    else if (header->type == XENSTORE_DIRECTORY)
        answer(header->type, header->request, names, sizeof(names));
    else {
        if (strcmp(data, "secret") == 0) {
            answer(XENSTORE_ERROR, header->request, "EACCES", 7);
            return;
        }
        if (header->type == XENSTORE_WRITE)
            text_format(store.written, sizeof(store.written), "%s=%.*s", data, (int)(header->size - strlen(data) - 1),
                        value);
        if (header->type == XENSTORE_WATCH) {
            assert_int_equal(header->size, strlen(data) + 1 + strlen(value) + 1);
            store.watches++;
        }
        answer(header->type, header->request, "OK", 3);
    }
}

static void take_requests(void)
{
    uint32_t step = store.step;

    while (step-- && page->request_consumer != page->request_producer) {
        struct header header;

        assert_true(page->request_producer - page->request_consumer <= XENSTORE_RING);
        assert_true(store.asked_size < BUSY);
        store.asked[store.asked_size++] = page->requests[page->request_consumer++ % XENSTORE_RING];
        memcpy(&header, store.asked, sizeof(header));
        if (store.asked_size >= sizeof(header) && store.asked_size == sizeof(header) + header.size) {
            carry_out(&header, (const char *)store.asked + sizeof(header));
            store.asked_size = 0;
        }
    }
}

static bool wait(void *context)
{
    assert_ptr_equal(context, &store);
    if (store.waits++ == WAITS_MAX)
        return false;
    if (!store.deaf)
        take_requests();
    for (uint32_t i = 0; !store.silent && i < store.step && store.answer_sent < store.answer_size &&
                         page->reply_producer - page->reply_consumer < XENSTORE_RING;
         i++) {
        if (store.stop_after && store.answer_sent == store.stop_after)
            break;
        page->replies[page->reply_producer++ % XENSTORE_RING] = store.answer[store.answer_sent++];
    }
    return true;
}

static void notify(void *context)
{
    assert_ptr_equal(context, &store);
    store.notified++;
}

static int setup(void **state)
{
    (void)state;
    free(page);
    page = malloc(sizeof(*page));
    memset(page, 0x5a, sizeof(*page));
    page->request_consumer = page->request_producer = UINT32_MAX - 30; /* wraps soon */
    page->reply_consumer = page->reply_producer = UINT32_MAX - 40;
    memset(&store, 0, sizeof(store));
    store.step = XENSTORE_RING;
    memset(&failure, 0, sizeof(failure));
    connection = (struct xenstore_link){ .page = page, .notify = notify, .wait = wait, .context = &store };
    xenstore_link_start(&connection);
    return 0;
}

static void assert_text(struct span reply, const char *text)
{
    assert_non_null(reply.data);
    assert_int_equal(reply.size, strlen(text));
    assert_memory_equal(reply.data, text, reply.size);
}

static bool read_one(const char *path, struct span *reply)
{
    struct xenstore_request request = { XENSTORE_READ, path, "", { 0 } };
    const bool done = xenstore_exchange(&connection, &request, 1, content, &failure);

    *reply = request.reply;
    return done;
}

static void assert_idle(void)
{
    assert_false(connection.broken);
    assert_int_equal(page->reply_consumer, page->reply_producer);
    assert_int_equal(page->request_consumer, page->request_producer);
    assert_int_equal(store.answer_sent, store.answer_size);
}

/* ---- as it should be ---- */

static void reads(void **state)
{
    struct span reply;

    (void)state;
    assert_true(read_one("backend", &reply));
    assert_text(reply, "/local/domain/0");
    assert_int_equal(store.notified, 1);
    assert_true(read_one("empty", &reply));
    assert_text(reply, "");
    assert_true(read_one("none", &reply));
    assert_null(reply.data);
    assert_idle();
}

static void refusals(void **state)
{
    struct xenstore_request request = { XENSTORE_WRITE, "secret", "x", { 0 } };
    struct span reply;

    (void)state;
    assert_false(xenstore_exchange(&connection, &request, 1, content, &failure));
    assert_failure(&failure, "xenstore", "secret: xenstored says EACCES");
    assert_null(request.reply.data);
    assert_true(read_one("backend", &reply)); /* the link is as good as before */
    assert_text(reply, "/local/domain/0");
    assert_true(read_one("secret", &reply)); /* so it is said of what is gone with its folder */
    assert_null(reply.data);
    assert_idle();
}

static void many_at_once(void **state)
{
    struct xenstore_request requests[] = {
        { XENSTORE_READ, "backend", "", { 0 } }, { XENSTORE_READ, "none", "", { 0 } },
        { XENSTORE_WRITE, "state", "4", { 0 } }, { XENSTORE_REMOVE, "secret", "", { 0 } },
        { XENSTORE_WATCH, "x", "tok", { 0 } },   { XENSTORE_REMOVE, "ring-ref", "", { 0 } },
        { XENSTORE_UNWATCH, "x", "tok", { 0 } }, { XENSTORE_READ, "empty", "", { 0 } },
    };

    (void)state;
    for (uint32_t step = 1; step < 300; step += 13) {
        setup(NULL);
        store.step = step;
        store.events = step % 3;
        /* One is refused: all others are done. */
        assert_false(xenstore_exchange(&connection, requests, 8, content, &failure));
        assert_failure(&failure, "xenstore", "secret: xenstored says EACCES");
        assert_text(requests[0].reply, "/local/domain/0");
        assert_null(requests[1].reply.data);
        assert_int_equal(requests[2].reply.size, 3);
        assert_null(requests[3].reply.data);
        assert_text(requests[7].reply, "");
        assert_string_equal(store.written, "state=4");
        assert_int_equal(store.watches, 1);
        assert_idle();
    }
}

static void more_than_the_ring_holds(void **state)
{
    char value[3000];
    struct xenstore_request request = { XENSTORE_WRITE, "k", value, { 0 } };

    (void)state;
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_true(xenstore_exchange(&connection, &request, 1, content, &failure));
    assert_true(store.notified >= 3);
    assert_idle();
}

static void too_long(void **state)
{
    static char value[XENSTORE_CONTENT_MAX];
    struct xenstore_request request = { XENSTORE_WRITE, "k", value, { 0 } };

    (void)state;
    memset(value, 'v', sizeof(value) - 1);
    assert_false(xenstore_exchange(&connection, &request, 1, content, &failure));
    assert_failure(&failure, "xenstore", "a request of 4096 bytes is too long");
    assert_int_equal(page->request_producer, page->request_consumer);
    assert_false(connection.broken);
}

static void names(void **state)
{
    struct xenstore_request request = { XENSTORE_DIRECTORY, "device/vbd", "", { 0 } };
    static const char *const wanted[] = { "51712", "backend", "", "", "", "" };
    uint64_t at = 0;
    char name[16];

    (void)state;
    assert_true(xenstore_exchange(&connection, &request, 1, content, &failure));
    for (unsigned i = 0; i < 6; i++) {
        if (!xenstore_next_name(request.reply, &at, name, sizeof(name))) {
            assert_int_equal(i, 5);
            break;
        }
        assert_string_equal(name, wanted[i]);
    }
    at = 0;
    assert_false(xenstore_next_name((struct span){ 0 }, &at, name, sizeof(name)));
    assert_true(xenstore_next_name((struct span){ (const uint8_t *)"ab", 2 }, &at, name, 3));
    assert_string_equal(name, "ab"); /* without a NUL at its end */
    at = 0;
    assert_true(xenstore_next_name((struct span){ (const uint8_t *)"ab", 2 }, &at, name, 2));
    assert_string_equal(name, "");
}

static void events(void **state)
{
    struct span reply;
    bool came;

    (void)state;
    store.events = 2;
    answer(XENSTORE_READ, 77, "", 0);
    store.answer_size -= sizeof(struct header); /* only the events */
    assert_true(xenstore_take_event(&connection, &came, &failure));
    assert_true(came);
    assert_true(xenstore_take_event(&connection, &came, &failure));
    assert_true(came);
    assert_true(xenstore_take_event(&connection, &came, &failure));
    assert_false(came);
    assert_int_equal(store.waits, WAITS_MAX + 1);
    store.waits = 0;
    assert_true(read_one("backend", &reply)); /* that none came broke nothing */
    assert_idle();
}

/* ---- lies ---- */

static void assert_broken(const char *why)
{
    struct span reply;

    assert_false(read_one("backend", &reply));
    assert_failure(&failure, "xenstore", why);
    assert_true(connection.broken);
    assert_false(read_one("backend", &reply));
    assert_failure(&failure, "xenstore", "the connection broke before");
}

static void no_answer(void **state)
{
    (void)state;
    store.silent = true;
    assert_broken("backend: xenstored does not answer");
    setup(NULL);
    store.stop_after = 20; /* in the midst of the reply */
    assert_broken("backend: xenstored does not answer");
    setup(NULL);
    store.deaf = true;
    page->request_consumer -= XENSTORE_RING;
    assert_broken("backend: xenstored takes no request");
}

static void wrong_replies(void **state)
{
    (void)state;
    store.number_error = 1;
    assert_broken("backend: the reply is another request's");
    setup(NULL);
    store.transaction = 1;
    assert_broken("backend: the reply is another request's");
    setup(NULL);
    store.type = XENSTORE_WRITE;
    assert_broken("backend: the reply is of another kind");
    setup(NULL);
    store.size_error = XENSTORE_CONTENT_MAX;
    assert_broken("backend: the reply is too long");
    setup(NULL);
    store.size_error = UINT32_MAX - 15;
    assert_broken("backend: the reply is too long");
}

static void endless_events(void **state)
{
    static struct header flood[300];

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        flood[i].type = XENSTORE_WATCH_EVENT;
    put(flood, sizeof(flood));
    assert_broken("backend: xenstored tells of other things without end");
    setup(NULL);
    store.events = 1;
    store.event_size = XENSTORE_CONTENT_MAX;
    assert_broken("backend: an event is too long");
}

static void wrong_event(void **state)
{
    bool came;

    (void)state;
    answer(XENSTORE_READ, 1, "x", 1);
    assert_false(xenstore_take_event(&connection, &came, &failure));
    assert_failure(&failure, "xenstore", "what came is no event");
    assert_false(xenstore_take_event(&connection, &came, &failure));
    assert_failure(&failure, "xenstore", "broke before");
}

static void wrong_indexes(void **state)
{
    (void)state;
    page->request_consumer++;
    assert_broken("backend: xenstored took more than it was given");
    setup(NULL);
    store.silent = true;
    page->reply_producer += XENSTORE_RING + 1;
    assert_broken("backend: xenstored gave more than there is room for");
    setup(NULL);
    store.silent = true;
    page->reply_producer--;
    assert_broken("backend: xenstored gave more than there is room for");
}

/* It writes what is ours, too: our own numbers hold. */
static void our_indexes_changed(void **state)
{
    struct span reply;

    (void)state;
    page->request_producer += 5;
    page->request_consumer = connection.sent;
    page->reply_consumer -= 7;
    assert_true(read_one("backend", &reply));
    assert_text(reply, "/local/domain/0");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads),
        TEST(refusals),
        TEST(many_at_once),
        TEST(more_than_the_ring_holds),
        TEST(too_long),
        TEST(names),
        TEST(events),
        TEST(no_answer),
        TEST(wrong_replies),
        TEST(endless_events),
        TEST(wrong_event),
        TEST(wrong_indexes),
        TEST(our_indexes_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

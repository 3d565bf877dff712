/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/xenstore_wire.c storage/xen_vbd.c common/text.c common/failure.c */
/*
 * What a xenstored answers: the input is a number of a device, how many requests there are, how many bytes come at a
 * time, and then the bytes. It may write the numbers of the page, too. Whatever comes, requests end, and replies lie in
 * our memory; the numbers that are ours go on as if nobody else had written them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "storage/xen_vbd.h"
#include "storage/xenstore_wire.h"

#define REQUESTS_MAX 8
#define HEAD         8    /* bytes in front of those that it answers */
#define MARK         0xa5 /* behind it four bytes are added to a number of the page */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xenstore_page *page;
static uint8_t *content;
static const uint8_t *input;
static size_t left;
static uint32_t step, patience; /* bytes at a time; how often it is waited for */
static bool lied;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void notify(void *context)
{
    (void)context;
    if (!lied)
        page->request_consumer = page->request_producer;
}

static bool wait(void *context)
{
    uint32_t add;

    (void)context;
    if (!patience)
        return false;
    patience--;
    if (left >= 6 && input[0] == MARK && input[1] < 4) {
        uint32_t *const numbers[] = { &page->request_consumer, &page->request_producer, &page->reply_consumer,
                                      &page->reply_producer };

        memcpy(&add, input + 2, sizeof(add));
        *numbers[input[1]] += add;
        lied = true;
        input += 6;
        left -= 6;
        return true;
    }
    for (uint32_t i = 0; i < step && left; i++) {
        if (page->reply_producer - page->reply_consumer >= XENSTORE_RING)
            break;
        page->replies[page->reply_producer++ % XENSTORE_RING] = *input++;
        left--;
    }
    notify(NULL);
    return left || page->reply_producer != page->reply_consumer;
}

static void check_reply(struct span reply)
{
    char name[16];
    uint64_t at = 0;

    if (!reply.data)
        return;
    require(reply.data >= content && reply.size <= XENSTORE_CONTENT_MAX &&
            reply.data + reply.size <= content + XENSTORE_CONTENT_MAX);
    for (unsigned i = 0; xenstore_next_name(reply, &at, name, sizeof(name)); i++) {
        require(i < reply.size && strlen(name) < sizeof(name));
        for (const char *c = name; *c; c++)
            require(*c > ' ' && *c != '/' && *c < 0x7f);
    }
}

static void check_number(const uint8_t *data)
{
    struct xen_vbd vbd;
    uint32_t number;

    memcpy(&number, data, sizeof(number));
    if (!xen_vbd_read(number, &vbd))
        return;
    require(strncmp(vbd.name, "xvd", 3) == 0 && strlen(vbd.name) > 3 && strlen(vbd.name) < sizeof(vbd.name));
    require(vbd.partition < 256 && vbd.disk < 1 << 20);
}

static void check_link(struct xenstore_link *link, unsigned count)
{
    static const struct xenstore_request kinds[] = {
        { XENSTORE_READ, "device/vbd/51712/state", "", { 0 } },
        { XENSTORE_DIRECTORY, "device/vbd", "", { 0 } },
        { XENSTORE_WRITE, "device/vbd/51712/state", "4", { 0 } },
        { XENSTORE_WATCH, "/local/domain/0/backend/vbd/1/51712/state", "quadrivium", { 0 } },
    };
    struct xenstore_request requests[REQUESTS_MAX];
    struct failure failure = { 0 };
    bool came;

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < count; i++)
            requests[i] = kinds[(i + round) % 4];
        if (!xenstore_exchange(link, requests, count, content, &failure))
            require(failure.why[0]);
        for (unsigned i = 0; i < count; i++)
            check_reply(requests[i].reply);
        if (!xenstore_take_event(link, &came, &failure))
            require(link->broken);
        require(page->request_producer == link->sent || lied);
        require(page->reply_consumer == link->taken || lied);
    }
    if (link->broken) {
        require(!xenstore_exchange(link, requests, 1, content, &failure));
        require(!xenstore_take_event(link, &came, &failure));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xenstore_link link = { .notify = notify, .wait = wait };

    if (size < HEAD)
        return 0;
    check_number(data);
    page = calloc(1, sizeof(*page));
    content = malloc(XENSTORE_CONTENT_MAX);
    step = data[5] + 1u;
    page->request_consumer = page->request_producer = (uint32_t)data[6] << 24 | 0xffff00;
    page->reply_consumer = page->reply_producer = (uint32_t)data[7] << 24 | 0xffff80;
    input = data + HEAD;
    left = size - HEAD;
    lied = false;
    patience = 2000;
    link.page = page;
    xenstore_link_start(&link);
    check_link(&link, data[4] % REQUESTS_MAX + 1);
    free(content);
    free(page);
    return 0;
}

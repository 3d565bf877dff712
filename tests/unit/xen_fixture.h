/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of Xen as firmware/xen_*.c ask for: pages that appear in the process where they are wanted, below where ASan
 * has its own; ports; polling, in which a test may let something happen.
 */
#ifndef TESTS_UNIT_XEN_FIXTURE_H
#define TESTS_UNIT_XEN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/map.h"
#include "firmware/xen_hypercall.h"

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include <cmocka.h>

#define XEN_HOLES_END 0x40000000ull /* what is above is RAM, so that pages appear where the process has nothing */
#define XEN_FRAMES    64

static struct {
    uint64_t shared, grants[XEN_FRAMES]; /* addresses where they are mapped; 0: nowhere */
    uint8_t shared_page[4096], grant_pages[XEN_FRAMES][4096];
    uint32_t grant_frames_max, grant_version;
    uint32_t next_port, closed, sent, sends; /* the last port closed, sent to; how often anything was sent */
    uint64_t poll_timeout;
    unsigned polls, mapped;
    void (*while_polling)(void); /* NULL: nothing happens */
    bool refuse_pages;
    uint64_t parameters[64]; /* HVM parameters */
} xen;

static struct memory_map map;
static struct failure failure;

/* The shared info page where it is seen. */
static inline struct shared_info *xen_shared(void)
{
    assert_int_not_equal(xen.shared, 0);
    return (struct shared_info *)xen.shared;
}

static inline void xen_set_pending(uint32_t port)
{
    xen_shared()->evtchn_pending[port / 64] |= 1ul << port % 64;
}

static inline bool xen_is_pending(const struct shared_info *shared, uint32_t port)
{
    return shared->evtchn_pending[port / 64] >> port % 64 & 1;
}

static void xen_unmap(uint64_t *where, uint8_t *content)
{
    memcpy(content, (void *)*where, 4096);
    assert_int_equal(munmap((void *)*where, 4096), 0);
    *where = 0;
    xen.mapped--;
}

static long xen_add(const struct xen_add_to_physmap *request)
{
    const uint64_t address = request->gpfn * 4096;
    uint64_t *where = &xen.shared;
    uint8_t *content = xen.shared_page;

    assert_int_equal(request->domid, DOMID_SELF);
    if (xen.refuse_pages)
        return -22;
    if (request->space == XENMAPSPACE_grant_table) {
        assert_true(request->idx < xen.grant_frames_max);
        where = &xen.grants[request->idx];
        content = xen.grant_pages[request->idx];
    } else {
        assert_int_equal(request->space, XENMAPSPACE_shared_info);
    }
    assert_int_equal(*where, 0);
    assert_ptr_equal(
        mmap((void *)address, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
        address);
    memcpy((void *)address, content, 4096);
    *where = address;
    xen.mapped++;
    return 0;
}

static long xen_remove(const struct xen_remove_from_physmap *request)
{
    const uint64_t address = request->gpfn * 4096;

    if (xen.shared == address) {
        xen_unmap(&xen.shared, xen.shared_page);
        return 0;
    }
    for (unsigned i = 0; i < XEN_FRAMES; i++) {
        if (xen.grants[i] != address)
            continue;
        xen_unmap(&xen.grants[i], xen.grant_pages[i]);
        return 0;
    }
    fail_msg("nothing is at 0x%lx", address);
    return -1;
}

static long xen_event_op(uint64_t operation, void *argument)
{
    if (operation == EVTCHNOP_alloc_unbound) {
        ((struct evtchn_alloc_unbound *)argument)->port = xen.next_port++;
        return 0;
    }
    if (operation == EVTCHNOP_close) {
        xen.closed = ((struct evtchn_close *)argument)->port;
        return 0;
    }
    assert_int_equal(operation, EVTCHNOP_send);
    xen.sent = ((struct evtchn_send *)argument)->port;
    xen.sends++;
    return 0;
}

static long xen_sched_op(uint64_t operation, const struct sched_poll *poll)
{
    assert_int_equal(operation, SCHEDOP_poll);
    assert_int_equal(poll->nr_ports, 1);
    xen.polls++;
    xen.poll_timeout = poll->timeout;
    if (xen.while_polling)
        xen.while_polling();
    return 0;
}

static long xen_grant_op(uint64_t operation, void *argument, uint64_t count)
{
    assert_int_equal(count, 1);
    if (operation == GNTTABOP_query_size) {
        struct gnttab_query_size *size = argument;

        assert_int_equal(size->dom, DOMID_SELF);
        size->nr_frames = 1;
        size->max_nr_frames = xen.grant_frames_max;
        size->status = GNTST_okay;
        return 0;
    }
    assert_int_equal(operation, GNTTABOP_set_version);
    ((struct gnttab_set_version *)argument)->version = xen.grant_version;
    return xen.grant_version == 2 ? -16 : 0;
}

long xen_hypercall(unsigned long number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
    assert_int_equal(fourth, 0);
    switch (number) {
    case __HYPERVISOR_memory_op:
        return first == XENMEM_add_to_physmap ? xen_add((void *)second) : xen_remove((void *)second);
    case __HYPERVISOR_event_channel_op:
        return xen_event_op(first, (void *)second);
    case __HYPERVISOR_sched_op:
        return xen_sched_op(first, (void *)second);
    case __HYPERVISOR_hvm_op:
        assert_int_equal(first, HVMOP_set_param);
        assert_int_equal(((struct xen_hvm_param *)second)->index, HVM_PARAM_CALLBACK_IRQ);
        assert_int_equal(((struct xen_hvm_param *)second)->value, 0);
        return 0;
    case __HYPERVISOR_grant_table_op:
        return xen_grant_op(first, (void *)second, third);
    default:
        fail_msg("hypercall %lu", number);
        return -38;
    }
}

bool xen_parameter(uint32_t index, uint64_t *value)
{
    if (!xen.parameters[index])
        return false;
    *value = xen.parameters[index];
    return true;
}

/* A domain as it begins. Pages that a test before left mapped are gone. */
static inline int xen_setup(void **state)
{
    (void)state;
    assert_int_equal(xen.mapped, 0);
    memset(&xen, 0, sizeof(xen));
    memset(&map, 0, sizeof(map));
    memset(&failure, 0, sizeof(failure));
    xen.grant_frames_max = XEN_FRAMES;
    xen.grant_version = 1;
    xen.next_port = 70;
    assert_true(map_add(&map, XEN_HOLES_END, 0xfec00000 - XEN_HOLES_END, MAP_RAM, 0, &failure));
    return 0;
}

#endif

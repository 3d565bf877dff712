/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PV console; see xen_console.h. The tool stack says by HVM parameters where its ring and port are; a domain
 * without them (dom0, for one) has no such console. The other end is told of a line, not of each byte, and before
 * somebody waits for it.
 */
#include "firmware/xen_console.h"

#include <stddef.h>

#include "common/console.h"
#include "common/terminal.h"
#include "cpu/cpu.h"
#include "firmware/efi.h"
#include "firmware/xen_console_ring.h"
#include "firmware/xen_events.h"
#include "firmware/xen_hypercall.h"

#include <xen/hvm/params.h>

#define PATIENCE  1000000000ull /* nanoseconds: a console that nobody empties must not stop a boot */
#define STEP      10000000ull   /* nanoseconds that one wait takes */
#define STEPS_MAX 10000         /* should Xen's time stand still */

static struct memory_map *memory;
static struct xencons_interface *ring; /* NULL: not started */
static uint32_t port;
static bool untold; /* something was written of which the other end was not told */
static bool stuck;  /* the ring was full for too long, and still is */
static struct terminal terminal;

static bool xen_console_start(struct span options, bool forced)
{
    uint64_t frame, event;

    (void)forced; /* there is nothing to trust where Xen names no ring */
    /* A firmware that is alive has its own idea of Xen's pages and events. */
    if (options.size || !cpu.xen || efi_alive() || !xen_parameter(HVM_PARAM_CONSOLE_PFN, &frame) ||
        !xen_parameter(HVM_PARAM_CONSOLE_EVTCHN, &event) || frame > MAP_BELOW_4G / MAP_PAGE || event > UINT32_MAX)
        return false;
    ring = (struct xencons_interface *)(frame * MAP_PAGE);
    port = (uint32_t)event;
    return true;
}

void xen_console_flush(void)
{
    if (!ring || !untold)
        return;
    untold = false;
    xen_event_send(port);
}

/* Sleeps until `done`; false where that takes too long. */
static bool await(bool (*done)(void))
{
    struct failure failure;
    uint64_t end;

    xen_console_flush();
    if (!xen_events_start(memory, &failure))
        return done();
    end = xen_time() + PATIENCE;
    for (unsigned i = 0; i < STEPS_MAX && !done() && xen_time() <= end; i++)
        xen_event_wait(port, STEP);
    return done();
}

static bool has_room(void)
{
    return xen_console_ring_has_room(ring);
}

static bool taken(void)
{
    return xen_console_ring_taken(ring);
}

static void xen_console_write(char byte)
{
    stuck = !has_room() && (stuck || !await(has_room));
    if (stuck)
        return;
    xen_console_ring_put(ring, (uint8_t)byte);
    untold = true;
    if (byte == '\n')
        xen_console_flush();
}

static bool receive(uint8_t *byte)
{
    if (!xen_console_ring_get(ring, byte))
        return false;
    untold = true; /* that there is room again */
    return true;
}

static int xen_console_read(void)
{
    const int key = terminal_read(&terminal, receive, __builtin_ia32_rdtsc());

    xen_console_flush();
    return key;
}

static bool xen_console_begun(void)
{
    return terminal_begun(&terminal);
}

bool xen_console_wait(uint64_t nanoseconds)
{
    struct failure failure;

    if (!ring || !xen_events_start(memory, &failure))
        return false;
    xen_console_flush();
    xen_event_wait(port, nanoseconds);
    return true;
}

void xen_console_drain(void)
{
    if (ring && !stuck)
        await(taken);
}

TERMINAL_SCREEN(screen, xen_console_write);

static const struct console console_xen = {
    "xen", xen_console_start, xen_console_write, xen_console_read, xen_console_begun, &screen, NULL
};

void xen_console_register(struct memory_map *map)
{
    memory = map;
    console_register(&console_xen);
}

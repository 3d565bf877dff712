/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/xen_events.c firmware/xen_frames.c common/map.c common/text.c common/failure.c */
/* Events: which bits are taken when, that no wake-up is lost, Xen's time, and what the kernel finds. */
#include "firmware/xen_events.h"

#include "tests/unit/assert_failure.h"
#include "tests/unit/xen_fixture.h"

#define CONSOLE_PORT 2 /* of the tool stack */
#define SECOND       1000000000ull

static uint32_t port;

static int setup(void **state)
{
    struct shared_info *shared = (struct shared_info *)xen.shared_page;

    xen_setup(state);
    shared->evtchn_mask[5] = 0x55;
    shared->vcpu_info[0].evtchn_upcall_pending = 1;
    assert_true(xen_events_start(&map, &failure));
    assert_true(xen_event_allocate(0, &port, &failure));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    xen_events_end();
    return 0;
}

static void starts_once_in_a_hole(void **state)
{
    (void)state;
    assert_true(xen.shared < XEN_HOLES_END);
    assert_true(xen_events_start(&map, &failure));
    assert_int_equal(xen.mapped, 1);
    assert_int_equal(map.count, 1); /* the kernel is told nothing of it */
    xen_event_send(7);
    assert_int_equal(xen.sent, 7);
}

static void not_started(void **state)
{
    uint32_t unused;

    (void)state;
    assert_false(xen_event_wait(CONSOLE_PORT, SECOND));
    assert_int_equal(xen.polls, 0);
    assert_int_equal(xen_time(), 0);
    assert_false(xen_event_allocate(0, &unused, &failure));
    assert_failure(&failure, "Xen's events", "not started");
    xen_events_end();
    assert_true(map_add(&map, 0, XEN_HOLES_END, MAP_RAM, 0, &failure));
    assert_false(xen_events_start(&map, &failure));
    assert_failure(&failure, "Xen's events", "no hole of 1 pages");
}

static void refused(void **state)
{
    (void)state;
    xen.refuse_pages = true;
    assert_false(xen_events_start(&map, &failure));
    assert_failure(&failure, "Xen's events", "does not give");
    assert_false(xen_event_wait(CONSOLE_PORT, SECOND));
}

static void event_that_was_there(void **state)
{
    (void)state;
    xen_set_pending(port);
    xen_set_pending(port + 1);
    assert_true(xen_event_wait(port, SECOND));
    assert_int_equal(xen.polls, 0);
    assert_false(xen_is_pending(xen_shared(), port));
    assert_true(xen_is_pending(xen_shared(), port + 1));
}

static void let_it_come(void)
{
    assert_false(xen_is_pending(xen_shared(), port)); /* or Xen would not sleep */
    xen_set_pending(port);
}

static void event_that_comes(void **state)
{
    (void)state;
    xen.while_polling = let_it_come;
    assert_true(xen_event_wait(port, SECOND));
    assert_int_equal(xen.polls, 1);
    assert_false(xen_is_pending(xen_shared(), port));
    xen.while_polling = NULL;
    assert_false(xen_event_wait(port, SECOND));
    assert_int_equal(xen.polls, 2);
}

static void port_beyond(void **state)
{
    uint32_t beyond;

    (void)state;
    xen.next_port = 4096;
    assert_false(xen_event_allocate(0, &beyond, &failure));
    assert_failure(&failure, "Xen's events", "port 4096");
    assert_int_equal(xen.closed, 4096);
    assert_false(xen_event_wait(4096, SECOND));
    assert_false(xen_event_wait(UINT32_MAX, SECOND));
    assert_int_equal(xen.polls, 0);
}

static void time_of_the_poll(void **state)
{
    struct vcpu_time_info *time = &xen_shared()->vcpu_info[0].time;

    (void)state;
    time->system_time = 7 * SECOND;
    time->tsc_timestamp = UINT64_MAX / 2; /* which no processor has reached; the difference wraps */
    time->tsc_to_system_mul = 0;          /* stands still */
    assert_int_equal(xen_time(), 7 * SECOND);
    assert_false(xen_event_wait(port, 5));
    assert_int_equal(xen.poll_timeout, 7 * SECOND + 5);
    time->version = 3; /* is being written, for ever */
    assert_int_equal(xen_time(), 0);
}

/* Half as many nanoseconds as ticks, written in two ways. */
static void time_that_runs(void **state)
{
    struct vcpu_time_info *time = &xen_shared()->vcpu_info[0].time;
    static const struct {
        uint32_t multiplier;
        int8_t shift;
    } halves[] = { { 1u << 31, 0 }, { 1u << 30, 1 }, { 1u << 29, 2 } };

    (void)state;
    for (unsigned i = 0; i < sizeof(halves) / sizeof(*halves); i++) {
        const uint64_t before = __builtin_ia32_rdtsc();
        uint64_t now, after;

        time->tsc_timestamp = 0;
        time->system_time = 1000;
        time->tsc_to_system_mul = halves[i].multiplier;
        time->tsc_shift = halves[i].shift;
        now = xen_time();
        after = __builtin_ia32_rdtsc();
        assert_in_range(now, 1000 + before / 2, 1000 + after / 2);
    }
    time->tsc_shift = -8;
    time->tsc_to_system_mul = UINT32_MAX;
    assert_in_range(xen_time(), 1000, 1000 + (__builtin_ia32_rdtsc() >> 8));
}

/* All is as it was, but that what came for the tool stack's ports is there for the kernel. */
static void what_the_kernel_finds(void **state)
{
    const struct shared_info *left = (const struct shared_info *)xen.shared_page;

    (void)state;
    assert_int_equal(xen_shared()->evtchn_mask[0], UINT64_MAX);
    xen_set_pending(CONSOLE_PORT);
    xen_set_pending(port);
    xen_set_pending(4095);
    assert_true(xen_event_wait(CONSOLE_PORT, SECOND));
    assert_true(xen_event_wait(port, SECOND));
    xen_events_end();
    assert_int_equal(xen.mapped, 0);
    assert_int_equal(xen.closed, port);
    assert_true(xen_is_pending(left, CONSOLE_PORT));
    assert_false(xen_is_pending(left, port));
    assert_true(xen_is_pending(left, 4095));
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(left->evtchn_mask[i], i == 5 ? 0x55 : 0);
    assert_int_equal(left->vcpu_info[0].evtchn_upcall_pending, 1);
    xen_events_end(); /* does nothing */
}

static void closed_ports_leave_nothing(void **state)
{
    const struct shared_info *left = (const struct shared_info *)xen.shared_page;

    (void)state;
    xen_set_pending(port);
    xen_event_close(port);
    assert_int_equal(xen.closed, port);
    xen.closed = 0;
    xen_events_end();
    assert_int_equal(xen.closed, 0);
    assert_false(xen_is_pending(left, port));
    assert_true(xen_events_start(&map, &failure)); /* and from the beginning */
    assert_int_equal(xen_shared()->evtchn_mask[5], UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts_once_in_a_hole, setup, teardown),
        cmocka_unit_test_setup_teardown(event_that_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(event_that_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(port_beyond, setup, teardown),
        cmocka_unit_test_setup_teardown(time_of_the_poll, setup, teardown),
        cmocka_unit_test_setup_teardown(time_that_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_kernel_finds, setup, teardown),
        cmocka_unit_test_setup_teardown(closed_ports_leave_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, xen_setup, teardown),
        cmocka_unit_test_setup_teardown(not_started, xen_setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

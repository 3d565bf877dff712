/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/xen_console.c firmware/xen_console_ring.c firmware/xen_events.c firmware/xen_frames.c */
/* sources: common/terminal.c common/keys.c common/console.c common/map.c common/text.c common/failure.c */
/* The PV console against an other end that takes, takes slowly, takes nothing, and lies. */
#include "firmware/xen_console.h"

#include "common/console.h"
#include "common/keys.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "firmware/efi.h"
#include "firmware/xen_console_ring.h"
#include "firmware/xen_events.h"
#include "tests/unit/xen_fixture.h"

#include <xen/hvm/params.h>

#define RING_ADDRESS 0x50000000ull /* where the process has nothing, as the holes of xen_fixture.h */
#define PORT         2
#define OUT_SIZE     2048
#define IN_SIZE      1024
#define MILLISECOND  1000000ull

struct cpu cpu = { .xen = true };

static bool firmware_alive;
static struct xencons_interface *ring;
static char output[65536]; /* what the other end has taken */
static unsigned output_size;

bool efi_alive(void)
{
    return firmware_alive;
}

/* The other end takes so many bytes. */
static void take(unsigned count)
{
    for (; count && ring->out_cons != ring->out_prod; count--)
        output[output_size++] = ring->out[ring->out_cons++ % OUT_SIZE];
    output[output_size] = '\0';
}

static void type(const char *text)
{
    for (; *text; text++)
        ring->in[ring->in_prod++ % IN_SIZE] = *text;
}

static int setup(void **state)
{
    xen_setup(state);
    ring = mmap((void *)RING_ADDRESS, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                -1, 0);
    assert_ptr_equal(ring, RING_ADDRESS);
    memset(output, 0, sizeof(output));
    output_size = 0;
    firmware_alive = false;
    xen.parameters[HVM_PARAM_CONSOLE_PFN] = RING_ADDRESS / 4096;
    xen.parameters[HVM_PARAM_CONSOLE_EVTCHN] = PORT;
    xen_console_register(&map);
    return 0;
}

static int setup_started(void **state)
{
    setup(state);
    assert_true(console_start(text_span("xen"), false));
    ring->in_prod = ring->in_cons = ring->out_prod = ring->out_cons = UINT32_MAX - 100; /* indexes wrap */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    take(UINT32_MAX);
    print("\n"); /* the console is not stuck for the next test */
    console_stop("xen");
    xen_events_end();
    return munmap(ring, 4096);
}

static void where_there_is_none(void **state)
{
    (void)state;
    cpu.xen = false;
    assert_false(console_start(text_span("xen"), true));
    cpu.xen = true;
    firmware_alive = true;
    assert_false(console_start(text_span("xen"), true));
    firmware_alive = false;
    assert_false(console_start(text_span("xen,9600"), true));
    xen.parameters[HVM_PARAM_CONSOLE_EVTCHN] = 0;
    assert_false(console_start(text_span("xen"), true));
    xen.parameters[HVM_PARAM_CONSOLE_EVTCHN] = PORT;
    xen.parameters[HVM_PARAM_CONSOLE_PFN] = 1ull << 20; /* at 4 GiB */
    assert_false(console_start(text_span("xen"), true));
    xen.parameters[HVM_PARAM_CONSOLE_PFN] = 0;
    assert_false(console_start(text_span("xen"), true));
    assert_false(console_any());
}

/* A line is told once, and needs nothing of Xen's but that. */
static void lines(void **state)
{
    (void)state;
    print("one line\nand a half");
    assert_int_equal(xen.sends, 1);
    assert_int_equal(xen.sent, PORT);
    xen_console_flush();
    xen_console_flush();
    assert_int_equal(xen.sends, 2);
    assert_int_equal(xen.mapped, 0);
    take(UINT32_MAX);
    assert_string_equal(output, "one line\r\nand a half");
}

static void keys(void **state)
{
    (void)state;
    assert_true(console_has_keys());
    assert_int_equal(console_read(), KEY_NONE);
    assert_int_equal(xen.sends, 0); /* nobody need know that there was nothing */
    type("x\033[A");
    assert_int_equal(console_read(), 'x');
    assert_int_equal(console_read(), KEY_UP);
    assert_int_equal(console_read(), KEY_NONE);
    assert_int_equal(xen.sends, 2);
    assert_int_equal(ring->in_cons, ring->in_prod);
    type("\033");
    assert_true(console_pressed());
    type("[B");
    assert_int_equal(console_read(), KEY_DOWN);
    print("not told yet");
    console_read();
    assert_int_equal(xen.sends, 5);
}

/* Each index that cannot be, and that nothing is touched beside the rings' own bytes and our indexes. */
static void indexes_that_lie(void **state)
{
    static const uint32_t lies[] = { IN_SIZE + 1, OUT_SIZE + 1, 0x7fffffff, 0x80000000, UINT32_MAX - 5, UINT32_MAX };
    uint8_t byte;

    (void)state;
    for (unsigned i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
        ring->in_prod = ring->in_cons + lies[i];
        assert_false(xen_console_ring_get(ring, &byte));
        if (lies[i] < OUT_SIZE)
            continue;
        ring->out_prod = ring->out_cons + lies[i];
        assert_false(xen_console_ring_put(ring, 'x'));
        assert_int_equal(ring->out_prod, ring->out_cons + lies[i]);
    }
    ring->out_prod = ring->out_cons + OUT_SIZE - 1;
    assert_true(xen_console_ring_put(ring, 'x'));
    assert_false(xen_console_ring_put(ring, 'y'));
    assert_false(xen_console_ring_taken(ring));
    ring->in_prod = ring->in_cons + IN_SIZE;
    for (unsigned i = 0; i < IN_SIZE; i++)
        assert_true(xen_console_ring_get(ring, &byte));
    assert_false(xen_console_ring_get(ring, &byte));
}

/* Xen's time goes on by what the poll was told to wait. */
static void time_passes(void)
{
    xen_shared()->vcpu_info[0].time.system_time = xen.poll_timeout;
}

static void takes_100(void)
{
    time_passes();
    take(100);
    xen_set_pending(PORT);
}

static char many[10000 + 1];

static void fill_many(void)
{
    for (unsigned i = 0; i + 1 < sizeof(many); i++)
        many[i] = (char)('a' + i % 23);
}

static void taken_slowly(void **state)
{
    (void)state;
    fill_many();
    xen.while_polling = takes_100;
    print("%s", many);
    take(UINT32_MAX);
    assert_string_equal(output, many);
    assert_in_range(xen.polls, (10000 - OUT_SIZE) / 100, (10000 - OUT_SIZE) / 100 + 1);
}

/* A second without progress, once; then nothing is waited for; and what comes when there is room again is written. */
static void taken_never(void **state)
{
    (void)state;
    fill_many();
    xen.while_polling = time_passes;
    print("%s", many);
    assert_in_range(xen_time(), 1000 * MILLISECOND, 1020 * MILLISECOND);
    assert_in_range(xen.polls, 100, 102);
    xen_console_drain();
    print("lost\n");
    assert_in_range(xen.polls, 100, 102);
    take(UINT32_MAX);
    print("and on\n");
    take(UINT32_MAX);
    assert_memory_equal(output, many, OUT_SIZE);
    assert_string_equal(output + OUT_SIZE, "and on\r\n");
}

/* Without the shared page there is no waiting. */
static void without_events(void **state)
{
    (void)state;
    fill_many();
    xen.refuse_pages = true;
    print("%s", many);
    assert_int_equal(xen.polls, 0);
    assert_false(xen_console_wait(MILLISECOND));
    take(UINT32_MAX);
    assert_memory_equal(output, many, OUT_SIZE);
    assert_int_equal(output_size, OUT_SIZE);
    print("and on\n");
}

static void types_a_key(void)
{
    type("k");
    xen_set_pending(PORT);
}

static void waiting_for_a_key(void **state)
{
    (void)state;
    xen.while_polling = types_a_key;
    print("prompt");
    assert_int_equal(console_read(), KEY_NONE);
    assert_true(xen_console_wait(10 * MILLISECOND));
    assert_int_equal(xen.poll_timeout, 10 * MILLISECOND);
    assert_int_equal(console_read(), 'k');
    xen_events_end(); /* the kernel finds an event for what we have read: one too many */
    assert_true(xen_is_pending((struct shared_info *)xen.shared_page, PORT));
}

static void drained(void **state)
{
    (void)state;
    print("the last words");
    xen.while_polling = takes_100;
    xen_console_drain();
    assert_int_equal(xen.polls, 1);
    assert_string_equal(output, "the last words");
    xen_console_drain();
    assert_int_equal(xen.polls, 1);
    xen.while_polling = time_passes;
    print("nobody reads this");
    xen_console_drain();
    assert_in_range(xen.polls, 101, 103);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(where_there_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(lines, setup_started, teardown),
        cmocka_unit_test_setup_teardown(keys, setup_started, teardown),
        cmocka_unit_test_setup_teardown(indexes_that_lie, setup_started, teardown),
        cmocka_unit_test_setup_teardown(taken_slowly, setup_started, teardown),
        cmocka_unit_test_setup_teardown(taken_never, setup_started, teardown),
        cmocka_unit_test_setup_teardown(without_events, setup_started, teardown),
        cmocka_unit_test_setup_teardown(waiting_for_a_key, setup_started, teardown),
        cmocka_unit_test_setup_teardown(drained, setup_started, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

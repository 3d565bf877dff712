/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/launch.c pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/*
 * What is checked and built before the jump: contradictions between segments, sources moved out of harm's way, the
 * trampoline's page and page tables. The copies that the trampoline would make are made here, as its table says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "cpu/registers.h"
#include "handoff/launch.h"
#include "tests/unit/launch_fixture.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define A (REAL_START + 2 * MIB)
#define B (REAL_START + 4 * MIB)
#define C (REAL_START + 6 * MIB)

static struct launch launch;
static struct handoff handoff;
static struct failure failure;

static int setup(void **state)
{
    memset(&launch, 0, sizeof(launch));
    memset(&handoff, 0, sizeof(handoff));
    return fixture_memory(state) || !map_add(&handoff.map, REAL_START, REAL_END - REAL_START, MAP_RAM, 0, &failure);
}

static bool add(const char *name, uint64_t destination, uint64_t source, uint64_t file_size, uint64_t memory_size,
                uint64_t reserved)
{
    const struct launch_segment segment = { destination, source, file_size, memory_size, reserved, name };

    return launch_add(&launch, &segment, &failure);
}

/* A source that the loader before us put there. */
static void module(uint64_t address, uint64_t size, uint8_t seed)
{
    assert_true(map_carve(&handoff.map, address, size, MAP_MODULE, &failure));
    for (uint64_t i = 0; i < size; i++)
        real(address)[i] = (uint8_t)(seed + i * 7);
}

static void assert_module(uint64_t address, uint64_t size, uint8_t seed)
{
    for (uint64_t i = 0; i < size; i++)
        assert_int_equal(real(address)[i], (uint8_t)(seed + i * 7));
}

static bool prepare(void)
{
    return launch_prepare(&launch, &handoff, &failure);
}

static void assert_refused(const char *what, const char *why)
{
    assert_false(prepare());
    assert_failure(&failure, what, why);
    assert_int_equal(launch.trampoline, 0);
}

static uint64_t table(uint64_t offset, unsigned size)
{
    return fixture_table(&launch, offset, size);
}

static void run_copies(void)
{
    fixture_run_copies(&launch);
}

/* ---- launch_add ---- */

static void sizes_are_raised(void **state)
{
    (void)state;
    assert_true(add("a", A, B, 100, 0, 0));
    assert_int_equal(launch.segments[0].memory_size, 100);
    assert_int_equal(launch.segments[0].reserved, 100);
    assert_true(add("b", A, B, 100, 200, 0));
    assert_int_equal(launch.segments[1].reserved, 200);
    assert_true(add("c", A, B, 100, 0, 300));
    assert_int_equal(launch.segments[2].memory_size, 100);
    assert_int_equal(launch.segments[2].reserved, 300);
}

static void wrapping(void **state)
{
    (void)state;
    assert_false(add("a", UINT64_MAX - 10, B, 12, 0, 0));
    assert_string_equal(failure.what, "a");
    assert_non_null(strstr(failure.why, "wrap around"));
    assert_false(add("b", A, UINT64_MAX - 10, 12, 0, 0));
    assert_false(add("c", A, B, 12, UINT64_MAX, 0));
    assert_false(add("d", A, B, 12, 0, UINT64_MAX - A + 1));
    assert_int_equal(launch.segment_count, 0);
}

static void too_many_segments(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LAUNCH_SEGMENTS_MAX; i++)
        assert_true(add("a", A, B, 1, 0, 0));
    assert_false(add("a", A, B, 1, 0, 0));
    assert_string_equal(failure.why, "more than 80 segments");
}

/* ---- contradictions ---- */

static void destination_not_ram(void **state)
{
    (void)state;
    assert_true(add("kernel", REAL_END - 0x1000, A, 16, 0, 0x1001)); /* the last byte of what is reserved */
    assert_refused("kernel", "4097 bytes at 0x3dfff000 are not all RAM");
    setup(state);
    assert_true(add("kernel", REAL_START - 1, A, 16, 0, 0));
    assert_refused("kernel", "not all RAM");
}

static void overlaps(void **state)
{
    static const struct {
        uint64_t destination, reserved;
    } cases[] = {
        { B, 0x1000 },          /* the same */
        { B + 0xfff, 0x1000 },  /* one byte at its end */
        { B - 0xfff, 0x1000 },  /* one byte at its start */
        { B + 0x100, 0x100 },   /* within */
        { B - 0x1000, 0x3000 }, /* around */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        assert_true(add("kernel", B, A, 16, 0, 0x1000));
        assert_true(add("initrd", cases[i].destination, A, 16, 0, cases[i].reserved));
        assert_refused("initrd", "overlaps that of the kernel at 0x3c400000");
    }
    setup(state);
    assert_true(add("kernel", B, A, 16, 0, 0x1000));
    assert_true(add("before", B - 0x1000, A, 16, 0, 0x1000));
    assert_true(add("behind", B + 0x1000, A, 16, 0, 0x1000));
    assert_true(add("empty", B + 8, A, 0, 0, 0));
    assert_true(prepare());
}

/* ---- what is built ---- */

static void trampoline_table(void **state)
{
    (void)state;
    module(A, 0x2000, 1);
    module(C, 0x100, 2);
    assert_true(add("kernel", B, A, 0x2000, 0, 0x10000));
    assert_true(add("zeroed", C, C, 0x100, 0x180, 0));
    assert_true(add("stays", C + 0x1000, C + 0x1000, 0x100, 0, 0));
    launch.state = (struct launch_state){
        .mode = LAUNCH_LONG, .instruction = B + 0x200, .rax = 0x36d76289, .rbx = C + 0x20, .rsi = C + 0x1000
    };
    memset(real(C) + 0x100, 0xff, 0x100);
    assert_true(prepare());
    assert_int_equal(launch.trampoline % TRAMPOLINE_SIZE, 0);
    assert_memory_equal(real(launch.trampoline), "the trampoline's code", 21);
    assert_int_equal(table(TABLE_GDT + TRAMPOLINE_CODE, 8), DESCRIPTOR_CODE64);
    assert_int_equal(table(TABLE_GDT + TRAMPOLINE_DATA, 8), DESCRIPTOR_DATA);
    assert_int_equal(table(TABLE_GDT + TRAMPOLINE_CODE32, 8), DESCRIPTOR_CODE32);
    assert_int_equal(table(TABLE_GDT, 8), 0);
    assert_int_equal(table(TABLE_GDT_LIMIT, 2), TRAMPOLINE_GDT_SIZE - 1);
    assert_int_equal(table(TABLE_GDT_BASE, 8), launch.trampoline + TRAMPOLINE_TABLE + TABLE_GDT);
    assert_int_equal(table(TABLE_INSTRUCTION, 8), B + 0x200);
    assert_int_equal(table(TABLE_GDT + TRAMPOLINE_TASK, 8), DESCRIPTOR_TASK32);
    assert_int_equal(table(TABLE_RAX, 8), 0x36d76289);
    assert_int_equal(table(TABLE_RBX, 8), C + 0x20);
    assert_int_equal(table(TABLE_RSI, 8), C + 0x1000);
    assert_int_equal(table(TABLE_CR4, 4), CR4_PAE);
    assert_int_equal(table(TABLE_LONG, 4), 1);
    assert_int_equal(table(TABLE_CHANGE_LEVEL, 4), 0);
    assert_int_equal(table(TABLE_COUNT, 8), 2);
    assert_int_equal(table(TABLE_ROOT, 8), launch.page_tables);
    run_copies();
    assert_module(B, 0x2000, 1);
    assert_module(C, 0x100, 2);
    assert_int_equal(real(C)[0x100], 0);
    assert_int_equal(real(C)[0x17f], 0);
    assert_int_equal(real(C)[0x180], 0xff);
}

static void protected_mode(void **state)
{
    (void)state;
    launch.state.mode = LAUNCH_PROTECTED;
    assert_true(add("kernel", B, A, 16, 0, 0));
    assert_true(prepare());
    assert_int_equal(table(TABLE_GDT + TRAMPOLINE_CODE, 8), DESCRIPTOR_CODE32);
    assert_int_equal(table(TABLE_LONG, 4), 0);
}

/* A table that maps what the trampoline and the kernel touch, and is not among what gets overwritten. */
static void check_page_tables(bool five_levels)
{
    const struct pagetables tables = { .pages = (uint64_t *)table(TABLE_ROOT, 8), .levels = five_levels ? 5 : 4 };
    const uint64_t addresses[] = { 0,
                                   B,
                                   4 * GIB - 1,
                                   launch.trampoline,
                                   (uint64_t)image_base,
                                   (uint64_t)image_end - 1,
                                   5 * GIB,
                                   5 * GIB + 3 * MIB - 1 };

    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        assert_int_equal(pagetables_entry(&tables, addresses[i]) & 3, 3);
    assert_int_equal(pagetables_entry(&tables, 4 * GIB), 0);
    for (uint32_t i = 0; i < launch.segment_count; i++) {
        const struct launch_segment *segment = &launch.segments[i];

        assert_false(launch.page_tables >= segment->destination &&
                     launch.page_tables < segment->destination + segment->reserved);
        assert_false(launch.trampoline >= segment->destination &&
                     launch.trampoline < segment->destination + segment->reserved);
    }
}

/* A kernel above 4 GiB, too: with LA57 on it is entered with 4 levels, or with 5 if it says that they will do. */
static void page_tables(void **state)
{
    for (unsigned kind = 0; kind < 8; kind++) {
        bool keeps = (kind & 6) == 6;

        setup(state);
        cpu.gigabyte_pages = kind & 1;
        cpu.five_levels = kind & 2;
        launch.state.five_levels = kind & 4;
        assert_true(map_add(&handoff.map, 5 * GIB, GIB, MAP_RAM, 0, &failure));
        assert_true(map_carve(&handoff.map, 5 * GIB, GIB, MAP_MODULE, &failure));
        assert_true(add("kernel", B, A, 16, 0, MIB));
        assert_true(add("initrd", 5 * GIB + 4096, 5 * GIB + 4096, 3 * MIB - 4096, 0, 0));
        assert_true(prepare());
        check_page_tables(keeps);
        assert_int_equal(table(TABLE_CHANGE_LEVEL, 4), cpu.five_levels && !keeps);
        assert_int_equal(table(TABLE_CR4, 4), keeps ? CR4_PAE | CR4_LA57 : CR4_PAE);
        assert_int_equal(launch.page_tables == table(TABLE_ROOT, 8), !cpu.five_levels || keeps);
        if (cpu.five_levels) {
            const struct pagetables tables = { .pages = (uint64_t *)launch.page_tables, .levels = 5 };

            assert_int_not_equal(pagetables_entry(&tables, B), 0);
            assert_int_equal(pagetables_entry(&tables, 1ull << 48), 0);
        }
    }
}

/* A kernel that would have turned 5 levels on before is entered with them, whether they are on here or not. */
static void a_level_more(void **state)
{
    for (unsigned on = 0; on < 2; on++) {
        setup(state);
        cpu.five_levels = on;
        launch.state.five_levels = launch.state.needs_five_levels = true;
        assert_true(add("kernel", B, A, 16, 0, MIB));
        assert_true(prepare());
        const struct pagetables tables = { .pages = (uint64_t *)table(TABLE_ROOT, 8), .levels = 5 };

        assert_int_not_equal(pagetables_entry(&tables, B), 0);
        assert_int_equal(pagetables_entry(&tables, 1ull << 48), 0);
        assert_int_equal(table(TABLE_CHANGE_LEVEL, 4), !on);
        assert_int_equal(table(TABLE_CR4, 4), CR4_PAE | CR4_LA57);
        assert_int_equal(launch.page_tables == table(TABLE_ROOT, 8), on); /* the trampoline itself runs on what is on */
    }
}

/* What the firmware itself starts or goes on under needs no trampoline: only the places are checked. */
static void under_the_firmware(void **state)
{
    const uint32_t ranges = handoff.map.count;

    (void)state;
    launch.state.mode = LAUNCH_FIRMWARE;
    assert_true(add("kernel", B, A, 16, 0, 0));
    assert_true(prepare());
    assert_int_equal(launch.trampoline, 0);
    assert_int_equal(handoff.map.count, ranges);
    assert_true(add("initrd", B + 8, A, 16, 0, 0));
    assert_refused("initrd", "overlaps that of the kernel");
    launch.segment_count = 1;
    assert_true(add("initrd", REAL_END, A, 16, 0, 0));
    assert_refused("initrd", "not all RAM");
}

static bool run(struct launch *given, struct handoff *from, uint64_t *status, struct failure *reason)
{
    (void)given, (void)from, (void)status, (void)reason;
    return true;
}

static void run_by_the_firmware(void **state)
{
    (void)state;
    launch.run = run;
    assert_true(prepare());
    assert_int_equal(launch.trampoline, 0);
}

static void covers(void **state)
{
    (void)state;
    assert_false(launch_covers(&launch, B, 1));
    assert_true(add("kernel", B, A, 16, 0x800, 0x1000));
    assert_true(launch_covers(&launch, B, 1));
    assert_true(launch_covers(&launch, B + 0xfff, 1)); /* of what is reserved */
    assert_true(launch_covers(&launch, B - 1, 0x2000));
    assert_false(launch_covers(&launch, B - 1, 1));
    assert_false(launch_covers(&launch, B + 0x1000, 1));
    assert_false(launch_covers(&launch, B + 8, 0));
    assert_false(launch_covers(&launch, A, 16)); /* a source is no place */
}

static void no_memory_left(void **state)
{
    (void)state;
    assert_true(map_carve(&handoff.map, REAL_START, REAL_END - REAL_START, MAP_MODULE, &failure));
    assert_true(add("kernel", B, A, 16, 0, 0));
    assert_refused("trampoline", "no free memory");
    setup(state);
    assert_true(map_carve(&handoff.map, REAL_START, REAL_END - REAL_START - 4096, MAP_MODULE, &failure));
    assert_true(add("kernel", B, A, 16, 0, 0));
    assert_false(prepare());
    assert_string_equal(failure.what, "page tables");
}

/* ---- sources in danger ---- */

/* Two that want to be where the other is: whichever is copied first, the other's bytes survive. */
static void swapped(void **state)
{
    (void)state;
    module(A, 0x3000, 1);
    module(B, 0x3000, 2);
    assert_true(add("one", B, A, 0x3000, 0, 0));
    assert_true(add("two", A, B, 0x3000, 0, 0));
    assert_true(prepare());
    run_copies();
    assert_module(B, 0x3000, 1);
    assert_module(A, 0x3000, 2);
}

/* The kernel's init_size may cover a source though the kernel's bytes do not, and it may be zeroed. */
static void under_reserved_memory(void **state)
{
    (void)state;
    module(A, 0x1000, 1);
    module(B + 0x8000, 0x1000, 2);
    assert_true(add("kernel", B, A, 0x1000, 0x9000, 0x10000));
    assert_true(add("initrd", C, B + 0x8000, 0x1000, 0, 0));
    assert_true(prepare());
    run_copies();
    assert_module(B, 0x1000, 1);
    assert_module(C, 0x1000, 2);
}

/* A copy onto itself, shifted, is the trampoline's own business. */
static void over_itself(void **state)
{
    for (int direction = -1; direction <= 1; direction += 2) {
        setup(state);
        module(A, 0x3000, 1);
        assert_true(add("kernel", A + (uint64_t)(direction * 0x800), A, 0x3000, 0x4000, 0));
        assert_true(prepare());
        assert_int_equal(launch.segments[0].source, A);
        run_copies();
        assert_module(A + (uint64_t)(direction * 0x800), 0x3000, 1);
    }
}

/* Of two one is moved, the shorter. */
static void staged_apart_from_all(void **state)
{
    for (unsigned shorter = 0; shorter < 2; shorter++) {
        uint64_t source = 0;

        setup(state);
        module(A, 0x4000, 1);
        module(B, 0x4000, 2);
        assert_true(add("one", B, A, shorter == 0 ? 0x3000 : 0x4000, 0, 0));
        assert_true(add("two", A, B, shorter == 1 ? 0x3000 : 0x4000, 0, 0));
        assert_true(prepare());
        for (unsigned i = 0; i < 2; i++) {
            if (launch.segments[i].file_size == 0x3000)
                source = launch.segments[i].source;
            else
                assert_int_equal(launch.segments[i].source, shorter ? A : B);
        }
        assert_true(source >= REAL_START && source + 0x3000 <= REAL_END);
        assert_true(source >= B + 0x4000 || source + 0x3000 <= A);
        assert_true(source >= launch.trampoline + 4096 || source + 0x3000 <= launch.trampoline);
        run_copies();
        assert_module(B, shorter == 0 ? 0x3000 : 0x4000, 1);
        assert_module(A, shorter == 1 ? 0x3000 : 0x4000, 2);
    }
}

/* A program whose segments all go upwards, into the file that they come from: the last one first, and nothing twice. */
static void ordered_upwards(void **state)
{
    static const uint64_t size = 0x3000, step = 0x4000;

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        module(A + i * size, size, (uint8_t)(i + 1));
    for (unsigned i = 0; i < 4; i++)
        assert_true(add("kernel", A + 0x1800 + i * step, A + i * size, size, step, 0));
    assert_true(prepare());
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(launch.segments[i].source, A + (3 - i) * size);
    run_copies();
    for (unsigned i = 0; i < 4; i++)
        assert_module(A + 0x1800 + i * step, size, (uint8_t)(i + 1));
}

/* As many as there may be, each where the next one comes from, and in the worst order. */
static void ordered_chain(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LAUNCH_SEGMENTS_MAX; i++)
        module(A + i * 0x1000, 0x1000, (uint8_t)i);
    for (unsigned i = 0; i < LAUNCH_SEGMENTS_MAX; i++)
        assert_true(add("part", A + (i + 1) * 0x1000, A + i * 0x1000, 0x1000, 0, 0));
    assert_true(prepare());
    for (unsigned i = 0; i < LAUNCH_SEGMENTS_MAX; i++)
        assert_int_equal(launch.segments[i].source + 0x1000, launch.segments[i].destination);
    run_copies();
    for (unsigned i = 0; i < LAUNCH_SEGMENTS_MAX; i++)
        assert_module(A + (i + 1) * 0x1000, 0x1000, (uint8_t)i);
}

/* Where nothing is written nothing is in danger: a kernel's file that is given to it, say, with all of its segments. */
static void within_what_stays(void **state)
{
    (void)state;
    module(A, 0x3000, 1);
    assert_true(add("file", A, A, 0x3000, 0, 0));
    assert_true(add("kernel", B, A + 0x1000, 0x1000, 0, 0));
    assert_true(prepare());
    assert_int_equal(launch.segments[1].source, A + 0x1000);
    run_copies();
    assert_memory_equal(real(B), real(A + 0x1000), 0x1000);
    setup(state);
    module(A, 0x3000, 1); /* but zeroes behind it may be */
    module(A + 0x3000, 0x1000, 2);
    assert_true(add("file", A, A, 0x3000, 0x4000, 0));
    assert_true(add("kernel", B, A + 0x3000, 0x1000, 0, 0));
    assert_true(prepare());
    run_copies();
    assert_module(B, 0x1000, 2);
}

static void nowhere_to_stage(void **state)
{
    (void)state;
    module(A, MIB, 1);
    assert_true(add("one", C, A, MIB, 0, 0));
    assert_true(add("two", A, C, MIB, 0, 0));
    assert_true(map_carve(&handoff.map, REAL_START, REAL_END - REAL_START, MAP_WORK, &failure));
    assert_refused("two", "no free memory for 1048576 bytes");
    setup(state);
    module(A, 16, 1);
    assert_true(add("one", C, A, 16, 0, 0));
    assert_true(add("two", A, C, 16, 0, 0));
    reachable = false;
    assert_refused("two", "out of our reach");
}

/* ---- launch_finish ---- */

static unsigned finished;

static bool finish(struct launch *given, const struct handoff *from, struct failure *reason)
{
    (void)reason;
    finished++;
    return given == &launch && from == &handoff;
}

static void final_map(void **state)
{
    (void)state;
    finished = 0;
    launch.finish = finish;
    assert_true(add("kernel", B, A, 16, 0, 0));
    assert_true(prepare());
    assert_true(launch_finish(&launch, &handoff, &failure));
    assert_int_equal(finished, 1);
    handoff.map.count = 0; /* the firmware's last word has no RAM there */
    assert_true(map_add(&handoff.map, A, MIB, MAP_RAM, 0, &failure));
    assert_false(launch_finish(&launch, &handoff, &failure));
    assert_string_equal(failure.what, "kernel");
    assert_int_equal(finished, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sizes_are_raised, setup),
        cmocka_unit_test_setup(wrapping, setup),
        cmocka_unit_test_setup(too_many_segments, setup),
        cmocka_unit_test_setup(destination_not_ram, setup),
        cmocka_unit_test_setup(overlaps, setup),
        cmocka_unit_test_setup(trampoline_table, setup),
        cmocka_unit_test_setup(protected_mode, setup),
        cmocka_unit_test_setup(page_tables, setup),
        cmocka_unit_test_setup(a_level_more, setup),
        cmocka_unit_test_setup(under_the_firmware, setup),
        cmocka_unit_test_setup(run_by_the_firmware, setup),
        cmocka_unit_test_setup(covers, setup),
        cmocka_unit_test_setup(no_memory_left, setup),
        cmocka_unit_test_setup(swapped, setup),
        cmocka_unit_test_setup(under_reserved_memory, setup),
        cmocka_unit_test_setup(over_itself, setup),
        cmocka_unit_test_setup(staged_apart_from_all, setup),
        cmocka_unit_test_setup(ordered_upwards, setup),
        cmocka_unit_test_setup(ordered_chain, setup),
        cmocka_unit_test_setup(within_what_stays, setup),
        cmocka_unit_test_setup(nowhere_to_stage, setup),
        cmocka_unit_test_setup(final_map, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/pvh.c handoff/linux.c handoff/boot_params.c handoff/place.c handoff/e820.c handoff/launch.c */
/* sources: pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/*
 * The PVH exit: start_info and all that it points to are read back by the offsets of Xen's
 * public/arch-x86/hvm/start_info.h.
 */
#include "tests/unit/exit_fixture.h"

#define MAGIC 0x336ec578

static int setup_pvh(void **state)
{
    if (setup(state))
        return -1;
    boot.faces = FACE_PVH;
    boot.as_pvh = (struct pvh_kernel){ .entry = LINKED + 0x40 };
    program_at(&boot.as_pvh.program, LINKED);
    return 0;
}

static uint64_t info(uint64_t offset, unsigned size)
{
    return number(launch.state.rbx + offset, size);
}

static struct told map_entry(uint64_t index)
{
    uint64_t at = info(40, 8) + index * 24;

    assert_int_equal(number(at + 20, 4), 0); /* reserved */
    return (struct told){ number(at, 8), number(at + 8, 8), number(at + 16, 4) };
}

static void check_info(void)
{
    assert_int_equal(launch.state.mode, LAUNCH_PROTECTED);
    assert_int_equal(launch.state.rax | launch.state.rsi, 0);
    assert_int_equal(info(0, 4), MAGIC);
    assert_int_equal(info(4, 4), 1); /* version */
    assert_int_equal(info(8, 4), 0); /* flags */
    assert_text(info(24, 8), boot.command_line);
    assert_int_equal(info(52, 4), 0); /* reserved */
    assert_int_equal(info(40, 8) % 8, 0);
    assert_map(map_entry, info(48, 4));
}

static void check_modules(void)
{
    uint64_t last = 0;

    assert_int_equal(info(12, 4), boot.module_count);
    for (uint32_t i = 0; i < boot.module_count; i++) {
        uint64_t entry = info(16, 8) + i * 32ull, address = number(entry, 8);

        assert_int_equal(number(entry + 8, 8), boot.modules[i].content.size);
        assert_int_equal(number(entry + 24, 8), 0); /* reserved */
        if (*boot.modules[i].string)
            assert_text(number(entry + 16, 8), boot.modules[i].string);
        else
            assert_int_equal(number(entry + 16, 8), 0);
        assert_module_told(i, address);
        if (!boot.modules[i].content.size)
            continue;
        assert_true(address != last);
        last = address;
    }
}

static void plain(void **state)
{
    (void)state;
    leave(&exit_pvh);
    check_info();
    assert_int_equal(info(12, 4) | info(16, 8), 0);
    assert_int_equal(info(32, 8), 0);
    assert_int_equal(launch.state.instruction, LINKED + 0x40);
    assert_program_at(LINKED);
}

static void rsdp(void **state)
{
    (void)state;
    handoff.rsdp = (struct known_address){ true, 0x1234567890 };
    leave(&exit_pvh);
    assert_int_equal(info(32, 8), 0x1234567890);
}

/* Those that lie at a page's start stay; one that does not is moved, though the next bytes are another's. */
static void modules(void **state)
{
    (void)state;
    module(MODULES_AT, 0x2345, "first words");
    module(MODULES_AT + 0x3010, 0x1000, "");
    module(MODULES_AT + 0x4010, 1, "third");
    module(MODULES_AT + 0x5000, 0, "empty");
    leave(&exit_pvh);
    check_info();
    check_modules();
    assert_int_equal(number(info(16, 8), 8), MODULES_AT);
    assert_program_at(LINKED);
}

static void many_modules(void **state)
{
    (void)state;
    most_modules();
    leave(&exit_pvh);
    check_info();
    check_modules();
}

/* Linux takes one module for its initrd: all that there are, each padded to 4 bytes. */
static void linux_initrds(void **state)
{
    uint64_t address;

    (void)state;
    boot.faces |= FACE_LINUX;
    module(MODULES_AT, 5, "a");
    module(MODULES_AT + 0x100, 6, "b");
    leave(&exit_pvh);
    check_info();
    assert_int_equal(info(12, 4), 1);
    address = number(info(16, 8), 8);
    assert_int_equal(number(info(16, 8) + 8, 8), 8 + 6);
    assert_int_equal(number(info(16, 8) + 16, 8), 0);
    assert_module(0, address);
    assert_memory_equal(real(address) + 5, "\0\0\0", 3);
    assert_module(1, address + 8);
    boot.module_count = 0;
    setup_pvh(state);
    boot.faces |= FACE_LINUX;
    leave(&exit_pvh);
    assert_int_equal(info(12, 4), 0);
}

static void long_things(void **state)
{
    (void)state;
    boot.command_line = long_text(300000);
    long_map();
    leave(&exit_pvh);
    check_info();
    assert_true(info(48, 4) >= 200);
}

static void map_grows(void **state)
{
    (void)state;
    assert_outgrown(&exit_pvh, 300);
}

/* ---- places ---- */

static void over_ourselves_and_modules(void **state)
{
    (void)state;
    boot.as_pvh.entry = MODULES_AT + 6 * MIB + 0xff000 + 4;
    program_at(&boot.as_pvh.program, MODULES_AT + 6 * MIB + 0xff000); /* its second segment lies over our image */
    module(MODULES_AT + 6 * MIB + 0xff000, 0x1000, "under it");
    leave(&exit_pvh);
    check_info();
    check_modules();
    assert_program_at(MODULES_AT + 6 * MIB + 0xff000);
}

static void over_its_own_file(void **state)
{
    (void)state;
    program_at(&boot.as_pvh.program, FILE_AT + 0x800); /* each segment over the next one's content */
    boot.as_pvh.entry = FILE_AT + 0x800;
    leave(&exit_pvh);
    check_info();
    assert_program_at(FILE_AT + 0x800);
}

static void place_is_taken(void **state)
{
    (void)state;
    program_at(&boot.as_pvh.program, LOADER_AT - 0x2fff); /* by its last byte */
    assert_refused(&exit_pvh, "kernel", "where the loader before us has left data");
    setup_pvh(state);
    program_at(&boot.as_pvh.program, REAL_END - LINKED_SIZE + 1);
    assert_refused(&exit_pvh, "kernel", "where there are no 20480 bytes of RAM");
    setup_pvh(state);
    program_at(&boot.as_pvh.program, 0x800);
    assert_refused(&exit_pvh, "kernel", "it must lie at 0x800, in page 0");
}

static void relocated(void **state)
{
    uint64_t base;

    (void)state;
    program_at(&boot.as_pvh.program, LOADER_AT);
    boot.as_pvh.entry = LOADER_AT + SECOND + 8;
    boot.as_pvh.relocatable = true;
    boot.as_pvh.alignment = 2 * MIB;
    boot.as_pvh.minimum = REAL_START + 4 * MIB;
    boot.as_pvh.maximum = 0xffffffffffff; /* above 4 GiB nothing can be entered */
    leave(&exit_pvh);
    check_info();
    base = launch.segments[0].destination;
    assert_int_equal(base % (2 * MIB), 0);
    assert_true(base >= REAL_START + 4 * MIB);
    assert_int_equal(launch.state.instruction, base + SECOND + 8);
    assert_program_at(base);
    boot.as_pvh.minimum = 4 * GIB;
    assert_refused(&exit_pvh, "kernel", "no free memory for 86016 bytes aligned to 0x200000 from 0x100000000");
}

/* Stays where it is linked if that is free and allowed, and only then. */
static void relocatable_as_linked(void **state)
{
    static const struct {
        uint64_t minimum, maximum, alignment;
        bool stays;
    } cases[] = {
        { LINKED, LINKED + LINKED_SIZE - 1, 0x1000, true },
        { LINKED + 0x1000, REAL_END - 1, 0x1000, false },
        { REAL_START, LINKED + LINKED_SIZE - 2, 0x1000, false },
        { REAL_START, REAL_END - 1, 32 * MIB, false }, /* where only REAL_START would be aligned */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup_pvh(state);
        boot.as_pvh.relocatable = true;
        boot.as_pvh.minimum = cases[i].minimum;
        boot.as_pvh.maximum = cases[i].maximum;
        boot.as_pvh.alignment = cases[i].alignment;
        if (i == 3) {
            assert_refused(&exit_pvh, "kernel", "no free memory");
            continue;
        }
        leave(&exit_pvh);
        assert_int_equal(launch.segments[0].destination == LINKED, cases[i].stays);
        assert_true(launch.segments[0].destination >= cases[i].minimum &&
                    launch.segments[1].destination + 0x5000 - 1 <= cases[i].maximum);
    }
}

/* A note may say that no address will do; a map_request takes its 0 for no limit at all. */
static void nowhere(void **state)
{
    (void)state;
    boot.as_pvh.relocatable = true;
    boot.as_pvh.alignment = 0x1000;
    assert_refused(&exit_pvh, "kernel", "no free memory for 86016 bytes aligned to 0x1000 from 0x0 to 0x0");
}

static void entry_above_4g(void **state)
{
    (void)state;
    program_at(&boot.as_pvh.program, 4 * GIB);
    boot.as_pvh.entry = 4 * GIB + 16;
    assert_refused(&exit_pvh, "kernel", "its PVH entry, 0x100000010, lies above 4 GiB");
}

static void no_memory(void **state)
{
    (void)state;
    used(0, REAL_END - 0x1000, MAP_MODULE);
    boot.command_line = long_text(4096);
    assert_refused(&exit_pvh, "start_info", "no free memory");
    setup_pvh(state);
    module(MODULES_AT + 8, 1, "");
    boot.modules[0].content.size = 33 * MIB;
    used(0, REAL_START, MAP_MODULE);
    assert_refused(&exit_pvh, "module", "no free memory for 34603008 bytes");
    setup_pvh(state);
    reachable = false;
    assert_refused(&exit_pvh, "start_info", "out of our reach");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain, setup_pvh),
        cmocka_unit_test_setup(rsdp, setup_pvh),
        cmocka_unit_test_setup(modules, setup_pvh),
        cmocka_unit_test_setup(many_modules, setup_pvh),
        cmocka_unit_test_setup(linux_initrds, setup_pvh),
        cmocka_unit_test_setup(long_things, setup_pvh),
        cmocka_unit_test_setup(map_grows, setup_pvh),
        cmocka_unit_test_setup(over_ourselves_and_modules, setup_pvh),
        cmocka_unit_test_setup(over_its_own_file, setup_pvh),
        cmocka_unit_test_setup(place_is_taken, setup_pvh),
        cmocka_unit_test_setup(relocated, setup_pvh),
        cmocka_unit_test_setup(relocatable_as_linked, setup_pvh),
        cmocka_unit_test_setup(nowhere, setup_pvh),
        cmocka_unit_test_setup(entry_above_4g, setup_pvh),
        cmocka_unit_test_setup(no_memory, setup_pvh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

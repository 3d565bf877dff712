/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/linux.c handoff/boot_params.c handoff/place.c handoff/e820.c handoff/launch.c */
/* sources: pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/* The Linux exits: where the kernel, a vmlinux too, and its initrds go. */
#include "tests/unit/linux_fixture.h"

/* ---- the kernel ---- */

static void at_the_preferred_address(void **state)
{
    for (int mode = LAUNCH_LONG; mode <= LAUNCH_PROTECTED; mode++) {
        setup(state);
        assert_true(prepare(mode));
        assert_kernel_at(PREFERRED);
        assert_int_equal(launch.state.mode, mode);
        assert_int_equal(launch.state.instruction, PREFERRED + (mode == LAUNCH_LONG ? ENTRY64 : 0));
        assert_int_equal(params()->hdr.kernel_alignment, 2 * MIB);
        assert_true(launch.state.rsi <= UINT32_MAX);
        assert_int_equal(launch.segment_count, 2);
        assert_int_equal(launch.segments[1].destination, launch.state.rsi);
        assert_int_equal(launch.segments[1].source, launch.state.rsi);
        assert_true(launch_prepare(&launch, &handoff, &failure));
    }
}

static void preferred_address_taken(void **state)
{
    (void)state;
    used(PREFERRED + INIT_SIZE - 1, 1, MAP_MODULE); /* the last byte of init_size */
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(PREFERRED + 4 * MIB);
}

/* A kernel that a file was read to a good place of: with what lies in front of it and behind it in its pages. */
static void read_to(uint64_t address)
{
    used(address - 4096, 4096 + CODE_SIZE, MAP_WORK);
    boot.as_linux.code.data = real(address);
}

static void assert_stays(bool stays)
{
    const uint64_t here = (uint64_t)boot.as_linux.code.data;

    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(launch.segments[0].source, here);
    assert_int_equal(launch.segments[0].destination == here, stays);
    assert_int_equal(launch.state.instruction, launch.segments[0].destination + ENTRY64);
    assert_int_equal(launch.segments[0].reserved, INIT_SIZE);
    assert_false(map_is_free(&handoff.map, launch.segments[0].destination, 1, true));
    assert_false(map_is_free(&handoff.map, launch.segments[0].destination + INIT_SIZE - 1, 1, true));
    assert_true(launch_prepare(&launch, &handoff, &failure));
}

static void stays_where_it_was_read_to(void **state)
{
    (void)state;
    read_to(PREFERRED);
    assert_stays(true);
    setup(state);
    read_to(PREFERRED + 6 * MIB);
    used(PREFERRED + 7 * MIB, MIB, MAP_FIRMWARE); /* free by then */
    assert_stays(true);
    assert_int_equal(params()->hdr.kernel_alignment, 2 * MIB);
}

static void stays_at_good_places_only(void **state)
{
    (void)state;
    read_to(PREFERRED + MIB); /* not aligned */
    assert_stays(false);
    setup(state);
    read_to(PREFERRED - 2 * MIB); /* it would move itself up, over whatever lies there */
    assert_stays(false);
    setup(state);
    read_to(PREFERRED);
    used(PREFERRED + INIT_SIZE - 1, 1, MAP_WORK); /* what it grows into */
    assert_stays(false);
    setup(state);
    read_to(PREFERRED);
    boot.as_linux.code.size = CODE_SIZE + 1; /* a page that is not its file's */
    assert_stays(false);
    setup(state);
    used(PREFERRED, CODE_SIZE, MAP_MODULE);
    boot.as_linux.code.data = real(PREFERRED); /* another's */
    assert_stays(false);
}

static void preferred_address_not_aligned(void **state)
{
    (void)state;
    boot.as_linux.preferred = PREFERRED + MIB;
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(PREFERRED + 2 * MIB);
}

/* Memory of boot services is free once they have ended, which is before the kernel is put there. */
static void over_boot_services(void **state)
{
    (void)state;
    used(PREFERRED + MIB, MIB, MAP_FIRMWARE);
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(PREFERRED);
}

static void smaller_alignment(void **state)
{
    const uint64_t only = REAL_START + 9 * MIB;

    (void)state;
    map_starts();
    ram(MIB, PREFERRED); /* below the preferred address, which would not do */
    ram(only, only + INIT_SIZE);
    ram(REAL_END - MIB, REAL_END);
    assert_refused(LAUNCH_LONG, "kernel", "no free memory for 3145728 bytes from 0x1000000 on");
    boot.as_linux.minimum_alignment = MIB;
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(only);
    assert_int_equal(params()->hdr.kernel_alignment, MIB); /* what was used is written back */
}

/* Its 32-bit entry leads to its own unpacker, which is gone. */
static void packed_again(void **state)
{
    (void)state;
    boot.as_linux.repacked = true;
    assert_refused(LAUNCH_PROTECTED, "kernel", "it was packed again");
}

/* As the last resort over the loader's own image, and then an initrd packed into it does not stay. */
static void over_ourselves(void **state)
{
    const uint64_t only = REAL_START + 8 * MIB;

    (void)state;
    map_starts();
    ram(REAL_START, REAL_START + 4 * MIB);
    used(REAL_START, 3 * MIB, MAP_MODULE);
    ram(only, only + INIT_SIZE);
    used(only + MIB, MIB, MAP_OURS);
    initrd(only + MIB, MAP_PAGE);
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(only);
    assert_true(initrd_address() >= REAL_START + 3 * MIB && initrd_address() < REAL_START + 4 * MIB);
    setup(state);
    map_starts();
    ram(only, only + INIT_SIZE);
    used(only + MIB, MIB, MAP_MODULE); /* a module is not for this */
    assert_refused(LAUNCH_LONG, "kernel", "no free memory");
}

static void kernel_above_4g(void **state)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        setup(state);
        map_starts();
        ram(REAL_END - MIB, REAL_END);
        ram(4 * GIB + MIB, 5 * GIB);
        boot.as_linux.above_4g = kind != 1;
        if (kind) {
            assert_refused(kind == 2 ? LAUNCH_PROTECTED : LAUNCH_LONG, "kernel", "no free memory");
            continue;
        }
        assert_true(prepare(LAUNCH_LONG));
        assert_kernel_at(4 * GIB + 2 * MIB);
        assert_int_equal(launch.state.instruction, 4 * GIB + 2 * MIB + ENTRY64);
    }
}

static void not_relocatable(void **state)
{
    (void)state;
    boot.as_linux.relocatable = false;
    boot.as_linux.preferred = MIB;
    used(MIB, 64 * 1024, MAP_OURS); /* this loader gets out of the way */
    assert_true(prepare(LAUNCH_PROTECTED));
    assert_int_equal(launch.segments[0].destination, MIB);
    setup(state);
    boot.as_linux.relocatable = false;
    boot.as_linux.preferred = 0x9f000;
    assert_refused(LAUNCH_PROTECTED, "kernel", "it must lie at 0x9f000, where there are no 3145728 bytes of RAM");
    setup(state);
    boot.as_linux.relocatable = false;
    boot.as_linux.preferred = MIB;
    used(2 * MIB, MAP_PAGE, MAP_LOADER); /* setup_data, say, which the kernel shall find where it is */
    assert_refused(LAUNCH_PROTECTED, "kernel", "it must lie at 0x100000, where the loader before us has left data");
}

static void never_at_0(void **state)
{
    (void)state;
    boot.as_linux.preferred = 0;
    assert_true(prepare(LAUNCH_LONG));
    assert_true(launch.segments[0].destination >= MAP_PAGE);
}

/* The preferred address is any number in the file; only some can be entered. */
static void preferred_above_4g(void **state)
{
    static const struct {
        enum launch_mode mode;
        bool above_4g, relocatable, there;
    } cases[] = {
        { LAUNCH_LONG, true, true, true },       { LAUNCH_LONG, true, false, true },
        { LAUNCH_LONG, false, true, false },     { LAUNCH_LONG, false, false, false },
        { LAUNCH_PROTECTED, true, true, false }, { LAUNCH_PROTECTED, true, false, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        ram(4 * GIB, 5 * GIB);
        boot.as_linux.preferred = 4 * GIB;
        boot.as_linux.above_4g = cases[i].above_4g;
        boot.as_linux.relocatable = cases[i].relocatable;
        if (cases[i].there) {
            assert_true(prepare(cases[i].mode));
            assert_kernel_at(4 * GIB);
        } else if (cases[i].relocatable) {
            assert_refused(cases[i].mode, "kernel", "no free memory for 3145728 bytes from 0x100000000 on");
        } else {
            assert_refused(cases[i].mode, "kernel", "it must lie at 0x100000000, where this protocol cannot enter it");
        }
    }
    setup(state);
    boot.as_linux.relocatable = false;
    boot.as_linux.preferred = 0; /* page 0 is nobody's */
    boot.as_linux.init_size = 0x2000;
    assert_refused(LAUNCH_LONG, "kernel", "it must lie at 0x0, where this protocol cannot enter it");
}

static void no_64bit_entry(void **state)
{
    (void)state;
    boot.as_linux.has_64bit_entry = boot.as_linux.above_4g = false;
    assert_refused(LAUNCH_LONG, "kernel", "no 64-bit entry");
    assert_true(prepare(LAUNCH_PROTECTED));
}

static void impossible_numbers(void **state)
{
    (void)state;
    boot.as_linux.preferred = UINT64_MAX - 0xffff;
    assert_refused(LAUNCH_LONG, "kernel", "no free memory");
    boot.as_linux.relocatable = false;
    assert_refused(LAUNCH_LONG, "kernel", "no 3145728 bytes of RAM");
    setup(state);
    boot.as_linux.init_size = UINT32_MAX;
    assert_refused(LAUNCH_PROTECTED, "kernel", "no free memory");
}

/* ---- initrds ---- */

static void no_initrd(void **state)
{
    (void)state;
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(params()->hdr.ramdisk_image, 0);
    assert_int_equal(params()->hdr.ramdisk_size, 0);
    setup(state);
    initrd(INITRD_AT, 0);
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(params()->hdr.ramdisk_size, 0);
    assert_int_equal(launch.segment_count, 2);
}

/* Each begins at a multiple of 4, and what lies between them is zero. */
static void several_initrds(void **state)
{
    (void)state;
    initrd(INITRD_AT, 5);
    initrd(INITRD_AT + 0x100, 0);
    initrd(INITRD_AT + 0x200, 7);
    initrd(INITRD_AT + 0x300, 9);
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(params()->hdr.ramdisk_size, 8 + 8 + 9);
    assert_int_equal(initrd_address() % MAP_PAGE, 0);
    assert_int_equal(launch.segment_count, 5);
    for (unsigned i = 1; i < 4; i++) {
        static const uint64_t at[] = { 0, 8, 16 }, file[] = { 5, 7, 9 }, memory[] = { 8, 8, 9 };

        assert_string_equal(launch.segments[i].name, "initrd");
        assert_int_equal(launch.segments[i].destination, initrd_address() + at[i - 1]);
        assert_int_equal(launch.segments[i].file_size, file[i - 1]);
        assert_int_equal(launch.segments[i].memory_size, memory[i - 1]);
    }
    assert_true(launch_prepare(&launch, &handoff, &failure));
}

/* initrd_addr_max is the last byte that can be used. */
static void initrd_last_byte(void **state)
{
    (void)state;
    initrd(INITRD_AT, 0x1000);
    boot.as_linux.initrd_last = 0x37ffffff;
    assert_true(prepare(LAUNCH_PROTECTED));
    assert_int_equal(initrd_address(), 0x37fff000);
    setup(state);
    initrd(INITRD_AT, 0x1000);
    boot.as_linux.initrd_last = 0x37fffffe;
    assert_true(prepare(LAUNCH_PROTECTED));
    assert_int_equal(initrd_address(), 0x37ffe000);
    setup(state);
    initrd(INITRD_AT, 0x1000);
    boot.as_linux.initrd_last = 0xfff; /* smaller than any initrd: nothing wraps */
    assert_refused(LAUNCH_PROTECTED, "initrd", "no free memory for 4096 bytes");
}

static void initrd_above_4g(void **state)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        setup(state);
        ram(4 * GIB, 8 * GIB);
        initrd(INITRD_AT, 3 * GIB); /* more than there is below */
        boot.as_linux.above_4g = kind != 1;
        if (kind == 1 || kind == 2) {
            assert_refused(kind == 2 ? LAUNCH_PROTECTED : LAUNCH_LONG, "initrd", "no free memory for 3221225472 bytes");
            continue;
        }
        if (kind == 3) {
            boot.modules[0].content.size = 6 * GIB; /* and more than there is above */
            assert_refused(LAUNCH_LONG, "initrd", "no free memory for 6442450944 bytes");
            continue;
        }
        assert_true(prepare(LAUNCH_LONG));
        assert_int_equal(initrd_address(), 5 * GIB);
        assert_int_equal(params()->ext_ramdisk_image, 1);
        assert_int_equal(params()->hdr.ramdisk_size, 3 * GIB);
        assert_true(launch.state.rsi <= UINT32_MAX);
    }
}

static void initrd_sizes_wrap(void **state)
{
    (void)state;
    initrd(INITRD_AT, UINT64_MAX - 100);
    initrd(INITRD_AT, 200);
    assert_refused(LAUNCH_LONG, "initrd", "sizes beyond 64 bits");
    boot.modules[0].content.size = UINT64_MAX;
    assert_refused(LAUNCH_LONG, "initrd", "sizes beyond 64 bits");
}

/* A single initrd that lies at a page's start, as far down as the kernel wants it, is not moved. */
static void initrd_stays(void **state)
{
    const uint64_t lies = 0x20000000, above = 4 * GIB + MIB;
    static const struct {
        uint64_t address, size, last;
        bool above_4g, stays;
    } cases[] = {
        { lies, 0x1800, lies + 0x17ff, false, true },  /* to the last byte */
        { lies, 0x1801, lies + 0x17ff, false, false }, /* one too many */
        { lies, 0x1801, lies + 0x17ff, true, true },   /* but then there is no such limit */
        { lies + 4, 0x1800, 0x7fffffff, true, false }, /* in the midst of a page */
        { above, 0x1800, 0x7fffffff, true, true },     { above, 0x1800, 0x7fffffff, false, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        ram(4 * GIB, 5 * GIB);
        used(cases[i].address, cases[i].size, MAP_MODULE);
        boot.as_linux.above_4g = cases[i].above_4g;
        boot.as_linux.initrd_last = cases[i].last;
        initrd(cases[i].address, cases[i].size);
        assert_true(prepare(LAUNCH_LONG));
        assert_int_equal(launch.segments[1].source, cases[i].address);
        assert_int_equal(launch.segments[1].destination, initrd_address());
        assert_int_equal(initrd_address() == cases[i].address, cases[i].stays);
        assert_int_equal(params()->hdr.ramdisk_size, cases[i].size);
    }
    setup(state);
    initrd(lies, 0x1000);
    initrd(lies + 0x1000, 0x1000); /* of several, none stays */
    assert_true(prepare(LAUNCH_LONG));
    assert_int_not_equal(initrd_address(), lies);
}

/* A kernel that cannot be moved may want the place where the initrd lies. */
static void initrd_gets_out_of_the_way(void **state)
{
    (void)state;
    boot.as_linux.relocatable = false;
    used(PREFERRED + MIB, MIB, MAP_MODULE);
    initrd(PREFERRED + MIB, MIB);
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(PREFERRED);
    assert_true(initrd_address() >= PREFERRED + INIT_SIZE);
    assert_int_equal(launch.segments[1].source, PREFERRED + MIB);
}

/* ---- a vmlinux ---- */

/* Two segments as linked, and an entry in the second. */
static void vmlinux(uint64_t first, uint64_t second)
{
    boot.vmlinux = (struct program){ .count = 2, .start = first, .end = second + 0x5000 };
    boot.vmlinux.segments[0] = (struct program_segment){ { real(CODE_AT), CODE_SIZE }, first, 0x3000 };
    boot.vmlinux.segments[1] = (struct program_segment){ { real(CODE_AT) + CODE_SIZE, 0x10 }, second, 0x5000 };
    boot.as_linux.code = (struct span){ NULL, 0 };
    boot.as_linux.program = &boot.vmlinux;
    boot.as_linux.relocatable = false;
    boot.as_linux.preferred = first;
    boot.as_linux.init_size = second + 0x5000 - first;
    boot.as_linux.entry = second + 0x40;
}

static void vmlinux_as_linked(void **state)
{
    static const uint64_t address[] = { PREFERRED, PREFERRED + 4 * MIB }, file[] = { CODE_SIZE, 0x10 },
                          memory[] = { 0x3000, 0x5000 };

    (void)state;
    vmlinux(address[0], address[1]);
    initrd(INITRD_AT, 100);
    assert_true(prepare(LAUNCH_LONG));
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(launch.segments[i].destination, address[i]);
        assert_int_equal(launch.segments[i].file_size, file[i]);
        assert_int_equal(launch.segments[i].memory_size, memory[i]);
        assert_false(map_is_free(&handoff.map, address[i], 1, true));
        assert_false(map_is_free(&handoff.map, address[i] + memory[i] - 1, 1, true));
    }
    assert_int_equal(launch.state.instruction, address[1] + 0x40);
    assert_int_equal(launch.state.mode, LAUNCH_LONG);
    assert_int_equal(params()->hdr.code32_start, PREFERRED);
    assert_int_equal(params()->hdr.ramdisk_size, 100);
    assert_true(launch_prepare(&launch, &handoff, &failure));
    assert_refused(LAUNCH_PROTECTED, "kernel", "a vmlinux has no 32-bit entry");
}

static void vmlinux_elsewhere(void **state)
{
    (void)state;
    vmlinux(PREFERRED, PREFERRED + 4 * MIB);
    used(PREFERRED + 4 * MIB, MAP_PAGE, MAP_OURS); /* is moved aside */
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(launch.segments[1].destination, PREFERRED + 4 * MIB);
    setup(state);
    vmlinux(PREFERRED, PREFERRED + 4 * MIB);
    used(PREFERRED + 4 * MIB + 0x4fff, 1, MAP_LOADER); /* cannot be */
    assert_refused(LAUNCH_LONG, "kernel", "it must lie at 0x1400000, where the loader before us has left data");
    setup(state);
    vmlinux(PREFERRED, PREFERRED + 4 * MIB);
    used(PREFERRED + 2 * MIB, MAP_PAGE, MAP_LOADER); /* lies between the segments */
    assert_true(prepare(LAUNCH_LONG));
    setup(state);
    vmlinux(0x9c001, PREFERRED);
    assert_refused(LAUNCH_LONG, "kernel", "it must lie at 0x9c001, where there are no 12288 bytes of RAM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(at_the_preferred_address, setup),
        cmocka_unit_test_setup(preferred_address_taken, setup),
        cmocka_unit_test_setup(stays_where_it_was_read_to, setup),
        cmocka_unit_test_setup(stays_at_good_places_only, setup),
        cmocka_unit_test_setup(preferred_address_not_aligned, setup),
        cmocka_unit_test_setup(over_boot_services, setup),
        cmocka_unit_test_setup(smaller_alignment, setup),
        cmocka_unit_test_setup(over_ourselves, setup),
        cmocka_unit_test_setup(packed_again, setup),
        cmocka_unit_test_setup(kernel_above_4g, setup),
        cmocka_unit_test_setup(not_relocatable, setup),
        cmocka_unit_test_setup(never_at_0, setup),
        cmocka_unit_test_setup(preferred_above_4g, setup),
        cmocka_unit_test_setup(no_64bit_entry, setup),
        cmocka_unit_test_setup(impossible_numbers, setup),
        cmocka_unit_test_setup(no_initrd, setup),
        cmocka_unit_test_setup(several_initrds, setup),
        cmocka_unit_test_setup(initrd_last_byte, setup),
        cmocka_unit_test_setup(initrd_above_4g, setup),
        cmocka_unit_test_setup(initrd_sizes_wrap, setup),
        cmocka_unit_test_setup(initrd_stays, setup),
        cmocka_unit_test_setup(initrd_gets_out_of_the_way, setup),
        cmocka_unit_test_setup(vmlinux_as_linked, setup),
        cmocka_unit_test_setup(vmlinux_elsewhere, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

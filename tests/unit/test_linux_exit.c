/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/linux.c handoff/boot_params.c handoff/exits.c handoff/launch.c pagetables/pagetables.c */
/* sources: common/map.c common/text.c common/failure.c */
/*
 * The Linux exits: where the kernel, its initrds and its parameters go. The map is made up, but its end below 4 GiB is
 * real memory, and the parameters are put there; kernels and initrds are only placed, not copied.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "handoff/exits.h"
#include "handoff/linux.h"
#include "tests/unit/launch_fixture.h"

#include <cmocka.h>

#define PREFERRED  0x1000000ull
#define INIT_SIZE  0x300000ull
#define CODE_SIZE  0x1000ull
#define CODE_AT    (REAL_START + 16) /* the sources' addresses: nothing is read there */
#define INITRD_AT  (REAL_START + 0x100010)
#define ENTRY64    0x200
#define SEED_BYTES 32

static struct linux_kernel kernel;
static struct linux_boot boot;
static struct handoff handoff;
static struct launch launch;
static struct failure failure;
static struct setup_header header;

static void map_starts(void)
{
    memset(&handoff, 0, sizeof(handoff));
    memset(&launch, 0, sizeof(launch));
}

static void ram(uint64_t start, uint64_t end)
{
    assert_true(map_add(&handoff.map, start, end - start, MAP_RAM, 0, &failure));
}

static void used(uint64_t start, uint64_t size, uint32_t type)
{
    assert_true(map_carve(&handoff.map, start, size, type, &failure));
}

static int setup(void **state)
{
    if (fixture_memory(state))
        return -1;
    map_starts();
    ram(0, 0x9f000);
    ram(MIB, REAL_END);
    used(REAL_START, 4 * MIB, MAP_MODULE); /* where the sources lie */
    memset(&header, 0, sizeof(header));
    header.setup_data = 0x5555; /* rubbish in the file */
    kernel = (struct linux_kernel){ .setup = { (const uint8_t *)&header, sizeof(header) },
                                    .code = { real(CODE_AT), CODE_SIZE },
                                    .version = 0x020f,
                                    .relocatable = true,
                                    .has_64bit_entry = true,
                                    .above_4g = true,
                                    .preferred = PREFERRED,
                                    .alignment = 2 * MIB,
                                    .minimum_alignment = 2 * MIB,
                                    .init_size = INIT_SIZE,
                                    .initrd_last = 0x7fffffff,
                                    .command_line_max = 16 };
    boot = (struct linux_boot){ .kernel = &kernel, .command_line = "quiet" };
    return 0;
}

static void initrd(uint64_t address, uint64_t size)
{
    boot.initrds[boot.initrd_count++] = (struct span){ real(address), size };
}

static bool prepare(enum launch_mode mode)
{
    return linux_prepare(&boot, mode, &handoff, &launch, &failure);
}

static void assert_refused(enum launch_mode mode, const char *what, const char *why)
{
    assert_false(prepare(mode));
    assert_string_equal(failure.what, what);
    if (!strstr(failure.why, why))
        fail_msg("\"%s\" does not say \"%s\"", failure.why, why);
}

static const struct boot_params *params(void)
{
    return (const struct boot_params *)launch.state.argument;
}

static uint64_t initrd_address(void)
{
    return (uint64_t)params()->ext_ramdisk_image << 32 | params()->hdr.ramdisk_image;
}

static void assert_kernel_at(uint64_t address)
{
    assert_int_equal(launch.segments[0].destination, address);
    assert_int_equal(launch.segments[0].source, CODE_AT);
    assert_int_equal(launch.segments[0].file_size, CODE_SIZE);
    assert_int_equal(launch.segments[0].reserved, INIT_SIZE);
    assert_false(map_is_free(&handoff.map, address, 1, true));
    assert_false(map_is_free(&handoff.map, address + INIT_SIZE - 1, 1, true));
    assert_int_equal(params()->hdr.code32_start, (uint32_t)address);
}

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
        assert_true(launch.state.argument <= UINT32_MAX);
        assert_int_equal(launch.segment_count, 2);
        assert_int_equal(launch.segments[1].destination, launch.state.argument);
        assert_int_equal(launch.segments[1].source, launch.state.argument);
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

static void preferred_address_not_aligned(void **state)
{
    (void)state;
    kernel.preferred = PREFERRED + MIB;
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
    kernel.minimum_alignment = MIB;
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(only);
    assert_int_equal(params()->hdr.kernel_alignment, MIB); /* what was used is written back */
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
        kernel.above_4g = kind != 1;
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
    kernel.relocatable = false;
    kernel.preferred = MIB;
    used(MIB, 64 * 1024, MAP_OURS); /* this loader gets out of the way */
    assert_true(prepare(LAUNCH_PROTECTED));
    assert_int_equal(launch.segments[0].destination, MIB);
    setup(state);
    kernel.relocatable = false;
    kernel.preferred = 0x9f000;
    assert_refused(LAUNCH_PROTECTED, "kernel", "it must lie at 0x9f000, where there are no 3145728 bytes of RAM");
    setup(state);
    kernel.relocatable = false;
    kernel.preferred = MIB;
    used(2 * MIB, MAP_PAGE, MAP_LOADER); /* setup_data, say, which the kernel shall find where it is */
    assert_refused(LAUNCH_PROTECTED, "kernel", "it must lie at 0x100000, where the loader before us has left data");
}

static void never_at_0(void **state)
{
    (void)state;
    kernel.preferred = 0;
    assert_true(prepare(LAUNCH_LONG));
    assert_true(launch.segments[0].destination >= MAP_PAGE);
}

static void no_64bit_entry(void **state)
{
    (void)state;
    kernel.has_64bit_entry = kernel.above_4g = false;
    assert_refused(LAUNCH_LONG, "kernel", "no 64-bit entry");
    assert_true(prepare(LAUNCH_PROTECTED));
}

static void impossible_numbers(void **state)
{
    (void)state;
    kernel.preferred = UINT64_MAX - 0xffff;
    assert_refused(LAUNCH_LONG, "kernel", "no free memory");
    kernel.relocatable = false;
    assert_refused(LAUNCH_LONG, "kernel", "no 3145728 bytes of RAM");
    setup(state);
    kernel.init_size = UINT32_MAX;
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
    kernel.initrd_last = 0x37ffffff;
    assert_true(prepare(LAUNCH_PROTECTED));
    assert_int_equal(initrd_address(), 0x37fff000);
    setup(state);
    initrd(INITRD_AT, 0x1000);
    kernel.initrd_last = 0x37fffffe;
    assert_true(prepare(LAUNCH_PROTECTED));
    assert_int_equal(initrd_address(), 0x37ffe000);
    setup(state);
    initrd(INITRD_AT, 0x1000);
    kernel.initrd_last = 0xfff; /* smaller than any initrd: nothing wraps */
    assert_refused(LAUNCH_PROTECTED, "initrd", "no free memory for 4096 bytes");
}

static void initrd_above_4g(void **state)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        setup(state);
        ram(4 * GIB, 8 * GIB);
        initrd(INITRD_AT, 3 * GIB); /* more than there is below */
        kernel.above_4g = kind != 1;
        if (kind == 1 || kind == 2) {
            assert_refused(kind == 2 ? LAUNCH_PROTECTED : LAUNCH_LONG, "initrd", "no free memory for 3221225472 bytes");
            continue;
        }
        if (kind == 3) {
            boot.initrds[0].size = 6 * GIB; /* and more than there is above */
            assert_refused(LAUNCH_LONG, "initrd", "no free memory for 6442450944 bytes");
            continue;
        }
        assert_true(prepare(LAUNCH_LONG));
        assert_int_equal(initrd_address(), 5 * GIB);
        assert_int_equal(params()->ext_ramdisk_image, 1);
        assert_int_equal(params()->hdr.ramdisk_size, 3 * GIB);
        assert_true(launch.state.argument <= UINT32_MAX);
    }
}

static void initrd_sizes_wrap(void **state)
{
    (void)state;
    initrd(INITRD_AT, UINT64_MAX - 100);
    initrd(INITRD_AT, 200);
    assert_refused(LAUNCH_LONG, "initrd", "sizes beyond 64 bits");
    boot.initrds[0].size = UINT64_MAX;
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
        kernel.above_4g = cases[i].above_4g;
        kernel.initrd_last = cases[i].last;
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
    kernel.relocatable = false;
    used(PREFERRED + MIB, MIB, MAP_MODULE);
    initrd(PREFERRED + MIB, MIB);
    assert_true(prepare(LAUNCH_LONG));
    assert_kernel_at(PREFERRED);
    assert_true(initrd_address() >= PREFERRED + INIT_SIZE);
    assert_int_equal(launch.segments[1].source, PREFERRED + MIB);
}

/* ---- parameters ---- */

static void command_line(void **state)
{
    static const char longest[] = "0123456789abcdef", longer[] = "0123456789abcdef0";

    (void)state;
    boot.command_line = longest;
    assert_true(prepare(LAUNCH_LONG));
    assert_string_equal((const char *)(uint64_t)params()->hdr.cmd_line_ptr, longest);
    assert_int_equal(params()->ext_cmd_line_ptr, 0);
    setup(state);
    boot.command_line = longer;
    assert_refused(LAUNCH_LONG, "command line", "17 bytes are more than the 16 that this kernel takes");
    setup(state);
    boot.command_line = "";
    assert_true(prepare(LAUNCH_LONG));
    assert_string_equal((const char *)(uint64_t)params()->hdr.cmd_line_ptr, "");
}

static void no_room_for_parameters(void **state)
{
    (void)state;
    map_starts();
    ram(PREFERRED, PREFERRED + INIT_SIZE);
    assert_refused(LAUNCH_LONG, "kernel parameters", "no free memory");
}

/* The list that a kernel would find: types of its elements, first to last. */
static unsigned setup_data_types(uint32_t *types, const struct setup_data **elements, unsigned max)
{
    uint64_t next = params()->hdr.setup_data;
    unsigned count = 0;

    for (; next; next = ((const struct setup_data *)next)->next) {
        assert_true(count < max);
        elements[count] = (const struct setup_data *)next;
        types[count] = elements[count]->type;
        count++;
    }
    return count;
}

static void came_in(uint64_t address, uint32_t type, uint64_t next)
{
    struct setup_data *data = (struct setup_data *)address;

    *data = (struct setup_data){ next, type, 8 };
    memcpy(data->data, "contents", 8);
    handoff.setup_data[handoff.setup_data_count++] = (struct handoff_setup_data){ address, type, sizeof(*data) + 8 };
}

/* What came in stays where it is and in the list; ours goes in front. An old memory map does not go on. */
static void setup_data_is_kept(void **state)
{
    static const uint8_t seed[SEED_BYTES] = { 1, 2, 3 };
    const uint64_t first = REAL_START + 0x2000, second = first + 0x100, third = first + 0x200;
    const struct setup_data *elements[8];
    uint32_t types[8];

    (void)state;
    came_in(first, SETUP_PCI, second);
    came_in(second, SETUP_E820_EXT, third);
    came_in(third, SETUP_EFI, 0);
    handoff.random_seed = (struct span){ seed, sizeof(seed) };
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(setup_data_types(types, elements, 8), 3);
    assert_int_equal(types[0], SETUP_RNG_SEED);
    assert_int_equal(elements[0]->len, SEED_BYTES);
    assert_memory_equal(elements[0]->data, seed, SEED_BYTES);
    assert_true((types[1] == SETUP_PCI && types[2] == SETUP_EFI) || (types[1] == SETUP_EFI && types[2] == SETUP_PCI));
    for (unsigned i = 1; i < 3; i++) {
        assert_ptr_equal(elements[i], types[i] == SETUP_PCI ? first : third);
        assert_int_equal(elements[i]->len, 8);
        assert_memory_equal(elements[i]->data, "contents", 8);
    }
}

static void no_setup_data(void **state)
{
    (void)state;
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(params()->hdr.setup_data, 0); /* whatever the file had */
}

static void long_seed(void **state)
{
    static const uint8_t seed[200] = { 9 };
    const struct setup_data *data;

    (void)state;
    handoff.random_seed = (struct span){ seed, sizeof(seed) };
    assert_true(prepare(LAUNCH_LONG));
    data = (const struct setup_data *)params()->hdr.setup_data;
    assert_int_equal(data->type, SETUP_RNG_SEED);
    assert_int_equal(data->len, 64);
    assert_true((uint64_t)data + sizeof(*data) + 64 <= launch.segments[1].destination + launch.segments[1].reserved);
}

/* ---- the end ---- */

static void final_map(void **state)
{
    const struct setup_data *more;

    (void)state;
    handoff.efi = (struct handoff_efi){ .present = true, .map = 0x1000, .map_size = 96, .descriptor_size = 48 };
    for (uint64_t i = 0; i < 200; i++)
        assert_true(map_add(&handoff.map, 5 * GIB + i * 0x2000, 0x1000, MAP_RESERVED, 0, &failure));
    assert_true(prepare(LAUNCH_LONG));
    assert_true(launch.finish(&launch, &handoff, &failure));
    assert_int_equal(params()->e820_entries, 128);
    more = (const struct setup_data *)params()->hdr.setup_data;
    assert_int_equal(more->type, SETUP_E820_EXT);
    assert_int_equal(more->next, 0);
    assert_int_equal(more->len, (2 + 200 - 128) * 20);
    assert_int_equal(((const struct boot_e820_entry *)more->data)[73].addr, 5 * GIB + 199 * 0x2000);
    assert_true((uint64_t)more->data + more->len <= launch.segments[1].destination + launch.segments[1].reserved);
    assert_memory_equal(&params()->efi_info.efi_loader_signature, "EL64", 4);
}

/* The map may have grown since; what has no room is an error, and nothing is started. */
static void map_outgrows_its_room(void **state)
{
    (void)state;
    assert_true(prepare(LAUNCH_LONG));
    for (uint64_t i = 0; i < 500; i++)
        assert_true(map_add(&handoff.map, 5 * GIB + i * 0x2000, 0x1000, MAP_RESERVED, 0, &failure));
    assert_false(launch.finish(&launch, &handoff, &failure));
    assert_string_equal(failure.what, "memory map");
}

static bool leave_by(const char *name)
{
    const struct span wanted = { (const uint8_t *)name, name ? strlen(name) : 0 };

    launch.segment_count = 0;
    return exit_linux(&boot, wanted, &handoff, &launch, &failure);
}

static void exits_by_name(void **state)
{
    (void)state;
    assert_true(leave_by(NULL));
    assert_string_equal(launch.protocol, "linux64");
    assert_true(leave_by("linux32"));
    assert_string_equal(launch.protocol, "linux32");
    assert_int_equal(launch.state.mode, LAUNCH_PROTECTED);
    assert_false(leave_by("multiboot9"));
    assert_string_equal(failure.what, "qv.exit");
    assert_string_equal(failure.why, "multiboot9 is no way to start a bzImage");
    kernel.has_64bit_entry = false;
    assert_true(leave_by(NULL));
    assert_string_equal(launch.protocol, "linux32");
    assert_false(leave_by("linux64"));
    assert_non_null(strstr(failure.why, "no 64-bit entry"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(at_the_preferred_address, setup),
        cmocka_unit_test_setup(preferred_address_taken, setup),
        cmocka_unit_test_setup(preferred_address_not_aligned, setup),
        cmocka_unit_test_setup(over_boot_services, setup),
        cmocka_unit_test_setup(smaller_alignment, setup),
        cmocka_unit_test_setup(over_ourselves, setup),
        cmocka_unit_test_setup(kernel_above_4g, setup),
        cmocka_unit_test_setup(not_relocatable, setup),
        cmocka_unit_test_setup(never_at_0, setup),
        cmocka_unit_test_setup(no_64bit_entry, setup),
        cmocka_unit_test_setup(impossible_numbers, setup),
        cmocka_unit_test_setup(no_initrd, setup),
        cmocka_unit_test_setup(several_initrds, setup),
        cmocka_unit_test_setup(initrd_last_byte, setup),
        cmocka_unit_test_setup(initrd_above_4g, setup),
        cmocka_unit_test_setup(initrd_sizes_wrap, setup),
        cmocka_unit_test_setup(initrd_stays, setup),
        cmocka_unit_test_setup(initrd_gets_out_of_the_way, setup),
        cmocka_unit_test_setup(command_line, setup),
        cmocka_unit_test_setup(no_room_for_parameters, setup),
        cmocka_unit_test_setup(setup_data_is_kept, setup),
        cmocka_unit_test_setup(no_setup_data, setup),
        cmocka_unit_test_setup(long_seed, setup),
        cmocka_unit_test_setup(final_map, setup),
        cmocka_unit_test_setup(map_outgrows_its_room, setup),
        cmocka_unit_test_setup(exits_by_name, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

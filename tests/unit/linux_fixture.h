/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux kernel, a machine, and its exits: for the tests of handoff/linux.c. The map is made up, but its end below
 * 4 GiB is real memory, and the parameters are put there; kernels and initrds are only placed, not copied.
 */
#ifndef TESTS_UNIT_LINUX_FIXTURE_H
#define TESTS_UNIT_LINUX_FIXTURE_H

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

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define PREFERRED 0x1000000ull
#define INIT_SIZE 0x300000ull
#define CODE_SIZE 0x1000ull
#define CODE_AT   (REAL_START + 16) /* the sources' addresses: nothing is read there */
#define INITRD_AT (REAL_START + 0x100010)
#define ENTRY64   0x200

static struct boot boot;
static struct handoff handoff;
static struct launch launch;
static struct failure failure;
static struct setup_header header;

static inline void map_starts(void)
{
    memset(&handoff, 0, sizeof(handoff));
    memset(&launch, 0, sizeof(launch));
}

static inline void ram(uint64_t start, uint64_t end)
{
    assert_true(map_add(&handoff.map, start, end - start, MAP_RAM, 0, &failure));
}

static inline void used(uint64_t start, uint64_t size, uint32_t type)
{
    assert_true(map_carve(&handoff.map, start, size, type, &failure));
}

static inline int setup(void **state)
{
    if (fixture_memory(state))
        return -1;
    cpu.no_execute = true;
    map_starts();
    ram(0, 0x9f000);
    ram(MIB, REAL_END);
    used(REAL_START, 4 * MIB, MAP_MODULE); /* where the sources lie */
    memset(&header, 0, sizeof(header));
    header.setup_data = 0x5555; /* rubbish in the file */
    boot = (struct boot){ .kind = "bzImage", .command_line = "quiet", .faces = FACE_LINUX };
    boot.as_linux = (struct linux_kernel){ .setup = { (const uint8_t *)&header, sizeof(header) },
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
    return 0;
}

static inline void initrd(uint64_t address, uint64_t size)
{
    boot.modules[boot.module_count++] = (struct boot_module){ .content = { real(address), size }, .string = "" };
}

static inline bool prepare(enum launch_mode mode)
{
    const struct exit *exit = mode == LAUNCH_LONG ? &exit_linux64 : &exit_linux32;

    memset(&launch, 0, sizeof(launch));
    return exit->possible(&boot, &handoff, &failure) && exit->prepare(&boot, &handoff, &launch, &failure);
}

static inline void assert_refused(enum launch_mode mode, const char *what, const char *why)
{
    assert_false(prepare(mode));
    assert_failure(&failure, what, why);
}

static inline const struct boot_params *params(void)
{
    return (const struct boot_params *)launch.state.rsi;
}

static inline uint64_t initrd_address(void)
{
    return (uint64_t)params()->ext_ramdisk_image << 32 | params()->hdr.ramdisk_image;
}

static inline void assert_kernel_at(uint64_t address)
{
    assert_int_equal(launch.segments[0].destination, address);
    assert_int_equal(launch.segments[0].source, CODE_AT);
    assert_int_equal(launch.segments[0].file_size, CODE_SIZE);
    assert_int_equal(launch.segments[0].reserved, INIT_SIZE);
    assert_false(map_is_free(&handoff.map, address, 1, true));
    assert_false(map_is_free(&handoff.map, address + INIT_SIZE - 1, 1, true));
    assert_int_equal(params()->hdr.code32_start, (uint32_t)address);
}

#endif

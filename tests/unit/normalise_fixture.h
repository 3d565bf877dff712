/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the doors' normalisers have in common: a captured boot is normalised as it is, or after something
 * in it was changed. Captures are made by tests/capture/capture.py, most of them with the same words.
 */
#ifndef TESTS_UNIT_NORMALISE_FIXTURE_H
#define TESTS_UNIT_NORMALISE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/layout.h"
#include "entries/normalise.h"
#include "tests/unit/replay.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define WORDS     "console=ttyS0 qv.timeout=3 captured"
#define ELSEWHERE 0x400000 /* nothing was captured there */
#define NOWHERE   0x900000

/* The memory of a q35 machine with BIOS, whoever tells of it. */
static const struct range q35[] = {
    { 0x0, 0x9fc00, MAP_RAM, 0 },
    { 0x9fc00, 0xa0000, MAP_RESERVED, 0 },
    { 0xf0000, 0x100000, MAP_RESERVED, 0 },
    { 0x100000, 0x7fdf000, MAP_RAM, 0 },
    { 0x7fdf000, 0x8000000, MAP_RESERVED, 0 },
    { 0xb0000000, 0xc0000000, MAP_RESERVED, 0 },
    { 0xfed1c000, 0xfed20000, MAP_RESERVED, 0 },
    { 0xfffc0000, 0x100000000, MAP_RESERVED, 0 },
    { 0xfd00000000, 0x10000000000, MAP_RESERVED, 0 },
    { 0 },
};

/* The door's, over a handoff that is empty again. */
static bool normalise(struct boot *boot);

/* A capture as it is; boot_free() it. */
static inline struct boot *normalised(const char *capture)
{
    struct boot *boot = boot_new(capture);

    assert_true(normalise(boot));
    return boot;
}

static inline void assert_broken(struct boot *boot, const char *why)
{
    assert_false(normalise(boot));
    assert_failure(&boot->failure, NULL, why);
}

static inline void assert_module(const struct handoff *handoff, uint32_t index, uint64_t start, uint64_t size,
                                 const char *string)
{
    assert_true(index < handoff->module_count);
    assert_int_equal(handoff->modules[index].start, start);
    assert_int_equal(handoff->modules[index].size, size);
    assert_string_equal(handoff->modules[index].string, string);
}

/* The screen as BIOS leaves it. */
static inline void assert_text_screen(const struct handoff *handoff)
{
    assert_false(handoff->framebuffer.present);
    assert_true(handoff->text_screen.present);
    assert_int_equal(handoff->text_screen.columns, 80);
    assert_int_equal(handoff->text_screen.rows, 25);
    assert_int_equal(handoff->text_screen.mode, 3);
}

/* And OVMF. */
static inline void assert_framebuffer(const struct handoff *handoff)
{
    assert_false(handoff->text_screen.present);
    assert_true(handoff->framebuffer.present);
    assert_int_equal(handoff->framebuffer.address, 0xc0000000);
    assert_int_equal(handoff->framebuffer.width, 1280);
    assert_int_equal(handoff->framebuffer.height, 800);
    assert_int_equal(handoff->framebuffer.pitch, 5120);
    assert_int_equal(handoff->framebuffer.bits, 32);
}

static inline int teardown(void **state)
{
    boot_free(*state);
    return 0;
}

#endif

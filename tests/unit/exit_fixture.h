/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine, a payload and what belongs to it, for tests of the exits: leaving is done for real, up to the jump, with
 * the trampoline's copies made here, and what then lies in memory is read back by its addresses alone.
 *
 *   REAL_START          the payload's file, as the loader before us gave it (MAP_MODULE)
 *   MODULES_AT          its modules (MAP_MODULE)
 *   IMAGE_AT            our own image (MAP_OURS)
 *   LOADER_AT           data of the loader before us (MAP_LOADER)
 *   LINKED              where the payload wants to lie
 */
#ifndef TESTS_UNIT_EXIT_FIXTURE_H
#define TESTS_UNIT_EXIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "handoff/exits.h"
#include "handoff/place.h"
#include "tests/unit/launch_fixture.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define FILE_AT     REAL_START
#define FILE_SIZE   0x8000ull
#define MODULES_AT  (REAL_START + MIB)
#define IMAGE_AT    (REAL_START + 8 * MIB)
#define LOADER_AT   (REAL_START + 9 * MIB)
#define LINKED      (REAL_START + 16 * MIB)
#define SECOND      0x10000ull /* of the program's segments, behind the first */
#define LINKED_SIZE (SECOND + 0x5000)

static struct boot boot;
static struct handoff handoff;
static struct launch launch;
static struct failure failure;
static struct memory_map before; /* as it was when the exit was taken */
static char loader_name[] = "loader";

static inline void ram(uint64_t start, uint64_t end)
{
    assert_true(map_add(&handoff.map, start, end - start, MAP_RAM, 0, &failure));
}

static inline void used(uint64_t start, uint64_t size, uint32_t type)
{
    assert_true(map_carve(&handoff.map, start, size, type, &failure));
}

static inline uint8_t file_byte(uint64_t i)
{
    return (uint8_t)(1 + i * 7 + (i >> 8));
}

static inline uint8_t module_byte(unsigned module, uint64_t i)
{
    return (uint8_t)(5 + module * 31 + i * 3 + (i >> 8));
}

static inline int setup(void **state)
{
    if (fixture_memory(state))
        return -1;
    memset(&handoff, 0, sizeof(handoff));
    memset(&boot, 0, sizeof(boot));
    handoff.loader_name = loader_name;
    handoff.command_line = "";
    ram(0, 0x9f000);
    ram(MIB, REAL_END);
    ram(4 * GIB, 5 * GIB);
    assert_true(map_add(&handoff.map, 0xf0000, 0x10000, MAP_RESERVED, 0, &failure));
    assert_true(map_add(&handoff.map, REAL_END, 0x10000, MAP_ACPI, 0, &failure));
    used(4 * GIB, GIB, MAP_MODULE); /* which is not real */
    used(FILE_AT, MIB, MAP_MODULE);
    used(MODULES_AT, 7 * MIB, MAP_MODULE);
    used(IMAGE_AT, MIB, MAP_OURS);
    used(LOADER_AT, 0x10000, MAP_LOADER);
    for (uint64_t i = 0; i < FILE_SIZE; i++)
        real(FILE_AT)[i] = file_byte(i);
    boot.kind = "ELF";
    boot.command_line = "console=ttyS0 quiet";
    boot.file = (struct span){ real(FILE_AT), FILE_SIZE };
    return 0;
}

/* Two segments, each with something behind its content that is to be zero. */
static inline void program_at(struct program *program, uint64_t address)
{
    *program = (struct program){ .count = 2, .start = address, .end = address + LINKED_SIZE };
    program->segments[0] = (struct program_segment){ { real(FILE_AT + 0x1000), 0x2000 }, address, 0x3000 };
    program->segments[1] = (struct program_segment){ { real(FILE_AT + 0x4000), 0x100 }, address + SECOND, 0x5000 };
}

static inline void assert_program_at(uint64_t address)
{
    for (uint64_t i = 0; i < 0x3000; i++)
        assert_int_equal(real(address)[i], i < 0x2000 ? file_byte(0x1000 + i) : 0);
    for (uint64_t i = 0; i < 0x5000; i++)
        assert_int_equal(real(address + SECOND)[i], i < 0x100 ? file_byte(0x4000 + i) : 0);
}

static inline void module(uint64_t address, uint64_t size, const char *string)
{
    for (uint64_t i = 0; i < size; i++)
        real(address)[i] = module_byte(boot.module_count, i);
    boot.modules[boot.module_count++] = (struct boot_module){ .content = { real(address), size }, .string = string };
}

static inline void assert_module(unsigned index, uint64_t address)
{
    for (uint64_t i = 0; i < boot.modules[index].content.size; i++) {
        if (real(address)[i] != module_byte(index, i))
            fail_msg("module %u is broken at its byte %lu", index, i);
    }
}

/* As many as there may be, none of which lies well. */
static inline void most_modules(void)
{
    for (unsigned i = 0; i < BOOT_MODULES_MAX; i++)
        module(MODULES_AT + 8 + i * 0x1800, 0x1234 + i, i % 2 ? "odd one" : "");
}

/* What must hold of every launch: destinations in RAM, apart, and over nothing that somebody uses. */
static inline void check_launch(void)
{
    for (uint32_t i = 0; i < launch.segment_count; i++) {
        const struct launch_segment *a = &launch.segments[i];
        bool stays = a->source == a->destination && map_touches(&before, a->source, 1, MAP_MODULE);

        assert_true(map_is_ram(&before, a->destination, a->reserved));
        assert_false(map_touches(&before, a->destination, a->reserved, MAP_LOADER));
        assert_true(a->destination >= MAP_PAGE);
        if (strcmp(a->name, "kernel") && !stays && a->reserved)
            assert_true(map_is_free(&before, a->destination, a->reserved, false));
        for (uint32_t j = 0; j < i; j++) {
            const struct launch_segment *b = &launch.segments[j];

            assert_true(a->destination + a->reserved <= b->destination ||
                        b->destination + b->reserved <= a->destination || !a->reserved || !b->reserved);
        }
        assert_false(launch.trampoline >= a->destination && launch.trampoline < a->destination + a->reserved);
    }
    if (launch.trampoline)
        assert_true(map_is_free(&before, launch.trampoline, TRAMPOLINE_SIZE, false));
}

static inline bool prepare(const struct exit *exit)
{
    before = handoff.map;
    memset(&launch, 0, sizeof(launch));
    memset(&failure, 0, sizeof(failure));
    launch.protocol = exit->name;
    return (!exit->possible || exit->possible(&boot, &handoff, &failure)) &&
           exit->prepare(&boot, &handoff, &launch, &failure);
}

/* Leaves, but for the jump. */
static inline void leave(const struct exit *exit)
{
    if (!prepare(exit) || !launch_prepare(&launch, &handoff, &failure) || !launch_finish(&launch, &handoff, &failure))
        fail_msg("%s: %s", failure.what, failure.why);
    check_launch();
    if (launch.state.mode != LAUNCH_FIRMWARE) {
        fixture_run_copies(&launch);
        return;
    }
    for (uint32_t i = 0; i < launch.segment_count; i++) {
        const struct launch_segment *segment = &launch.segments[i];

        memmove(real(segment->destination), real(segment->source), segment->file_size);
        memset(real(segment->destination) + segment->file_size, 0, segment->memory_size - segment->file_size);
    }
}

static inline void assert_refused(const struct exit *exit, const char *what, const char *why)
{
    assert_false(prepare(exit) && launch_prepare(&launch, &handoff, &failure) &&
                 launch_finish(&launch, &handoff, &failure));
    assert_failure(&failure, what, why);
}

/* Bytes that the payload is pointed to: RAM below 4 GiB, and part of what the launch has placed. */
static inline const uint8_t *pointed(uint64_t address, uint64_t size)
{
    bool found = false;

    assert_true(address >= REAL_START && address <= REAL_END && size <= REAL_END - address);
    for (uint32_t i = 0; i < launch.segment_count; i++) {
        const struct launch_segment *segment = &launch.segments[i];

        found =
            found || (address >= segment->destination && address + size <= segment->destination + segment->memory_size);
    }
    assert_true(found);
    return real(address);
}

/* A module's content as the payload is told of it: at a page's start, where there is any. */
static inline void assert_module_told(unsigned index, uint64_t address)
{
    if (!boot.modules[index].content.size)
        return;
    assert_int_equal(address % 4096, 0);
    pointed(address, boot.modules[index].content.size);
    assert_module(index, address);
}

/* Section headers of an ELF: none, one that is loaded, two that are only in the file, one that is nowhere. */
#define SECTIONS       5
#define SECTION_OFFSET 0x5000
#define SECTION_SIZE   0x234

static inline void sections(bool is_64)
{
    static uint8_t headers[SECTIONS * 64];
    /* sh_type, sh_addr, sh_offset, sh_size: System V gABI, chapter 4, "Sections" */
    static const uint32_t fields[SECTIONS][4] = {
        { 0, 0, 0, 0 },
        { 1, LINKED, 0x1000, 0x2000 },
        { 2, 0, SECTION_OFFSET, SECTION_SIZE },
        { 3, 0, SECTION_OFFSET + SECTION_SIZE, 1 },
        { 8, 0, SECTION_OFFSET, 0x1000 }, /* SHT_NOBITS */
    };
    const unsigned size = is_64 ? 64 : 40, wide = is_64 ? 8 : 4;

    memset(headers, 0, sizeof(headers));
    for (unsigned i = 0; i < SECTIONS; i++) {
        memcpy(headers + i * size + 4, &fields[i][0], 4);
        for (unsigned field = 1; field < 4; field++)
            memcpy(headers + i * size + 8 + field * wide, &fields[i][field], 4);
    }
    boot.sections = (struct program_sections){
        .headers = headers, .count = SECTIONS, .entry_size = size, .names = 3, .is_64 = is_64
    };
}

/* The file's byte at `offset` is at the address. */
static inline void assert_file_at(uint64_t address, uint64_t offset, uint64_t size)
{
    const uint8_t *bytes = pointed(address, size);

    for (uint64_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], file_byte(offset + i));
}

/* A little-endian number there. */
static inline uint64_t number(uint64_t address, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, pointed(address, size), size);
    return value;
}

static inline void assert_text(uint64_t address, const char *expected)
{
    assert_memory_equal(pointed(address, strlen(expected) + 1), expected, strlen(expected) + 1);
}

/* What sections() made, as the payload finds it: all as it was, but for the addresses of what is only in the file. */
static inline void assert_sections(uint64_t headers)
{
    const unsigned size = boot.sections.entry_size, wide = boot.sections.is_64 ? 8 : 4;

    for (unsigned i = 0; i < SECTIONS; i++) {
        uint64_t header = headers + i * size, address = number(header + 8 + wide, wide);
        uint8_t expected[64];

        memcpy(expected, boot.sections.headers + i * size, size);
        if (i == 2 || i == 3) {
            assert_file_at(address, number(header + 8 + 2 * wide, wide), number(header + 8 + 3 * wide, wide));
            memcpy(expected + 8 + wide, &address, wide);
        }
        assert_memory_equal(pointed(header, size), expected, size);
    }
}

/* A command line of `length` bytes; there is one. */
static inline const char *long_text(uint64_t length)
{
    static char text[1 << 20];

    for (uint64_t i = 0; i < length; i++)
        text[i] = (char)('a' + i % 23);
    text[length] = '\0';
    return text;
}

/* 200 ranges more, none of which merge. */
static inline void long_map(void)
{
    for (uint64_t i = 0; i < 200; i++)
        assert_true(map_add(&handoff.map, 6 * GIB + i * 0x2000, 0x1000, i % 2 ? MAP_RESERVED : MAP_RAM, 0, &failure));
}

/* So many ranges more, none of which touches another. */
static inline void map_grows_by(uint64_t ranges)
{
    for (uint64_t i = 0; i < ranges; i++)
        assert_true(map_add(&handoff.map, 6 * GIB + i * 0x2000, 0x1000, MAP_RESERVED, 0, &failure));
}

/* What was prepared has no room for a map that has grown so much since. */
static inline void assert_outgrown(const struct exit *exit, uint64_t ranges)
{
    assert_true(prepare(exit));
    map_grows_by(ranges);
    assert_false(launch.finish(&launch, &handoff, &failure));
    assert_string_equal(failure.what, "memory map");
}

static inline void framebuffer_of_1024(void)
{
    handoff.framebuffer = (struct handoff_framebuffer){ .present = true,
                                                        .address = 0x1c0000000,
                                                        .width = 1024,
                                                        .height = 768,
                                                        .pitch = 4096,
                                                        .bits = 32,
                                                        .red_size = 8,
                                                        .red_position = 16,
                                                        .green_size = 7,
                                                        .green_position = 9,
                                                        .blue_size = 6,
                                                        .blue_position = 1 };
}

static inline void text_screen_of_132(void)
{
    handoff.text_screen = (struct handoff_text_screen){ .present = true, .columns = 132, .rows = 50 };
}

/* What a payload must be told of the memory: `entry` reads number i of its map; the E820 type of each byte counts. */
struct told {
    uint64_t start, size, type;
};

static inline uint64_t size_of_type(uint64_t type)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < handoff.map.count; i++) {
        const struct range *range = &handoff.map.ranges[i];

        if ((range->type >= MAP_OURS ? (uint64_t)MAP_RAM : range->type) == type)
            size += range->end - range->start;
    }
    return size;
}

static inline void assert_map(struct told (*entry)(uint64_t index), uint64_t count)
{
    uint64_t sums[8] = { 0 }, last_end = 0, last_type = 0;

    for (uint64_t i = 0; i < count; i++) {
        struct told told = entry(i);

        assert_in_range(told.type, MAP_RAM, MAP_PERSISTENT);
        assert_true(told.size && told.start >= last_end); /* sorted, apart, and merged */
        assert_false(i && told.start == last_end && told.type == last_type);
        last_end = told.start + told.size;
        last_type = told.type;
        sums[told.type] += told.size;
    }
    for (uint64_t type = MAP_RAM; type <= MAP_PERSISTENT; type++)
        assert_int_equal(sums[type], size_of_type(type));
}

#endif

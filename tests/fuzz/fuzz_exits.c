/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/payload.c payloads/bzimage.c payloads/sections.c payloads/uki.c payloads/elf.c */
/* sources: payloads/multiboot.c payloads/multiboot2.c payloads/vmlinux.c payloads/unpack.c payloads/unpack_gzip.c */
/* sources: payloads/unpack_zstd.c payloads/unpack_lz4.c payloads/unpack_xz.c handoff/exits.c handoff/efi.c */
/* sources: payloads/unpack_lzma.c */
/* sources: handoff/linux.c handoff/boot_params.c handoff/multiboot2.c handoff/multiboot.c handoff/pvh.c */
/* sources: handoff/symbols.c handoff/place.c handoff/e820.c handoff/launch.c pagetables/pagetables.c */
/* sources: tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/arena.c common/physical.c common/map.c common/text.c common/failure.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a */
/*
 * A payload of any content, and every exit whose face it has, up to the jump. Two bytes choose the machine; the file
 * follows. What an exit accepts has its destinations in RAM, apart from each other and from what is in use.
 *
 * The memory is real where something is read or written: the file, the modules, and what map_allocate may give. The
 * rest is RAM of the firmware, which is free for kernels alone, so that they may want to lie almost anywhere.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "handoff/exits.h"
#include "payloads/bzimage.h"
#include "payloads/payload.h"
#include "payloads/unpack.h"
#include "tests/fuzz/memory.h"
#include "tests/unit/launch_fixture.h"

#define FILE_AT    REAL_START
#define FILE_MAX   MIB
#define MODULES_AT (REAL_START + MIB)
#define IMAGE_AT   (REAL_START + 2 * MIB)
#define LOADER_AT  (REAL_START + 3 * MIB)
#define FREE_AT    (REAL_START + 4 * MIB)

/* Bits of the first byte. */
#define BOOT_SERVICES 0x01
#define SECURE_BOOT   0x02
#define VERIFIED      0x04
#define DOOR_IS_PVH   0x08
#define LITTLE_MEMORY 0x10
#define MORE_TABLES   0x20
#define SCREEN        0x40
#define FIVE_LEVELS   0x80
/* Of the second. */
#define MODULES   0x03
#define LONG_TEXT 0x04
#define NO_NX     0x08
#define LONG_MAP  0x10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct boot boot;
static struct handoff handoff;
static struct memory_map machine, before; /* as it is for each exit; as it was when one was taken */

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_failure(const struct failure *failure)
{
    require(*failure->what && *failure->why);
    require(memchr(failure->what, 0, sizeof(failure->what)) && memchr(failure->why, 0, sizeof(failure->why)));
}

static bool claim(uint64_t start, uint64_t size)
{
    return map_is_free(&before, start, size, false);
}

static bool start_application(const struct handoff_application *application, uint64_t *status, struct failure *failure)
{
    (void)failure;
    require(application->file.data == boot.file.data && application->initrd_count == boot.module_count);
    *status = 0;
    return true;
}

/* ---- the machine ---- */

static void range(uint64_t start, uint64_t end, uint32_t type)
{
    struct failure failure;

    require(map_add(&machine, start, end - start, type, 0, &failure));
}

static void used(uint64_t start, uint64_t size, uint32_t type)
{
    struct failure failure;

    require(map_carve(&machine, start, size, type, &failure));
}

static void make_map(uint8_t first, uint8_t second)
{
    const uint64_t real_end = first & LITTLE_MEMORY ? FREE_AT + MIB : REAL_END;

    machine.count = 0;
    range(0, 0x9f000, MAP_RAM);
    range(0xf0000, MIB, MAP_RESERVED);
    range(MIB, REAL_START, MAP_RAM);
    used(0, 0x9f000, MAP_FIRMWARE);
    used(MIB, REAL_START - MIB, MAP_FIRMWARE);
    range(REAL_START, real_end, MAP_RAM);
    range(real_end, real_end + 0x10000, MAP_ACPI);
    range(4 * GIB, 5 * GIB, MAP_RAM);
    used(4 * GIB, GIB, MAP_FIRMWARE);
    used(FILE_AT, FILE_MAX, MAP_MODULE);
    used(MODULES_AT, MIB, MAP_MODULE);
    used(IMAGE_AT, 0x80000, MAP_OURS);
    used(LOADER_AT, 0x10000, MAP_LOADER);
    for (uint64_t i = 0; second & LONG_MAP && i < 200; i++)
        range(6 * GIB + i * 0x2000, 6 * GIB + i * 0x2000 + 0x1000, i & 1 ? MAP_RAM : MAP_NVS);
    used(6 * GIB, GIB, MAP_FIRMWARE); /* nothing may be copied there either */
}

static void make_machine(uint8_t first, uint8_t second)
{
    static const uint8_t seed[32] = { 1 };

    make_map(first, second);
    handoff_start(&handoff, first & DOOR_IS_PVH ? DOOR_PVH : DOOR_EFI, NULL, 0);
    handoff.map.claim = first & BOOT_SERVICES ? claim : NULL;
    handoff.efi = (struct handoff_efi){ .present = first & BOOT_SERVICES,
                                        .boot_services = first & BOOT_SERVICES,
                                        .secure_boot = first & SECURE_BOOT,
                                        .image_handle = { first & BOOT_SERVICES, 0x1234 },
                                        .map_capacity = 0x1000 };
    handoff.start_application = first & BOOT_SERVICES ? start_application : NULL;
    cpu.no_execute = !(second & NO_NX);
    cpu.five_levels = first & FIVE_LEVELS;
    handoff.framebuffer = (struct handoff_framebuffer){ .present = first & SCREEN, .address = 5 * GIB, .bits = 32 };
    if (first & MORE_TABLES) {
        real(LOADER_AT)[15] = 2; /* the RSDP's revision */
        real(LOADER_AT + 0x100)[5] = 31;
        handoff.rsdp = (struct known_address){ true, LOADER_AT };
        handoff.smbios = (struct known_address){ true, LOADER_AT + 0x100 };
        handoff.boot_drive.present = true;
        handoff.random_seed = (struct span){ seed, sizeof(seed) };
    }
}

static void make_boot(uint8_t first, uint8_t second)
{
    static char text[5000];
    static const char *const strings[] = { "", "first", "second" };
    static const uint64_t at[] = { 0, 0x3004, 0x8000 }, sizes[] = { 0x1234, 5, 0x20000 };

    memset(text, 'a', second & LONG_TEXT ? sizeof(text) - 1 : 20);
    text[second & LONG_TEXT ? sizeof(text) - 1 : 20] = '\0';
    boot.command_line = text;
    boot.verified = first & VERIFIED;
    boot.module_count = second & MODULES;
    for (uint32_t i = 0; i < boot.module_count; i++)
        boot.modules[i] = (struct boot_module){ { real(MODULES_AT + at[i]), sizes[i] }, strings[i], false };
    boot.device_tree = (struct span){ first & MORE_TABLES ? real(LOADER_AT + 0x200) : NULL, 0x100 };
    if (!boot.device_tree.data)
        boot.device_tree.size = 0;
}

/* ---- what holds of a launch ---- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size && a_size && b_size;
}

static bool is_kernel(const struct launch_segment *segment)
{
    return !strcmp(segment->name, "kernel");
}

static bool stays(const struct launch_segment *segment)
{
    return segment->source == segment->destination && segment->memory_size == segment->file_size;
}

static void check_segment(const struct launch *launch, uint32_t index)
{
    const struct launch_segment *segment = &launch->segments[index];
    const uint64_t place = segment->destination, size = segment->reserved;
    bool in_place = stays(segment) && map_touches(&machine, place, size, MAP_MODULE);

    require(segment->file_size <= segment->memory_size && segment->memory_size <= size && place + size >= place);
    require(map_is_ram(&machine, place, size) && (!size || place >= MAP_PAGE));
    require(!map_touches(&machine, place, size, MAP_LOADER) || !size);
    if (!is_kernel(segment) && !in_place)
        require(map_is_free(&machine, place, size, false));
    if (launch->state.mode == LAUNCH_FIRMWARE && !in_place)
        require(map_is_free(&machine, place, size, false));
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        const struct launch_segment *other = &launch->segments[i];

        if (i == index)
            continue;
        require(!overlap(place, size, other->destination, other->reserved));
        /* The trampoline copies them in their order. */
        require(stays(segment) || stays(other) || (i > index && launch->state.mode != LAUNCH_FIRMWARE) ||
                !overlap(segment->source, segment->file_size, other->destination, other->memory_size));
    }
}

static bool in_kernel(const struct launch *launch, uint64_t address)
{
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        const struct launch_segment *segment = &launch->segments[i];

        if (is_kernel(segment) && overlap(segment->destination, segment->memory_size, address, 1))
            return true;
    }
    return false;
}

static void check_page(const struct launch *launch, uint64_t page)
{
    require(page <= UINT32_MAX && page % MAP_PAGE == 0 && map_is_free(&machine, page, MAP_PAGE, false));
    for (uint32_t i = 0; i < launch->segment_count; i++) {
        require(!overlap(page, MAP_PAGE, launch->segments[i].destination, launch->segments[i].reserved));
        require(!overlap(page, MAP_PAGE, launch->segments[i].source, launch->segments[i].file_size));
    }
}

static void check_launch(const struct launch *launch)
{
    const struct launch_state *state = &launch->state;

    require(launch->segment_count >= 2 && launch->segment_count <= LAUNCH_SEGMENTS_MAX);
    for (uint32_t i = 0; i < launch->segment_count; i++)
        check_segment(launch, i);
    require(in_kernel(launch, state->instruction));
    require(state->rax <= UINT32_MAX && state->rbx <= UINT32_MAX && state->rsi <= UINT32_MAX);
    require(state->rbx || state->rsi);
    require(state->mode == LAUNCH_LONG || state->instruction <= UINT32_MAX);
    memory_check_map(&handoff.map);
    if (state->mode == LAUNCH_FIRMWARE)
        return;
    check_page(launch, launch->trampoline);
    check_page(launch, launch->page_tables);
}

static void leave(const char *name)
{
    static struct launch launch;
    struct failure failure = { 0 };
    struct span wanted = name ? text_span(name) : (struct span){ NULL, 0 };
    bool (*claims)(uint64_t, uint64_t) = handoff.map.claim;
    const struct exit *exit = exit_choose(&boot, wanted, &handoff, &failure);
    uint64_t status = 1;

    if (!exit) {
        check_failure(&failure);
        return;
    }
    require(boot.faces & exit->face && (!name || !strcmp(exit->name, name)));
    before = handoff.map = machine;
    handoff.map.claim = claims;
    memset(&launch, 0, offsetof(struct launch, segments));
    launch.finish = NULL;
    launch.run = NULL;
    launch.trampoline = launch.page_tables = 0;
    if (!exit->prepare(&boot, &handoff, &launch, &failure) || !launch_prepare(&launch, &handoff, &failure)) {
        check_failure(&failure);
        return;
    }
    if (launch.run)
        require(launch.run(&launch, &handoff, &status, &failure) && !status);
    else if (launch_finish(&launch, &handoff, &failure))
        check_launch(&launch);
    else
        check_failure(&failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "efi", "linux64", "linux32", "multiboot2", "pvh", "multiboot", NULL };
    struct failure failure = { 0 };
    struct span file;
    static bool mapped;

    if (!mapped)
        require(!fixture_memory(NULL));
    mapped = true;
    if (size < 2 || size - 2 > FILE_MAX)
        return 0;
    file = (struct span){ real(FILE_AT), size - 2 };
    memcpy(real(FILE_AT), data + 2, file.size);
    make_machine(data[0], data[1]);
    require(unpack_recognise(file) != PACKING_NONE || (payload_recognise(file) == PAYLOAD_BZIMAGE) == bzimage_is(file));
    if (!payload_take_apart(file, &boot, &failure)) {
        check_failure(&failure);
        return 0;
    }
    payload_find_multiboot(&boot);
    make_boot(data[0], data[1]);
    handoff.map = machine; /* the exits look at it before they are taken */
    handoff.map.claim = data[0] & BOOT_SERVICES ? claim : NULL;
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
        leave(names[i]);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the four roads meet: the way through the house, in order, the same for every door. And the one place that
 * prints an error and stops.
 */
#include <stddef.h>

#include "common/console.h"
#include "common/layout.h"
#include "common/stamp.h"
#include "common/string.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "entries/doors.h"
#include "entries/fault.h"
#include "firmware/efi.h"
#include "firmware/power.h"
#include "handoff/exits.h"
#include "menu/options.h"
#include "menu/select.h"
#include "pagetables/pagetables.h"
#include "payloads/expand.h"
#include "payloads/sections.h"

#define ARENA_SIZE (64 * 1024)

extern const uint8_t image_base[];
extern uint64_t door_ticks;

static struct handoff handoff __attribute__((section(".noinit")));
static uint8_t arena[ARENA_SIZE] __attribute__((aligned(16), section(".noinit")));
static struct options options;
static struct sections sections;
static struct entry entry;
static struct boot boot;
static struct launch launch;

/* The payload's words: those of the loader before us, and those that come first, its own. */
static char words[LAYOUT_COMMAND_LINE_MAX + 1] __attribute__((section(".noinit")));
static char command_line[2 * LAYOUT_COMMAND_LINE_MAX + 2] __attribute__((section(".noinit")));

/* In the image, physical memory is memory. */
static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    (void)physical;
    return identity_reach(address, size) ? (const void *)address : NULL;
}

static const struct physical memory = { view };

/* ---- errors ---- */

static void stop(void)
{
    if (options.on_error == ON_ERROR_REBOOT)
        power_reboot();
    if (options.on_error == ON_ERROR_POWEROFF)
        power_off(&handoff, &memory);
    if (efi_alive() && !options.on_error_given)
        efi_exit_failed();
    power_halt();
}

/* The consoles that nobody had to name. Xen's debug port answers no reads, so that it cannot be probed. */
static void start_likely_consoles(void)
{
    console_start_present(door_consoles(handoff.door));
    if (cpu.xen)
        console_start(text_span("debugcon"), true);
}

static void __attribute__((noreturn)) fatal(const struct failure *failure)
{
    if (!console_any())
        start_likely_consoles();
    if (!console_any())
        console_start_present("debugcon com1"); /* boot services may have ended, and their console with them */
    print("quadrivium: error: %s: %s\n", failure->what, failure->why);
    stop();
    __builtin_unreachable();
}

void __stack_chk_fail(void) __attribute__((noreturn));
void __stack_chk_fail(void)
{
    const struct failure failure = { "stack", "overwritten by this loader's own code" };

    fatal(&failure);
}

/* ---- the steps ---- */

static bool read_words(struct failure *failure)
{
    const struct span image = { image_base, sections_image_size(image_base) };
    struct span packed;

    words[0] = command_line[0] = '\0';
    /* What is packed lies behind the part of us that identity_start maps. */
    if (!identity_reach((uint64_t)image.data, image.size))
        return fail(failure, "image", "its %lu bytes at 0x%lx are out of our reach", image.size, (uint64_t)image.data);
    if (!sections_parse(image, &sections, failure))
        return false;
    /* The packed words come first, so that those given now override them; what of them is the payload's comes later. */
    packed = section_find(&sections, ".cmdline");
    if (packed.data && !options_read(&options, packed, command_line, sizeof(command_line)))
        return fail(failure, "command line", "the packed one has %lu bytes, %lu can be", packed.size,
                    sizeof(command_line) - 1);
    return options_read(&options, text_span(handoff.command_line), words, sizeof(words)) ||
           fail(failure, "command line", "longer than %u bytes", LAYOUT_COMMAND_LINE_MAX);
}

static bool console_refused[OPTIONS_CONSOLES_MAX]; /* said when there is a console to say it on */

static void start_consoles(void)
{
    for (uint32_t i = 0; i < options.console_count; i++)
        console_refused[i] = !console_start(options.consoles[i], true);
    if (!console_any())
        start_likely_consoles();
}

static void print_warnings(void)
{
    for (uint32_t i = 0; i < options.console_count; i++) {
        if (console_refused[i])
            warn("no console %.*s", (int)options.consoles[i].size, (const char *)options.consoles[i].data);
    }
    for (uint32_t i = 0; i < options.unknown_count; i++)
        warn("unknown word %.*s", (int)options.unknown[i].size, (const char *)options.unknown[i].data);
}

/* The payload's command line: its own words, then those of the loader before us. */
static bool compose_command_line(struct failure *failure)
{
    const struct span parts[] = { entry.command_line, entry.string, text_span(words) };
    struct options ignored = { 0 };

    command_line[0] = '\0';
    for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (!options_read(&ignored, parts[i], command_line, sizeof(command_line)))
            return fail(failure, "command line", "longer than %lu bytes", sizeof(command_line) - 1);
    }
    boot.command_line = command_line;
    return true;
}

static void print_timeline(void)
{
    const char *source;
    uint64_t frequency = tsc_frequency(&source), bytes = 0;

    print("timeline: ticks since the door (%lu kHz by %s)\n", frequency / 1000, source);
    for (enum phase phase = PHASE_DOOR; phase < PHASE_COUNT; phase++)
        print("  %-11s %lu\n", phase_name(phase), stamps.ticks[phase] - stamps.ticks[PHASE_DOOR]);
    for (uint32_t i = 0; i < launch.segment_count; i++) {
        if (launch.segments[i].source != launch.segments[i].destination)
            bytes += launch.segments[i].file_size;
    }
    print("still to be copied: %lu bytes\n", bytes);
}

/* Finds what to start, and makes it ready for any exit. */
static bool load(struct failure *failure)
{
    const struct expander expander = { &handoff.map, identity_reach };
    bool whole;

    if (!select_entry(&handoff, &sections, &memory, &expander, &entry, failure))
        return false;
    stamp(PHASE_SELECTED);
    /* Only as a whole has a UKI a signature, or may use its own stub. */
    whole = text_equals(options.exit, "efi") || (handoff.efi.secure_boot && handoff.efi.boot_services && !entry.packed);
    stamp(PHASE_LOADED);
    if (!select_open(&entry, whole, &expander, &boot, failure) || !compose_command_line(failure))
        return false;
    stamp(PHASE_UNPACKED);
    if (options.debug)
        payload_print(&boot);
    return true;
}

static bool prepare(struct span wanted, struct failure *failure)
{
    const struct exit *exit = exit_choose(&boot, wanted, &handoff, failure);

    if (!exit)
        return false;
    launch = (struct launch){ .protocol = exit->name };
    if (!exit->prepare(&boot, &handoff, &launch, failure) || !launch_prepare(&launch, &handoff, failure))
        return false;
    stamp(PHASE_EXIT);
    print("quadrivium " QUADRIVIUM_VERSION ": %s to %s: %s (%s), %u module%s\n", door_name(handoff.door),
          launch.protocol, boot.kind, entry.source, boot.module_count, boot.module_count == 1 ? "" : "s");
    if (options.timeline)
        print_timeline();
    return true;
}

/* Runs what the firmware starts, until it returns; then we return too, as it did. */
static void run(void)
{
    struct failure failure;
    uint64_t status;

    if (!launch.run(&launch, &handoff, &status, &failure))
        fatal(&failure);
    print("quadrivium: the payload returned: status 0x%lx\n", status);
    /* A kernel whose EFI stub gave up may still be started by the Linux protocol, if the user left the choice to us. */
    if (!status || options.exit.data || !(boot.faces & FACE_LINUX) || handoff.efi.secure_boot)
        efi_exit(status);
    if (!prepare(text_span("linux64"), &failure))
        fatal(&failure);
}

static bool enter(const struct given *given, struct failure *failure)
{
    bool firmware_alive = door_firmware_alive(handoff.door);

    cpu_start(firmware_alive);
    cpu_on_exception = stop;
    stamp(PHASE_CPU);
    if (!firmware_alive && !identity_start(failure))
        return false;
    stamp(PHASE_PAGETABLES);
    if (!door_enter(&handoff, &memory, given, (uint64_t)image_base, sections_image_size(image_base), failure) ||
        !identity_hide_page0(failure))
        return false;
    stamp(PHASE_NORMALISED);
    if (!read_words(failure))
        return false;
    if (options.mark)
        stamp_mark(options.mark);
    start_consoles();
    stamp(PHASE_DEVICES);
    return true;
}

/* Called by start.S with what the door's stub left. */
void quadrivium_main(enum door door, uint64_t first, uint64_t second) __attribute__((noreturn));
void quadrivium_main(enum door door, uint64_t first, uint64_t second)
{
    const struct given given = { first, second };
    struct failure failure;

    stamp_door(door_ticks);
    console_register(&console_com1);
    console_register(&console_debugcon);
    console_register(&console_vga);
    handoff_start(&handoff, door, arena, sizeof(arena));
    if (!enter(&given, &failure))
        fatal(&failure);
    print_warnings();
    if (options.debug)
        handoff_print(&handoff);
    if (options.fault.data && !fault_provoke(options.fault))
        warn("unknown fault %.*s", (int)options.fault.size, (const char *)options.fault.data);
    if (!load(&failure) || !prepare(options.exit, &failure))
        fatal(&failure);
    if (launch.run)
        run();
    if ((launch.state.mode != LAUNCH_FIRMWARE && handoff.leave && !handoff.leave(&handoff, &failure)) ||
        !launch_finish(&launch, &handoff, &failure))
        fatal(&failure);
    launch_jump(&launch);
}

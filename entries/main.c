/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the four roads meet: the way through the house, in order, the same for every door. And the one place that
 * prints an error and stops.
 */
#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/stamp.h"
#include "common/string.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "entries/direct.h"
#include "entries/doors.h"
#include "entries/fault.h"
#include "firmware/efi.h"
#include "firmware/efi_stub.h"
#include "firmware/loader_interface.h"
#include "firmware/power.h"
#include "firmware/tpm.h"
#include "firmware/xen_console.h"
#include "firmware/xen_events.h"
#include "handoff/exits.h"
#include "menu/load.h"
#include "menu/open.h"
#include "menu/select.h"
#include "menu/words.h"
#include "pagetables/pagetables.h"
#include "payloads/expand.h"
#include "payloads/payload.h"
#include "payloads/sections.h"
#include "payloads/uki.h"
#include "storage/block.h"
#include "storage/volumes.h"

#define ARENA_SIZE (64 * 1024)
#define NOT_RUN    UINT64_MAX /* no status that a payload could return */

extern const uint8_t image_base[];
extern uint64_t door_ticks;

static struct handoff handoff NOINIT;
static uint8_t arena[ARENA_SIZE] __attribute__((aligned(16))) NOINIT;
static struct words words NOINIT;
static struct sections sections NOINIT;
static struct parts parts NOINIT;
static struct boot boot NOINIT;
static struct launch launch NOINIT;

/* What the list of entries is made from, and the list. */
static const struct expander expander = { &handoff.map, identity_reach };
static struct collection collection NOINIT;

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
    if (words.ours.on_error == ON_ERROR_REBOOT)
        power_reboot();
    if (words.ours.on_error == ON_ERROR_POWEROFF)
        power_off(&handoff, &memory);
    if (efi_alive() && !words.ours.on_error_given)
        efi_exit_failed();
    power_halt();
}

/* The consoles that nobody had to name. Xen's debug port answers no reads, so that it cannot be probed. */
static void start_likely_consoles(void)
{
    console_start_present(door_consoles(handoff.door));
    if (cpu.xen) {
        console_start(text_span("debugcon"), true);
        console_start_present("xen");
    }
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

static bool console_refused[OPTIONS_CONSOLES_MAX]; /* said when there is a console to say it on */

static bool read_words(struct failure *failure)
{
    const struct span image = { image_base, sections_image_size(image_base) };

    /* What is packed lies behind the part of us that identity_start maps. */
    if (!identity_reach((uint64_t)image.data, image.size))
        return fail(failure, "image", "its %lu bytes at 0x%lx are out of our reach", image.size, (uint64_t)image.data);
    return sections_parse(image, &sections, failure) &&
           words_read(&words, &sections, handoff.command_line, handoff.efi.secure_boot, failure);
}

static void start_consoles(void)
{
    for (uint32_t i = 0; i < words.ours.console_count; i++)
        console_refused[i] = !console_start(words.ours.consoles[i], true);
    if (!console_any())
        start_likely_consoles();
}

static void print_warnings(void)
{
    for (uint32_t i = 0; i < words.ours.console_count; i++) {
        if (console_refused[i])
            warn("no console %.*s", (int)words.ours.consoles[i].size, (const char *)words.ours.consoles[i].data);
    }
    if (words.refused)
        warn("Secure Boot: qv.mark and qv.fault of the loader before us are left out");
    for (uint32_t i = 0; i < words.ours.unknown_count; i++)
        warn("unknown word %.*s", (int)words.ours.unknown[i].size, (const char *)words.ours.unknown[i].data);
}

static void print_disks(uint64_t frequency)
{
    const struct block_account account = block_account();
    const uint64_t microseconds = account.ticks / (frequency / 1000000 ? frequency / 1000000 : 1);

    if (account.bytes)
        print("read from disks: %lu bytes in %lu us: %lu MB/s\n", account.bytes, microseconds,
              account.bytes / (microseconds ? microseconds : 1));
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
    print_disks(frequency);
}

/* Loads an entry, and makes it ready for any exit. */
static bool load(const struct selector *selector, const struct entry *entry, struct failure *failure)
{
    stamp(PHASE_SELECTED);
    boot_start(&boot);
    if (!entry_load(entry, text_equals(words.ours.exit, "efi"), selector->around, &collection, &parts, failure))
        return false;
    stamp(PHASE_LOADED);
    if (!parts_open(&parts, &expander, &boot, failure) ||
        !words_compose(&words, &parts, selector->edited, selector->secure, failure))
        return false;
    if (selector->secure && (parts.string.size || words.given[0]))
        warn("Secure Boot: what the loader before us wants on the command line is left out");
    boot.command_line = words.line;
    if (words.ours.debug) {
        payload_find_multiboot(&boot);
        payload_print(&boot);
    }
    return true;
}

/*
 * Into the TPM, where there is one: what the firmware does not measure by itself. Linux's EFI stub measures command
 * line and initrds once more; old ones do not, and no other payload does.
 */
static void measure(const struct entry *entry)
{
    if (!tpm_present())
        return;
    if (entry->content.size && (entry->kind == ENTRY_CONF || entry->kind == ENTRY_RECIPE))
        tpm_measure(TPM_PCR_CONFIG, entry->content, entry->id);
    tpm_measure_text(TPM_PCR_CONFIG, boot.command_line, boot.command_line);
    if (boot.device_tree.size)
        tpm_measure(TPM_PCR_CONFIG, boot.device_tree, "device tree");
    if (parts.uki.size && !parts.by_firmware)
        tpm_measure_payload(parts.uki, true, entry->id);
    if (!launch.run)
        tpm_measure_payload(boot.file, pe_is(boot.file), entry->id);
    for (uint32_t i = 0; i < boot.module_count; i++) {
        tpm_measure(TPM_PCR_INITRD, boot.modules[i].content, "initrd");
        if (boot.modules[i].string[0])
            tpm_measure_text(TPM_PCR_CONFIG, boot.modules[i].string, boot.modules[i].string);
    }
}

static bool prepare(struct span wanted, struct failure *failure)
{
    const struct exit *exit;
    struct span rest;

    if (text_prefix(wanted, "multiboot", &rest))
        payload_find_multiboot(&boot);
    exit = exit_choose(&boot, wanted, &handoff, failure);
    if (!exit || !direct_start(words_unpack(&words), !wanted.data, &exit, &expander, &handoff, &boot, failure))
        return false;
    stamp(PHASE_UNPACKED);
    if ((boot.faces & FACE_LINUX) && exit != &exit_efi && efi_alive() && !efi_stub_replace(&handoff, failure))
        return false;
    launch_start(&launch, exit->name);
    if (!exit->prepare(&boot, &handoff, &launch, failure) || !launch_prepare(&launch, &handoff, failure))
        return false;
    stamp(PHASE_EXIT);
    if (!words_quiet(&words))
        print("quadrivium " QUADRIVIUM_VERSION ": %s to %s: %s (%s), %u module%s\n", door_name(handoff.door),
              launch.protocol, boot.kind, parts.source, boot.module_count, boot.module_count == 1 ? "" : "s");
    if (words.ours.timeline)
        print_timeline();
    return true;
}

/*
 * Runs what the firmware starts, until it returns. True where it is then to be started in another way: a kernel whose
 * EFI stub gave up may still go by the Linux protocol, if the user left the choice to us.
 */
static bool run(uint64_t *status, struct failure *failure)
{
    if (!launch.run(&launch, &handoff, status, failure))
        return false;
    print("quadrivium: the payload returned: status 0x%lx\n", *status);
    fail(failure, boot.kind, "it returned, with status 0x%lx", *status);
    return *status && !words_exit(&words, &parts).data && (boot.faces & FACE_LINUX) && !handoff.efi.secure_boot &&
           prepare(text_span("linux64"), failure);
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
    if (words.ours.mark)
        stamp_mark(words.ours.mark);
    start_consoles();
    stamp(PHASE_DEVICES);
    return true;
}

/* Makes an entry ready to be entered; what the firmware starts for us it runs, too. */
static bool start_entry(const struct selector *selector, const struct entry *entry, uint64_t *status,
                        struct failure *failure)
{
    if (!load(selector, entry, failure) || !prepare(words_exit(&words, &parts), failure))
        return false;
    measure(entry);
    loader_interface_leave();
    if (launch.run && !run(status, failure))
        return false;
    if ((boot.faces & FACE_LINUX) && !tpm_hand_on_log(&handoff.map, failure))
        warn("%s: %s", failure->what, failure->why);
    return true;
}

/* What loading an entry takes of memory, and gives back where that entry is not started after all. */
static struct {
    struct memory_map map;
    struct arena arena;
} before NOINIT;

static void remember_memory(void)
{
    map_copy(&before.map, &handoff.map);
    before.arena = collection.entries.arena;
}

static bool restore_memory(struct failure *failure)
{
    collection.entries.arena = before.arena;
    return map_restore(&handoff.map, &before.map, failure);
}

/* Tries entries until one is ready. Where a person can choose another, what failed, or returned, is only told. */
static bool select_and_start(struct failure *failure)
{
    const struct surroundings around = { &handoff, &sections, &memory, &expander, &words.ours };
    struct selector selector = {
        .around = &around, .words = &words, .secure = handoff.efi.secure_boot, .collection = &collection
    };

    if (!select_start(&selector, failure))
        return false;
    for (;;) {
        const struct entry *entry = select_next(&selector, failure);
        uint64_t status = NOT_RUN;

        if (!entry)
            return false;
        remember_memory();
        if (start_entry(&selector, entry, &status, failure))
            return true;
        if (words.ours.on_error_given || !select_again(&selector, failure)) {
            if (status != NOT_RUN)
                efi_exit(status); /* as the payload did */
            return false;
        }
        if (!restore_memory(failure))
            return false;
    }
}

/* Called by start.S with what the door's stub left. */
void quadrivium_main(enum door door, uint64_t first, uint64_t second) __attribute__((noreturn));
void quadrivium_main(enum door door, uint64_t first, uint64_t second)
{
    const struct given given = { first, second };
    struct failure failure;

    stamp_door(door_ticks);
    words_start(&words);
    console_register(&console_com1);
    console_register(&console_debugcon);
    console_register(&console_vga);
    xen_console_register(&handoff.map);
    handoff_start(&handoff, door, arena, sizeof(arena));
    if (!enter(&given, &failure))
        fatal(&failure);
    print_warnings();
    if (words.ours.debug)
        handoff_print(&handoff);
    if (words.ours.fault.data && !fault_provoke(words.ours.fault))
        warn("unknown fault %.*s", (int)words.ours.fault.size, (const char *)words.ours.fault.data);
    if (!select_and_start(&failure))
        fatal(&failure);
    if (!volumes_close_disks(&failure))
        fatal(&failure);
    if ((launch.state.mode != LAUNCH_FIRMWARE && handoff.leave && !handoff.leave(&handoff, &failure)) ||
        !launch_finish(&launch, &handoff, &failure))
        fatal(&failure);
    xen_console_flush();
    xen_events_end();
    launch_jump(&launch);
}

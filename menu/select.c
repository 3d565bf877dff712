/* SPDX-License-Identifier: BSD-2-Clause */
/* Selecting an entry; see select.h. What decides is in choose.c; here is what it takes to ask and to tell. */
#include "menu/select.h"

#include <stddef.h>

#include "common/console.h"
#include "common/keys.h"
#include "common/noinit.h"
#include "common/progress.h"
#include "common/string.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "firmware/efi.h"
#include "firmware/power.h"
#include "firmware/xen_console.h"
#include "menu/load.h"
#include "menu/menu.h"
#include "menu/random_seed.h"
#include "menu/tries.h"

static struct menu menu NOINIT;

/* ---- what the menu calls for ---- */

static uint64_t ticks(void)
{
    return __builtin_ia32_rdtsc();
}

static void idle(void)
{
    if (xen_console_wait(10000000)) /* nanoseconds */
        return;
    efi_stall(10000); /* microseconds; elsewhere nothing waits for the processor but us */
    __builtin_ia32_pause();
}

bool select_command_line(const struct selector *selector, const struct entry *entry, char *text, uint64_t size,
                         struct failure *failure)
{
    static char own[LAYOUT_COMMAND_LINE_MAX + 1] NOINIT;
    const struct span texts[] = { { (uint8_t *)own, sizeof(own) },
                                  text_span(selector->words->packed),
                                  selector->collection->carried.parts.string,
                                  text_span(selector->words->given) };
    const unsigned count = selector->secure ? 2 : sizeof(texts) / sizeof(*texts);
    struct options ignored = { 0 };

    if (!entry_command_line(entry, selector->around, selector->collection, own, sizeof(own), failure))
        return false;
    text[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        if (!options_read(&ignored, texts[i], text, size))
            return fail(failure, "command line", "longer than %lu bytes", size - 1);
    }
    return true;
}

static bool edit(void *context, const struct entry *entry, char *text, uint64_t size, struct failure *failure)
{
    return select_command_line(context, entry, text, size, failure);
}

static bool set_default(void *context, const struct entry *entry, struct failure *failure)
{
    (void)context;
    return loader_interface_set_default(entry->id, failure);
}

static void print_entry(void *context, const struct entry *entry)
{
    const struct selector *selector = context;
    static char line[LAYOUT_COMMAND_LINE_MAX + 1] NOINIT;
    struct failure failure;

    print("entry: %s\n  title: %s\n", entry->id, entry->shown);
    if (entry->version[0])
        print("  version: %s\n", entry->version);
    if (entry->tree)
        print("  source: %s%s\n", entry->tree->name, entry->path);
    if (entry->counter.counted)
        print("  tries: %u left, %u done\n", entry->counter.left, entry->counter.done);
    if (entry->problem[0])
        print("  problem: %s\n", entry->problem);
    if (select_command_line(selector, entry, line, sizeof(line), &failure))
        print("  command line: %s\n", line);
    handoff_print(selector->around->handoff);
}

/* ---- telling the system ---- */

static const char *entry_id(const void *context, uint32_t index)
{
    const struct entries *entries = context;

    return entries->entry[index].id;
}

static bool run_command(const struct selector *selector, const struct entry *entry, struct failure *failure)
{
    if (entry->kind == ENTRY_REBOOT)
        power_reboot();
    if (entry->kind == ENTRY_POWEROFF) {
        print("quadrivium: turning the machine off; where that cannot be done it is halted\n");
        power_off(selector->around->handoff, selector->around->physical);
    }
    return loader_interface_set_up(failure);
}

/* ---- the way through ---- */

/* What failed is told in the menu: not for ever, as long as nobody is known to be there. */
static void tell(struct selector *selector, const struct failure *failure)
{
    struct choice *choice = &selector->choice;

    selector->again = *failure;
    choice->menu = true;
    choice->counting = choice->unattended = !selector->key_held && !(selector->asked && menu.person);
    choice->seconds = SELECT_UNATTENDED;
}

bool select_start(struct selector *selector, struct failure *failure)
{
    static struct loader_wishes system;
    struct collection *collection = selector->collection;
    struct entries *entries = &collection->entries;
    struct wishes wishes = { .has_timeout = selector->words->ours.has_timeout,
                             .timeout = selector->words->ours.timeout,
                             .system = &system,
                             .conf = &collection->conf };

    if (efi_alive()) /* elsewhere what is loaded lies in memory */
        progress_clock(tsc_hertz);
    if (!collect(selector->around, collection, failure))
        return false;
    loader_interface_introduce(selector->around->handoff,
                               collection->carried.kind == CARRIED_KERNEL && collection->carried.parts.packed);
    if (!efi_console_mode(collection->conf.console_mode))
        warn("loader.conf: the console has no mode %.*s", (int)collection->conf.console_mode.size,
             (const char *)collection->conf.console_mode.data);
    wishes.entry = entries_text(entries, selector->words->ours.entry, failure);
    if (!wishes.entry)
        return false;
    loader_interface_read(&system);
    loader_interface_entries(entry_id, entries, entries->count);
    selector->interactive = wishes.interactive = console_has_keys();
    selector->key_held = wishes.key_held = wishes.interactive && console_pressed();
    selector->choice = select_choose(entries, &wishes);
    /* Who says what follows an error is not there to choose. */
    if (selector->choice.missing && (!selector->choice.menu || selector->words->ours.on_error_given))
        return fail(failure, "qv.entry", "there is no entry %s", wishes.entry);
    if (selector->choice.missing) {
        fail(failure, "qv.entry", "there is no entry %s", wishes.entry);
        warn("%s: %s", failure->what, failure->why);
        tell(selector, failure);
    }
    return true;
}

/* What is said before the screen is cleared would be lost. */
static void begin_menu(struct selector *selector)
{
    const struct choice *choice = &selector->choice;
    const char *last;
    const uint32_t count = warnings(&last);

    menu_start(&menu, &selector->collection->entries, choice->index, choice->counting, choice->seconds);
    menu.editor = !selector->collection->conf.no_editor && !selector->secure;
    menu.why_no_editor = selector->secure ? "Secure Boot is on" : "loader.conf says no";
    menu.held = selector->key_held;
    if (count > 1)
        text_format(menu.message, sizeof(menu.message), "%u warnings, the last: %s", count, last);
    else if (count)
        text_format(menu.message, sizeof(menu.message), "warning: %s", last);
    selector->asked = true;
}

static uint32_t ask(struct selector *selector)
{
    const char *unused;
    const struct menu_calls calls = { .context = selector,
                                      .command_line = edit,
                                      .set_default = set_default,
                                      .print = print_entry,
                                      .ticks = ticks,
                                      .ticks_per_second = tsc_frequency(&unused),
                                      .idle = idle };
    uint32_t index;

    if (!selector->asked)
        begin_menu(selector);
    if (selector->again.why[0]) {
        text_format(menu.message, sizeof(menu.message), "%s: %s", selector->again.what, selector->again.why);
        menu.counting = selector->choice.counting;
        menu.seconds = selector->choice.seconds;
    }
    menu.unattended = selector->choice.unattended;
    index = menu_run(&menu, &calls);
    selector->edited = menu.edited ? menu.line : NULL;
    return index;
}

const struct entry *select_next(struct selector *selector, struct failure *failure)
{
    struct entries *entries = &selector->collection->entries;
    char path[TREE_PATH_MAX];

    for (;;) {
        const struct entry *entry;

        selector->edited = NULL;
        if (selector->choice.menu)
            selector->choice.index = ask(selector);
        if (selector->choice.index == MENU_NONE) {
            *failure = selector->again;
            return NULL;
        }
        entry = &entries->entry[selector->choice.index];
        if (entry->kind < ENTRY_FIRMWARE) {
            /* Before it is loaded: what loading breaks counts, too. */
            if (!entries_count_try(entries, entry, path, failure))
                warn("%s: its try is not counted: %s", failure->what, failure->why);
            loader_interface_selected(entry->id, path[0] ? path : NULL);
            if (!selector->collection->conf.random_seed_off && selector->collection->volumes.count &&
                !random_seed_use(&selector->collection->volumes.volume[0].tree, selector->around->handoff, failure))
                warn("%s: %s", failure->what, failure->why);
            return entry;
        }
        if (!run_command(selector, entry, failure) && !select_again(selector, failure))
            return NULL;
    }
}

bool select_again(struct selector *selector, const struct failure *failure)
{
    if (!selector->interactive || entries_bootable(&selector->collection->entries) < 2)
        return false;
    print("quadrivium: error: %s: %s\n", failure->what, failure->why);
    tell(selector, failure);
    return true;
}

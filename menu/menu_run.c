/* SPDX-License-Identifier: BSD-2-Clause */
/* The menu on the consoles, with a clock; see menu.h. */
#include <stddef.h>

#include "common/console.h"
#include "common/keys.h"
#include "common/noinit.h"
#include "menu/canvas.h"
#include "menu/menu.h"

#define SECONDS_AT_ONCE 4 /* a clock that jumps is caught up with little by little */
#define KEYS_AT_ONCE    64
#define HELD_PART       2 /* of a second: a keyboard repeats a key that is held sooner */

static struct {
    unsigned next;  /* that is drawn into */
    bool drawn;     /* the other one is what the screens show */
    bool screens;   /* there are any */
    uint64_t since; /* ticks: when the second that runs began */
    bool nobody;    /* the time has run out, and nothing is to be started */
    bool enough;    /* the person has read enough of what was printed */
    uint64_t held;  /* ticks: when the key that is held came last */
} run;

static struct canvas pictures[2] NOINIT; /* as large as what is drawn on it */

/* ---- the consoles ---- */

/* An ordinary console again. */
static void clear_screen(void *context, const struct console *console)
{
    (void)context;
    if (!console->screen)
        return;
    console->screen->clear();
    console->screen->cursor(true);
}

static void show(struct menu *menu)
{
    struct canvas *canvas = &pictures[run.next];
    unsigned columns, rows;

    canvas_size(&columns, &rows);
    canvas_clear(canvas, columns, rows);
    menu->page = menu_page(canvas->rows);
    menu_draw(menu, canvas);
    canvas_show(canvas, run.drawn ? &pictures[!run.next] : NULL);
    run.next = !run.next;
    run.drawn = true;
}

/* ---- without a screen ---- */

static void print_list(const struct menu *menu)
{
    for (uint32_t i = 0; i < menu->entries->count; i++) {
        const struct entry *entry = &menu->entries->entry[i];
        const bool marked = entry->problem[0] || entry_is_bad(entry);

        print("%4u%c%c %s\n", i + 1, i == menu->default_ ? '*' : ' ', marked ? '!' : ' ', entry->shown);
    }
    print("quadrivium: a number and Enter start one\n");
    if (menu->counting && menu->unattended)
        print("quadrivium: giving up in %u s; any key stops this\n", menu->seconds);
    else if (menu->counting)
        print("quadrivium: starting %s in %u s; any key stops this\n", menu->entries->entry[menu->selected].shown,
              menu->seconds);
}

/* What a key changed, in a line. */
static void print_change(const struct menu *menu, uint32_t selected)
{
    if (menu->message[0])
        print("quadrivium: %s\n", menu->message);
    else if (menu->editing)
        print("quadrivium: command line: %s\n", menu->line);
    else if (menu->selected != selected)
        print("quadrivium: %u: %s\n", menu->selected + 1, menu->entries->entry[menu->selected].shown);
}

/* ---- the loop ---- */

static int wait_for_key(const struct menu_calls *calls)
{
    int key;

    while ((key = console_read()) == KEY_NONE)
        calls->idle();
    return key;
}

static bool more(void *context)
{
    int key;

    print("Press a key for more, Escape or q to go back.");
    key = wait_for_key(context);
    print("\r%-50s\r", "");
    run.enough = key == KEY_ESCAPE || key == 'q';
    return !run.enough;
}

static void print_entry(const struct menu *menu, const struct menu_calls *calls)
{
    unsigned columns, rows;

    run.enough = false;
    console_each(clear_screen, NULL);
    if (canvas_size(&columns, &rows))
        console_page(columns, rows - 1, more, (void *)calls);
    calls->print(calls->context, &menu->entries->entry[menu->selected]);
    console_page(0, 0, NULL, NULL);
    if (!run.enough) {
        print("\nPress a key to go back.");
        wait_for_key(calls);
        print("\n");
    }
    run.drawn = false;
    if (calls->ticks_per_second)
        run.since = calls->ticks();
}

/* Takes the keys that are there. */
static bool take_keys(struct menu *menu, const struct menu_calls *calls, bool *changed)
{
    for (unsigned i = 0; i < KEYS_AT_ONCE; i++) {
        const int key = console_read();
        const uint32_t selected = menu->selected;
        enum menu_action action;

        if (key == KEY_NONE)
            return false;
        if (menu->held) {
            run.held = calls->ticks();
            continue;
        }
        *changed = true;
        if (key == KEY_CONTROL('l')) /* a terminal that came late has seen nothing */
            run.drawn = false;
        action = menu_key(menu, key, calls);
        if (action == MENU_START)
            return true;
        if (action == MENU_PRINT)
            print_entry(menu, calls);
        else if (!run.screens)
            print_change(menu, selected);
    }
    return false;
}

/* Takes the seconds that have passed. */
static bool take_time(struct menu *menu, const struct menu_calls *calls, bool *changed)
{
    enum menu_action action;

    if (!calls->ticks_per_second)
        return false;
    menu->held = menu->held && calls->ticks() - run.held < calls->ticks_per_second / HELD_PART;
    for (unsigned i = 0; i < SECONDS_AT_ONCE && calls->ticks() - run.since >= calls->ticks_per_second; i++) {
        *changed |= menu->counting;
        run.since += calls->ticks_per_second;
        action = menu_second(menu);
        run.nobody = action == MENU_NOBODY;
        if (action == MENU_START || run.nobody)
            return true;
    }
    return false;
}

static void choose(struct menu *menu, const struct menu_calls *calls)
{
    bool changed = true;

    for (;;) {
        if (changed && run.screens)
            show(menu);
        changed = false;
        if (take_keys(menu, calls, &changed) || take_time(menu, calls, &changed))
            return;
        if (!changed)
            calls->idle();
    }
}

uint32_t menu_run(struct menu *menu, const struct menu_calls *calls)
{
    unsigned columns, rows;

    /* Where what was edited did not start, the user goes on with it. */
    menu->editing = menu->edited;
    menu->edited = menu->help = menu->filtering = false;
    menu->filter[0] = '\0'; /* it found what was chosen, which is to be chosen no more */
    menu->counting = menu->counting && calls->ticks_per_second;
    menu->held = menu->held && calls->ticks_per_second;
    run.drawn = run.nobody = false;
    run.screens = canvas_size(&columns, &rows);
    if (calls->ticks_per_second)
        run.since = run.held = calls->ticks();
    if (!menu->entries->count || !console_has_keys()) {
        menu->editing = false;
        menu->selected = menu->default_;
        if (menu->entries->count)
            print("quadrivium: no console has keys: starting %s\n", menu->entries->entry[menu->selected].shown);
        return menu->selected;
    }
    if (menu->counting && !menu->seconds && menu_take(menu) == MENU_START)
        return menu->selected;
    if (!run.screens)
        print_list(menu);
    choose(menu, calls);
    if (run.screens)
        console_each(clear_screen, NULL);
    return run.nobody ? MENU_NONE : menu->selected;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The menu: a state that keys change and that draws itself. Pure, but for menu_run. */
#ifndef MENU_MENU_H
#define MENU_MENU_H

#include <stdbool.h>
#include <stdint.h>

#include "common/layout.h"
#include "menu/canvas.h"
#include "menu/entry.h"

#define MENU_FILTER_MAX  64
#define MENU_MESSAGE_MAX 160

enum menu_action {
    MENU_NOTHING,
    MENU_START,       /* the selected entry, with the edited command line where `edited` is set */
    MENU_SET_DEFAULT, /* the selected entry has become it (key d) */
    MENU_PRINT,       /* the selected entry and the handoff (key p) */
    MENU_NOBODY,      /* the time has run out, and nothing is to be started then */
};

/* What the menu asks for; the caller's functions. */
struct menu_calls {
    void *context;
    /* The command line of an entry, to be edited: NUL-terminated, `size` bytes. False with a failure: it has none. */
    bool (*command_line)(void *context, const struct entry *entry, char *text, uint64_t size, struct failure *failure);
    /* Makes an entry the default from now on; false with a failure where nothing can be kept. */
    bool (*set_default)(void *context, const struct entry *entry, struct failure *failure);
    /* Prints an entry and the handoff with print(). */
    void (*print)(void *context, const struct entry *entry);
    uint64_t (*ticks)(void);   /* a clock */
    uint64_t ticks_per_second; /* 0: there is none, and no timeout */
    void (*idle)(void);        /* called while waiting: about 10 ms, or at once */
};

struct menu {
    const struct entries *entries;
    uint32_t selected; /* index into entries */
    uint32_t default_; /* likewise; marked in the list */
    bool editor;       /* `e` is allowed; else why_no_editor says why not */
    const char *why_no_editor;
    bool counting;    /* the time runs out; any key ends that */
    bool unattended;  /* then nothing is started: an entry failed that nobody chose, and nobody is here */
    bool person;      /* somebody has pressed a key */
    bool held;        /* the key that brought the menu up may be held: what comes until it is let go means nothing */
    uint32_t seconds; /* left, while counting */
    char filter[MENU_FILTER_MAX +
                1]; /* "" none; only entries whose shown title or id has it, whatever case, are shown */
    bool filtering; /* what is typed goes into the filter */
    bool editing;
    bool edited;                            /* `line` is what the user wants for the selected entry */
    char line[LAYOUT_COMMAND_LINE_MAX + 1]; /* the command line while editing, and after */
    uint32_t line_cursor;
    char message[MENU_MESSAGE_MAX]; /* shown at the bottom; "" none */
    bool help;                      /* the list of keys is shown */
    uint32_t page;                  /* entries that page up and down pass: what the screen shows at once */
    uint32_t number, number_age;    /* the digits typed so far, 0 none, and for how many seconds nobody typed more */
};

/* The menu over a list with this default; seconds: until it starts by itself, where counting. */
void menu_start(struct menu *menu, const struct entries *entries, uint32_t default_, bool counting, uint32_t seconds);

/*
 * Takes a key. Up, down, page up and down, home, end move; a digit selects the entry with that number, further digits
 * join it; `/` or any other letter without a meaning begins filtering (Escape ends it, Tab ends the typing and keeps
 * the filter); Enter starts; `e` edits (Enter starts what was edited, Escape leaves it); `d` makes it the default; `p`
 * prints; `?` or `h` lists the keys. Any key stops the count. What cannot be started says why in the message.
 */
enum menu_action menu_key(struct menu *menu, int key, const struct menu_calls *calls);

/* A second has passed, whether counting or not. Returns MENU_START or MENU_NOBODY where the time has run out. */
enum menu_action menu_second(struct menu *menu);

/* Starts the selected entry: MENU_START, or MENU_NOTHING with a message where it cannot be. */
enum menu_action menu_take(struct menu *menu);

/* Whether the filter lets an entry be shown. */
bool menu_shows(const struct menu *menu, uint32_t index);

/* Draws it on a canvas that has its size (canvas_clear). */
void menu_draw(const struct menu *menu, struct canvas *canvas);

#define MENU_NONE UINT32_MAX

/* The entries that menu_draw shows at once on so many rows. */
uint32_t menu_page(unsigned rows);

/*
 * Shows it until an entry is chosen, whose index it returns; menu->edited and menu->line say with which command line.
 * Called again with `edited` still set, it goes on editing; without the filter by which that was found. Where no
 * console has a screen it prints the list once and takes keys as ever; where none has keys, it takes the default at
 * once. MENU_NONE: nobody was there, and it was `unattended`. The list must not be empty.
 */
uint32_t menu_run(struct menu *menu, const struct menu_calls *calls);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A menu over a made-up list, with calls that a test can look at. */
#ifndef TESTS_UNIT_MENU_FIXTURE_H
#define TESTS_UNIT_MENU_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys.h"
#include "common/text.h"
#include "menu/menu.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function" /* each test takes what it needs */

static struct entry list[ENTRIES_MAX];
static struct entries entries = { .entry = list };
static struct menu menu;
static struct canvas canvas;

static const char *line_given; /* NULL: an entry has no command line */
static const struct entry *new_default, *printed;
static bool default_fails;

/* As menu/entry.c has it, whose other needs are not ours. */
bool entry_is_bad(const struct entry *entry)
{
    return entry->counter.counted && !entry->counter.left;
}

static bool give_line(void *context, const struct entry *entry, char *text, uint64_t size, struct failure *failure)
{
    (void)context, (void)entry;
    if (!line_given) {
        *failure = (struct failure){ "command line", "it has none" };
        return false;
    }
    snprintf(text, size, "%s", line_given);
    return true;
}

static bool take_default(void *context, const struct entry *entry, struct failure *failure)
{
    (void)context;
    if (default_fails) {
        *failure = (struct failure){ "default", "the firmware is full" };
        return false;
    }
    new_default = entry;
    return true;
}

static void print_entry(void *context, const struct entry *entry)
{
    (void)context;
    printed = entry;
}

static struct menu_calls calls = { .command_line = give_line, .set_default = take_default, .print = print_entry };

static struct entry *add(const char *id, const char *shown)
{
    list[entries.count] = (struct entry){ .id = id,
                                          .title = shown,
                                          .shown = shown,
                                          .version = "",
                                          .machine_id = "",
                                          .sort_key = "",
                                          .problem = "",
                                          .path = "" };
    return &list[entries.count++];
}

/* So many entries, "Entry 0001" on. */
static void add_many(uint32_t count)
{
    static char names[ENTRIES_MAX][24];

    for (uint32_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "Entry %04u", i + 1);
        add("x.conf", names[i]);
    }
}

static int setup(void **state)
{
    (void)state;
    entries.count = 0;
    line_given = "root=/dev/sda1 ro quiet";
    new_default = printed = NULL;
    default_fails = false;
    return 0;
}

/* Four entries of each sort. */
static void add_four(void)
{
    add("debian.conf", "Debian GNU/Linux 12");
    add("fedora.conf", "Fedora Linux")->counter = (struct counter){ true, 3, 1 };
    add("arch.efi", "Broken Thing")->problem = "no such file: /vmlinuz";
    add("old.conf", "Old")->counter = (struct counter){ true, 0, 3 };
}

static void start(uint32_t default_)
{
    menu_start(&menu, &entries, default_, false, 0);
}

static enum menu_action press(int key)
{
    return menu_key(&menu, key, &calls);
}

/* Types a text; nothing of it may start something. */
static void type(const char *text)
{
    for (; *text; text++)
        press((uint8_t)*text);
}

static void draw(unsigned columns, unsigned rows)
{
    canvas_clear(&canvas, columns, rows);
    menu.page = menu_page(canvas.rows);
    menu_draw(&menu, &canvas);
}

/* A row of the picture as text, without the blanks at its end. */
static const char *row_text(unsigned row)
{
    static char text[CANVAS_COLUMNS_MAX + 1];
    unsigned length = canvas.columns;

    memcpy(text, canvas.cell[row], length);
    while (length && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
    return text;
}

/* The row that is drawn as selected, or -1. */
static int selected_row(void)
{
    for (unsigned row = 0; row < canvas.rows; row++) {
        if (canvas.style[row][0] == STYLE_SELECTED)
            return (int)row;
    }
    return -1;
}

#pragma GCC diagnostic pop

#endif

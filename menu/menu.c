/* SPDX-License-Identifier: BSD-2-Clause */
/* The menu's state, and what keys do to it; see menu.h. Pure. */
#include "menu/menu.h"

#include "common/keys.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/menu_private.h"

#define PAGE_DEFAULT 10 /* entries, before a screen says how many it shows */
#define NUMBER_AGE   2  /* seconds, after which a digit begins a new number */

void menu_start(struct menu *menu, const struct entries *entries, uint32_t default_, bool counting, uint32_t seconds)
{
    *menu = (struct menu){ 0 };
    menu->entries = entries;
    menu->default_ = default_ < entries->count ? default_ : 0;
    menu->selected = menu->default_;
    menu->editor = true;
    menu->why_no_editor = "";
    menu->counting = counting;
    menu->seconds = seconds;
    menu->page = PAGE_DEFAULT;
}

/* ---- messages ---- */

void menu_say(struct menu *menu, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_vformat(menu->message, sizeof(menu->message), format, arguments);
    va_end(arguments);
}

/* A name, which keeps its bytes for the canvas to show, and what is said of it. */
static void say_of(struct menu *menu, const char *name, const char *what)
{
    const uint64_t behind = strlen(what), room = sizeof(menu->message) - 1 - behind;
    const uint64_t length = strnlen(name, room);

    memcpy(menu->message, name, length);
    memcpy(menu->message + length, what, behind + 1);
}

/* ---- the filter ---- */

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character | 0x20) : character;
}

static bool begins_with(const char *text, const char *start)
{
    for (; *start; start++, text++) {
        if (lower(*text) != lower(*start))
            return false;
    }
    return true;
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        if (begins_with(text, part))
            return true;
    }
    return false;
}

bool menu_shows(const struct menu *menu, uint32_t index)
{
    const struct entry *entry = &menu->entries->entry[index];

    return !menu->filter[0] || contains(entry->shown, menu->filter) || contains(entry->id, menu->filter);
}

/* The selection is always among what is shown, unless that is nothing. */
static void settle(struct menu *menu)
{
    if (menu_shows(menu, menu->selected))
        return;
    for (uint32_t i = 0; i < menu->entries->count; i++) {
        if (menu_shows(menu, i)) {
            menu->selected = i;
            return;
        }
    }
}

static void filter_end(struct menu *menu)
{
    menu->filter[0] = '\0';
    menu->filtering = false;
}

static void filter_add(struct menu *menu, char character)
{
    const uint64_t length = strlen(menu->filter);

    menu->filtering = true;
    if (length == MENU_FILTER_MAX) {
        menu_say(menu, "the filter can be no longer");
        return;
    }
    menu->filter[length] = character;
    menu->filter[length + 1] = '\0';
    settle(menu);
}

/* Takes the last character away, all of its bytes. */
static void filter_shorten(struct menu *menu)
{
    uint64_t length = strlen(menu->filter);

    if (!length) {
        menu->filtering = false;
        return;
    }
    while (length > 1 && ((uint8_t)menu->filter[length - 1] & 0xc0) == 0x80)
        length--;
    menu->filter[length - 1] = '\0';
    settle(menu);
}

static bool is_character(int key)
{
    return key >= 0x20 && key <= 0xff && key != KEY_BACKSPACE;
}

static void filter_key(struct menu *menu, int key)
{
    if (key == KEY_ESCAPE)
        filter_end(menu);
    else if (key == KEY_TAB)
        menu->filtering = false;
    else if (key == KEY_BACKSPACE)
        filter_shorten(menu);
    else if (key == KEY_CONTROL('u'))
        menu->filter[0] = '\0';
    else if (is_character(key))
        filter_add(menu, (char)key);
}

/* ---- moving ---- */

/* Moves over so many of the entries that are shown, as far as there are any. */
static void move(struct menu *menu, int step, uint32_t times)
{
    uint32_t at = menu->selected;

    while (times && (step < 0 ? at > 0 : at + 1 < menu->entries->count)) {
        at = step < 0 ? at - 1 : at + 1;
        if (menu_shows(menu, at)) {
            menu->selected = at;
            times--;
        }
    }
}

static bool move_key(struct menu *menu, int key)
{
    switch (key) {
    case KEY_UP:
        move(menu, -1, 1);
        return true;
    case KEY_DOWN:
        move(menu, 1, 1);
        return true;
    case KEY_PAGE_UP:
        move(menu, -1, menu->page);
        return true;
    case KEY_PAGE_DOWN:
        move(menu, 1, menu->page);
        return true;
    case KEY_HOME:
        move(menu, -1, menu->entries->count);
        return true;
    case KEY_END:
        move(menu, 1, menu->entries->count);
        return true;
    default:
        return false;
    }
}

static bool is_digit(int key)
{
    return key >= '0' && key <= '9';
}

/* A further digit joins those before it where there is an entry with that number, else it begins a new one. */
static void digit_key(struct menu *menu, uint32_t digit)
{
    const uint32_t joined = menu->number * 10 + digit;

    menu->number = joined <= menu->entries->count ? joined : digit <= menu->entries->count ? digit : 0;
    menu->number_age = 0;
    if (!menu->number)
        menu_say(menu, "there is no entry %u", digit);
    else if (menu_shows(menu, menu->number - 1))
        menu->selected = menu->number - 1;
    else
        menu_say(menu, "the filter hides entry %u", menu->number);
}

/* ---- doing ---- */

enum menu_action menu_take(struct menu *menu)
{
    const struct entry *entry = &menu->entries->entry[menu->selected];

    menu->counting = false;
    if (!menu->entries->count || !menu_shows(menu, menu->selected)) {
        menu_say(menu, "no entry is shown");
        return MENU_NOTHING;
    }
    if (entry->problem[0]) {
        say_of(menu, entry->problem, "");
        return MENU_NOTHING;
    }
    return MENU_START;
}

static enum menu_action set_default(struct menu *menu, const struct menu_calls *calls)
{
    const struct entry *entry = &menu->entries->entry[menu->selected];
    struct failure failure;

    if (!calls->set_default(calls->context, entry, &failure)) {
        menu_say(menu, "%s: %s", failure.what, failure.why);
        return MENU_NOTHING;
    }
    menu->default_ = menu->selected;
    say_of(menu, entry->shown, " is now the default");
    return MENU_SET_DEFAULT;
}

static enum menu_action list_key(struct menu *menu, int key, const struct menu_calls *calls)
{
    const bool shown = menu_shows(menu, menu->selected);

    switch (key) {
    case 'e':
        if (shown)
            menu_edit(menu, calls);
        return MENU_NOTHING;
    case 'd':
        return shown ? set_default(menu, calls) : MENU_NOTHING;
    case 'p':
        return shown ? MENU_PRINT : MENU_NOTHING;
    case '?':
    case 'h':
        menu->help = true;
        return MENU_NOTHING;
    case '/':
        menu->filtering = true;
        return MENU_NOTHING;
    case KEY_ESCAPE:
        filter_end(menu);
        return MENU_NOTHING;
    default:
        if (is_character(key) && (lower((char)key) >= 'a' && lower((char)key) <= 'z'))
            filter_add(menu, (char)key);
        return MENU_NOTHING;
    }
}

enum menu_action menu_key(struct menu *menu, int key, const struct menu_calls *calls)
{
    if (key == KEY_NONE || !menu->entries->count)
        return MENU_NOTHING;
    menu->counting = false;
    menu->message[0] = '\0';
    if (menu->help) {
        menu->help = false;
        return MENU_NOTHING;
    }
    if (menu->editing)
        return menu_edit_key(menu, key);
    if (is_digit(key) && !menu->filtering) {
        digit_key(menu, (uint32_t)(key - '0'));
        return MENU_NOTHING;
    }
    menu->number = 0;
    if (move_key(menu, key))
        return MENU_NOTHING;
    if (key == KEY_ENTER)
        return menu_take(menu);
    if (!menu->filtering)
        return list_key(menu, key, calls);
    filter_key(menu, key);
    return MENU_NOTHING;
}

enum menu_action menu_second(struct menu *menu)
{
    if (menu->number && ++menu->number_age >= NUMBER_AGE)
        menu->number = 0;
    if (!menu->counting)
        return MENU_NOTHING;
    if (menu->seconds)
        menu->seconds--;
    return menu->seconds ? MENU_NOTHING : menu_take(menu);
}

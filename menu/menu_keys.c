/* SPDX-License-Identifier: BSD-2-Clause */
/* What keys do to the menu; see menu.h. Those of the editor are in menu_edit.c. Pure. */
#include "common/keys.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/menu_private.h"

/* ---- the filter ---- */

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

static enum menu_action set_default(struct menu *menu, const struct menu_calls *calls)
{
    const struct entry *entry = &menu->entries->entry[menu->selected];
    struct failure failure;

    if (!calls->set_default(calls->context, entry, &failure)) {
        menu_say(menu, "%s: %s", failure.what, failure.why);
        return MENU_NOTHING;
    }
    menu->default_ = menu->selected;
    menu_say_of(menu, entry->shown, " is now the default");
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
        if (is_character(key) && (text_lower((char)key) >= 'a' && text_lower((char)key) <= 'z'))
            filter_add(menu, (char)key);
        return MENU_NOTHING;
    }
}

enum menu_action menu_key(struct menu *menu, int key, const struct menu_calls *calls)
{
    if (key == KEY_NONE || !menu->entries->count)
        return MENU_NOTHING;
    menu->counting = false;
    menu->person = true;
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

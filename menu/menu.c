/* SPDX-License-Identifier: BSD-2-Clause */
/* The menu's state; see menu.h. What keys do to it is in menu_keys.c. Pure. */
#include "menu/menu.h"

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

void menu_say_of(struct menu *menu, const char *name, const char *what)
{
    const uint64_t behind = strlen(what), room = sizeof(menu->message) - 1 - behind;
    const uint64_t length = strnlen(name, room);

    memcpy(menu->message, name, length);
    memcpy(menu->message + length, what, behind + 1);
}

/* ---- the filter ---- */

static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        if (text_begins_with(text, part))
            return true;
    }
    return false;
}

bool menu_shows(const struct menu *menu, uint32_t index)
{
    const struct entry *entry = &menu->entries->entry[index];

    return !menu->filter[0] || contains(entry->shown, menu->filter) || contains(entry->id, menu->filter);
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
        menu_say_of(menu, entry->problem, "");
        return MENU_NOTHING;
    }
    return MENU_START;
}

enum menu_action menu_second(struct menu *menu)
{
    if (menu->number && ++menu->number_age >= NUMBER_AGE)
        menu->number = 0;
    if (!menu->counting)
        return MENU_NOTHING;
    if (menu->seconds)
        menu->seconds--;
    if (menu->seconds)
        return MENU_NOTHING;
    return menu->unattended ? MENU_NOBODY : menu_take(menu);
}

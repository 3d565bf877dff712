/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu's editor of one line. The keys beyond arrows are those of Emacs and of shells: Ctrl-A and Ctrl-E to the
 * ends, Ctrl-K and Ctrl-U cut what is behind and before the cursor, Ctrl-W the word before it. Pure.
 */
#include "common/keys.h"
#include "common/string.h"
#include "menu/menu_private.h"

void menu_edit(struct menu *menu, const struct menu_calls *calls)
{
    const struct entry *entry = &menu->entries->entry[menu->selected];
    struct failure failure;

    if (!menu->editor) {
        menu_say(menu, "%s",
                 menu->why_no_editor && menu->why_no_editor[0] ? menu->why_no_editor : "there is no editor");
        return;
    }
    if (menu_take(menu) != MENU_START)
        return;
    menu->line[0] = '\0';
    if (!calls->command_line(calls->context, entry, menu->line, sizeof(menu->line), &failure)) {
        menu_say(menu, "%s: %s", failure.what, failure.why);
        return;
    }
    menu->line[LAYOUT_COMMAND_LINE_MAX] = '\0';
    menu->line_cursor = (uint32_t)strlen(menu->line);
    menu->editing = true;
}

/* Takes away the bytes from `from` to `to`, where the cursor then stands. */
static void cut(struct menu *menu, uint32_t from, uint32_t to)
{
    memmove(menu->line + from, menu->line + to, strlen(menu->line + to) + 1);
    menu->line_cursor = from;
}

static void put(struct menu *menu, char character)
{
    char *at = menu->line + menu->line_cursor;

    if (strlen(menu->line) == LAYOUT_COMMAND_LINE_MAX) {
        menu_say(menu, "a command line has no more than %u bytes", LAYOUT_COMMAND_LINE_MAX);
        return;
    }
    memmove(at + 1, at, strlen(at) + 1);
    *at = character;
    menu->line_cursor++;
}

/* Where the word before the cursor begins. */
static uint32_t word_start(const struct menu *menu)
{
    uint32_t at = menu->line_cursor;

    while (at && menu->line[at - 1] == ' ')
        at--;
    while (at && menu->line[at - 1] != ' ')
        at--;
    return at;
}

static void change(struct menu *menu, int key, uint32_t length)
{
    const uint32_t cursor = menu->line_cursor;

    switch (key) {
    case KEY_BACKSPACE:
        if (cursor)
            cut(menu, cursor - 1, cursor);
        break;
    case KEY_DELETE:
        if (cursor < length)
            cut(menu, cursor, cursor + 1);
        break;
    case KEY_CONTROL('k'):
        cut(menu, cursor, length);
        break;
    case KEY_CONTROL('u'):
        cut(menu, 0, cursor);
        break;
    case KEY_CONTROL('w'):
        cut(menu, word_start(menu), cursor);
        break;
    default:
        if (key >= 0x20 && key <= 0xff)
            put(menu, (char)key);
    }
}

enum menu_action menu_edit_key(struct menu *menu, int key)
{
    const uint32_t length = (uint32_t)strlen(menu->line);

    switch (key) {
    case KEY_ENTER:
        menu->editing = false;
        menu->edited = true;
        return MENU_START;
    case KEY_ESCAPE:
        menu->editing = false;
        break;
    case KEY_LEFT:
        menu->line_cursor -= menu->line_cursor > 0;
        break;
    case KEY_RIGHT:
        menu->line_cursor += menu->line_cursor < length;
        break;
    case KEY_HOME:
    case KEY_CONTROL('a'):
        menu->line_cursor = 0;
        break;
    case KEY_END:
    case KEY_CONTROL('e'):
        menu->line_cursor = length;
        break;
    default:
        change(menu, key, length);
    }
    return MENU_NOTHING;
}

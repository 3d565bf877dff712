/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu's picture; see menu.h. From the top: the title and where in the list we are; the list (or the command line
 * that is edited, or the list of keys); two rows for a message; one for the count or the filter; the most useful keys.
 *
 *     Quadrivium 0.1                                                   2/3
 *
 *        1 *  Debian GNU/Linux 12                             3 tries left
 *     >  2    Debian GNU/Linux 12 (6.1.0-40)
 *        3  ! Fedora Linux 42
 *
 *     Starting Debian GNU/Linux 12 in 5 s; any key stops this
 *     Up/Down select  Enter start  e edit  d default  p print  / filter  ? help
 */
#include "common/string.h"
#include "common/text.h"
#include "menu/menu.h"

#define LIST_TOP  2
#define BELOW     4  /* rows below the list: message, message, count or filter, keys */
#define TEXT_LEFT 8  /* column of the titles, behind a number of up to four digits */
#define WIDE      76 /* columns that the longer texts need */

#define ALL 0xffff /* columns: as far as there are any */

uint32_t menu_page(unsigned rows)
{
    return rows < CANVAS_ROWS_MIN ? CANVAS_ROWS_MIN - LIST_TOP - BELOW : rows - LIST_TOP - BELOW;
}

/* ---- the list ---- */

/* How many are shown, and which of them is the selected one, from 0 on. */
struct view {
    uint32_t total, selected;
};

static struct view view_of(const struct menu *menu)
{
    struct view view = { 0, 0 };

    for (uint32_t i = 0; i < menu->entries->count; i++) {
        if (!menu_shows(menu, i))
            continue;
        if (i == menu->selected)
            view.selected = view.total;
        view.total++;
    }
    return view;
}

/* How an entry's tries are said to people; nothing where they are not counted. */
static void write_tries(const struct entry *entry, char *text, uint64_t size)
{
    const uint32_t left = entry->counter.left;

    text[0] = '\0';
    if (entry->counter.counted && !left)
        text_format(text, size, "no tries left");
    else if (entry->counter.counted)
        text_format(text, size, "%u %s left", left, left == 1 ? "try" : "tries");
}

static void draw_entry(const struct menu *menu, struct canvas *canvas, uint32_t index, unsigned row)
{
    const struct entry *entry = &menu->entries->entry[index];
    const bool broken = entry->problem[0], bad = entry_is_bad(entry);
    const enum style style = broken ? STYLE_MUTED : bad ? STYLE_WARNING : STYLE_PLAIN;
    char number[16], tries[32];
    unsigned room = canvas->columns - TEXT_LEFT, length;

    text_format(number, sizeof(number), "%c%4u%c%c", index == menu->selected ? '>' : ' ', index + 1,
                index == menu->default_ ? '*' : ' ', broken || bad ? '!' : ' ');
    canvas_row_style(canvas, row, style);
    canvas_text(canvas, 0, row, ALL, style, number);
    write_tries(entry, tries, sizeof(tries));
    length = (unsigned)strlen(tries);
    if (length) {
        canvas_text(canvas, canvas->columns - length - 1, row, ALL, style, tries);
        room -= length + 3;
    }
    canvas_text(canvas, TEXT_LEFT, row, room, style, entry->shown);
    if (index == menu->selected)
        canvas_row_style(canvas, row, STYLE_SELECTED);
}

/* A page at a time, so that a move changes two rows only, and a serial line has little to carry. */
static void draw_list(const struct menu *menu, struct canvas *canvas, const struct view *view)
{
    const uint32_t page = menu_page(canvas->rows);
    uint32_t top = view->selected / page * page, position = 0;

    if (!view->total) {
        canvas_text(canvas, TEXT_LEFT, LIST_TOP, ALL, STYLE_MUTED,
                    menu->filter[0] ? "No entry has this in its name." : "There is no entry.");
        return;
    }
    if (view->total <= page)
        top = 0;
    else if (top > view->total - page)
        top = view->total - page;
    for (uint32_t i = 0; i < menu->entries->count && position < top + page; i++) {
        if (!menu_shows(menu, i))
            continue;
        if (position >= top)
            draw_entry(menu, canvas, i, LIST_TOP + (position - top));
        position++;
    }
}

/* ---- the command line ---- */

/* Wrapped over the rows that are there; where these do not suffice, those that have the cursor. */
static void draw_line(const struct menu *menu, struct canvas *canvas)
{
    const unsigned columns = canvas->columns, first_row = LIST_TOP + 2, rows = canvas->rows - BELOW - first_row;
    const uint32_t length = (uint32_t)strlen(menu->line), cursor_row = menu->line_cursor / columns;
    const uint32_t top = cursor_row < rows ? 0 : cursor_row - rows + 1;
    unsigned used = canvas_text(canvas, 0, LIST_TOP, ALL, STYLE_PLAIN, "Command line of ");

    canvas_text(canvas, used, LIST_TOP, ALL, STYLE_PLAIN, menu->entries->entry[menu->selected].shown);
    for (uint32_t i = top * columns; i < length && i < (top + rows) * columns; i++) {
        const char character = menu->line[i];

        canvas->cell[first_row + i / columns - top][i % columns] =
            character >= 0x20 && character < 0x7f ? character : '?';
    }
    canvas->cursor = true;
    canvas->cursor_column = menu->line_cursor % columns;
    canvas->cursor_row = first_row + cursor_row - top;
}

/* ---- what stands around ---- */

static void draw_title(const struct menu *menu, struct canvas *canvas, const struct view *view)
{
    char place[32];
    unsigned length;

    canvas_text(canvas, 0, 0, ALL, STYLE_TITLE, "Quadrivium " QUADRIVIUM_VERSION);
    if (menu->editing || menu->help)
        return;
    length = (unsigned)text_format(place, sizeof(place), "%u/%u", view->total ? view->selected + 1 : 0, view->total);
    canvas_text(canvas, canvas->columns - length - 1, 0, ALL, STYLE_TITLE, place);
}

/* Bytes of the text that go onto a row: broken at a blank if there is one in its second half. */
static unsigned row_length(const char *text, unsigned columns)
{
    const unsigned length = (unsigned)strnlen(text, columns + 1ul);

    if (length <= columns)
        return length;
    for (unsigned i = columns; i > columns / 2; i--) {
        if (text[i] == ' ')
            return i;
    }
    return columns;
}

static void draw_message(const struct menu *menu, struct canvas *canvas)
{
    const unsigned row = canvas->rows - BELOW, length = row_length(menu->message, canvas->columns - 1);
    const char *rest = menu->message + length;
    char first[CANVAS_COLUMNS_MAX + 1];

    memcpy(first, menu->message, length);
    first[length] = '\0';
    while (*rest == ' ')
        rest++;
    canvas_text(canvas, 0, *rest ? row : row + 1, ALL, STYLE_WARNING, first);
    if (*rest)
        canvas_text(canvas, 0, row + 1, canvas->columns - 1, STYLE_WARNING, rest);
}

static void draw_count(const struct menu *menu, struct canvas *canvas)
{
    const unsigned row = canvas->rows - 2;
    const char *name = menu->entries->count ? menu->entries->entry[menu->selected].shown : "";
    char behind[48];
    unsigned at, length;

    length = (unsigned)text_format(behind, sizeof(behind), " in %u s%s", menu->seconds,
                                   canvas->columns < WIDE ? "" : "; any key stops this");
    if (menu->unattended)
        name = "up";
    at = canvas_text(canvas, 0, row, ALL, STYLE_PLAIN, menu->unattended ? "Giving " : "Starting ");
    at += canvas_text(canvas, at, row, canvas->columns - 1 - at - length, STYLE_PLAIN, name);
    canvas_text(canvas, at, row, ALL, STYLE_PLAIN, behind);
}

/* Its end, with the cursor, where it is longer than the row. */
static void draw_filter(const struct menu *menu, struct canvas *canvas)
{
    const unsigned row = canvas->rows - 2, length = (unsigned)strlen(menu->filter);
    unsigned at = canvas_text(canvas, 0, row, ALL, STYLE_PLAIN, "Filter: ");
    const unsigned room = canvas->columns - 1 - at;

    at += canvas_text(canvas, at, row, room, STYLE_PLAIN, menu->filter + (length > room ? length - room : 0));
    canvas->cursor = menu->filtering;
    canvas->cursor_column = at;
    canvas->cursor_row = row;
}

static void draw_keys(const struct menu *menu, struct canvas *canvas)
{
    const bool wide = canvas->columns >= WIDE;
    const char *keys = wide ? "Up/Down select  Enter start  e edit  d default  p print  / filter  ? help"
                            : "Enter start  e edit  / filter  ? help";

    if (menu->help)
        keys = "Any key goes back";
    else if (menu->editing)
        keys = wide ? "Enter start with it  Escape give it up  Ctrl-A/E start/end  Ctrl-K/U/W cut"
                    : "Enter start with it  Escape give it up";
    else if (menu->filtering)
        keys = wide ? "Up/Down select  Enter start  Tab other keys again  Escape end the filter"
                    : "Enter start  Escape end the filter";
    canvas_row_style(canvas, canvas->rows - 1, STYLE_TITLE);
    canvas_text(canvas, 0, canvas->rows - 1, canvas->columns - 1, STYLE_TITLE, keys);
}

static void draw_help(struct canvas *canvas)
{
    static const char lines[][48] = {
        "Up Down PgUp PgDn  select",
        "1 2 3 ...          by number",
        "Enter              start it",
        "e                  edit its command line",
        "d                  the default from now",
        "p                  print all about it",
        "/ or a letter      show what has it",
        "Tab, Escape        stop typing, end it",
        /* The smallest screen ends here. */
        "Home End           the first, the last",
        "Ctrl-L             draw it all anew",
        "*                  the default",
        "!                  broken, or tried in vain",
    };

    const unsigned top = canvas->rows > CANVAS_ROWS_MIN ? LIST_TOP : LIST_TOP - 1;

    for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines) && top + i < canvas->rows - 1; i++)
        canvas_text(canvas, 0, top + i, ALL, STYLE_PLAIN, lines[i]);
}

void menu_draw(const struct menu *menu, struct canvas *canvas)
{
    const struct view view = view_of(menu);

    draw_title(menu, canvas, &view);
    draw_keys(menu, canvas);
    if (menu->help) {
        draw_help(canvas);
        return;
    }
    if (menu->editing)
        draw_line(menu, canvas);
    else
        draw_list(menu, canvas, &view);
    if (menu->message[0])
        draw_message(menu, canvas);
    if (menu->counting)
        draw_count(menu, canvas);
    else if (!menu->editing && (menu->filtering || menu->filter[0]))
        draw_filter(menu, canvas);
}

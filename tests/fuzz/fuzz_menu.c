/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/menu.c menu/menu_keys.c menu/menu_edit.c menu/menu_draw.c menu/canvas.c */
/* sources: common/console.c common/text.c common/failure.c */
/*
 * A person at the menu. The first bytes make the list (how many, which names, counters and faults), its screen and the
 * count; what follows are keys, each a byte, or from 0xe0 on one of those beyond characters, a second that passes, or a
 * screen of another size. After each key the selected entry is in the list and on the screen, what can start may start,
 * the cursor is where it belongs, and nothing was drawn beside the picture.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys.h"
#include "menu/menu.h"

#define HEAD      8
#define NAMES     16
#define NAME_SIZE 256
#define LIST_MAX  1200
#define KEYS_MAX  96

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct entry list[LIST_MAX];
static struct entries entries = { .entry = list };
static struct menu menu;
static struct canvas canvas;
static char names[NAMES][NAME_SIZE];
static uint8_t mood; /* what the calls answer */

static void require(bool condition)
{
    if (!condition)
        abort();
}

bool entry_is_bad(const struct entry *entry)
{
    return entry->counter.counted && !entry->counter.left;
}

static bool refuse(struct failure *failure)
{
    memset(failure, 'f', sizeof(*failure));
    failure->what[sizeof(failure->what) - 1] = failure->why[sizeof(failure->why) - 1] = '\0';
    return false;
}

static bool give_line(void *context, const struct entry *entry, char *text, uint64_t size, struct failure *failure)
{
    const uint64_t length = mood & 2 ? size - 1 : mood & 4 ? 200 : 5;

    (void)context;
    require(!entry->problem[0]);
    if (mood & 1)
        return refuse(failure);
    memset(text, mood | 1, length);
    text[length] = '\0';
    return true;
}

static bool take_default(void *context, const struct entry *entry, struct failure *failure)
{
    (void)context;
    require(entry == &list[menu.selected]);
    return !(mood & 8) || refuse(failure);
}

static const struct menu_calls calls = { .command_line = give_line, .set_default = take_default };

/* Names are pieces of the input, and once a very long one. */
static void make_names(const uint8_t *data, size_t size)
{
    for (unsigned i = 0; i < NAMES; i++) {
        const size_t from = (size_t)data[i % HEAD] * (i + 1) % size;
        const size_t length = i == 3 ? NAME_SIZE - 1 : size - from < 24 ? size - from : 24;

        memset(names[i], 'n', NAME_SIZE);
        memcpy(names[i], data + from, length < size - from ? length : size - from);
        names[i][length] = '\0';
        if (!names[i][0])
            memcpy(names[i], "x", 2);
    }
}

static void make_list(const uint8_t *data)
{
    entries.count = (data[0] & 0x80) ? (data[0] * 10u) % LIST_MAX : data[0] % 24;
    for (uint32_t i = 0; i < entries.count; i++) {
        const uint8_t kind = (uint8_t)(data[1] + i * data[2]);

        list[i] = (struct entry){ .id = names[(i + data[3]) % NAMES], .shown = names[i % NAMES], .problem = "" };
        if (kind % 5 == 0)
            list[i].problem = names[(i + 1) % NAMES];
        if (kind % 3 == 0)
            list[i].counter = (struct counter){ true, kind % 2 ? kind * 0x1010101u : 0, 1 };
    }
}

/* ---- what must hold ---- */

static void check_state(void)
{
    require(menu.selected < entries.count || !entries.count);
    require(menu.default_ < entries.count || !entries.count);
    require(memchr(menu.filter, 0, sizeof(menu.filter)) && memchr(menu.message, 0, sizeof(menu.message)));
    require(memchr(menu.line, 0, sizeof(menu.line)) && menu.line_cursor <= strlen(menu.line));
    require(menu.number <= entries.count);
}

/* Whether the selected entry is drawn, once. */
static void check_selection(void)
{
    unsigned rows = 0, shown = 0;

    for (uint32_t i = 0; i < entries.count; i++)
        shown += menu_shows(&menu, i);
    require(!shown || menu_shows(&menu, menu.selected));
    for (unsigned row = 0; row < canvas.rows; row++)
        rows += canvas.style[row][0] == STYLE_SELECTED && canvas.cell[row][0] == '>';
    require(rows == (shown && !menu.help && !menu.editing));
}

/* Of a row, the cells from a column on are blank. */
static void check_blank(unsigned column, unsigned row)
{
    for (; column < CANVAS_COLUMNS_MAX; column++)
        require(canvas.cell[row][column] == ' ' && canvas.style[row][column] == STYLE_PLAIN);
}

static void check_picture(unsigned columns, unsigned rows)
{
    canvas_clear(&canvas, columns, rows);
    columns = canvas.columns;
    rows = canvas.rows;
    menu.page = menu_page(rows);
    menu_draw(&menu, &canvas);
    require(canvas.columns == columns && canvas.rows == rows);
    require(!canvas.cursor || (canvas.cursor_column < columns && canvas.cursor_row < rows));
    for (unsigned row = 0; row < rows; row++) {
        for (unsigned column = 0; column < columns; column++) {
            const char cell = canvas.cell[row][column];

            require(cell >= 0x20 && cell < 0x7f && canvas.style[row][column] <= STYLE_WARNING);
        }
        check_blank(columns, row);
    }
    if (rows < CANVAS_ROWS_MAX)
        check_blank(0, rows);
    check_selection();
}

static void check_start(enum menu_action action)
{
    if (action != MENU_START)
        return;
    require(entries.count && menu_shows(&menu, menu.selected) && !list[menu.selected].problem[0]);
    require(!menu.editing && !menu.counting);
    menu.edited = false;
}

static int key_of(uint8_t byte)
{
    return byte < 0xe0 ? byte : byte < 0xe0 + (KEY_OTHER - KEY_UP) + 1 ? KEY_UP + (byte - 0xe0) : KEY_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned columns, rows;

    if (size < HEAD + 1)
        return 0;
    make_names(data, size);
    make_list(data);
    columns = data[4];
    rows = data[5] % 110;
    mood = data[7];
    menu_start(&menu, &entries, data[6] * 5u, data[7] & 16, data[6] % 4u);
    menu.editor = !(data[7] & 32);
    check_picture(columns, rows);
    for (size_t i = HEAD; i < size && i < HEAD + KEYS_MAX; i++) {
        if (data[i] == 0xff) {
            check_start(menu_second(&menu));
        } else if (data[i] >= 0xf0) {
            columns = (data[i] & 15u) * 18;
            rows = (data[i] & 15u) * 8;
        } else {
            check_start(menu_key(&menu, key_of(data[i]), &calls));
            require(!menu.counting || key_of(data[i]) == KEY_NONE || !entries.count);
        }
        check_state();
        if (i % 8 == 0 || i + 1 == size)
            check_picture(columns, rows);
    }
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of consoles, printing on those that are started, and their keys; see console.h. */
#include "common/console.h"

#include "common/keys.h"
#include "common/text.h"

#define CONSOLES_MAX 8
#define WARNING_MAX  256

static const struct console *known[CONSOLES_MAX];
static bool started[CONSOLES_MAX];

/* Those of `known` that are started, one after the other: what is done for every character looks at no others. */
static const struct console *active[CONSOLES_MAX];
static unsigned active_count;

static struct {
    uint32_t count;
    char last[WARNING_MAX];
} warned;

static struct {
    unsigned columns, rows; /* of a page; 0: there are none */
    unsigned column, row;   /* on it, where the next character goes */
    bool (*more)(void *context);
    void *context;
    bool over; /* nobody wants more */
} page;

void console_register(const struct console *console)
{
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (!known[i] || known[i] == console) {
            known[i] = console;
            return;
        }
    }
}

static void find_active(void)
{
    active_count = 0;
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (started[i])
            active[active_count++] = known[i];
    }
}

bool console_start(struct span spec, bool forced)
{
    for (unsigned i = 0; i < CONSOLES_MAX && known[i]; i++) {
        struct span rest;

        if (!text_prefix(spec, known[i]->name, &rest) || (rest.size && rest.data[0] != ','))
            continue;
        if (rest.size)
            rest = (struct span){ rest.data + 1, rest.size - 1 };
        if (!known[i]->start(rest, forced))
            return false;
        started[i] = true;
        find_active();
        return true;
    }
    return false;
}

void console_start_present(const char *specs)
{
    struct span rest = text_span(specs), spec;

    while (text_next_word(&rest, &spec))
        console_start(spec, false);
}

void console_stop(const char *name)
{
    for (unsigned i = 0; i < CONSOLES_MAX && known[i]; i++) {
        if (text_equals(text_span(known[i]->name), name))
            started[i] = false;
    }
    find_active();
}

bool console_any(void)
{
    return active_count;
}

bool console_has_keys(void)
{
    for (unsigned i = 0; i < active_count; i++) {
        if (active[i]->read)
            return true;
    }
    return false;
}

int console_read(void)
{
    for (unsigned i = 0; i < active_count; i++) {
        const int key = active[i]->read ? active[i]->read() : KEY_NONE;

        if (key != KEY_NONE)
            return key;
    }
    return KEY_NONE;
}

bool console_pressed(void)
{
    if (console_read() != KEY_NONE)
        return true;
    for (unsigned i = 0; i < active_count; i++) {
        if (active[i]->begun && active[i]->begun())
            return true;
    }
    return false;
}

void console_each(void (*visit)(void *context, const struct console *console), void *context)
{
    for (unsigned i = 0; i < active_count; i++)
        visit(context, active[i]);
}

void console_page(unsigned columns, unsigned rows, bool (*more)(void *context), void *context)
{
    page.columns = columns;
    page.rows = rows;
    page.column = page.row = 0;
    page.more = more;
    page.context = context;
    page.over = false;
}

/* Behind the last row of a page it waits; what is said then is on no page. */
static void next_row(unsigned column)
{
    const unsigned rows = page.rows;

    page.column = column;
    if (++page.row < rows)
        return;
    page.rows = page.row = 0;
    page.over = !page.more(page.context);
    page.rows = rows;
}

static void put_all(char byte)
{
    for (unsigned i = 0; byte == '\n' && i < active_count; i++)
        active[i]->write('\r');
    for (unsigned i = 0; i < active_count; i++)
        active[i]->write(byte);
}

static void put(void *context, char byte)
{
    (void)context;
    if (!page.rows) {
        put_all(byte);
        return;
    }
    /* A line that is too long goes on in the next row. */
    if (!page.over && byte >= ' ' && ++page.column > page.columns)
        next_row(1);
    if (page.over)
        return;
    put_all(byte);
    if (byte == '\n')
        next_row(0);
}

static void flush(void)
{
    for (unsigned i = 0; i < active_count; i++) {
        if (active[i]->flush)
            active[i]->flush();
    }
}

void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_stream(put, NULL, format, arguments);
    va_end(arguments);
    flush();
}

void warn(const char *format, ...)
{
    va_list arguments;

    print("quadrivium: warning: ");
    va_start(arguments, format);
    text_stream(put, NULL, format, arguments);
    va_end(arguments);
    print("\n");
    warned.count++;
    va_start(arguments, format);
    text_vformat(warned.last, sizeof(warned.last), format, arguments);
    va_end(arguments);
}

uint32_t warnings(const char **last)
{
    *last = warned.last;
    return warned.count;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of consoles, printing on those that are started, and their keys; see console.h. */
#include "common/console.h"

#include "common/keys.h"
#include "common/text.h"

#define CONSOLES_MAX 8

static const struct console *known[CONSOLES_MAX];
static bool started[CONSOLES_MAX];

void console_register(const struct console *console)
{
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (!known[i] || known[i] == console) {
            known[i] = console;
            return;
        }
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
        return started[i] = true;
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
}

bool console_any(void)
{
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (started[i])
            return true;
    }
    return false;
}

int console_read(void)
{
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        const int key = started[i] && known[i]->read ? known[i]->read() : KEY_NONE;

        if (key != KEY_NONE)
            return key;
    }
    return KEY_NONE;
}

void console_each(void (*visit)(void *context, const struct console *console), void *context)
{
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (started[i])
            visit(context, known[i]);
    }
}

static void put(void *context, char byte)
{
    (void)context;
    for (unsigned i = 0; i < CONSOLES_MAX; i++) {
        if (!started[i])
            continue;
        if (byte == '\n')
            known[i]->write('\r');
        known[i]->write(byte);
    }
}

void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_stream(put, NULL, format, arguments);
    va_end(arguments);
}

void warn(const char *format, ...)
{
    va_list arguments;

    print("quadrivium: warning: ");
    va_start(arguments, format);
    text_stream(put, NULL, format, arguments);
    va_end(arguments);
    print("\n");
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines on the consoles, and the words of the command line; see report.h. */
#include "tests/conformance/report.h"

#include "common/io.h"
#include "common/string.h"
#include "common/text.h"

#define COM1          0x3f8
#define COM1_STATUS   (COM1 + 5)
#define COM1_EMPTY    0x20
#define COM1_PATIENCE 0x10000 /* polls */
#define DEBUGCON      0xe9

static const char *protocol;
static const char *command_line;
static unsigned passed, failed, skipped;

static void put(void *context, char byte)
{
    (void)context;
    for (unsigned poll = 0; poll < COM1_PATIENCE && !(io_read8(COM1_STATUS) & COM1_EMPTY); poll++)
        ;
    io_write8(COM1, (uint8_t)byte);
    io_write8(DEBUGCON, (uint8_t)byte);
}

static void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_stream(put, NULL, format, arguments);
    va_end(arguments);
}

void check(bool holds, const char *clause, const char *format, ...)
{
    va_list arguments;

    print("%s %s.%s ", holds ? "PASS" : "FAIL", protocol, clause);
    va_start(arguments, format);
    text_stream(put, NULL, format, arguments);
    va_end(arguments);
    print("\n");
    if (holds)
        passed++;
    else
        failed++;
}

void skip(const char *clause, const char *why, ...)
{
    va_list arguments;

    print("SKIP %s.%s ", protocol, clause);
    va_start(arguments, why);
    text_stream(put, NULL, why, arguments);
    va_end(arguments);
    print("\n");
    skipped++;
}

void report_begin(const char *name)
{
    protocol = name;
    print("\nCONFORMANCE begin %s\n", name);
}

void report_command_line(const char *text)
{
    command_line = text;
    print("CONFORMANCE command line %s\n", text);
}

/* Finds the word that begins with `name`; what follows in it is *rest. */
static bool find_word(const char *name, struct span *rest)
{
    if (!command_line)
        return false;
    struct span text = text_span(command_line), word;

    while (text_next_word(&text, &word))
        if (text_prefix(word, name, rest))
            return true;
    return false;
}

bool command_line_has(const char *word)
{
    struct span rest;

    return find_word(word, &rest) && rest.size == 0;
}

uint64_t command_line_number(const char *name, uint64_t absent)
{
    struct span rest;
    uint64_t value;

    return find_word(name, &rest) && text_number(rest, &value) ? value : absent;
}

/* The entries call it. */
uint64_t conformance(void);

uint64_t conformance(void)
{
    uint64_t status = check_payload();

    print("CONFORMANCE end PASSED %u FAILED %u SKIPPED %u\n", passed, failed, skipped);
    while (status == REPORT_HALT)
        __asm__ volatile("hlt");
    return status;
}

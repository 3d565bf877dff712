/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatting text, and taking text from outside apart. No allocation, no locale. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

/*
 * The printf subset that we use: %% %c %s %.*s %d %u %x with l, ll and z, a width, and 0 or - before it. %s and %c
 * print what may have come from outside: bytes outside printable ASCII become \xNN, so that no terminal obeys them.
 * Calls put once for each byte.
 */
void text_stream(void (*put)(void *context, char byte), void *context, const char *format, va_list arguments);

/* Formats into buffer, always NUL-terminated, cut at size bytes. Returns the length that it would have had. */
size_t text_format(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t text_vformat(char *buffer, size_t size, const char *format, va_list arguments);

/*
 * Appends text, byte for byte, to the NUL-terminated one in buffer, which holds size bytes. False, and as much as fits,
 * where it does not.
 */
bool text_append(char *buffer, size_t size, const char *text);

/*
 * Takes the next word (separated by blanks; double quotes keep blanks together, as in Linux's parameters) off the front
 * of *rest. Returns false where there is none. The word points into the text, quotes included.
 */
bool text_next_word(struct span *rest, struct span *word);

/* The text as a span, and comparisons of a span with a literal. */
struct span text_span(const char *text);
bool text_equals(struct span word, const char *text);
/* The same, ASCII letters in any case. */
bool text_same(struct span word, const char *text);
/* If word begins with prefix, *rest is what follows it. */
bool text_prefix(struct span word, const char *prefix, struct span *rest);

/* An ASCII letter as the small one; anything else is itself. */
static inline char text_lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character | 0x20) : character;
}

/* Whether a text begins or ends with another, ASCII letters in any case. */
bool text_begins_with(const char *text, const char *start);
bool text_ends_with(const char *text, const char *suffix);

/* A decimal number, or a hexadecimal one after 0x, that fills the whole span and fits. */
bool text_number(struct span word, uint64_t *value);

#endif

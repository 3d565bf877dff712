/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatting and splitting text; see text.h. Pure: compiled natively for tests as well. */
#include "common/text.h"

#include "common/string.h"

struct sink {
    void (*put)(void *context, char byte);
    void *context;
};

struct conversion {
    bool zero;      /* pad with 0 */
    bool left;      /* pad behind */
    unsigned width; /* at least that many bytes */
    bool limited;
    size_t limit; /* %.*s: at most that many bytes */
};

static const char digits[] = "0123456789abcdef";

static void pad(struct sink *sink, char with, size_t have, size_t want)
{
    for (; have < want; have++)
        sink->put(sink->context, with);
}

static void put_escaped(struct sink *sink, char byte)
{
    uint8_t code = (uint8_t)byte;

    if (code >= 0x20 && code < 0x7f) {
        sink->put(sink->context, byte);
        return;
    }
    sink->put(sink->context, '\\');
    sink->put(sink->context, 'x');
    sink->put(sink->context, digits[code >> 4]);
    sink->put(sink->context, digits[code & 15]);
}

static void put_string(struct sink *sink, const struct conversion *how, const char *text)
{
    if (!text)
        text = "(none)";
    size_t length = how->limited ? strnlen(text, how->limit) : strlen(text);

    if (!how->left)
        pad(sink, ' ', length, how->width);
    for (size_t i = 0; i < length; i++)
        put_escaped(sink, text[i]);
    if (how->left)
        pad(sink, ' ', length, how->width);
}

static void put_number(struct sink *sink, const struct conversion *how, uint64_t value, unsigned base, bool negative)
{
    char reversed[20]; /* 2^64 has 20 decimal digits */
    size_t length = 0;

    do {
        reversed[length++] = digits[value % base];
        value /= base;
    } while (value);

    size_t have = length + negative;

    if (!how->zero && !how->left)
        pad(sink, ' ', have, how->width);
    if (negative)
        sink->put(sink->context, '-');
    if (how->zero && !how->left)
        pad(sink, '0', have, how->width);
    for (size_t i = length; i > 0; i--)
        sink->put(sink->context, reversed[i - 1]);
    if (how->left)
        pad(sink, ' ', have, how->width);
}

/* Reads flags, width and precision behind a %, and returns what follows them. */
static const char *read_conversion(const char *format, struct conversion *how, va_list *arguments)
{
    *how = (struct conversion){ 0 };
    for (; *format == '0' || *format == '-'; format++) {
        how->zero |= *format == '0';
        how->left |= *format == '-';
    }
    for (; *format >= '0' && *format <= '9'; format++)
        how->width = how->width * 10 + (unsigned)(*format - '0');
    if (format[0] == '.' && format[1] == '*') {
        int limit = va_arg(*arguments, int);

        how->limited = true;
        how->limit = limit < 0 ? 0 : (size_t)limit;
        format += 2;
    }
    return format;
}

void text_stream(void (*put)(void *context, char byte), void *context, const char *format, va_list original)
{
    struct sink sink = { put, context };
    va_list arguments;

    va_copy(arguments, original);
    for (; *format; format++) {
        if (*format != '%') {
            put(context, *format);
            continue;
        }

        struct conversion how;
        bool wide = false;

        format = read_conversion(format + 1, &how, &arguments);
        for (; *format == 'l' || *format == 'z'; format++)
            wide = true;
        switch (*format) {
        case 'c':
            put_escaped(&sink, (char)va_arg(arguments, int));
            break;
        case 's':
            put_string(&sink, &how, va_arg(arguments, const char *));
            break;
        case 'd': {
            int64_t value = wide ? va_arg(arguments, int64_t) : va_arg(arguments, int);

            put_number(&sink, &how, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t value = wide ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);

            put_number(&sink, &how, value, *format == 'u' ? 10 : 16, false);
            break;
        }
        case '\0':
            format--; /* a lone % at the end */
            break;
        default:
            put(context, *format);
        }
    }
    va_end(arguments);
}

struct buffer {
    char *start;
    size_t size;
    size_t length;
};

static void put_buffer(void *context, char byte)
{
    struct buffer *buffer = context;

    if (buffer->length + 1 < buffer->size)
        buffer->start[buffer->length] = byte;
    buffer->length++;
}

size_t text_vformat(char *start, size_t size, const char *format, va_list arguments)
{
    struct buffer buffer = { start, size, 0 };

    text_stream(put_buffer, &buffer, format, arguments);
    if (size)
        start[buffer.length < size ? buffer.length : size - 1] = '\0';
    return buffer.length;
}

size_t text_format(char *start, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    size_t length = text_vformat(start, size, format, arguments);
    va_end(arguments);
    return length;
}

bool text_append(char *buffer, size_t size, const char *text)
{
    size_t length = strnlen(buffer, size), more = strlen(text);
    const bool fits = length < size && more < size - length;

    if (length >= size)
        return false;
    if (!fits)
        more = size - length - 1;
    memcpy(buffer + length, text, more);
    buffer[length + more] = '\0';
    return fits;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

bool text_next_word(struct span *rest, struct span *word)
{
    bool quoted = false;
    uint64_t length = 0;

    while (rest->size && is_blank(*rest->data)) {
        rest->data++;
        rest->size--;
    }
    if (!rest->size)
        return false;
    for (; length < rest->size; length++) {
        if (rest->data[length] == '"')
            quoted = !quoted;
        else if (!quoted && is_blank(rest->data[length]))
            break;
    }
    *word = (struct span){ rest->data, length };
    rest->data += length;
    rest->size -= length;
    return true;
}

struct span text_span(const char *text)
{
    return (struct span){ (const uint8_t *)text, strlen(text) };
}

bool text_prefix(struct span word, const char *prefix, struct span *rest)
{
    size_t length = strlen(prefix);

    if (word.size < length || memcmp(word.data, prefix, length))
        return false;
    *rest = (struct span){ word.data + length, word.size - length };
    return true;
}

bool text_equals(struct span word, const char *text)
{
    struct span rest;

    return text_prefix(word, text, &rest) && !rest.size;
}

bool text_begins_with(const char *text, const char *start)
{
    for (; *start; start++, text++) {
        if (text_lower(*text) != text_lower(*start))
            return false;
    }
    return true;
}

bool text_ends_with(const char *text, const char *suffix)
{
    const size_t length = strlen(text), end = strlen(suffix);

    return length >= end && text_begins_with(text + length - end, suffix);
}

bool text_number(struct span word, uint64_t *value)
{
    struct span rest;
    unsigned base = 10;

    if (text_prefix(word, "0x", &rest)) {
        base = 16;
        word = rest;
    }
    *value = 0;
    for (uint64_t i = 0; i < word.size; i++) {
        uint8_t byte = word.data[i] >= 'A' && word.data[i] <= 'F' ? word.data[i] | 0x20 : word.data[i];
        const char *digit = byte ? strchr(digits, byte) : NULL;

        if (!digit || (unsigned)(digit - digits) >= base)
            return false;
        if (__builtin_mul_overflow(*value, base, value) ||
            __builtin_add_overflow(*value, (uint64_t)(digit - digits), value))
            return false;
    }
    return word.size > 0;
}

bool text_same(struct span word, const char *text)
{
    if (word.size != strlen(text))
        return false;
    for (uint64_t i = 0; i < word.size; i++) {
        if (text_lower((char)word.data[i]) != text_lower(text[i]))
            return false;
    }
    return true;
}

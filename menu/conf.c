/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of keys and values; see conf.h. Pure: compiled natively for tests. */
#include "menu/conf.h"

#include <stdarg.h>

#include "common/string.h"
#include "common/text.h"
#include "storage/path.h"

#define STRING(x)  STRING_(x)
#define STRING_(x) #x

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct span cut_front(struct span text)
{
    while (text.size && is_blank(*text.data)) {
        text.data++;
        text.size--;
    }
    return text;
}

static struct span cut_back(struct span text)
{
    if (text.size && text.data[text.size - 1] == '\r')
        text.size--;
    while (text.size && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

void conf_start(struct conf_reader *reader, struct span text)
{
    struct span behind_mark;

    *reader = (struct conf_reader){ .rest = text };
    if (text_prefix(text, "\xef\xbb\xbf", &behind_mark))
        reader->rest = behind_mark;
}

static struct span take_line(struct conf_reader *reader)
{
    struct span line = { reader->rest.data, 0 };

    while (line.size < reader->rest.size && line.data[line.size] != '\n')
        line.size++;
    reader->rest.data += line.size;
    reader->rest.size -= line.size;
    if (reader->rest.size) { /* the line feed */
        reader->rest.data++;
        reader->rest.size--;
    }
    reader->number++;
    return line;
}

static void split(struct span text, struct conf_line *line)
{
    line->key = (struct span){ text.data, 0 };
    while (line->key.size < text.size && !is_blank(text.data[line->key.size]))
        line->key.size++;
    line->value = cut_front((struct span){ text.data + line->key.size, text.size - line->key.size });
}

bool conf_next(struct conf_reader *reader, struct conf_line *line)
{
    while (reader->rest.size) {
        struct span whole = take_line(reader), text = cut_front(cut_back(whole));

        if (!text.size || *text.data == '#')
            continue;
        *line = (struct conf_line){ .number = reader->number };
        if (whole.size > CONF_LINE_MAX)
            line->problem = "has more than " STRING(CONF_LINE_MAX) " bytes";
        else if (!text_is_clean(text))
            line->problem = "has control characters or is not UTF-8";
        else
            split(text, line);
        return true;
    }
    return false;
}

/* The last part of a name that fits in `room` bytes with its NUL; escapes make it longer than it is. */
static const char *last_part(const char *name, size_t room)
{
    size_t start = strlen(name), used = 1;

    for (; start > 0; start--) {
        used += text_format(NULL, 0, "%c", name[start - 1]);
        if (used > room)
            break;
    }
    return name + start;
}

bool conf_fail(struct failure *failure, const char *name, uint32_t number, const char *why, ...)
{
    static const char cut[] = "..."; /* the end of a file name tells more than its beginning */
    char what[sizeof(failure->what)], place[12] = "";
    size_t room = sizeof(what);
    va_list arguments;

    if (number)
        room -= text_format(place, sizeof(place), ":%u", number);
    if (last_part(name, room) == name)
        text_format(what, sizeof(what), "%s%s", name, place);
    else
        text_format(what, sizeof(what), "%s%s%s", cut, last_part(name, room - strlen(cut)), place);
    fail(failure, what, "it cannot be told why");
    va_start(arguments, why);
    text_vformat(failure->why, sizeof(failure->why), why, arguments);
    va_end(arguments);
    return false;
}

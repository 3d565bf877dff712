/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading os-release(5); see os_release.h. Quoting is the shell's: in double quotes a backslash keeps what follows. */
#include "menu/os_release.h"

#include "common/text.h"
#include "storage/path.h"

static struct span next_line(struct span *rest)
{
    struct span line = { rest->data, 0 };

    while (line.size < rest->size && rest->data[line.size] != '\n')
        line.size++;

    const uint64_t used = line.size < rest->size ? line.size + 1 : line.size;

    rest->data += used;
    rest->size -= used;
    while (line.size &&
           (line.data[line.size - 1] == '\r' || line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t'))
        line.size--;
    return line;
}

/* The length without a character of UTF-8 at the end of which there is only the beginning. */
static uint64_t whole(const char *value, uint64_t length)
{
    uint64_t start = length;

    while (start > 0 && length - start < 3 && ((uint8_t)value[start - 1] & 0xc0) == 0x80)
        start--;
    if (!start || (uint8_t)value[start - 1] < 0xc0)
        return length;

    const uint8_t first = (uint8_t)value[--start];
    const uint64_t needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

    return length - start < needed ? start : length;
}

static void unquote(struct span given, char *value, uint64_t size)
{
    const bool quoted = given.size >= 2 && (given.data[0] == '"' || given.data[0] == '\'') &&
                        given.data[given.size - 1] == given.data[0];
    const bool literal = quoted && given.data[0] == '\'';
    const uint64_t end = quoted ? given.size - 1 : given.size;
    uint64_t length = 0;

    for (uint64_t i = quoted ? 1 : 0; i < end && length + 1 < size; i++) {
        if (given.data[i] == '\\' && !literal && i + 1 < end)
            i++;
        value[length++] = (char)given.data[i];
    }
    if (length + 1 == size)
        length = whole(value, length);
    value[length] = '\0';
}

bool os_release_find(struct span text, const char *key, char *value, uint64_t size)
{
    bool found = false;

    value[0] = '\0';
    while (text.size) {
        struct span line = next_line(&text), rest;

        if (!text_prefix(line, key, &rest) || !rest.size || rest.data[0] != '=')
            continue;
        rest = (struct span){ rest.data + 1, rest.size - 1 };
        found = text_is_clean(rest);
        if (found)
            unquote(rest, value, size);
        else
            value[0] = '\0';
    }
    return found;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading grubenv; see grub_env.h: a line of signature, then NAME=VALUE lines, in which a backslash stands before a
 * backslash and before a line feed that is part of the value; `#` fills the rest. Pure: compiled natively for tests.
 */
#include "menu/grub_env.h"

#include "common/text.h"

#define SIGNATURE "# GRUB Environment Block\n"

bool grub_env_open(struct span text, struct span *rest)
{
    return text_prefix(text, SIGNATURE, rest);
}

static int take(struct span *rest)
{
    if (!rest->size)
        return '\n';
    rest->size--;
    return *rest->data++;
}

/* Up to the end of the line, and behind it. False where it is too long, or has a NUL. */
static bool take_value(struct span *rest, char *value, uint64_t size)
{
    bool fits = true;
    uint64_t length = 0;

    for (int byte = take(rest); byte != '\n'; byte = take(rest)) {
        if (byte == '\\')
            byte = take(rest);
        fits = fits && byte && length + 1 < size;
        if (fits)
            value[length++] = (char)byte;
    }
    value[length] = '\0';
    return fits;
}

bool grub_env_next(struct span *rest, char *name, uint64_t name_size, char *value, uint64_t value_size)
{
    while (rest->size) {
        uint64_t length = 0;
        bool comment = *rest->data == '#', fits;

        while (length < rest->size && rest->data[length] != '=' && rest->data[length] != '\n')
            length++;
        if (comment || length == rest->size || rest->data[length] == '\n') { /* the value is used for a moment */
            take_value(rest, value, value_size);
            continue;
        }
        fits = length && length < name_size;
        for (uint64_t i = 0; i < length; i++) {
            fits = fits && rest->data[i];
            if (fits)
                name[i] = (char)rest->data[i];
        }
        if (fits)
            name[length] = '\0';
        rest->data += length + 1;
        rest->size -= length + 1;
        if (take_value(rest, value, value_size) && fits)
            return true;
    }
    return false;
}

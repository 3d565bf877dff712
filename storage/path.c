/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths from configuration files; see path.h. UAPI.1, "Type #1 Boot Loader Entry Keys": they begin at the root of the
 * file system, with or without a slash. UTF-8 is that of RFC 3629, section 4. Pure: compiled natively for tests.
 */
#include "storage/path.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define SHOWN_MAX 100 /* bytes of a path in a failure */

static bool is_slash(uint8_t byte)
{
    return byte == '/' || byte == '\\';
}

/* How many bytes of `text` are one UTF-8 character; 0 where they are none. */
static uint64_t character_size(struct span text)
{
    const uint8_t *byte = text.data;
    uint8_t low = 0x80, high = 0xbf; /* what the second byte may be */
    uint64_t size;

    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xc2 || byte[0] > 0xf4)
        return 0;
    size = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (byte[0] == 0xe0)
        low = 0xa0; /* else shorter ones would do */
    else if (byte[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (byte[0] == 0xf0)
        low = 0x90;
    else if (byte[0] == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (text.size < size || byte[1] < low || byte[1] > high)
        return 0;
    for (uint64_t i = 2; i < size; i++) {
        if (byte[i] < 0x80 || byte[i] > 0xbf)
            return 0;
    }
    return size;
}

/* ASCII's control characters, DEL, and those of ISO 8859, U+0080 to U+009F. */
static bool is_control(const uint8_t *character)
{
    return character[0] < 0x20 || character[0] == 0x7f || (character[0] == 0xc2 && character[1] < 0xa0);
}

bool text_is_clean(struct span text)
{
    while (text.size) {
        uint64_t size = character_size(text);

        if (!size || (is_control(text.data) && text.data[0] != '\t'))
            return false;
        text.data += size;
        text.size -= size;
    }
    return true;
}

static bool has_tab(struct span text)
{
    for (uint64_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\t')
            return true;
    }
    return false;
}

static bool refuse(struct span given, const char *why, struct failure *failure)
{
    bool cut = given.size > SHOWN_MAX;

    return fail(failure, "path", "'%.*s%s' %s", (int)(cut ? SHOWN_MAX : given.size), (const char *)given.data,
                cut ? "..." : "", why);
}

/* Takes the next part off the front of *rest; false where there is none. */
static bool next_part(struct span *rest, struct span *part)
{
    uint64_t length = 0;

    while (rest->size && is_slash(*rest->data)) {
        rest->data++;
        rest->size--;
    }
    while (length < rest->size && !is_slash(rest->data[length]))
        length++;
    *part = (struct span){ rest->data, length };
    rest->data += length;
    rest->size -= length;
    return length > 0;
}

static bool is_dots(struct span part, uint64_t count)
{
    return part.size == count && part.data[0] == '.' && part.data[count - 1] == '.';
}

/* Adds the parts of `given` to path, which has `length` bytes without a slash at their end, and `depth` parts. */
static bool add_parts(struct span given, char *path, uint64_t length, unsigned depth, struct failure *failure)
{
    struct span rest = given, part;

    if (!given.data || !given.size)
        return fail(failure, "path", "it is empty");
    if (!text_is_clean(given) || has_tab(given))
        return refuse(given, "has control characters or is not UTF-8", failure);
    while (next_part(&rest, &part)) {
        if (is_dots(part, 1))
            continue;
        if (is_dots(part, 2))
            return refuse(given, "leaves the tree", failure);
        if (depth++ > TREE_DEPTH_MAX) /* that many folders, and a file in the last */
            return refuse(given, "has too many folders", failure);
        if (part.size > TREE_NAME_MAX || length + 1 + part.size >= TREE_PATH_MAX)
            return refuse(given, "is too long", failure);
        path[length++] = '/';
        memcpy(path + length, part.data, part.size);
        length += part.size;
    }
    if (!length)
        path[length++] = '/';
    path[length] = '\0';
    return true;
}

bool path_normalise(struct span given, char *path, struct failure *failure)
{
    return add_parts(given, path, 0, 0, failure);
}

bool path_relative(const char *base, struct span given, char *path, struct failure *failure)
{
    uint64_t length = (uint64_t)(path_name(base) - base);
    unsigned depth = 0;

    if (given.size && is_slash(*given.data))
        return path_normalise(given, path, failure);
    if (length)
        length--; /* the slash before the name */
    if (length >= TREE_PATH_MAX)
        return refuse((struct span){ (const uint8_t *)base, length }, "is too long", failure);
    for (uint64_t i = 0; i < length; i++)
        depth += base[i] == '/';
    memmove(path, base, length);
    return add_parts(given, path, length, depth, failure);
}

bool path_join(const char *folder, const char *name, char *path)
{
    uint64_t length = strnlen(folder, TREE_PATH_MAX), name_length = strnlen(name, TREE_PATH_MAX);

    if (length == 1 && folder[0] == '/')
        length = 0;
    if (!checked_within(length + 1, name_length + 1, TREE_PATH_MAX))
        return false;
    memmove(path, folder, length);
    path[length] = '/';
    memcpy(path + length + 1, name, name_length);
    path[length + 1 + name_length] = '\0';
    return true;
}

const char *path_name(const char *path)
{
    const char *name = path;

    for (; *path; path++) {
        if (*path == '/')
            name = path + 1;
    }
    return name;
}

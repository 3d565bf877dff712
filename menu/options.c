/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading `qv.` words; see options.h. Pure: compiled natively for tests as well. */
#include "menu/options.h"

#include "common/string.h"
#include "common/text.h"

static void read_console(struct options *options, struct span value)
{
    if (options->console_count < OPTIONS_CONSOLES_MAX)
        options->consoles[options->console_count++] = value;
}

static bool read_on_error(struct options *options, struct span value)
{
    if (text_equals(value, "halt"))
        options->on_error = ON_ERROR_HALT;
    else if (text_equals(value, "reboot"))
        options->on_error = ON_ERROR_REBOOT;
    else if (text_equals(value, "poweroff"))
        options->on_error = ON_ERROR_POWEROFF;
    else
        return false;
    options->on_error_given = true;
    return true;
}

static bool read_unpack(struct options *options, struct span value)
{
    if (text_equals(value, "kernel"))
        options->unpack = UNPACK_BY_KERNEL;
    else if (text_equals(value, "loader"))
        options->unpack = UNPACK_BY_LOADER;
    else
        return false;
    return true;
}

static bool read_mark(struct options *options, struct span value)
{
    uint64_t port;

    if (!text_number(value, &port) || !port || port > 0xffff)
        return false;
    options->mark = (uint16_t)port;
    return true;
}

#define TIMEOUT_MAX (24 * 60 * 60)

static bool read_timeout(struct options *options, struct span value)
{
    uint64_t seconds;

    if (!text_number(value, &seconds) || seconds > TIMEOUT_MAX)
        return false;
    options->timeout = (uint32_t)seconds;
    return options->has_timeout = true;
}

/* A title has blanks, and a path may: qv.entry="Debian GNU/Linux". */
static bool read_quoted(struct span *option, struct span value)
{
    if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
        value = (struct span){ value.data + 1, value.size - 2 };
    *option = value;
    return value.size;
}

/* Takes what follows `qv.`. False where it means nothing. */
static bool read_word(struct options *options, struct span word)
{
    struct span value;

    if (text_equals(word, "debug"))
        return options->debug = true;
    if (text_equals(word, "timeline"))
        return options->timeline = true;
    if (text_prefix(word, "console=", &value))
        return value.size && (read_console(options, value), true);
    if (text_prefix(word, "exit=", &value))
        return value.size && (options->exit = value, true);
    if (text_prefix(word, "entry=", &value))
        return read_quoted(&options->entry, value);
    if (text_prefix(word, "disk=", &value))
        return read_quoted(&options->disk, value);
    if (text_prefix(word, "path=", &value))
        return read_quoted(&options->path, value);
    if (text_prefix(word, "timeout=", &value))
        return read_timeout(options, value);
    if (text_prefix(word, "fault=", &value))
        return value.size && (options->fault = value, true);
    if (text_prefix(word, "mark=", &value))
        return read_mark(options, value);
    if (text_prefix(word, "unpack=", &value))
        return read_unpack(options, value);
    if (text_prefix(word, "onerror=", &value))
        return read_on_error(options, value);
    return false;
}

static bool append(struct span word, char *rest, uint64_t rest_size)
{
    uint64_t length = strlen(rest), blank = length ? 1 : 0;

    if (word.size >= rest_size || length + blank + word.size >= rest_size)
        return false;
    if (blank)
        rest[length++] = ' ';
    memcpy(rest + length, word.data, word.size);
    rest[length + word.size] = '\0';
    return true;
}

bool options_read(struct options *options, struct span text, char *rest, uint64_t rest_size)
{
    struct span word, ours;

    if (text.size)
        text.size = strnlen((const char *)text.data, text.size);
    while (text_next_word(&text, &word)) {
        if (!text_prefix(word, "qv.", &ours)) {
            options->quiet |= text_equals(word, "quiet");
            if (!append(word, rest, rest_size))
                return false;
        } else if (!read_word(options, ours) && options->unknown_count < OPTIONS_CONSOLES_MAX) {
            options->unknown[options->unknown_count++] = word;
        }
    }
    return true;
}

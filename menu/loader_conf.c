/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading loader.conf; see loader_conf.h. systemd's loader.conf(5), "Options". Pure: compiled natively for tests. */
#include "menu/loader_conf.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"

/* What systemd-boot has and we have not: sounds, keys to enrol, BitLocker, its log. */
static const char passed_over[][32] = {
    "beep",
    "log-level",
    "reboot-for-bitlocker",
    "reboot-on-error",
    "secure-boot-enroll",
    "secure-boot-enroll-action",
    "secure-boot-enroll-timeout-sec",
};

static const char yes[][5] = { "yes", "y", "true", "t", "on", "1" };
static const char no[][6] = { "no", "n", "false", "f", "off", "0" };

_Static_assert(sizeof(yes) / sizeof(yes[0]) == sizeof(no) / sizeof(no[0]), "a no for each yes");

enum meaning { FINE, BAD_VALUE, UNKNOWN_KEY };

static enum meaning read_boolean(struct span value, bool *result)
{
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (text_same(value, yes[i]) || text_same(value, no[i])) {
            *result = text_same(value, yes[i]);
            return FINE;
        }
    }
    return BAD_VALUE;
}

/* A key that turns off what is on by itself. */
static enum meaning read_negated(struct span value, bool *off)
{
    bool on = !*off;
    enum meaning meaning = read_boolean(value, &on);

    *off = !on;
    return meaning;
}

static enum meaning read_tristate(struct span value, enum bls_tristate *result)
{
    bool on;

    if (read_boolean(value, &on) != FINE)
        return BAD_VALUE;
    *result = on ? BLS_YES : BLS_NO;
    return FINE;
}

static bool read_decimal(struct span value, uint64_t *number)
{
    struct span digits;

    return !text_prefix(value, "0x", &digits) && text_number(value, number) && *number <= UINT32_MAX;
}

static enum meaning read_timeout(struct loader_conf *conf, struct span value)
{
    uint64_t seconds = 0;
    enum bls_timeout timeout = TIMEOUT_SECONDS;

    if (text_equals(value, "menu-force"))
        timeout = TIMEOUT_FORCE;
    else if (text_equals(value, "menu-hidden"))
        timeout = TIMEOUT_HIDDEN;
    else if (text_equals(value, "menu-disabled"))
        timeout = TIMEOUT_DISABLED;
    else if (!read_decimal(value, &seconds))
        return BAD_VALUE;
    conf->has_timeout = true;
    conf->timeout = timeout;
    conf->seconds = (uint32_t)seconds;
    return FINE;
}

/* What begins with @ is no glob: of such names there is one. */
static enum meaning read_default(struct loader_conf *conf, struct span value)
{
    if (*value.data == '@' && !text_same(value, "@saved"))
        return BAD_VALUE;
    conf->default_entry = value;
    return FINE;
}

static enum meaning read_console_mode(struct loader_conf *conf, struct span value)
{
    uint64_t number;

    if (!text_equals(value, "auto") && !text_equals(value, "max") && !text_equals(value, "keep") &&
        !read_decimal(value, &number))
        return BAD_VALUE;
    conf->console_mode = value;
    return FINE;
}

static enum meaning read_random_seed_mode(struct loader_conf *conf, struct span value)
{
    bool off = text_equals(value, "off");

    if (!off && !text_equals(value, "with-system-token") && !text_equals(value, "always"))
        return BAD_VALUE;
    conf->random_seed_off = off;
    return FINE;
}

static enum meaning read_key(struct loader_conf *conf, struct span key, struct span value)
{
    if (text_equals(key, "timeout"))
        return read_timeout(conf, value);
    if (text_equals(key, "default"))
        return read_default(conf, value);
    if (text_equals(key, "editor"))
        return read_negated(value, &conf->no_editor);
    if (text_equals(key, "console-mode"))
        return read_console_mode(conf, value);
    if (text_equals(key, "auto-entries"))
        return read_negated(value, &conf->no_auto_entries);
    if (text_equals(key, "auto-firmware"))
        return read_negated(value, &conf->no_auto_firmware);
    if (text_equals(key, "auto-reboot"))
        return read_tristate(value, &conf->auto_reboot);
    if (text_equals(key, "auto-poweroff"))
        return read_tristate(value, &conf->auto_poweroff);
    if (text_equals(key, "random-seed-mode"))
        return read_random_seed_mode(conf, value);
    for (size_t i = 0; i < sizeof(passed_over) / sizeof(passed_over[0]); i++) {
        if (text_equals(key, passed_over[i]))
            return FINE;
    }
    return UNKNOWN_KEY;
}

static struct span unquote(struct span value)
{
    if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
        return (struct span){ value.data + 1, value.size - 2 };
    return value;
}

/* %.*s of a key or a value: not so much of it that nothing else fits. */
static int shown(struct span text)
{
    return text.size < 64 ? (int)text.size : 64;
}

static bool read_line(struct loader_conf *conf, const char *name, const struct conf_line *line, struct failure *failure)
{
    struct span key = line->key, value = unquote(line->value);

    if (line->problem)
        return conf_fail(failure, name, line->number, "it %s", line->problem);
    if (!value.size)
        return conf_fail(failure, name, line->number, "%.*s has no value", shown(key), (const char *)key.data);
    switch (read_key(conf, key, value)) {
    case FINE:
        return true;
    case BAD_VALUE:
        return conf_fail(failure, name, line->number, "%.*s cannot be '%.*s'", shown(key), (const char *)key.data,
                         shown(value), (const char *)value.data);
    default:
        return conf_fail(failure, name, line->number, "%.*s is unknown", shown(key), (const char *)key.data);
    }
}

void loader_conf_parse(struct span text, const char *name, struct loader_conf *conf,
                       void (*report)(void *context, const struct failure *failure), void *context)
{
    struct conf_reader reader;
    struct conf_line line;
    struct failure failure;
    uint32_t wrong = 0;

    *conf = (struct loader_conf){ 0 };
    if (text.size > CONF_FILE_MAX) {
        conf_fail(&failure, name, 0, "it has %lu bytes, more than %u", text.size, CONF_FILE_MAX);
        if (report)
            report(context, &failure);
        return;
    }
    conf_start(&reader, text);
    while (conf_next(&reader, &line)) {
        if (!read_line(conf, name, &line, &failure) && wrong++ < LOADER_CONF_REPORTS_MAX && report)
            report(context, &failure);
    }
    if (wrong > LOADER_CONF_REPORTS_MAX && report) {
        conf_fail(&failure, name, 0, "%u further lines cannot be understood", wrong - LOADER_CONF_REPORTS_MAX);
        report(context, &failure);
    }
}

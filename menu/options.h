/* SPDX-License-Identifier: BSD-2-Clause */
/* Our words on the command line, those that begin with `qv.`; all others are the payload's. */
#ifndef MENU_OPTIONS_H
#define MENU_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

#define OPTIONS_CONSOLES_MAX 8

enum on_error { ON_ERROR_HALT, ON_ERROR_REBOOT, ON_ERROR_POWEROFF };

enum unpack { UNPACK_BY_DEFAULT, UNPACK_BY_KERNEL, UNPACK_BY_LOADER };

struct options {
    struct span exit;  /* qv.exit=NAME; data NULL: not given */
    struct span entry; /* qv.entry=NAME|NUMBER, without quotes; data NULL: not given */
    struct span disk;  /* qv.disk=NAME: only there are entries looked for; data NULL: not given */
    struct span path;  /* qv.path=PATH: only this kernel or configuration; data NULL: not given */
    bool has_timeout;  /* qv.timeout=SECONDS */
    uint32_t timeout;
    uint32_t console_count;
    struct span consoles[OPTIONS_CONSOLES_MAX]; /* qv.console=NAME[,…], in order */
    bool debug;                                 /* qv.debug */
    bool timeline;                              /* qv.timeline */
    bool quiet;                                 /* quiet: Linux's own word, which stays in its command line */
    uint16_t mark;                              /* qv.mark=PORT; 0: not given */
    bool on_error_given;
    enum on_error on_error; /* qv.onerror=halt|reboot|poweroff */
    enum unpack unpack;     /* qv.unpack=kernel|loader: who unpacks a bzImage */
    struct span fault;      /* qv.fault=KIND: provoke an exception, to see what happens then */

    struct span unknown[OPTIONS_CONSOLES_MAX]; /* words that begin with qv. and mean nothing, the first few */
    uint32_t unknown_count;
};

/*
 * Reads our words out of a command line and appends the others to rest, each after a blank where rest is not empty;
 * rest is NUL-terminated before and after and holds rest_size bytes. False where they do not fit. The spans in *options
 * point into text, which ends at its first NUL if it has one. A later word overrides an earlier one; consoles add up.
 */
bool options_read(struct options *options, struct span text, char *rest, uint64_t rest_size);

#endif

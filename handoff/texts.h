/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts that a payload reads by address, put one behind the other into its parameters. */
#ifndef HANDOFF_TEXTS_H
#define HANDOFF_TEXTS_H

#include <stdint.h>

#include "common/string.h"
#include "handoff/boot.h"

/* Bytes that the command line and the modules' strings take, NULs included. */
static inline uint64_t texts_size(const struct boot *boot)
{
    uint64_t size = strlen(boot->command_line) + 1;

    for (uint32_t i = 0; i < boot->module_count; i++)
        size += strlen(boot->modules[i].string) + 1;
    return size;
}

/* Copies a text to *at, and moves *at behind it. Its address. */
static inline uint64_t texts_put(const char *text, char **at)
{
    char *start = *at;
    uint64_t size = strlen(text) + 1;

    memcpy(start, text, size);
    *at += size;
    return (uint64_t)start;
}

#endif

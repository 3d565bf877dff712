/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/arena.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define ALIGNMENT 16

void *arena_take(struct arena *arena, uint64_t size)
{
    uint64_t start, end;

    if (!checked_align(arena->used, ALIGNMENT, &start) || !checked_add(start, size, &end) || end > arena->size)
        return NULL;
    arena->used = end;
    return arena->base + start;
}

char *arena_text(struct arena *arena, const char *text, uint64_t length)
{
    uint64_t size;
    char *copy = checked_add(length, 1, &size) ? arena_take(arena, size) : NULL;

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

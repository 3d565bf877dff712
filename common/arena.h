/* SPDX-License-Identifier: BSD-2-Clause */
/* Small memory that is never given back: copies of strings and tables from the loader before us. */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stdint.h>

struct arena {
    uint8_t *base;
    uint64_t size; /* bytes in all */
    uint64_t used;
};

/* `size` bytes, aligned to 16, not cleared; NULL where the arena is full. */
void *arena_take(struct arena *arena, uint64_t size);

/* A NUL-terminated copy of `length` bytes; NULL where the arena is full. */
char *arena_text(struct arena *arena, const char *text, uint64_t length);

#endif

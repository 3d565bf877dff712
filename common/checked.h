/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic on numbers from outside: each function says whether the true result fits, and stores it where it does. */
#ifndef COMMON_CHECKED_H
#define COMMON_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool checked_multiply(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Rounds up to a multiple of alignment, a power of two. */
static inline bool checked_align(uint64_t value, uint64_t alignment, uint64_t *aligned)
{
    if (!checked_add(value, alignment - 1, aligned))
        return false;
    *aligned &= ~(alignment - 1);
    return true;
}

/* Whether [offset, offset + size) lies within an object of `limit` bytes. */
static inline bool checked_within(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

/* For a value that is known to be no higher than a multiple of alignment. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return align_down(value + (alignment - 1), alignment);
}

#endif

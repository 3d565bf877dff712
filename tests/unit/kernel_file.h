/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's file as a parser is given it: a copy of just so many bytes, so that the sanitizer sees every byte read
 * behind it. For one .c file of a program; to be included behind our other headers, as cmocka.h is.
 */
#ifndef TESTS_UNIT_KERNEL_FILE_H
#define TESTS_UNIT_KERNEL_FILE_H

#include <stdlib.h>
#include <string.h>

#include "common/span.h"
#include "tests/unit/assert_failure.h"

static struct span file;
static struct failure failure;

static inline int teardown(void **state)
{
    (void)state;
    free((void *)file.data);
    file = (struct span){ NULL, 0 };
    return 0;
}

/* The file anew, in place of the one before. */
static inline struct span file_of(const void *bytes, uint64_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, bytes, size);
    teardown(NULL);
    file = (struct span){ copy, size };
    return file;
}

static inline void assert_says(const char *why)
{
    assert_failure(&failure, "kernel", why);
}

#endif

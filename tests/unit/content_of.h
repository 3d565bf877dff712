/* SPDX-License-Identifier: BSD-2-Clause */
/* The content of a file, for tests that read real ones. */
#ifndef TESTS_UNIT_CONTENT_OF_H
#define TESTS_UNIT_CONTENT_OF_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"

/* In memory of just that size, so that the sanitizer sees every byte read behind it; free() its data. Without data
 * where there is no such file. */
static inline struct span content_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct span content = { NULL, 0 };
    uint8_t *bytes;
    long size;

    if (!file)
        return content;
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    bytes = malloc(size ? (size_t)size : 1);
    content = (struct span){ bytes, fread(bytes, 1, (size_t)size, file) };
    fclose(file);
    return content;
}

#endif

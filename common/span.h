/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of bytes in memory that somebody else owns: what parsers take and give. */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stdint.h>

struct span {
    const uint8_t *data; /* NULL: absent; an empty run has data and a size of 0 */
    uint64_t size;       /* bytes */
};

#endif

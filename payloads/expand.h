/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacking into memory that is taken from the memory map. */
#ifndef PAYLOADS_EXPAND_H
#define PAYLOADS_EXPAND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/map.h"
#include "common/span.h"
#include "payloads/payload.h"

/* No stream may become larger than this. */
#define EXPAND_MAX (4ull << 30)

struct expander {
    struct memory_map *map;
    bool (*reach)(uint64_t start, uint64_t size); /* makes memory accessible (identity_reach) */
};

/*
 * Unpacks the first stream of `packed`. *content: the result, in memory of its own (MAP_WORK). *used: the bytes of
 * `packed` that the stream takes. What is not compressed is given back as it is, all of it used.
 */
bool expand(const struct expander *expander, struct span packed, struct span *content, uint64_t *used,
            struct failure *failure);

/* payload_recognise, with memory for the decoder. */
enum payload_kind expand_recognise(const struct expander *expander, struct span content);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The older format of .lzma files by liblzma (XZ Utils, doc/lzma-file-format.txt). It has no magic number and no
 * checksum; its header is the properties, the size of the dictionary, and that of the content.
 */
#include "payloads/unpack_lzma.h"

#include "common/string.h"

#define PROPERTIES     0x5d /* lc=3 lp=0 pb=2, which everybody takes */
#define DICTIONARY_MIN 4096
#define SIZE_MAX_TAKEN (1ull << 38)
#define SIZE_UNKNOWN   UINT64_MAX

struct header {
    uint8_t properties;
    uint32_t dictionary;
    uint64_t size;       /* of the content */
    uint8_t range_coder; /* the first byte of the data, which is 0 */
} __attribute__((packed));

_Static_assert(sizeof(struct header) == 14, "section 1.1, and a byte");

static bool is_dictionary(uint32_t size)
{
    uint32_t low = size & -size;

    return size >= DICTIONARY_MIN && (size == low || size == 3 * low);
}

static bool is(struct span packed)
{
    struct header header;

    if (packed.size < sizeof(header))
        return false;
    memcpy(&header, packed.data, sizeof(header));
    return header.properties == PROPERTIES && is_dictionary(header.dictionary) && !header.range_coder &&
           (header.size == SIZE_UNKNOWN || header.size < SIZE_MAX_TAKEN);
}

static bool size(struct span packed, uint64_t *size)
{
    struct header header;

    memcpy(&header, packed.data, sizeof(header));
    if (header.size == SIZE_UNKNOWN)
        return false;
    *size = header.size;
    return true;
}

static bool run(struct stream *stream, struct failure *failure)
{
    lzma_stream lzma = LZMA_STREAM_INIT; /* memory by malloc */
    lzma_ret result = lzma_alone_decoder(&lzma, LZMA_MEMORY_MAX);
    bool done = result == LZMA_OK ? lzma_run(&lzma, stream, failure) : lzma_explain(stream, result, failure);

    lzma_end(&lzma);
    return done;
}

const struct format format_lzma = { .packing = PACKING_LZMA, .name = "lzma", .is = is, .size = size, .run = run };

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zstandard (RFC 8878) by libzstd: one frame, its checksum verified. The library's "buffer-less" functions are used,
 * which decode block by block straight into the output: it is contiguous, so that no window has to be kept beside it.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "common/heap.h"
#include "common/string.h"
#include "payloads/unpack_formats.h"

#define WINDOW_MAX (1ull << ZSTD_WINDOWLOG_LIMIT_DEFAULT) /* 128 MiB: what zstd packs with unless told --long */

static bool broken(const struct stream *stream, size_t result, struct failure *failure)
{
    return stream_broken(stream, ZSTD_getErrorName(result), failure);
}

static bool decode(ZSTD_DCtx *context, struct stream *stream, struct failure *failure)
{
    size_t next, result = ZSTD_decompressBegin(context);

    if (ZSTD_isError(result))
        return broken(stream, result, failure);
    while ((next = ZSTD_nextSrcSizeToDecompress(context))) {
        uint64_t room = stream->capacity - stream->size;

        if (next > stream->packed.size - stream->used)
            return stream_truncated(stream, failure);
        result = ZSTD_decompressContinue(context, stream->out + stream->size, room, stream->packed.data + stream->used,
                                         next);
        /* No block is larger than that, so that with more room it is the stream that contradicts itself. */
        if (ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall && room < ZSTD_BLOCKSIZE_MAX)
            return stream_too_big(stream, failure);
        if (ZSTD_isError(result))
            return broken(stream, result, failure);
        stream->used += next;
        stream->size += result;
    }
    return true;
}

/* Blocks come whole or not at all, so that a head is unpacked where one more block has room. */
static bool decode_head(ZSTD_DCtx *context, struct stream *stream, struct failure *failure)
{
    struct stream roomy = *stream;

    roomy.capacity = stream->capacity + ZSTD_BLOCKSIZE_MAX;
    roomy.out = malloc(roomy.capacity);
    if (!roomy.out)
        return stream_no_memory(stream, failure);

    bool done = decode(context, &roomy, failure);

    stream->size = roomy.size < stream->capacity ? roomy.size : stream->capacity;
    memcpy(stream->out, roomy.out, stream->size);
    free(roomy.out);
    return done && roomy.size <= stream->capacity;
}

static bool run(struct stream *stream, struct failure *failure)
{
    ZSTD_frameHeader header;
    size_t result = ZSTD_getFrameHeader(&header, stream->packed.data, stream->packed.size);

    if (ZSTD_isError(result))
        return broken(stream, result, failure);
    if (result)
        return stream_truncated(stream, failure);
    if (header.windowSize > WINDOW_MAX)
        return stream_broken(stream, "its window is larger than 128 MiB", failure);

    ZSTD_DCtx *context = ZSTD_createDCtx();

    if (!context)
        return stream_no_memory(stream, failure);

    bool done = stream->head ? decode_head(context, stream, failure) : decode(context, stream, failure);

    ZSTD_freeDCtx(context);
    return done;
}

/* Not by ZSTD_getFrameContentSize, which knows the formats of old as well and would link them in (library.c). */
static bool size_of(struct span packed, uint64_t *size)
{
    ZSTD_frameHeader header;

    if (ZSTD_getFrameHeader(&header, packed.data, packed.size) || header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN)
        return false;
    *size = header.frameContentSize;
    return true;
}

const struct format format_zstd = { .packing = PACKING_ZSTD,
                                    .name = "zstd",
                                    .magic = { 0x28, 0xb5, 0x2f, 0xfd },
                                    .magic_size = 4,
                                    .size = size_of,
                                    .run = run };

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xz (The .xz File Format, 1.1.0) by liblzma: one stream, its checks verified. And what unpack_lzma.c has in common.
 */
#include <lzma.h>

#include "payloads/unpack_lzma.h"

bool lzma_explain(const struct stream *stream, lzma_ret result, struct failure *failure)
{
    switch (result) {
    case LZMA_BUF_ERROR:
        return stream_truncated(stream, failure);
    case LZMA_MEM_ERROR:
        return stream_no_memory(stream, failure);
    case LZMA_MEMLIMIT_ERROR:
        return stream_broken(stream, "its dictionary is larger than 128 MiB", failure);
    case LZMA_UNSUPPORTED_CHECK:
        return stream_broken(stream, "its kind of check is unknown", failure);
    case LZMA_OPTIONS_ERROR:
        return stream_broken(stream, "unknown options in its headers", failure);
    default:
        return stream_broken(stream, "its data is corrupt", failure);
    }
}

bool lzma_run(lzma_stream *lzma, struct stream *stream, struct failure *failure)
{
    lzma->next_in = stream->packed.data;
    lzma->avail_in = stream->packed.size;
    for (;;) {
        uint64_t room = stream->capacity - stream->size;
        uint8_t spill; /* where out is full: whether liblzma has more, or only the end to read */

        lzma->next_out = room ? stream->out + stream->size : &spill;
        lzma->avail_out = room ? room : 1;

        lzma_ret result = lzma_code(lzma, LZMA_FINISH);

        stream->used = (uint64_t)(lzma->next_in - stream->packed.data);
        if (room)
            stream->size = stream->capacity - lzma->avail_out;
        else if (!lzma->avail_out)
            return stream_too_big(stream, failure);
        if (result == LZMA_STREAM_END)
            return true;
        if (result != LZMA_OK)
            return lzma_explain(stream, result, failure);
    }
}

static bool run(struct stream *stream, struct failure *failure)
{
    lzma_stream lzma = LZMA_STREAM_INIT; /* memory by malloc */
    lzma_ret result = lzma_stream_decoder(&lzma, LZMA_MEMORY_MAX, LZMA_TELL_UNSUPPORTED_CHECK);
    bool done = result == LZMA_OK ? lzma_run(&lzma, stream, failure) : lzma_explain(stream, result, failure);

    lzma_end(&lzma);
    return done;
}

const struct format format_xz = {
    .packing = PACKING_XZ,
    .name = "xz",
    .magic = { 0xfd, '7', 'z', 'X', 'Z', 0 },
    .magic_size = 6,
    .run = run,
};

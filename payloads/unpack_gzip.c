/* SPDX-License-Identifier: BSD-2-Clause */
/* gzip (RFC 1952) by zlib: one member, with its CRC and length checked. */
#include <zlib.h>

#include "payloads/unpack_formats.h"

#define STEP_MAX     (1u << 30) /* z_stream counts in 32 bits */
#define WINDOW_BITS  15
#define GZIP_WRAPPER 16 /* inflateInit2: "add 16 to decode only the gzip format" */

static uint32_t step(uint64_t bytes)
{
    return bytes < STEP_MAX ? (uint32_t)bytes : STEP_MAX;
}

static bool inflate_all(z_stream *zlib, struct stream *stream, struct failure *failure)
{
    for (;;) {
        uint64_t left = stream->packed.size - stream->used, room = stream->capacity - stream->size;
        Bytef spill; /* where out is full: whether zlib has more, or only the end to read */

        zlib->next_in = (Bytef *)stream->packed.data + stream->used;
        zlib->avail_in = step(left);
        zlib->next_out = room ? stream->out + stream->size : &spill;
        zlib->avail_out = room ? step(room) : 1;

        int result = inflate(zlib, Z_NO_FLUSH);

        stream->used = (uint64_t)(zlib->next_in - stream->packed.data);
        if (room)
            stream->size = (uint64_t)(zlib->next_out - stream->out);
        else if (!zlib->avail_out)
            return stream_too_big(stream, failure);
        if (result == Z_STREAM_END)
            return true;
        if (result == Z_MEM_ERROR)
            return stream_no_memory(stream, failure);
        if (result == Z_BUF_ERROR || (result == Z_OK && stream->used == stream->packed.size && zlib->avail_out))
            return stream_truncated(stream, failure);
        if (result != Z_OK)
            return stream_broken(stream, zlib->msg ? zlib->msg : "inflate refuses it", failure);
    }
}

static bool run(struct stream *stream, struct failure *failure)
{
    z_stream zlib = { 0 }; /* memory by malloc */
    bool done;

    if (inflateInit2(&zlib, WINDOW_BITS + GZIP_WRAPPER) != Z_OK)
        return stream_no_memory(stream, failure);
    done = inflate_all(&zlib, stream, failure);
    inflateEnd(&zlib);
    return done;
}

/* The third byte is the method, of which there is only one. */
const struct format format_gzip = {
    .packing = PACKING_GZIP, .name = "gzip", .magic = { 0x1f, 0x8b, 8 }, .magic_size = 3, .run = run
};

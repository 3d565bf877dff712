/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed files; see unpack.h. Here is what all formats share; each is a row of the table. */
#include "payloads/unpack.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"
#include "payloads/library.h"
#include "payloads/unpack_formats.h"

static const struct format *const formats[] = { &format_gzip,       &format_zstd, &format_lz4,
                                                &format_lz4_legacy, &format_xz,   &format_lzma };

#define FORMATS (sizeof(formats) / sizeof(*formats))

/* Zstandard (RFC 8878, 3.1.2) and lz4 frames have these in common: a magic number, a size, and anything. */
#define SKIPPABLE_MAGIC  0x184d2a50
#define SKIPPABLE_MASK   0xfffffff0
#define SKIPPABLE_HEADER 8

bool stream_truncated(const struct stream *stream, struct failure *failure)
{
    return fail(failure, "payload", "its %s stream is truncated after %lu bytes", stream->name, stream->packed.size);
}

bool stream_broken(const struct stream *stream, const char *why, struct failure *failure)
{
    return fail(failure, "payload", "its %s stream is broken: %s", stream->name, why);
}

bool stream_too_big(const struct stream *stream, struct failure *failure)
{
    return fail(failure, "payload", "it unpacks to more than the %lu bytes that there is room for", stream->capacity);
}

bool stream_no_memory(const struct stream *stream, struct failure *failure)
{
    return fail(failure, "payload", "there is no memory to unpack its %s stream with", stream->name);
}

/* What is behind the skippable frames at the beginning. */
static struct span skip(struct span packed)
{
    uint32_t header[2];

    while (packed.size >= SKIPPABLE_HEADER) {
        memcpy(header, packed.data, sizeof(header));
        if ((header[0] & SKIPPABLE_MASK) != SKIPPABLE_MAGIC ||
            !checked_within(SKIPPABLE_HEADER, header[1], packed.size))
            break;
        packed.data += SKIPPABLE_HEADER + (uint64_t)header[1];
        packed.size -= SKIPPABLE_HEADER + (uint64_t)header[1];
    }
    return packed;
}

static bool is(const struct format *format, struct span packed)
{
    if (format->is)
        return format->is(packed);
    return packed.size >= format->magic_size && !memcmp(packed.data, format->magic, format->magic_size);
}

/* NULL where it is none of the formats. */
static const struct format *find(struct span packed)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (is(formats[i], packed))
            return formats[i];
    }
    return NULL;
}

enum packing unpack_recognise(struct span content)
{
    const struct format *format = find(skip(content));

    return format ? format->packing : PACKING_NONE;
}

const char *unpack_name(enum packing packing)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (formats[i]->packing == packing)
            return formats[i]->name;
    }
    return "none";
}

bool unpack_size(struct span packed, uint64_t *size)
{
    struct span content = skip(packed);
    const struct format *format = find(content);

    return format && format->size && format->size(content, size);
}

/* The one place from which the libraries are called to unpack. */
static bool run(const struct format *format, struct stream *stream, struct failure *failure)
{
    static uint8_t nowhere; /* the libraries want an address, though they write nothing there */
    uint64_t flags = library_enter();
    bool done;

    stream->name = format->name;
    if (!stream->capacity)
        stream->out = &nowhere;
    done = format->run(stream, failure);
    library_leave(flags);
    return done;
}

uint64_t unpack_head(struct span packed, uint8_t *out, uint64_t size)
{
    struct stream stream = { .packed = skip(packed), .out = out, .capacity = size, .head = true };
    const struct format *format = find(stream.packed);
    struct failure ignored;

    if (format)
        run(format, &stream, &ignored);
    return stream.size;
}

bool unpack(struct span packed, uint8_t *out, uint64_t capacity, uint64_t *size, uint64_t *used,
            struct failure *failure)
{
    struct stream stream = { .packed = skip(packed), .out = out, .capacity = capacity };
    const struct format *format = find(stream.packed);

    *size = *used = 0;
    if (!format)
        return fail(failure, "payload", "it is not packed in any way that is known");
    if (!run(format, &stream, failure))
        return false;
    *size = stream.size;
    *used = packed.size - stream.packed.size + stream.used;
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lz4: frames (lz4_Frame_format.md, version 1.6.2) and the legacy format, that of `lz4 -l` and Linux's build. Blocks
 * are decoded by liblz4, and their checksums are its xxHash. Frames are taken apart here because liblz4 has the
 * functions for them in one object with its compressors: 60 KiB.
 */
#define LZ4_STATIC_LINKING_ONLY
#include <lz4.h>

#include "common/checked.h"
#include "common/string.h"
#include "payloads/unpack_formats.h"

#define MAGIC_SIZE 4
#define DICTIONARY (64 * 1024ull) /* how far back a block may refer */

/* FLG and BD, the bytes behind the magic number. */
#define FLG_VERSION_MASK     0xc0
#define FLG_VERSION          0x40
#define FLG_INDEPENDENT      0x20
#define FLG_BLOCK_CHECKSUM   0x10
#define FLG_CONTENT_SIZE     0x08
#define FLG_CONTENT_CHECKSUM 0x04
#define FLG_RESERVED         0x02
#define FLG_DICTIONARY       0x01
#define BD_RESERVED          0x8f
#define BD_SIZE_SHIFT        4
#define BD_SIZE_MIN          4 /* 64 KiB; each more is four times as much */
#define BLOCK_STORED         0x80000000u

#define LEGACY_BLOCK (8u << 20)

/* liblz4's archive has it, its headers have not. */
uint32_t LZ4_XXH32(const void *data, size_t size, uint32_t seed);

static uint32_t read32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

/* The next `size` bytes of the stream; NULL where there are fewer. */
static const uint8_t *take(struct stream *stream, uint64_t size)
{
    const uint8_t *bytes = stream->packed.data + stream->used;

    if (!checked_within(stream->used, size, stream->packed.size))
        return NULL;
    stream->used += size;
    return bytes;
}

/*
 * Decodes a block of at most `most` bytes behind what there is, of which it may refer to the last `dictionary`. Where
 * there is room for a part of it only, that part is decoded.
 */
static bool decode_block(struct stream *stream, const uint8_t *block, uint32_t size, uint32_t most, uint64_t dictionary,
                         struct failure *failure)
{
    const char *from = (const char *)block;
    char *out = (char *)stream->out + stream->size;
    int room = (int)(stream->capacity - stream->size < most ? stream->capacity - stream->size : most);
    char spill; /* where out is full: liblz4 decodes not even a block of nothing into no room */
    int got = LZ4_decompress_safe_usingDict(from, room ? out : &spill, (int)size, room ? room : 1, out - dictionary,
                                            (int)dictionary);

    if (got >= 0 && got <= room) {
        stream->size += (uint32_t)got;
        return true;
    }
    if ((uint32_t)room < most) {
        got =
            LZ4_decompress_safe_partial_usingDict(from, out, (int)size, room, room, out - dictionary, (int)dictionary);
        if (got == room) {
            stream->size += (uint32_t)got;
            return stream_too_big(stream, failure);
        }
    }
    return stream_broken(stream, "a block cannot be decoded", failure);
}

/* ---- frames ---- */

struct frame {
    uint8_t flags;  /* FLG */
    uint32_t block; /* bytes that a block has at most */
    uint64_t size;  /* of the content, where FLG_CONTENT_SIZE */
};

static bool read_frame(struct stream *stream, struct frame *frame, struct failure *failure)
{
    const uint8_t *magic = take(stream, MAGIC_SIZE), *flags = take(stream, 2);
    const uint8_t *size = flags, *checksum;

    if (!magic || !flags)
        return stream_truncated(stream, failure);
    frame->flags = flags[0];
    if ((flags[0] & (FLG_VERSION_MASK | FLG_RESERVED)) != FLG_VERSION || (flags[1] & BD_RESERVED) ||
        flags[1] >> BD_SIZE_SHIFT < BD_SIZE_MIN)
        return stream_broken(stream, "unknown flags in its header", failure);
    if (flags[0] & FLG_DICTIONARY)
        return stream_broken(stream, "it needs a dictionary", failure);
    if (flags[0] & FLG_CONTENT_SIZE)
        size = take(stream, sizeof(frame->size));
    checksum = take(stream, 1);
    if (!size || !checksum)
        return stream_truncated(stream, failure);
    if (*checksum != (uint8_t)(LZ4_XXH32(flags, (size_t)(checksum - flags), 0) >> 8))
        return stream_broken(stream, "its header's checksum is wrong", failure);
    if (flags[0] & FLG_CONTENT_SIZE)
        memcpy(&frame->size, size, sizeof(frame->size));
    frame->block = 1u << (2 * (flags[1] >> BD_SIZE_SHIFT) + 8);
    return true;
}

static bool store_block(struct stream *stream, const uint8_t *block, uint32_t size, struct failure *failure)
{
    uint64_t room = stream->capacity - stream->size;
    uint64_t part = size < room ? size : room;

    memcpy(stream->out + stream->size, block, part);
    stream->size += part;
    return part == size || stream_too_big(stream, failure);
}

/* A data block, whose size has been read. */
static bool read_block(struct stream *stream, const struct frame *frame, uint32_t field, struct failure *failure)
{
    uint32_t size = field & ~BLOCK_STORED;
    bool has_checksum = frame->flags & FLG_BLOCK_CHECKSUM;
    uint64_t dictionary = frame->flags & FLG_INDEPENDENT ? 0 : stream->size;
    const uint8_t *block, *checksum;

    if (size > frame->block)
        return stream_broken(stream, "a block is larger than its header allows", failure);
    block = take(stream, size);
    checksum = take(stream, has_checksum ? sizeof(uint32_t) : 0);
    if (!block || !checksum)
        return stream_truncated(stream, failure);
    if (has_checksum && read32(checksum) != LZ4_XXH32(block, size, 0))
        return stream_broken(stream, "a block's checksum is wrong", failure);
    if (field & BLOCK_STORED)
        return store_block(stream, block, size, failure);
    return decode_block(stream, block, size, frame->block, dictionary < DICTIONARY ? dictionary : DICTIONARY, failure);
}

static bool run_frame(struct stream *stream, struct failure *failure)
{
    const uint8_t *field;
    struct frame frame;

    if (!read_frame(stream, &frame, failure))
        return false;
    while ((field = take(stream, sizeof(uint32_t))) && read32(field)) {
        if (!read_block(stream, &frame, read32(field), failure))
            return false;
    }
    if (!field)
        return stream_truncated(stream, failure);
    if ((frame.flags & FLG_CONTENT_SIZE) && frame.size != stream->size)
        return stream_broken(stream, "its size is not what its header says", failure);
    if (!(frame.flags & FLG_CONTENT_CHECKSUM))
        return true;
    field = take(stream, sizeof(uint32_t));
    if (!field)
        return stream_truncated(stream, failure);
    return read32(field) == LZ4_XXH32(stream->out, stream->size, 0) ||
           stream_broken(stream, "its checksum is wrong", failure);
}

static bool size_of_frame(struct span packed, uint64_t *size)
{
    struct stream stream = { .packed = packed };
    struct failure ignored;
    struct frame frame;

    if (!read_frame(&stream, &frame, &ignored) || !(frame.flags & FLG_CONTENT_SIZE))
        return false;
    *size = frame.size;
    return true;
}

/* ---- the legacy format ---- */

/*
 * Blocks, each behind its size, and no mark at the end: it is the end of the input, a size that no block can have, or a
 * block that unpacked to less than all but the last do. What Linux's build appends (the kernel's size) is such a size.
 */
static bool run_legacy(struct stream *stream, struct failure *failure)
{
    const uint64_t start = stream->used = MAGIC_SIZE;
    uint64_t before;

    do {
        uint64_t left = stream->packed.size - stream->used;
        bool first = stream->used == start;
        const uint8_t *block;
        uint32_t size;

        if (left < sizeof(size))
            return !left || !first || stream_truncated(stream, failure);
        size = read32(stream->packed.data + stream->used);
        if (!size || size > (uint32_t)LZ4_compressBound(LEGACY_BLOCK))
            return !first || stream_broken(stream, "its first block has an impossible size", failure);
        stream->used += sizeof(size);
        block = take(stream, size);
        if (!block)
            return stream_truncated(stream, failure);
        before = stream->size;
        if (!decode_block(stream, block, size, LEGACY_BLOCK, 0, failure))
            return false;
    } while (stream->size - before == LEGACY_BLOCK);
    return true;
}

const struct format format_lz4 = {
    .packing = PACKING_LZ4,
    .name = "lz4",
    .magic = { 0x04, 0x22, 0x4d, 0x18 },
    .magic_size = MAGIC_SIZE,
    .size = size_of_frame,
    .run = run_frame,
};
const struct format format_lz4_legacy = {
    .packing = PACKING_LZ4_LEGACY,
    .name = "legacy lz4",
    .magic = { 0x02, 0x21, 0x4c, 0x18 },
    .magic_size = MAGIC_SIZE,
    .run = run_legacy,
};

/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/packers.h"

#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define STEP         (1u << 20)
#define LEGACY_BLOCK (8u << 20)

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* At least `size` bytes behind what is there. */
static uint8_t *room_for(struct packed *packed, uint64_t size)
{
    if (packed->room - packed->size < size) {
        packed->room = 2 * packed->room + size;
        packed->data = realloc(packed->data, packed->room);
        require(packed->data);
    }
    return packed->data + packed->size;
}

void packed_add(struct packed *packed, const void *bytes, uint64_t size)
{
    memcpy(room_for(packed, size), bytes, size);
    packed->size += size;
}

void packed_add32(struct packed *packed, uint32_t value)
{
    packed_add(packed, &value, sizeof(value));
}

static void gzip(struct packed *packed, struct span content, uint64_t times)
{
    z_stream zlib = { 0 };
    int result;

    require(deflateInit2(&zlib, content.size * times > STEP ? 1 : 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) ==
            Z_OK);
    do {
        if (!zlib.avail_in && times) {
            zlib.next_in = (Bytef *)content.data;
            zlib.avail_in = (uInt)content.size;
            times--;
        }
        zlib.next_out = room_for(packed, STEP);
        zlib.avail_out = STEP;
        result = deflate(&zlib, times ? Z_NO_FLUSH : Z_FINISH);
        packed->size += STEP - zlib.avail_out;
    } while (result == Z_OK || result == Z_BUF_ERROR);
    require(result == Z_STREAM_END);
    deflateEnd(&zlib);
}

static void zstd(struct packed *packed, struct span content, uint64_t times, bool plain)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t left;

    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, !plain);
    if (!plain)
        ZSTD_CCtx_setPledgedSrcSize(context, content.size * times);
    for (uint64_t i = 0; i <= times; i++) { /* the last time for the end alone, so that it learns the size too late */
        ZSTD_inBuffer in = { content.data, i < times ? content.size : 0, 0 };

        do {
            ZSTD_outBuffer out = { room_for(packed, STEP), STEP, 0 };

            left = ZSTD_compressStream2(context, &out, &in, i < times ? ZSTD_e_continue : ZSTD_e_end);
            require(!ZSTD_isError(left));
            packed->size += out.pos;
        } while (i < times ? in.pos < in.size : left > 0);
    }
    ZSTD_freeCCtx(context);
}

static void zstd_sized(struct packed *packed, struct span content, uint64_t times)
{
    zstd(packed, content, times, false);
}

static void zstd_plain(struct packed *packed, struct span content, uint64_t times)
{
    zstd(packed, content, times, true);
}

static void lz4(struct packed *packed, struct span content, uint64_t times, const LZ4F_frameInfo_t *info)
{
    const LZ4F_preferences_t preferences = { .frameInfo = *info };
    size_t bound = LZ4F_compressBound(content.size, &preferences) + LZ4F_HEADER_SIZE_MAX;
    LZ4F_cctx *context;

    require(!LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)));
    packed->size += LZ4F_compressBegin(context, room_for(packed, bound), bound, &preferences);
    while (times--)
        packed->size += LZ4F_compressUpdate(context, room_for(packed, bound), bound, content.data, content.size, NULL);
    packed->size += LZ4F_compressEnd(context, room_for(packed, bound), bound, NULL);
    LZ4F_freeCompressionContext(context);
}

static void lz4_linked(struct packed *packed, struct span content, uint64_t times)
{
    lz4(packed, content, times, &(LZ4F_frameInfo_t){ .contentChecksumFlag = LZ4F_contentChecksumEnabled });
}

static void lz4_independent(struct packed *packed, struct span content, uint64_t times)
{
    lz4(packed, content, times,
        &(LZ4F_frameInfo_t){ .blockSizeID = LZ4F_max1MB,
                             .blockMode = LZ4F_blockIndependent,
                             .contentChecksumFlag = LZ4F_contentChecksumEnabled,
                             .blockChecksumFlag = LZ4F_blockChecksumEnabled,
                             .contentSize = content.size * times });
}

static void lz4_blocks_checked(struct packed *packed, struct span content, uint64_t times)
{
    lz4(packed, content, times,
        &(LZ4F_frameInfo_t){ .blockSizeID = LZ4F_max256KB, .blockChecksumFlag = LZ4F_blockChecksumEnabled });
}

static void lz4_plain(struct packed *packed, struct span content, uint64_t times)
{
    lz4(packed, content, times, &(LZ4F_frameInfo_t){ .blockMode = LZ4F_blockIndependent });
}

/* Where `times` is more than 1, the content is a divisor of the block. */
static void lz4_legacy(struct packed *packed, struct span content, uint64_t times)
{
    uint64_t all = content.size * times;
    char *block = malloc(LEGACY_BLOCK), *out = malloc((size_t)LZ4_compressBound(LEGACY_BLOCK));

    packed_add32(packed, 0x184c2102);
    for (uint64_t at = 0; at < all; at += LEGACY_BLOCK) {
        uint64_t size = all - at < LEGACY_BLOCK ? all - at : LEGACY_BLOCK;

        for (uint64_t filled = 0; filled < size;) {
            uint64_t from = (at + filled) % content.size, part = content.size - from;

            part = part < size - filled ? part : size - filled;
            memcpy(block + filled, content.data + from, part);
            filled += part;
        }

        int got = LZ4_compress_default(block, out, (int)size, LZ4_compressBound(LEGACY_BLOCK));

        packed_add32(packed, (uint32_t)got);
        packed_add(packed, out, (uint64_t)got);
    }
    free(block);
    free(out);
}

static void lzma_feed(lzma_stream *lzma, struct packed *packed, struct span content, uint64_t times)
{
    lzma_ret result;

    do {
        if (!lzma->avail_in && times) {
            lzma->next_in = content.data;
            lzma->avail_in = content.size;
            times--;
        }
        lzma->next_out = room_for(packed, STEP);
        lzma->avail_out = STEP;
        result = lzma_code(lzma, times ? LZMA_RUN : LZMA_FINISH);
        packed->size += STEP - lzma->avail_out;
    } while (result == LZMA_OK);
    require(result == LZMA_STREAM_END);
    lzma_end(lzma);
}

/* full_flush: each time the content is packed ends a block. */
static void xz(struct packed *packed, struct span content, uint64_t times, lzma_check check, bool full_flush)
{
    lzma_stream lzma = LZMA_STREAM_INIT;
    lzma_ret result;

    require(lzma_easy_encoder(&lzma, 0, check) == LZMA_OK);
    for (;;) {
        lzma.next_in = content.data;
        lzma.avail_in = times ? content.size : 0;
        do {
            lzma.next_out = room_for(packed, STEP);
            lzma.avail_out = STEP;
            result = lzma_code(&lzma, !times ? LZMA_FINISH : full_flush ? LZMA_FULL_FLUSH : LZMA_RUN);
            packed->size += STEP - lzma.avail_out;
        } while (result == LZMA_OK && (!times || full_flush || lzma.avail_in));
        if (!times)
            break;
        times--;
    }
    require(result == LZMA_STREAM_END);
    lzma_end(&lzma);
}

static void xz_none(struct packed *packed, struct span content, uint64_t times)
{
    xz(packed, content, times, LZMA_CHECK_NONE, false);
}

static void xz_crc32(struct packed *packed, struct span content, uint64_t times)
{
    xz(packed, content, times, LZMA_CHECK_CRC32, false);
}

static void xz_crc64(struct packed *packed, struct span content, uint64_t times)
{
    xz(packed, content, times, LZMA_CHECK_CRC64, false);
}

static void xz_sha256(struct packed *packed, struct span content, uint64_t times)
{
    xz(packed, content, times, LZMA_CHECK_SHA256, false);
}

static void xz_blocks(struct packed *packed, struct span content, uint64_t times)
{
    xz(packed, content, times, LZMA_CHECK_CRC64, true);
}

/* As `xz --format=lzma` does: of unknown size, with a mark at its end. */
static void lzma_marked(struct packed *packed, struct span content, uint64_t times)
{
    lzma_stream lzma = LZMA_STREAM_INIT;
    lzma_options_lzma options = { 0 };

    require(!lzma_lzma_preset(&options, 0) && lzma_alone_encoder(&lzma, &options) == LZMA_OK);
    lzma_feed(&lzma, packed, content, times);
}

/* As the first tools did it: the size in the header, and no mark. */
static void lzma_sized(struct packed *packed, struct span content, uint64_t times)
{
    const uint64_t all = content.size * times;
    lzma_stream lzma = LZMA_STREAM_INIT;
    lzma_options_lzma options = { 0 };
    const lzma_filter filters[] = { { LZMA_FILTER_LZMA1EXT, &options }, { LZMA_VLI_UNKNOWN, NULL } };

    require(!lzma_lzma_preset(&options, 0));
    lzma_set_ext_size(options, all);
    packed_add(packed, "\x5d", 1);
    packed_add32(packed, options.dict_size);
    packed_add(packed, &all, sizeof(all));
    require(lzma_raw_encoder(&lzma, filters) == LZMA_OK);
    lzma_feed(&lzma, packed, content, times);
}

const struct packer packers[PACKERS] = {
    { "gzip", PACKING_GZIP, false, true, gzip },
    { "zstd", PACKING_ZSTD, true, true, zstd_sized },
    { "zstd plain", PACKING_ZSTD, false, false, zstd_plain },
    { "lz4 linked", PACKING_LZ4, false, true, lz4_linked },
    { "lz4 independent", PACKING_LZ4, true, true, lz4_independent },
    { "lz4 blocks checked", PACKING_LZ4, false, false, lz4_blocks_checked }, /* not what says that a block is stored */
    { "lz4 plain", PACKING_LZ4, false, false, lz4_plain },
    { "lz4 legacy", PACKING_LZ4_LEGACY, false, false, lz4_legacy },
    { "xz none", PACKING_XZ, false, false, xz_none },
    { "xz crc32", PACKING_XZ, false, true, xz_crc32 },
    { "xz crc64", PACKING_XZ, false, true, xz_crc64 },
    { "xz sha256", PACKING_XZ, false, true, xz_sha256 },
    { "xz blocks", PACKING_XZ, false, true, xz_blocks },
    { "lzma", PACKING_LZMA, false, false, lzma_marked },
    { "lzma sized", PACKING_LZMA, true, false, lzma_sized },
};

const struct packer *packer_named(const char *name)
{
    for (unsigned i = 0; i < PACKERS; i++) {
        if (!strcmp(packers[i].name, name))
            return &packers[i];
    }
    abort();
}

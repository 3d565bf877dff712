/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See recompress.h. No other loader may start the result, which would run into nothing, so all that they know a kernel
 * by is taken from it: the boot sector's signature, "HdrS" (in its place is "HdrQ", which payloads/bzimage.c knows),
 * and the PE's "MZ". One that looks for none of them finds real-mode code that halts.
 */
#include "tools/recompress.h"

#include <lz4frame.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "payloads/bzimage.h"
#include "payloads/packed_kernel.h"
#include "payloads/unpack.h"

#define ZSTD_LEVEL 19
#define LZ4_LEVEL  12
#define SYSSIZE    16 /* bytes that setup_header.syssize counts */
#define SECTOR     512
#define HEADER_END 0x201              /* boot.rst: the real-mode code begins at 0x202 + what this byte says */
#define HALT       "\xfa\xf4\xeb\xfd" /* cli; hlt; jmp to the hlt */

static bool unpack_kernel(const struct linux_kernel *kernel, uint8_t **unpacked, uint64_t *size,
                          struct failure *failure)
{
    static struct packed_kernel packed;
    uint64_t got, used;

    if (!packed_kernel_size(kernel, size, failure))
        return false;
    *unpacked = malloc(*size);
    if (!*unpacked)
        return fail(failure, "kernel", "no memory for %lu bytes", *size);
    if (unpack_recognise(kernel->payload) == PACKING_NONE)
        memcpy(*unpacked, kernel->payload.data, *size);
    else if (!unpack(kernel->payload, *unpacked, *size, &got, &used, failure))
        return false;
    else if (got != *size)
        return fail(failure, "kernel", "it unpacks to %lu bytes, and says %lu", got, *size);
    return packed_kernel_parse((struct span){ *unpacked, *size }, kernel, &packed, failure);
}

static bool pack_zstd(struct span content, uint8_t *out, size_t room, size_t *size, struct failure *failure)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    if (!context || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL)))
        return fail(failure, "kernel", "zstd does not start");
    *size = ZSTD_compress2(context, out, room, content.data, content.size);
    ZSTD_freeCCtx(context);
    return !ZSTD_isError(*size) || fail(failure, "kernel", "zstd: %s", ZSTD_getErrorName(*size));
}

static bool pack_lz4(struct span content, uint8_t *out, size_t room, size_t *size, struct failure *failure)
{
    const LZ4F_preferences_t preferences = { .frameInfo = { .blockSizeID = LZ4F_max4MB, .contentSize = content.size },
                                             .compressionLevel = LZ4_LEVEL,
                                             .favorDecSpeed = 1 };

    *size = LZ4F_compressFrame(out, room, content.data, content.size, &preferences);
    return !LZ4F_isError(*size) || fail(failure, "kernel", "lz4: %s", LZ4F_getErrorName(*size));
}

static bool pack_none(struct span content, uint8_t *out, size_t room, size_t *size, struct failure *failure)
{
    (void)room;
    (void)failure;
    memcpy(out, content.data, content.size);
    *size = content.size;
    return true;
}

static const struct way {
    const char *name;
    bool (*pack)(struct span content, uint8_t *out, size_t room, size_t *size, struct failure *failure);
} ways[] = { { "zstd", pack_zstd }, { "lz4", pack_lz4 }, { "none", pack_none } };

/* The setup part, of `setup` bytes, for what is packed behind it. */
static void mark(uint8_t *data, uint64_t setup, uint64_t packed)
{
    struct setup_header header;
    const uint64_t code = 0x202 + data[HEADER_END];

    memcpy(&header, data + LINUX_SETUP_OFFSET, sizeof(header));
    header.boot_flag = 0;
    header.header = BZIMAGE_REPACKED;
    header.syssize = (uint32_t)((packed + SYSSIZE - 1) / SYSSIZE);
    header.payload_offset = 0;
    header.payload_length = (uint32_t)packed;
    /* As much of it as the kernel's protocol has. */
    memcpy(data + LINUX_SETUP_OFFSET, &header,
           code - LINUX_SETUP_OFFSET < sizeof(header) ? code - LINUX_SETUP_OFFSET : sizeof(header));
    memset(data, 0, 2);
    if (code + sizeof(HALT) <= setup)
        memcpy(data + code, HALT, sizeof(HALT) - 1);
}

static bool build(struct span kernel, const struct way *way, struct span content, uint8_t **data, uint64_t *size,
                  struct failure *failure)
{
    const uint64_t setup = ((kernel.data[LINUX_SETUP_OFFSET] ? kernel.data[LINUX_SETUP_OFFSET] : 4) + 1ull) * SECTOR;
    const size_t room = ZSTD_compressBound(content.size) + LZ4F_compressFrameBound(content.size, NULL) + content.size;
    const uint32_t trailer = (uint32_t)content.size;
    size_t packed;

    *data = calloc(1, setup + room + sizeof(trailer) + SYSSIZE);
    if (!*data)
        return fail(failure, "kernel", "no memory for %zu bytes", room);
    memcpy(*data, kernel.data, setup);
    if (!way->pack(content, *data + setup, room, &packed, failure))
        return false;
    memcpy(*data + setup + packed, &trailer, sizeof(trailer));
    packed += sizeof(trailer);
    mark(*data, setup, packed);
    *size = setup + (packed + SYSSIZE - 1) / SYSSIZE * SYSSIZE;
    return true;
}

bool recompress(struct span kernel, const char *how, uint8_t **data, uint64_t *size, struct failure *failure)
{
    const struct way *way = NULL;
    struct linux_kernel parsed;
    uint64_t end, unpacked_size;
    uint8_t *unpacked = NULL;
    bool done;

    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        if (!strcmp(how, ways[i].name))
            way = &ways[i];
    }
    if (!way)
        return fail(failure, "recompress", "%s is none of zstd, lz4 and none", how);
    if (!bzimage_parse(kernel, &parsed, &end, failure))
        return false;
    done = unpack_kernel(&parsed, &unpacked, &unpacked_size, failure) &&
           build(kernel, way, (struct span){ unpacked, unpacked_size }, data, size, failure);
    free(unpacked);
    return done;
}

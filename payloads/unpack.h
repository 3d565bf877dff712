/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compressed files: gzip, zstd, lz4 (frames, and the older format that Linux's build uses), xz and lzma, by their
 * libraries.
 */
#ifndef PAYLOADS_UNPACK_H
#define PAYLOADS_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD, PACKING_LZ4, PACKING_LZ4_LEGACY, PACKING_XZ, PACKING_LZMA };

/* By the magic number alone; that of lzma is a header that nothing else has. */
enum packing unpack_recognise(struct span content);

/* "gzip", "zstd" …: for people. */
const char *unpack_name(enum packing packing);

/*
 * The size that the first stream will have, where its header says so (zstd, lz4, lzma); false where only unpacking
 * tells. What it says is not to be believed further than as a wish for memory.
 */
bool unpack_size(struct span packed, uint64_t *size);

/*
 * Unpacks the beginning, so that what is inside can be recognised: at most `size` bytes into `out`. Returns how many
 * there were; fewer where the stream ends or is broken. Never a failure.
 */
uint64_t unpack_head(struct span packed, uint8_t *out, uint64_t size);

/*
 * Unpacks the first stream of `packed` into `out`, which has room for `capacity` bytes and does not overlap it. *size:
 * the bytes written. *used: the bytes of `packed` that the stream takes; others may follow it. A failure where the
 * stream is broken or truncated, its checksum is wrong, or it does not fit into capacity; `out` is then undefined.
 */
bool unpack(struct span packed, uint8_t *out, uint64_t capacity, uint64_t *size, uint64_t *used,
            struct failure *failure);

#endif

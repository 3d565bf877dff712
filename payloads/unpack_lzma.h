/* SPDX-License-Identifier: BSD-2-Clause */
/* What unpack_xz.c and unpack_lzma.c share; unpack_xz.c has it. */
#ifndef PAYLOADS_UNPACK_LZMA_H
#define PAYLOADS_UNPACK_LZMA_H

#include <lzma.h>

#include "payloads/unpack_formats.h"

#define LZMA_MEMORY_MAX (160ull << 20) /* a dictionary of 128 MiB, twice what `xz -9` takes, and what goes with it */

/* The failure that a result other than LZMA_OK means; returns false. */
bool lzma_explain(const struct stream *stream, lzma_ret result, struct failure *failure);

/* What a format's run does, by a decoder that is ready to. */
bool lzma_run(lzma_stream *lzma, struct stream *stream, struct failure *failure);

#endif

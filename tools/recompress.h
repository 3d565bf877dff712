/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bzImage whose kernel is packed in another way, for our loader alone: without Linux's own unpacker, which would not
 * know it. It keeps the setup part, and of the rest what is packed.
 */
#ifndef TOOLS_RECOMPRESS_H
#define TOOLS_RECOMPRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

/*
 * how: "zstd", "lz4" or "none". *data, by malloc, and *size: the new file. A failure where it is no bzImage, or not one
 * that our loader could start past its unpacker; of anything that the libraries cannot do; of another `how`.
 */
bool recompress(struct span kernel, const char *how, uint8_t **data, uint64_t *size, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's decoder for zstd (linux_decoder.h). */
#include "bench/linux_decoder.h"

#include "lib/decompress_unzstd.c"

LINUX_DECODER(linux_unzstd)

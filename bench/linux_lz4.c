/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's decoder for lz4 (linux_decoder.h). */
#include "bench/linux_decoder.h"

#include "lib/decompress_unlz4.c"

LINUX_DECODER(linux_unlz4)

/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's decoder for xz (linux_decoder.h). */
#include "bench/linux_decoder.h"

#include "lib/decompress_unxz.c"

LINUX_DECODER(linux_unxz)

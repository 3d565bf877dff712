/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux's decoders copy with while they boot (linux_decoder.h). */
#include "arch/x86/boot/compressed/string.c"

/* It warns of overlapping copies, which no decoder makes. */
void warn(char *text)
{
    (void)text;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a bzImage's own unpacker reads on the command line (arch/x86/boot/compressed/kaslr.c, pgtable_64.c). */
#ifndef PAYLOADS_KASLR_WORDS_H
#define PAYLOADS_KASLR_WORDS_H

#include <stdbool.h>

#include "common/span.h"

struct kaslr_words {
    bool nokaslr; /* every address as linked */
    bool no5lvl;  /* 4 levels of page tables, whatever the CPU has */
    /* A word by which the unpacker would keep away from memory, or encrypt it, as we do not; data NULL: none. */
    struct span limits, encryption;
};

void kaslr_words_read(const char *command_line, struct kaslr_words *words);

#endif

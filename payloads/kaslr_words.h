/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bzImage's own unpacker reads on the command line (arch/x86/boot/compressed/kaslr.c, pgtable_64.c), and what
 * its EFI stub does (drivers/firmware/efi/libstub/efi-stub-helper.c, efi_parse_options).
 */
#ifndef PAYLOADS_KASLR_WORDS_H
#define PAYLOADS_KASLR_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

struct kaslr_words {
    bool nokaslr; /* every address as linked */
    bool no5lvl;  /* 4 levels of page tables, whatever the CPU has */
    /* A word by which the unpacker would keep away from memory, or encrypt it, as we do not; data NULL: none. */
    struct span limits, encryption;
};

void kaslr_words_read(const char *command_line, struct kaslr_words *words);

/*
 * A word that the EFI stub alone obeys: it sets a graphics mode, stops the DMA of PCI bridges, or, where there are no
 * modules to be the initrd, loads one from the volume of the kernel. data NULL: none.
 */
struct span stub_word(const char *command_line, uint32_t modules);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A payload's ELF section headers, for payloads that look for their own symbols (Multiboot 0.6.96, section 3.3, elf_*;
 * Multiboot2 2.0, section 3.6.7).
 */
#ifndef HANDOFF_SYMBOLS_H
#define HANDOFF_SYMBOLS_H

#include <stdint.h>

#include "common/failure.h"
#include "handoff/boot.h"
#include "handoff/handoff.h"
#include "handoff/launch.h"

/* Bytes that the headers take; 0 where the payload has none. */
uint64_t symbols_size(const struct boot *boot);

/*
 * Copies the headers to `headers`, symbols_size bytes. Sections that are in no segment are in memory all the same,
 * because the file itself stays there, below 4 GiB: their sh_addr says where.
 */
bool symbols_place(const struct boot *boot, uint8_t *headers, struct handoff *handoff, struct launch *launch,
                   struct failure *failure);

#endif

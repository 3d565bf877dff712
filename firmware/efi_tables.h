/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading what EFI leaves in memory: pure functions, without a call of the firmware (UEFI 2.10). */
#ifndef FIRMWARE_EFI_TABLES_H
#define FIRMWARE_EFI_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/physical.h"
#include "common/span.h"
#include "handoff/handoff.h"

/*
 * Adds the ranges of an EFI memory map (section 7.2.3): descriptors of descriptor_size bytes each, which may be more
 * than we know. ended: boot services have ended, so that what they and the loaders used is RAM.
 */
bool efi_add_map(struct memory_map *map, struct span descriptors, uint64_t descriptor_size, bool ended,
                 struct failure *failure);

/*
 * Why a kernel that such a map describes is best left to its own unpacker, which knows more kinds of memory than we do:
 * memory that still has to be accepted, that is kept for a purpose, or that is more reliable than the rest. NULL: there
 * is none of these.
 */
const char *efi_map_for_unpacker(struct span descriptors, uint64_t descriptor_size);

/* Takes RSDP, SMBIOS and device tree from the configuration table, where they are not known yet (section 4.6). */
void efi_read_tables(struct handoff *handoff, const struct physical *physical);

/*
 * A boot option's LoadOptions as a command line in UTF-8 (section 3.1.3 leaves the format to us; shells give UCS-2 text
 * whose first word is the file's name, boot managers may give a BOM, nothing, or bytes of their own). Returns the
 * number of bytes written, without the NUL; 0 where it is no text. text holds
 * text_size bytes, at least 1.
 */
uint64_t efi_options_text(struct span options, char *text, uint64_t text_size);

/*
 * The way back: UTF-8 text as UCS-2, NUL-terminated, into `options`, room for `max` characters, at least 1. A byte that
 * is no UTF-8, and what UCS-2 has not, become U+FFFD. Returns how many characters were written, the NUL included.
 */
uint64_t efi_options_from_text(const char *text, uint16_t *options, uint64_t max);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot headers in a payload: Multiboot specification 0.6.96, section 3.1; Multiboot2 2.0, section 3.1. */
#ifndef PAYLOADS_MULTIBOOT_H
#define PAYLOADS_MULTIBOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/boot.h"
#include "payloads/elf.h"

/* Whether a header with the right magic, checksum and alignment lies in the file's first 8 KiB (32 KiB for version 2).
 */
bool multiboot_find(struct span file, uint64_t *offset);
bool multiboot2_find(struct span file, uint64_t *offset);

/*
 * Reads the header. elf: the file taken apart, or NULL where it is no ELF, so that the header itself must have address
 * fields. A failure names the field or tag: an unknown one that is required, one that is too short, addresses that
 * contradict each other or the file, no entry.
 */
bool multiboot_parse(struct span file, const struct elf *elf, struct multiboot_kernel *kernel, struct failure *failure);
bool multiboot2_parse(struct span file, const struct elf *elf, struct multiboot2_kernel *kernel,
                      struct failure *failure);

#endif

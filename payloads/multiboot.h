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

/* ---- what both versions have ---- */

/* Version 1, section 3.1.3; version 2, section 3.1.5, whose load_addr of "the beginning of the file" is resolved. */
struct multiboot_addresses {
    uint64_t header_addr;   /* of the header's first byte */
    uint64_t load_addr;     /* of the first byte that is loaded */
    uint64_t load_end_addr; /* 0: up to the end of the file */
    uint64_t bss_end_addr;  /* 0: no bss */
};

/* Makes a program of one segment; header: where in the file the multiboot header lies. */
bool multiboot_load_by_addresses(struct span file, uint64_t header, const struct multiboot_addresses *addresses,
                                 struct program *program, struct failure *failure);

/* Takes the ELF's program, of which all must lie below 4 GiB. */
bool multiboot_load_by_elf(const struct elf *elf, struct program *program, struct failure *failure);

#endif

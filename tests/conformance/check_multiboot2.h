/* SPDX-License-Identifier: BSD-2-Clause */
/* The two machine states of multiboot2: each payload is linked with one of them. */
#ifndef CONFORMANCE_CHECK_MULTIBOOT2_H
#define CONFORMANCE_CHECK_MULTIBOOT2_H

#include <stdbool.h>
#include <stdint.h>

#include "common/multiboot2.h"

#ifdef MULTIBOOT2_EFI
#define MULTIBOOT2_NAME "multiboot2-efi"
#else
#define MULTIBOOT2_NAME "multiboot2"
#endif

/* The next tag of that type behind `tag`, or the first where that is NULL; NULL: no more. */
const void *multiboot2_next(const struct multiboot2_tag *tag, uint32_t type);

/* Section 3.3 (check_multiboot2_i386.c) or 3.5 (check_multiboot2_efi.c). */
void check_multiboot2_processor(void);

/* What the firmware is to a payload that keeps its boot services, and its memory map; false where there is none. */
bool check_multiboot2_firmware(void);

#endif

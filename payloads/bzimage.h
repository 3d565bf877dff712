/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's bzImage: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
#ifndef PAYLOADS_BZIMAGE_H
#define PAYLOADS_BZIMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/linux.h"

/* "HdrQ" in place of "HdrS", with no boot_flag: quadrivium-pack --recompress packed its kernel again, for us alone. */
#define BZIMAGE_REPACKED 0x51726448

/* Whether it has the two magic numbers of a bzImage. */
bool bzimage_is(struct span file);

/*
 * Takes a bzImage apart. `file` may go on behind the kernel, as a boot.txt ramdisk into which a loader put a kernel and
 * then its initrds does; *size is how much of it is the kernel: the protected-mode part, or the signature behind it.
 * The spans in *kernel point into file. A failure names what is missing or contradicts what.
 */
bool bzimage_parse(struct span file, struct linux_kernel *kernel, uint64_t *size, struct failure *failure);

/* Bytes of a file that are enough for bzimage_peek. */
#define BZIMAGE_HEAD 1024

/*
 * What the beginning of a bzImage says of where its code wants to lie, before the rest of it is there: *kernel, without
 * its spans, and *lead, the bytes of the file before the code. False: it is none, or says nothing usable.
 */
bool bzimage_peek(struct span head, struct linux_kernel *kernel, uint64_t *lead);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What is packed in a bzImage, unpacked: an ELF, and its relocations behind it. */
#ifndef PAYLOADS_PACKED_KERNEL_H
#define PAYLOADS_PACKED_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/linux.h"
#include "payloads/elf.h"
#include "payloads/relocations.h"

#define PACKED_KERNEL_ALIGNMENT 0x200000ull   /* Linux: MIN_KERNEL_ALIGN, and what it maps itself with */
#define PACKED_KERNEL_VIRTUAL   0x40000000ull /* Linux: KERNEL_IMAGE_SIZE, where there are relocations */

struct packed_kernel {
    struct elf elf; /* its segments are in the order of their contents, and none would move up */
    bool has_relocations;
    struct relocations relocations;
    uint64_t needed; /* bytes that the kernel's own unpacker would look for, a multiple of PACKED_KERNEL_ALIGNMENT */
};

/* How many bytes what is packed in the bzImage has unpacked. A failure where it does not say, or is unknown to us. */
bool packed_kernel_size(const struct linux_kernel *kernel, uint64_t *size, struct failure *failure);

/* Takes it apart; a failure where it is not, to the byte, as we know that such kernels are. */
bool packed_kernel_parse(struct span unpacked, const struct linux_kernel *kernel, struct packed_kernel *packed,
                         struct failure *failure);

#endif

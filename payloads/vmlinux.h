/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux's vmlinux: the uncompressed kernel, an ELF without a setup header. */
#ifndef PAYLOADS_VMLINUX_H
#define PAYLOADS_VMLINUX_H

#include <stdbool.h>

#include "common/failure.h"
#include "handoff/linux.h"
#include "payloads/elf.h"

/*
 * Takes a 64-bit Linux ELF as something that the 64-bit boot protocol enters at e_entry, as Firecracker does.
 * kernel->program is elf's own, which must live as long; kernel->code is absent. A failure where it is not Linux, or
 * not 64-bit, or its entry is none of its own.
 */
bool vmlinux_parse(const struct elf *elf, struct linux_kernel *kernel, struct failure *failure);

#endif

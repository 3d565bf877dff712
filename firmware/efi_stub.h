/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux's EFI stub does for its kernel (drivers/firmware/efi/libstub), and we do where the kernel is entered past
 * it. Most of it the handoff and the exits do for any door; here is what only boot services have.
 */
#ifndef FIRMWARE_EFI_STUB_H
#define FIRMWARE_EFI_STUB_H

#include <stdbool.h>

#include "common/failure.h"
#include "handoff/handoff.h"

/* Why only the stub can do it on this firmware; NULL: nothing is known. Boot services are alive. */
const char *efi_stub_needed(void);

/*
 * Adds what a kernel that is entered past its stub gets of boot services: the option ROMs of PCI devices, as elements
 * for setup_data (SETUP_PCI), and the random seed, as a configuration table. Once it has been called it does nothing
 * but for ROMs, whose memory (MAP_WORK) may have been given back. A failure where there is no memory.
 */
bool efi_stub_replace(struct handoff *handoff, struct failure *failure);

#endif

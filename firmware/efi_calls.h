/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that call EFI share. Not for others: it needs gnu-efi's types. */
#ifndef FIRMWARE_EFI_CALLS_H
#define FIRMWARE_EFI_CALLS_H

#include <efi.h>

#include "handoff/handoff.h"

EFI_SYSTEM_TABLE *efi_system_table(void);
EFI_HANDLE efi_image_handle(void);

/* handoff->start_application (efi_application.c). */
bool efi_start_application(const struct handoff_application *application, uint64_t *status, struct failure *failure);

#endif

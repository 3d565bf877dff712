/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that call EFI share. Not for others: it needs gnu-efi's types. */
#ifndef FIRMWARE_EFI_CALLS_H
#define FIRMWARE_EFI_CALLS_H

#include <efi.h>

#include "common/console.h"
#include "common/span.h"
#include "firmware/efi_path.h"
#include "handoff/handoff.h"

EFI_SYSTEM_TABLE *efi_system_table(void);
EFI_HANDLE efi_image_handle(void);

/* The firmware's console, "efi" (efi_console.c). */
extern const struct console console_efi;

/*
 * efi_handles.c. A protocol of a handle, or of any: NULL where there is none. Our own image, and the device path of a
 * handle: NULL or absent where there is none, or no boot services. Memory of the firmware's pool, 8-byte aligned, or
 * NULL.
 */
void *efi_protocol(EFI_HANDLE handle, EFI_GUID *guid);
void *efi_any_protocol(EFI_GUID *guid);
EFI_LOADED_IMAGE *efi_own_image(void);
struct span efi_device_path(EFI_HANDLE handle);
void *efi_pool(uint64_t size);
void efi_pool_free(void *memory);

/* The framebuffer, where the firmware has one (efi_graphics.c). */
void efi_read_framebuffer(EFI_BOOT_SERVICES *services, struct handoff_framebuffer *fb);

/* handoff->start_application (efi_application.c). */
bool efi_start_application(const struct handoff_application *application, uint64_t *status, struct failure *failure);

#endif

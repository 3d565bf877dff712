/* SPDX-License-Identifier: BSD-2-Clause */
/* Clauses for whoever is entered with EFI's boot services alive: UEFI 2.10. */
#ifndef CONFORMANCE_EFI_SERVICES_H
#define CONFORMANCE_EFI_SERVICES_H

#include <efi.h>

/*
 * Clauses of section 2.3.4, the processor; `called`: as a call leaves the stack, RSP + 8 is 16-aligned, else it is
 * RSP.
 */
void check_efi_processor(bool called);

/* Clauses on the system table and its services (sections 4.3 and 4.4); false: it is none, and nothing may be called. */
bool check_efi_table(const EFI_SYSTEM_TABLE *table);

/* Clauses on the firmware's memory map and its allocator (section 7.2), and the stack, which needs the map. */
void check_efi_memory(const EFI_SYSTEM_TABLE *table);

/* Clause image-handle: it has the loaded image protocol; NULL where it has not. */
EFI_LOADED_IMAGE *check_efi_image_handle(const EFI_SYSTEM_TABLE *table, EFI_HANDLE handle);

#endif

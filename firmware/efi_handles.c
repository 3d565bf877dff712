/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles, protocols, variables: what several files ask of boot and runtime services in the same way. */
#include "common/string.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"

static EFI_GUID loaded_image_guid = { 0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static EFI_GUID device_path_guid = { 0x09576e91, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };

void *efi_protocol(EFI_HANDLE handle, EFI_GUID *guid)
{
    void *found = NULL;

    if (!handle || efi_system_table()->BootServices->HandleProtocol(handle, guid, &found))
        return NULL;
    return found;
}

void *efi_any_protocol(EFI_GUID *guid)
{
    void *found = NULL;

    if (!efi_alive() || efi_system_table()->BootServices->LocateProtocol(guid, NULL, &found))
        return NULL;
    return found;
}

EFI_LOADED_IMAGE *efi_own_image(void)
{
    return efi_alive() ? efi_protocol(efi_image_handle(), &loaded_image_guid) : NULL;
}

struct span efi_device_path(EFI_HANDLE handle)
{
    return efi_path(efi_protocol(handle, &device_path_guid));
}

void *efi_pool(uint64_t size)
{
    void *memory = NULL;

    return efi_system_table()->BootServices->AllocatePool(EfiLoaderData, size, &memory) ? NULL : memory;
}

void efi_pool_free(void *memory)
{
    if (memory)
        efi_system_table()->BootServices->FreePool(memory);
}

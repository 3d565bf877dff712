/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting another application from memory: LoadImage and StartImage (UEFI 2.10, sections 7.4.1 and 7.4.2), with load
 * options, and initrds by LoadFile2 (section 13.2) under the vendor path that Linux looks for
 * (drivers/firmware/efi/libstub, LINUX_EFI_INITRD_MEDIA_GUID).
 */
#include <efi.h>

#include "common/checked.h"
#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "cpu/cpu.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "firmware/efi_tables.h"

#define INITRD_ALIGNMENT 4
#define MSR_FS_BASE      0xc0000100

/* UEFI 2.10, section 10.3.2.3; gnu-efi's has no packing of the two addresses behind its 32-bit fields. */
struct memory_path {
    EFI_DEVICE_PATH header;
    UINT32 memory_type;
    UINT64 start, end;
    EFI_DEVICE_PATH last;
} __attribute__((packed));

struct initrd_path {
    EFI_DEVICE_PATH header;
    EFI_GUID vendor;
    EFI_DEVICE_PATH last;
} __attribute__((packed));

_Static_assert(sizeof(struct memory_path) == 28 && sizeof(struct initrd_path) == 24, "device paths are packed");

#define PATH_END                                              \
    {                                                         \
        END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, \
        {                                                     \
            sizeof(EFI_DEVICE_PATH), 0                        \
        }                                                     \
    }

static struct initrd_path initrd_path = {
    { MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, { sizeof(struct initrd_path) - sizeof(EFI_DEVICE_PATH), 0 } },
    { 0x5568e427, 0x68fc, 0x4f3d, { 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 } },
    PATH_END,
};

struct load_file2 {
    EFI_STATUS(EFIAPI *load_file)
    (struct load_file2 *this, EFI_DEVICE_PATH *path, BOOLEAN boot_policy, UINTN *size, void *buffer);
};

static EFI_GUID load_file2_guid = { 0x4006c0c1, 0xfcb3, 0x403e, { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d } };
static EFI_GUID device_path_guid = { 0x09576e91, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static EFI_GUID loaded_image_guid = { 0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static EFI_GUID tree_guid = { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };

/* ---- initrds: given by us ---- */

static const struct handoff_application *running;

static uint64_t initrd_size(const struct handoff_application *application)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < application->initrd_count; i++)
        size = align_up(size, INITRD_ALIGNMENT) + application->initrds[i].size;
    return size;
}

static EFI_STATUS EFIAPI give_initrd(struct load_file2 *this, EFI_DEVICE_PATH *path, BOOLEAN boot_policy, UINTN *size,
                                     void *buffer)
{
    uint64_t needed, at = 0;
    uint8_t *out = buffer;

    if (!this || !path || !size || !running)
        return EFI_INVALID_PARAMETER;
    if (boot_policy)
        return EFI_UNSUPPORTED;
    if (path->Type != END_DEVICE_PATH_TYPE || path->SubType != END_ENTIRE_DEVICE_PATH_SUBTYPE)
        return EFI_NOT_FOUND;
    needed = initrd_size(running);
    if (!buffer || *size < needed) {
        *size = needed;
        return EFI_BUFFER_TOO_SMALL;
    }
    for (uint32_t i = 0; i < running->initrd_count; i++) {
        while (at % INITRD_ALIGNMENT)
            out[at++] = 0;
        memcpy(out + at, running->initrds[i].data, running->initrds[i].size);
        at += running->initrds[i].size;
    }
    *size = needed;
    return EFI_SUCCESS;
}

static struct load_file2 initrd_file = { give_initrd };

/*
 * Who loaded us may have left a file there, of which we have made what we wanted: ours, or none, takes its place until
 * the application returns.
 */
struct initrd_place {
    EFI_HANDLE handle;
    struct load_file2 *before; /* NULL: there was none */
    bool given;                /* ours is there */
};

static struct load_file2 *find_initrd(EFI_HANDLE *handle, EFI_DEVICE_PATH **rest)
{
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    struct load_file2 *file = NULL;

    *rest = &initrd_path.header;
    if (services->LocateDevicePath(&load_file2_guid, rest, handle) || (*rest)->Type != END_DEVICE_PATH_TYPE ||
        services->HandleProtocol(*handle, &load_file2_guid, (void **)&file))
        return NULL;
    return file;
}

static bool install_initrd(const struct handoff_application *application, struct initrd_place *place)
{
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    EFI_DEVICE_PATH *rest;

    *place = (struct initrd_place){ 0 };
    place->before = find_initrd(&place->handle, &rest);
    place->given = initrd_size(application);
    if (place->before && place->given)
        return !services->ReinstallProtocolInterface(place->handle, &load_file2_guid, place->before, &initrd_file);
    if (place->before)
        return !services->UninstallProtocolInterface(place->handle, &load_file2_guid, place->before);
    place->handle = NULL;
    return !place->given || !services->InstallMultipleProtocolInterfaces(
                                &place->handle, &device_path_guid, &initrd_path, &load_file2_guid, &initrd_file, NULL);
}

static void remove_initrd(const struct initrd_place *place)
{
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    EFI_HANDLE handle = place->handle;

    if (place->before && place->given)
        services->ReinstallProtocolInterface(handle, &load_file2_guid, &initrd_file, place->before);
    else if (place->before)
        services->InstallProtocolInterface(&handle, &load_file2_guid, EFI_NATIVE_INTERFACE, place->before);
    else if (place->given)
        services->UninstallMultipleProtocolInterfaces(place->handle, &device_path_guid, &initrd_path, &load_file2_guid,
                                                      &initrd_file, NULL);
}

/* ---- initrds: given to us ---- */

bool efi_read_initrd(struct handoff *handoff, struct failure *failure)
{
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    EFI_PHYSICAL_ADDRESS address;
    EFI_DEVICE_PATH *rest;
    EFI_HANDLE handle;
    EFI_STATUS status;
    UINTN size = 0;
    struct load_file2 *file = find_initrd(&handle, &rest);

    if (!file)
        return true;
    status = file->load_file(file, rest, FALSE, &size, NULL);
    if (status == EFI_NOT_FOUND || (status == EFI_SUCCESS && !size))
        return true; /* the place is there, and empty: OVMF without -initrd */
    if (status != EFI_BUFFER_TOO_SMALL)
        return fail(failure, "initrd", "the loader before us does not say its size (status 0x%lx)", (uint64_t)status);
    if (services->AllocatePages(AllocateAnyPages, EfiLoaderData, (size + MAP_PAGE - 1) / MAP_PAGE, &address))
        return fail(failure, "initrd", "no memory for its %lu bytes", (uint64_t)size);
    status = file->load_file(file, rest, FALSE, &size, (void *)address);
    if (status)
        return fail(failure, "initrd", "the loader before us does not give it (status 0x%lx)", (uint64_t)status);
    return handoff_add_module(handoff, address, size, "", 0, failure);
}

/* ---- the application ---- */

/* Load options stay with the firmware's loaded image; the memory is the firmware's once the application ended. */
static bool set_options(EFI_LOADED_IMAGE *loaded, const char *text, struct failure *failure)
{
    uint64_t length = strlen(text), size = (length + 1) * sizeof(CHAR16);
    CHAR16 *options;

    if (!length)
        return true;
    if (efi_system_table()->BootServices->AllocatePool(EfiLoaderData, size, (void **)&options))
        return fail(failure, "efi", "no memory for the command line");
    loaded->LoadOptions = options;
    loaded->LoadOptionsSize = (UINT32)(efi_options_from_text(text, options, length + 1) * sizeof(CHAR16));
    return true;
}

static const char *status_text(EFI_STATUS status)
{
    switch (status) {
    case EFI_SECURITY_VIOLATION:
    case EFI_ACCESS_DENIED:
        return "not verified: Secure Boot refuses it";
    case EFI_UNSUPPORTED:
        return "unsupported";
    case EFI_LOAD_ERROR:
        return "no proper PE";
    case EFI_OUT_OF_RESOURCES:
        return "no memory";
    default:
        return "see UEFI's appendix D";
    }
}

/*
 * Boot managers and stubs look for their files where they came from. The firmware knows it of a path with a volume;
 * what came from memory came from where we did. The firmware frees the path.
 */
static void set_origin(EFI_LOADED_IMAGE *loaded)
{
    const EFI_LOADED_IMAGE *own = efi_own_image();
    struct span file;
    void *path;

    if (loaded->DeviceHandle || !own)
        return;
    loaded->DeviceHandle = own->DeviceHandle;
    file = efi_path(own->FilePath);
    path = file.size ? efi_pool(file.size) : NULL;
    if (!path)
        return;
    memcpy(path, file.data, file.size);
    loaded->FilePath = path;
}

/* LoadImage of what lies in memory, as if it came from the volume and file, where they are given. */
static bool load_image(struct span content, EFI_HANDLE volume, const char *file, EFI_HANDLE *handle, const char *what,
                       struct failure *failure)
{
    static uint8_t made[EFI_PATH_MAX] __attribute__((aligned(8))) NOINIT;
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    struct memory_path memory = {
        { HARDWARE_DEVICE_PATH, HW_MEMMAP_DP, { sizeof(memory) - sizeof(EFI_DEVICE_PATH), 0 } },
        EfiLoaderData,
        (uint64_t)content.data,
        (uint64_t)content.data + content.size - 1,
        PATH_END,
    };
    EFI_DEVICE_PATH *path = &memory.header;
    EFI_STATUS status;

    if (volume && file && efi_path_of_file(efi_device_path(volume), file, made))
        path = (EFI_DEVICE_PATH *)made;
    *handle = NULL;
    status = services->LoadImage(FALSE, efi_image_handle(), path, (void *)content.data, content.size, handle);
    if (!status)
        return true;
    if (*handle) /* loaded, but not verified */
        services->UnloadImage(*handle);
    return fail(failure, "efi", "the firmware does not load %s: status 0x%lx, %s", what, (uint64_t)status,
                status_text(status));
}

static bool load(const struct handoff_application *application, EFI_HANDLE *handle, struct failure *failure)
{
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    EFI_LOADED_IMAGE *loaded;

    if (!load_image(application->file, application->volume, application->path, handle, "the payload", failure))
        return false;
    loaded = efi_protocol(*handle, &loaded_image_guid);
    if (loaded) {
        set_origin(loaded);
        if (set_options(loaded, application->command_line, failure))
            return true;
    } else {
        fail(failure, "efi", "the payload has no loaded image");
    }
    services->UnloadImage(*handle);
    return false;
}

bool efi_verify(struct span file, struct failure *failure)
{
    EFI_HANDLE handle;

    if (!efi_alive())
        return fail(failure, "efi", "there is no firmware that could verify it");
    if (!load_image(file, NULL, NULL, &handle, "it", failure))
        return false;
    efi_system_table()->BootServices->UnloadImage(handle);
    return true;
}

/* Gives it what it shall find besides its command line. */
static bool equip(const struct handoff_application *application, struct initrd_place *place, struct failure *failure)
{
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;

    running = application;
    if (application->device_tree.size &&
        services->InstallConfigurationTable(&tree_guid, (void *)application->device_tree.data))
        return fail(failure, "efi", "the firmware does not take the device tree");
    return install_initrd(application, place) || fail(failure, "efi", "the firmware does not take the initrd");
}

bool efi_start_application(const struct handoff_application *application, uint64_t *status, struct failure *failure)
{
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    struct initrd_place place;
    EFI_HANDLE handle;

    if (!load(application, &handle, failure))
        return false;
    if (!equip(application, &place, failure)) {
        services->UnloadImage(handle);
        return false;
    }

    /* What it does with exceptions and with the stack protector's segment is its affair. */
    const uint64_t thread_block = msr_read(MSR_FS_BASE);

    cpu_return_exceptions();
    *status = services->StartImage(handle, NULL, NULL);
    __asm__ volatile("cld");
    msr_write(MSR_FS_BASE, thread_block);
    cpu_take_exceptions();
    remove_initrd(&place);
    running = NULL;
    if (application->device_tree.size)
        services->InstallConfigurationTable(&tree_guid, NULL);
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EFI_LOAD_FILE2_PROTOCOL on the vendor media path LINUX_EFI_INITRD_MEDIA_GUID: UEFI 2.10 section 13.2, and Linux since
 * 5.7 (drivers/firmware/efi/libstub/efi-stub-helper.c).
 */
#include "tests/conformance/check_load_file.h"

#include <stdbool.h>
#include <stddef.h>

#include "tests/conformance/memory.h"
#include "tests/conformance/report.h"
#include "tests/conformance/state.h"

/* gnu-efi has no such protocol. */
struct load_file2 {
    EFI_STATUS(EFIAPI *load_file)
    (struct load_file2 *this, EFI_DEVICE_PATH *path, BOOLEAN boot_policy, UINTN *size, void *buffer);
};

struct initrd_path {
    VENDOR_DEVICE_PATH vendor;
    EFI_DEVICE_PATH end;
} __attribute__((packed));

static bool allocate(const EFI_SYSTEM_TABLE *table, UINTN size, void **buffer)
{
    EFI_PHYSICAL_ADDRESS address;

    if (table->BootServices->AllocatePages(AllocateAnyPages, EfiLoaderData, size / PAGE_SIZE + 1, &address) !=
        EFI_SUCCESS)
        return false;
    *buffer = (void *)address;
    return true;
}

static void check_refusals(struct load_file2 *protocol, EFI_DEVICE_PATH *end)
{
    struct initrd_path wrong = {
        { { MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, { sizeof(wrong.vendor), 0 } }, { 0x12345678, 0, 0, { 0 } } },
        { END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { sizeof(wrong.end), 0 } },
    };
    UINTN size = 0;
    EFI_STATUS status = protocol->load_file(protocol, end, TRUE, &size, NULL);

    check(status == EFI_UNSUPPORTED, "initrd-boot-policy", "BootPolicy TRUE gives 0x%lx, shall give 0x%lx", status,
          EFI_UNSUPPORTED);
    size = 0;
    status = protocol->load_file(protocol, &wrong.vendor.Header, FALSE, &size, NULL);
    check(EFI_ERROR(status) && status != EFI_BUFFER_TOO_SMALL, "initrd-path", "a path to nothing gives 0x%lx", status);
    status = protocol->load_file(protocol, end, FALSE, NULL, NULL);
    check(status == EFI_INVALID_PARAMETER, "initrd-no-size", "no BufferSize gives 0x%lx, shall give 0x%lx", status,
          EFI_INVALID_PARAMETER);
}

static void check_content(const EFI_SYSTEM_TABLE *table, struct load_file2 *protocol, EFI_DEVICE_PATH *end)
{
    UINTN size = 0, less, given;
    void *buffer = NULL;
    EFI_STATUS status = protocol->load_file(protocol, end, FALSE, &size, NULL);

    check(status == EFI_BUFFER_TOO_SMALL && size, "initrd-size", "no buffer gives 0x%lx, size 0x%lx; shall give 0x%lx",
          status, size, EFI_BUFFER_TOO_SMALL);
    if (!size || !allocate(table, size, &buffer))
        return;
    less = size - 1;
    status = protocol->load_file(protocol, end, FALSE, &less, buffer);
    check(status == EFI_BUFFER_TOO_SMALL && less == size, "initrd-small",
          "a buffer too small by one gives 0x%lx, size 0x%lx; shall give 0x%lx, 0x%lx", status, less,
          EFI_BUFFER_TOO_SMALL, size);
    given = size + 1;
    status = protocol->load_file(protocol, end, FALSE, &given, buffer);
    check(status == EFI_SUCCESS && given == size, "initrd-load", "gives 0x%lx, 0x%lx bytes of 0x%lx", status, given,
          size);
    modules_one((uintptr_t)buffer, size);
    object_add("the initrd", (uintptr_t)buffer, size);
}

void check_load_file(const EFI_SYSTEM_TABLE *table)
{
    struct initrd_path path = {
        { { MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, { sizeof(path.vendor), 0 } },
          /* 5568e427-68fc-4f3d-ac74-ca555231cc68, LINUX_EFI_INITRD_MEDIA_GUID */
          { 0x5568e427, 0x68fc, 0x4f3d, { 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 } } },
        { END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { sizeof(path.end), 0 } },
    };
    /* 4006c0c1-fcb3-403e-996d-4a6c8724e06d, EFI_LOAD_FILE2_PROTOCOL_GUID */
    EFI_GUID guid = { 0x4006c0c1, 0xfcb3, 0x403e, { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d } };
    EFI_DEVICE_PATH *rest = &path.vendor.Header;
    struct load_file2 *protocol = NULL;
    EFI_HANDLE handle = NULL;
    EFI_STATUS status = table->BootServices->LocateDevicePath(&guid, &rest, &handle);

    if (status == EFI_SUCCESS)
        status = table->BootServices->HandleProtocol(handle, &guid, (void **)&protocol);
    bool wanted = command_line_number("conf.modules=", 0) != 0;

    check((status == EFI_SUCCESS && protocol) == wanted, "initrd", "LoadFile2: status 0x%lx, shall %s", status,
          wanted ? "be there" : "not be there");
    modules_begin();
    if (protocol) {
        check_refusals(protocol, rest);
        check_content(table, protocol, rest);
    } else {
        skip("initrd-boot-policy", "there is no initrd");
        skip("initrd-path", "there is no initrd");
        skip("initrd-no-size", "there is no initrd");
        skip("initrd-size", "there is no initrd");
        skip("initrd-small", "there is no initrd");
        skip("initrd-load", "there is no initrd");
    }
    modules_end();
}

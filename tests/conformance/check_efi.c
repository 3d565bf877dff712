/* SPDX-License-Identifier: BSD-2-Clause */
/* An EFI application: UEFI 2.10, sections 2.3.4 (the processor), 4 (tables) and 9.1 (the loaded image). */
#include <efi.h>
#include <stdbool.h>

#include "common/string.h"
#include "tests/conformance/check_load_file.h"
#include "tests/conformance/efi_services.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

#define OPTIONS_MAX 1024

static char text[OPTIONS_MAX];

/* Section 9.1: LoadOptions are binary; whoever reads text, reads UCS-2 with a NUL (3.1.3, OptionalData of a shell). */
static void check_options(const EFI_LOADED_IMAGE *image)
{
    const CHAR16 *options = image->LoadOptions;
    uint32_t count = image->LoadOptionsSize / sizeof(*options), length = 0;

    while (options && length < count && length < OPTIONS_MAX - 1 && options[length]) {
        text[length] = options[length] < 0x80 ? (char)options[length] : '?';
        length++;
    }
    check(options && image->LoadOptionsSize % 2 == 0 && length + 1 == count, "load-options",
          "%u bytes, text of %u characters, shall be UCS-2 with one NUL at its end", image->LoadOptionsSize, length);
    check_command_line(text, OPTIONS_MAX);
}

static void check_image(const EFI_LOADED_IMAGE *image, EFI_HANDLE handle, const EFI_SYSTEM_TABLE *table)
{
    uint64_t base = (uintptr_t)payload_base, size = (uint64_t)(payload_end - payload_base);

    check(image->Revision == EFI_IMAGE_INFORMATION_REVISION, "image-revision", "is 0x%x, shall be 0x%x",
          image->Revision, EFI_IMAGE_INFORMATION_REVISION);
    check(image->ParentHandle && image->ParentHandle != handle, "parent-handle", "is 0x%lx, we are 0x%lx",
          (uint64_t)(uintptr_t)image->ParentHandle, (uint64_t)(uintptr_t)handle);
    check(image->SystemTable == table, "image-table", "is 0x%lx, shall be 0x%lx",
          (uint64_t)(uintptr_t)image->SystemTable, (uint64_t)(uintptr_t)table);
    check((uintptr_t)image->ImageBase == base && image->ImageSize >= size, "image-base",
          "0x%lx bytes at 0x%lx, we are 0x%lx at 0x%lx", image->ImageSize, (uint64_t)(uintptr_t)image->ImageBase, size,
          base);
    check(image->ImageCodeType == EfiLoaderCode && image->ImageDataType == EfiLoaderData, "image-types",
          "are %u and %u, shall be %u and %u, of an application", image->ImageCodeType, image->ImageDataType,
          EfiLoaderCode, EfiLoaderData);
}

uint64_t check_payload(void)
{
    EFI_HANDLE handle = (EFI_HANDLE)state.rcx;
    const EFI_SYSTEM_TABLE *table = (const EFI_SYSTEM_TABLE *)state.rdx;
    EFI_LOADED_IMAGE *image;

    report_begin("efi");
    if (!check_efi_table(table))
        return REPORT_HALT;
    image = check_efi_image_handle(table, handle);
    if (image) {
        check_options(image);
        check_image(image, handle, table);
    }
    check_efi_processor(true);
    check_whole();
    check_bss();
    check_efi_memory(table);
    check_load_file(table);
    object_add("the kernel", (uintptr_t)payload_base, (uint64_t)(payload_end - payload_base));
    if (image)
        object_add("the load options", (uintptr_t)image->LoadOptions, image->LoadOptionsSize);
    check_objects();
    return command_line_has("return") ? EFI_SUCCESS : REPORT_HALT;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot2 specification 2.0, section 3.5, "EFI amd64 machine state with boot services enabled", and its tags in 3.6.
 */
#include <efi.h>
#include <stdbool.h>

#include "tests/conformance/check_multiboot2.h"
#include "tests/conformance/efi_services.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

void check_multiboot2_processor(void)
{
    check_register("rbx", state.rbx >> 32, 0); /* the information is below 4 GiB: its own pointers have 32 bits */
    /* "All other processor registers, flag bits and state are set accordingly to" UEFI; we are jumped to, not called.
     */
    check_efi_processor(false);
}

/* Section 3.6.17: GRUB leaves it out where boot services are kept, since it would be out of date at once. */
static void check_map_tag(void)
{
    const struct multiboot2_efi_memory_map *tag = multiboot2_next(NULL, MULTIBOOT2_TAG_EFI_MEMORY_MAP);

    if (tag)
        check(tag->descriptor_size >= sizeof(EFI_MEMORY_DESCRIPTOR) &&
                  (tag->tag.size - sizeof(*tag)) % tag->descriptor_size == 0,
              "efi-map-tag", "%u bytes of descriptors of %u", tag->tag.size - (unsigned)sizeof(*tag),
              tag->descriptor_size);
    else
        skip("efi-map-tag", "there is none");
}

bool check_multiboot2_firmware(void)
{
    const struct multiboot2_efi64 *table = multiboot2_next(NULL, MULTIBOOT2_TAG_EFI64_SYSTEM_TABLE);
    const struct multiboot2_efi64 *handle = multiboot2_next(NULL, MULTIBOOT2_TAG_EFI64_IMAGE_HANDLE);
    const struct multiboot2_tag *services = multiboot2_next(NULL, MULTIBOOT2_TAG_EFI_BOOT_SERVICES);
    const EFI_SYSTEM_TABLE *system = table ? (const EFI_SYSTEM_TABLE *)table->pointer : NULL;

    check(services, "boot-services", "tag 18 is %s", services ? "there" : "not there");
    if (check_efi_table(system)) {
        check_efi_memory(system);
        check_efi_image_handle(system, handle ? (EFI_HANDLE)handle->pointer : NULL);
    }
    check_map_tag();
    return true;
}

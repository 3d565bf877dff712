/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading struct boot_params: Documentation/arch/x86/boot.rst and zero-page.rst. Serves all Linux doors; the real-mode
 * code (linux16.S) makes one too.
 */
#include <asm/bootparam.h>
#include <stddef.h>

#include "common/checked.h"
#include "common/layout.h"
#include "common/string.h"
#include "entries/normalise.h"

_Static_assert(offsetof(struct boot_params, e820_entries) == 0x1e8, "linux16.S");
_Static_assert(offsetof(struct boot_params, e820_table) == 0x2d0, "linux16.S");
_Static_assert(offsetof(struct boot_params, hdr.code32_start) == 0x214, "linux16.S");
_Static_assert(offsetof(struct boot_params, screen_info.orig_video_isVGA) == 0x0f, "linux16.S");
_Static_assert(offsetof(struct boot_params, scratch) == 0x1e4, "linux.S");
_Static_assert(LAYOUT_SETUP_HEADER == offsetof(struct boot_params, hdr), "layout.h");

#define EFI64_SIGNATURE     0x34364c45 /* "EL64" */
#define SECURE_BOOT_ENABLED 3          /* Linux's enum efi_secureboot_mode; kexec passes it on */
#define VIDEO_VGA_TEXT      0x01       /* include/uapi/linux/screen_info.h */
#define VIDEO_VESA_LINEAR   0x23
#define VIDEO_EFI_LINEAR    0x70

static uint64_t join(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

static bool read_e820(struct handoff *handoff, const struct boot_e820_entry *table, uint64_t count,
                      struct failure *failure)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!map_add(&handoff->map, table[i].addr, table[i].size, map_type_from_e820(table[i].type), 0, failure))
            return false;
    }
    return true;
}

/* The list of setup_data: each element is kept where it lies, and what of it is memory map is read. */
static bool read_setup_data(struct handoff *handoff, const struct physical *physical, uint64_t address, bool with_map,
                            struct failure *failure)
{
    while (address) {
        const uint8_t *element = physical_view(physical, address, sizeof(struct setup_data));
        struct setup_data data = { 0 };
        uint64_t size;

        if (element)
            memcpy(&data, element, sizeof(data)); /* aligned to nothing */
        size = sizeof(data) + (uint64_t)data.len;
        element = element ? physical_view(physical, address, size) : NULL;
        if (!element)
            return fail(failure, "setup_data", "the element at 0x%lx is out of our reach", address);
        if (handoff->setup_data_count == HANDOFF_SETUP_DATA_MAX)
            return fail(failure, "setup_data", "more than %u elements, or a circle", HANDOFF_SETUP_DATA_MAX);
        handoff->setup_data[handoff->setup_data_count++] = (struct handoff_setup_data){ address, data.type, size };
        if (data.type == SETUP_E820_EXT && with_map &&
            !read_e820(handoff, (const void *)(element + sizeof(data)), data.len / sizeof(struct boot_e820_entry),
                       failure))
            return false;
        address = data.next;
    }
    return true;
}

static void read_screen(struct handoff *handoff, const struct screen_info *screen)
{
    bool vesa = screen->orig_video_isVGA == VIDEO_VESA_LINEAR;

    if (screen->orig_video_isVGA == VIDEO_VGA_TEXT) {
        handoff->text_screen =
            (struct handoff_text_screen){ true,           screen->orig_video_cols, screen->orig_video_lines,
                                          screen->orig_x, screen->orig_y,          screen->orig_video_mode };
    } else if (vesa || screen->orig_video_isVGA == VIDEO_EFI_LINEAR) {
        handoff->framebuffer = (struct handoff_framebuffer){
            .present = true,
            .address = join(screen->lfb_base, screen->ext_lfb_base),
            .width = screen->lfb_width,
            .height = screen->lfb_height,
            .pitch = screen->lfb_linelength,
            .bits = (uint8_t)screen->lfb_depth,
            .red_size = screen->red_size,
            .red_position = screen->red_pos,
            .green_size = screen->green_size,
            .green_position = screen->green_pos,
            .blue_size = screen->blue_size,
            .blue_position = screen->blue_pos,
            .reserved_size = screen->rsvd_size,
            .reserved_position = screen->rsvd_pos,
        };
    }
}

static void read_efi(struct handoff *handoff, const struct efi_info *info)
{
    if (info->efi_loader_signature != EFI64_SIGNATURE)
        return;
    handoff->efi = (struct handoff_efi){
        .present = true,
        .system_table = join(info->efi_systab, info->efi_systab_hi),
        .map = join(info->efi_memmap, info->efi_memmap_hi),
        .map_size = info->efi_memmap_size,
        .descriptor_size = info->efi_memdesc_size,
        .descriptor_version = info->efi_memdesc_version,
    };
}

/* Fields that are new, and hold garbage where a loader copied the whole page instead of zeroing it (sentinel is not 0).
 */
static void read_later_fields(struct handoff *handoff, const struct boot_params *params, uint32_t *high_ramdisk,
                              uint32_t *high_ramdisk_size, uint32_t *high_command_line)
{
    struct efi_info efi;

    *high_ramdisk = *high_ramdisk_size = *high_command_line = 0;
    if (params->sentinel)
        return;
    memcpy(&efi, &params->efi_info, sizeof(efi));
    read_efi(handoff, &efi);
    handoff->efi.secure_boot = params->secure_boot == SECURE_BOOT_ENABLED;
    *high_ramdisk = params->ext_ramdisk_image;
    *high_ramdisk_size = params->ext_ramdisk_size;
    *high_command_line = params->ext_cmd_line_ptr;
    if (params->acpi_rsdp_addr)
        handoff->rsdp = (struct known_address){ true, params->acpi_rsdp_addr };
}

bool linux_normalise(struct handoff *handoff, const struct physical *physical, uint64_t address, bool with_map,
                     struct failure *failure)
{
    const struct boot_params *params = physical_view(physical, address, sizeof(*params));
    uint32_t high_ramdisk, high_ramdisk_size, high_command_line;
    struct screen_info screen;
    struct setup_header header;

    if (!params)
        return fail(failure, "boot_params", "out of our reach at 0x%lx", address);
    memcpy(&header, &params->hdr, sizeof(header));
    memcpy(&screen, &params->screen_info, sizeof(screen));
    handoff->loader_type = header.type_of_loader;
    read_later_fields(handoff, params, &high_ramdisk, &high_ramdisk_size, &high_command_line);

    uint64_t command_line = join(header.cmd_line_ptr, high_command_line);
    uint64_t ramdisk = join(header.ramdisk_image, high_ramdisk);
    uint64_t ramdisk_size = join(header.ramdisk_size, high_ramdisk_size);

    if (command_line && !handoff_copy_text(handoff, physical, command_line, LAYOUT_COMMAND_LINE_MAX + 1, "command line",
                                           &handoff->command_line, failure))
        return false;
    if (ramdisk && ramdisk_size && !handoff_add_module(handoff, ramdisk, ramdisk_size, "", 0, failure))
        return false;
    read_screen(handoff, &screen);
    if (with_map && params->e820_entries > E820_MAX_ENTRIES_ZEROPAGE)
        return fail(failure, "boot_params", "%u memory map entries in a table of %u", params->e820_entries,
                    E820_MAX_ENTRIES_ZEROPAGE);
    if (with_map && !read_e820(handoff, params->e820_table, params->e820_entries, failure))
        return false;
    return read_setup_data(handoff, physical, header.setup_data, with_map, failure);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling struct boot_params (Documentation/arch/x86/zero-page.rst and boot.rst) from struct handoff. Pure: compiled
 * natively for tests as well.
 */
#include <stddef.h>

#include "common/string.h"
#include "handoff/e820.h"
#include "handoff/linux.h"

_Static_assert(sizeof(struct boot_params) == 4096, "zero-page.rst");
_Static_assert(offsetof(struct boot_params, hdr) == LINUX_SETUP_OFFSET, "zero-page.rst");
_Static_assert(offsetof(struct boot_params, edd_mbr_sig_buffer) == LINUX_SETUP_OFFSET + LINUX_SETUP_MAX,
               "zero-page.rst");
_Static_assert(offsetof(struct boot_params, e820_table) == 0x2d0, "zero-page.rst");
_Static_assert(offsetof(struct boot_params, acpi_rsdp_addr) == 0x70, "zero-page.rst");
_Static_assert(sizeof(struct boot_e820_entry) == 20, "zero-page.rst");

#define LOADER_UNDEFINED  0xff /* boot.rst, type_of_loader: no number assigned */
#define VIDEO_VGA_TEXT    0x01 /* include/uapi/linux/screen_info.h */
#define VIDEO_VESA_LINEAR 0x23
#define VIDEO_EFI_LINEAR  0x70
#define VIDEO_SKIP_QUIRKS 0x01
#define VIDEO_64BIT_BASE  0x02
#define BOOT_FLAG         0xaa55
#define HEADER_MAGIC      0x53726448 /* "HdrS" */
#define EFI64_SIGNATURE   0x34364c45 /* "EL64" */
#define VGA_TEXT_POINTS   16
/* Linux's enum efi_secureboot_mode: what its EFI stub leaves in boot_params, whose lockdown depends on it. */
#define SECURE_BOOT_DISABLED 2
#define SECURE_BOOT_ENABLED  3

static uint32_t high(uint64_t value)
{
    return (uint32_t)(value >> 32);
}

static void fill_screen(struct screen_info *screen, const struct handoff *handoff)
{
    const struct handoff_framebuffer *fb = &handoff->framebuffer;
    const struct handoff_text_screen *text = &handoff->text_screen;

    if (fb->present) {
        screen->orig_video_isVGA = handoff->efi.present ? VIDEO_EFI_LINEAR : VIDEO_VESA_LINEAR;
        screen->lfb_base = (uint32_t)fb->address;
        screen->ext_lfb_base = high(fb->address);
        screen->capabilities = screen->ext_lfb_base ? VIDEO_64BIT_BASE : 0;
        if (handoff->efi.boot_services) {
            screen->capabilities |= VIDEO_SKIP_QUIRKS; /* the numbers are the firmware's own */
            screen->pages = 1;
        }
        screen->lfb_width = (uint16_t)fb->width;
        screen->lfb_height = (uint16_t)fb->height;
        screen->lfb_linelength = (uint16_t)fb->pitch;
        screen->lfb_depth = fb->bits;
        /* EFI's is in bytes, VESA's in 64 KiB (drivers/firmware/sysfb_simplefb.c). */
        screen->lfb_size = handoff->efi.present ? fb->pitch * fb->height : (fb->pitch * fb->height + 0xffff) >> 16;
        screen->red_size = fb->red_size;
        screen->red_pos = fb->red_position;
        screen->green_size = fb->green_size;
        screen->green_pos = fb->green_position;
        screen->blue_size = fb->blue_size;
        screen->blue_pos = fb->blue_position;
        screen->rsvd_size = fb->reserved_size;
        screen->rsvd_pos = fb->reserved_position;
    } else if (text->present) {
        screen->orig_video_isVGA = VIDEO_VGA_TEXT;
        screen->orig_video_mode = text->mode;
        screen->orig_video_cols = text->columns;
        screen->orig_video_lines = text->rows;
        screen->orig_video_points = VGA_TEXT_POINTS;
        screen->orig_x = text->column;
        screen->orig_y = text->row;
    }
}

static void fill_header(struct setup_header *header, const struct linux_kernel *kernel,
                        const struct linux_places *places)
{
    memcpy(header, kernel->setup.data, kernel->setup.size < LINUX_SETUP_MAX ? kernel->setup.size : LINUX_SETUP_MAX);
    header->boot_flag = BOOT_FLAG; /* which one that was packed again has not */
    header->header = HEADER_MAGIC;
    header->type_of_loader = LOADER_UNDEFINED;
    header->ext_loader_type = 0;
    header->ext_loader_ver = 0;
    header->loadflags &= (uint8_t) ~(CAN_USE_HEAP | QUIET_FLAG); /* the heap is for real-mode code */
    header->loadflags &= (uint8_t)~KASLR_FLAG;
    if (kernel->randomised)
        header->loadflags |= KASLR_FLAG; /* as its own unpacker would: it randomises its memory only then */
    header->code32_start = (uint32_t)places->kernel;
    header->ramdisk_image = (uint32_t)places->initrd;
    header->ramdisk_size = (uint32_t)places->initrd_size;
    header->cmd_line_ptr = (uint32_t)places->command_line;
    header->vid_mode = 0xffff; /* "normal": nothing is to be changed */
    if (kernel->relocatable)
        header->kernel_alignment = (uint32_t)places->kernel_alignment;
}

void boot_params_efi(struct boot_params *params, const struct handoff_efi *efi)
{
    if (efi->image_handle.present || efi->secure_boot) /* boot services were alive, so we know; or we were told */
        params->secure_boot = efi->secure_boot ? SECURE_BOOT_ENABLED : SECURE_BOOT_DISABLED;
    if (!efi->present || !efi->map)
        return;
    params->efi_info = (struct efi_info){
        .efi_loader_signature = EFI64_SIGNATURE,
        .efi_systab = (uint32_t)efi->system_table,
        .efi_systab_hi = high(efi->system_table),
        .efi_memmap = (uint32_t)efi->map,
        .efi_memmap_hi = high(efi->map),
        .efi_memmap_size = (uint32_t)efi->map_size,
        .efi_memdesc_size = (uint32_t)efi->descriptor_size,
        .efi_memdesc_version = efi->descriptor_version,
    };
}

void boot_params_fill(struct boot_params *params, const struct linux_kernel *kernel, const struct linux_places *places,
                      const struct handoff *handoff)
{
    memset(params, 0, sizeof(*params));
    fill_header(&params->hdr, kernel, places);
    params->ext_ramdisk_image = high(places->initrd);
    params->ext_ramdisk_size = high(places->initrd_size);
    params->ext_cmd_line_ptr = high(places->command_line);
    if (handoff->rsdp.present)
        params->acpi_rsdp_addr = handoff->rsdp.address;
    fill_screen(&params->screen_info, handoff);
}

int64_t boot_params_map(struct boot_params *params, const struct memory_map *map, struct boot_e820_entry *more,
                        uint32_t more_max)
{
    struct range range;
    uint32_t count = 0;

    for (uint32_t i = 0; e820_next(map, &i, &range); count++) {
        struct boot_e820_entry *entry;

        if (count < E820_MAX_ENTRIES_ZEROPAGE)
            entry = &params->e820_table[count];
        else if (count - E820_MAX_ENTRIES_ZEROPAGE < more_max)
            entry = &more[count - E820_MAX_ENTRIES_ZEROPAGE];
        else
            return -1;
        *entry = (struct boot_e820_entry){ range.start, range.end - range.start, range.type };
    }
    params->e820_entries = (uint8_t)(count < E820_MAX_ENTRIES_ZEROPAGE ? count : E820_MAX_ENTRIES_ZEROPAGE);
    return count > E820_MAX_ENTRIES_ZEROPAGE ? count - E820_MAX_ENTRIES_ZEROPAGE : 0;
}

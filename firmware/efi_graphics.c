/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framebuffer of the firmware's graphics (UEFI 2.10, section 12.9). A firmware may have several, some of them
 * without memory behind them: the one is taken that its console is on, as Linux's EFI stub does, else the first.
 */
#include "firmware/efi_calls.h"

#define HANDLES_MAX 64

static EFI_GUID output_guid = { 0x9042a9de, 0x23dc, 0x4a38, { 0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a } };
static EFI_GUID console_guid = { 0xd3b36f2c, 0xd551, 0x11d4, { 0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };

/* The width and position of a colour in a pixel's mask. */
static void read_mask(uint32_t mask, uint8_t *size, uint8_t *position)
{
    *position = mask ? (uint8_t)__builtin_ctz(mask) : 0;
    *size = mask ? (uint8_t)(32 - __builtin_clz(mask) - *position) : 0;
}

/* False where there is no memory behind it. */
static bool read_output(const EFI_GRAPHICS_OUTPUT_PROTOCOL *output, struct handoff_framebuffer *fb)
{
    EFI_PIXEL_BITMASK masks = { 0x0000ff, 0x00ff00, 0xff0000, 0xff000000 }; /* PixelRedGreenBlueReserved8BitPerColor */
    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;

    if (!output || !output->Mode || !output->Mode->Info)
        return false;
    info = output->Mode->Info;
    if (info->PixelFormat == PixelBlueGreenRedReserved8BitPerColor) {
        masks.RedMask = 0xff0000;
        masks.BlueMask = 0x0000ff;
    } else if (info->PixelFormat == PixelBitMask) {
        masks = info->PixelInformation;
    } else if (info->PixelFormat != PixelRedGreenBlueReserved8BitPerColor) {
        return false;
    }
    *fb = (struct handoff_framebuffer){ .present = true,
                                        .address = output->Mode->FrameBufferBase,
                                        .width = info->HorizontalResolution,
                                        .height = info->VerticalResolution,
                                        .pitch = info->PixelsPerScanLine * 4,
                                        .bits = 32 };
    read_mask(masks.RedMask, &fb->red_size, &fb->red_position);
    read_mask(masks.GreenMask, &fb->green_size, &fb->green_position);
    read_mask(masks.BlueMask, &fb->blue_size, &fb->blue_position);
    read_mask(masks.ReservedMask, &fb->reserved_size, &fb->reserved_position);
    if (info->PixelFormat == PixelBitMask) {
        fb->bits = (uint8_t)(fb->red_size + fb->green_size + fb->blue_size + fb->reserved_size);
        fb->pitch = info->PixelsPerScanLine * fb->bits / 8;
    }
    return true;
}

void efi_read_framebuffer(EFI_BOOT_SERVICES *services, struct handoff_framebuffer *fb)
{
    bool found = false;
    EFI_HANDLE *handles;
    UINTN count;

    if (services->LocateHandleBuffer(ByProtocol, &output_guid, NULL, &count, &handles))
        return;
    for (UINTN i = 0; i < count && i < HANDLES_MAX; i++) {
        void *output, *mark; /* of a console: a mark is all that it is, mostly without an interface */
        const bool is_console = !services->HandleProtocol(handles[i], &console_guid, &mark);

        if ((found && !is_console) || services->HandleProtocol(handles[i], &output_guid, &output))
            continue;
        found |= read_output(output, fb);
        if (found && is_console)
            break;
    }
    services->FreePool(handles);
}

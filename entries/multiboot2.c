/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the multiboot2 boot information: Multiboot2 specification 2.0, section 3.6. One small reader a tag, one table
 * of them; tags that have none are passed over. Everything is copied: the information lies in free memory.
 */
#include "common/multiboot2.h"

#include "common/checked.h"
#include "common/string.h"
#include "entries/normalise.h"
#include "firmware/acpi.h"

#define INFORMATION_MAX (16u << 20) /* bytes; more is garbage */
#define VGA_TEXT_MODE   3

/* A tag's text of at most its own size, NUL or not, copied. */
static const char *copy_text(struct handoff *handoff, const void *tag, uint32_t header, uint32_t size)
{
    const char *text = (const char *)tag + header;

    return arena_text(&handoff->arena, text, strnlen(text, size - header));
}

static bool read_command_line(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    handoff->command_line = copy_text(handoff, tag, sizeof(struct multiboot2_tag), size);
    return handoff->command_line || fail(failure, "command line", "too long (%u bytes)", size);
}

static bool read_loader_name(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    (void)failure;
    handoff->loader_name = copy_text(handoff, tag, sizeof(struct multiboot2_tag), size);
    return true;
}

static bool read_module(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    const struct multiboot2_module *module = tag;

    if (module->end < module->start)
        return fail(failure, "multiboot2", "a module from 0x%x to 0x%x", module->start, module->end);
    return handoff_add_module(handoff, module->start, module->end - module->start, module->string,
                              strnlen(module->string, size - sizeof(*module)), failure);
}

static bool read_bios_device(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    const struct multiboot2_bios_device *device = tag;

    (void)size;
    (void)failure;
    handoff->boot_drive.present = true;
    handoff->boot_drive.drive = (uint8_t)device->drive;
    return true;
}

static bool read_memory_map(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    const struct multiboot2_memory_map *map = tag;

    if (map->entry_size < sizeof(struct multiboot2_memory_entry) || map->entry_size % MULTIBOOT2_ALIGNMENT)
        return fail(failure, "multiboot2", "memory map entries of %u bytes", map->entry_size);
    for (uint32_t at = sizeof(*map); size - at >= map->entry_size; at += map->entry_size) {
        const struct multiboot2_memory_entry *entry = (const void *)((const uint8_t *)tag + at);

        if (!map_add(&handoff->map, entry->base, entry->length, map_type_from_e820(entry->type), 0, failure))
            return false;
    }
    return true;
}

static bool read_framebuffer(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    const struct multiboot2_framebuffer *given = tag;

    (void)failure;
    if (given->type == MULTIBOOT2_FRAMEBUFFER_TEXT) {
        handoff->text_screen.present = true;
        handoff->text_screen.columns = (uint8_t)given->width;
        handoff->text_screen.rows = (uint8_t)given->height;
        handoff->text_screen.mode = VGA_TEXT_MODE;
    } else if (given->type == MULTIBOOT2_FRAMEBUFFER_RGB && size >= MULTIBOOT2_FRAMEBUFFER_RGB_SIZE) {
        handoff->framebuffer = (struct handoff_framebuffer){
            .present = true,
            .address = given->address,
            .width = given->width,
            .height = given->height,
            .pitch = given->pitch,
            .bits = given->bits,
            .red_position = given->red_position,
            .red_size = given->red_size,
            .green_position = given->green_position,
            .green_size = given->green_size,
            .blue_position = given->blue_position,
            .blue_size = given->blue_size,
        };
    }
    return true;
}

static bool read_system_table(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    (void)size;
    (void)failure;
    handoff->efi.present = true;
    handoff->efi.system_table = ((const struct multiboot2_efi64 *)tag)->pointer;
    return true;
}

static bool read_image_handle(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    (void)size;
    (void)failure;
    handoff->efi.image_handle = (struct known_address){ true, ((const struct multiboot2_efi64 *)tag)->pointer };
    return true;
}

static bool read_boot_services(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    (void)tag;
    (void)size;
    (void)failure;
    handoff->efi.boot_services = true;
    return true;
}

/* RSDP and SMBIOS entry point come as copies. Ours is at least room bytes long, zero at its end. */
static bool keep_copy(struct handoff *handoff, const void *tag, uint32_t size, uint32_t header, uint32_t room,
                      struct known_address *where, struct failure *failure)
{
    void *copy;

    if (room < size - header)
        room = size - header;
    copy = arena_take(&handoff->arena, room);
    if (!copy)
        return fail(failure, "multiboot2", "a table of %u bytes is too long", size);
    memset(copy, 0, room);
    memcpy(copy, (const uint8_t *)tag + header, size - header);
    *where = (struct known_address){ true, (uint64_t)copy };
    return true;
}

static bool read_rsdp_old(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    if (handoff->rsdp.present) /* the new one says more */
        return true;
    return keep_copy(handoff, tag, size, MULTIBOOT2_RSDP_COPY, sizeof(struct acpi_rsdp), &handoff->rsdp, failure);
}

static bool read_rsdp_new(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    return keep_copy(handoff, tag, size, MULTIBOOT2_RSDP_COPY, sizeof(struct acpi_rsdp), &handoff->rsdp, failure);
}

static bool read_smbios(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure)
{
    const uint8_t *anchor = (const uint8_t *)tag + MULTIBOOT2_SMBIOS_COPY;
    bool is_3 = size >= MULTIBOOT2_SMBIOS_COPY + 5 && !memcmp(anchor, "_SM3_", 5);

    return keep_copy(handoff, tag, size, MULTIBOOT2_SMBIOS_COPY, 0, is_3 ? &handoff->smbios3 : &handoff->smbios,
                     failure);
}

static const struct tag_reader {
    uint32_t type;
    uint32_t minimum; /* bytes that the reader may read without looking */
    bool (*read)(struct handoff *handoff, const void *tag, uint32_t size, struct failure *failure);
} readers[] = {
    { MULTIBOOT2_TAG_COMMAND_LINE, sizeof(struct multiboot2_tag), read_command_line },
    { MULTIBOOT2_TAG_LOADER_NAME, sizeof(struct multiboot2_tag), read_loader_name },
    { MULTIBOOT2_TAG_MODULE, sizeof(struct multiboot2_module), read_module },
    { MULTIBOOT2_TAG_BIOS_DEVICE, sizeof(struct multiboot2_bios_device), read_bios_device },
    { MULTIBOOT2_TAG_MEMORY_MAP, sizeof(struct multiboot2_memory_map), read_memory_map },
    { MULTIBOOT2_TAG_FRAMEBUFFER, offsetof(struct multiboot2_framebuffer, red_position), read_framebuffer },
    { MULTIBOOT2_TAG_EFI64_SYSTEM_TABLE, sizeof(struct multiboot2_efi64), read_system_table },
    { MULTIBOOT2_TAG_SMBIOS, MULTIBOOT2_SMBIOS_COPY, read_smbios },
    { MULTIBOOT2_TAG_RSDP_OLD, MULTIBOOT2_RSDP_COPY + ACPI_RSDP_VERSION_1_SIZE, read_rsdp_old },
    { MULTIBOOT2_TAG_RSDP_NEW, MULTIBOOT2_RSDP_COPY + sizeof(struct acpi_rsdp), read_rsdp_new },
    { MULTIBOOT2_TAG_EFI_BOOT_SERVICES, sizeof(struct multiboot2_tag), read_boot_services },
    { MULTIBOOT2_TAG_EFI64_IMAGE_HANDLE, sizeof(struct multiboot2_efi64), read_image_handle },
};

static bool read_tag(struct handoff *handoff, const struct multiboot2_tag *tag, struct failure *failure)
{
    for (unsigned i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
        if (readers[i].type != tag->type)
            continue;
        if (tag->size < readers[i].minimum)
            return fail(failure, "multiboot2", "a tag of type %u has only %u bytes", tag->type, tag->size);
        return readers[i].read(handoff, tag, tag->size, failure);
    }
    return true;
}

bool multiboot2_normalise(struct handoff *handoff, const struct physical *physical, uint64_t address,
                          struct failure *failure)
{
    const struct multiboot2_information *information = physical_view(physical, address, sizeof(*information));
    uint64_t at = sizeof(*information);
    uint32_t total;

    if (!information || address % MULTIBOOT2_ALIGNMENT)
        return fail(failure, "multiboot2", "no boot information at 0x%lx", address);
    total = information->total_size;
    information = total <= INFORMATION_MAX ? physical_view(physical, address, total) : NULL;
    if (!information)
        return fail(failure, "multiboot2", "boot information of %u bytes at 0x%lx", total, address);

    while (checked_within(at, sizeof(struct multiboot2_tag), total)) {
        const struct multiboot2_tag *tag = (const void *)((const uint8_t *)information + at);

        if (tag->size < sizeof(*tag) || !checked_within(at, tag->size, total))
            return fail(failure, "multiboot2", "a tag of type %u and %u bytes at offset %lu of %u", tag->type,
                        tag->size, at, total);
        if (tag->type == MULTIBOOT2_TAG_END)
            return true;
        if (!read_tag(handoff, tag, failure))
            return false;
        at += align_up(tag->size, MULTIBOOT2_ALIGNMENT);
    }
    return fail(failure, "multiboot2", "the tags have no end");
}

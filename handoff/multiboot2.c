/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiboot2 exit: Multiboot2 specification 2.0. A payload that asks for EFI's boot services and has an entry for
 * them gets them where they are alive (sections 3.1.7 to 3.1.9 and 3.5), else the i386 state of section 3.3. The boot
 * information is one block below 4 GiB, built tag by tag; what changes until the last moment comes last.
 */
#include "common/multiboot2.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"
#include "handoff/e820.h"
#include "handoff/exits.h"
#include "handoff/place.h"
#include "handoff/symbols.h"
#include "pagetables/pagetables.h"

#define FIXED_TAGS   2048 /* bytes: all tags that are not counted below */
#define NO_PARTITION 0xffffffff
#define VGA_TEXT     0xb8000
#define SMBIOS_MAX   64
/* ACPI 6.5, section 5.2.5.3: the RSDP's sizes in versions 1 and 2, and where its revision is. */
#define RSDP_SIZE     20
#define RSDP_2_SIZE   36
#define RSDP_REVISION 15

#define TYPE(tag) (1ull << MULTIBOOT2_TAG_##tag)
/* The information that we have, where the machine has it. */
#define PROVIDED                                                                                                   \
    (TYPE(COMMAND_LINE) | TYPE(LOADER_NAME) | TYPE(MODULE) | TYPE(BASIC_MEMORY) | TYPE(BIOS_DEVICE) |              \
     TYPE(MEMORY_MAP) | TYPE(FRAMEBUFFER) | TYPE(ELF_SECTIONS) | TYPE(EFI64_SYSTEM_TABLE) | TYPE(SMBIOS) |         \
     TYPE(RSDP_OLD) | TYPE(RSDP_NEW) | TYPE(EFI_MEMORY_MAP) | TYPE(EFI_BOOT_SERVICES) | TYPE(EFI64_IMAGE_HANDLE) | \
     TYPE(LOAD_BASE))

struct parameters {
    struct multiboot2_information *information; /* what was built so far: total_size counts it */
    uint64_t room;                              /* bytes that it may have */
    bool boot_services;
};

static uint64_t aligned(uint64_t size)
{
    return align_up(size, MULTIBOOT2_ALIGNMENT);
}

/* A new tag of `size` bytes, header included, zero behind it; NULL where there is no room. */
static void *add_tag(struct parameters *parameters, uint32_t type, uint64_t size)
{
    uint32_t *total = &parameters->information->total_size;
    struct multiboot2_tag *tag = (struct multiboot2_tag *)((uint8_t *)parameters->information + *total);

    if (aligned(size) > parameters->room - *total)
        return NULL;
    *tag = (struct multiboot2_tag){ type, (uint32_t)size };
    *total += (uint32_t)aligned(size);
    return tag;
}

static bool add_text(struct parameters *parameters, uint32_t type, const char *text)
{
    uint64_t size = strlen(text) + 1;
    struct multiboot2_tag *tag = add_tag(parameters, type, sizeof(*tag) + size);

    if (tag)
        memcpy(tag + 1, text, size);
    return tag;
}

static bool add_copy(struct parameters *parameters, uint32_t type, uint64_t header, uint64_t address, uint64_t size)
{
    uint8_t *tag = identity_reach(address, size) ? add_tag(parameters, type, header + size) : NULL;

    if (tag)
        memcpy(tag + header, (const void *)address, size);
    return tag;
}

static bool add_modules(struct parameters *parameters, const struct boot *boot, const uint64_t *addresses,
                        struct failure *failure)
{
    for (uint32_t i = 0; i < boot->module_count; i++) {
        const struct boot_module *module = &boot->modules[i];
        uint64_t length = strlen(module->string) + 1;
        struct multiboot2_module *tag = add_tag(parameters, MULTIBOOT2_TAG_MODULE, sizeof(*tag) + length);

        if (!tag)
            return fail(failure, "module", "no room for its string");
        tag->start = (uint32_t)addresses[i];
        tag->end = (uint32_t)(addresses[i] + module->content.size);
        memcpy(tag->string, module->string, length);
    }
    return true;
}

static bool add_sections(struct parameters *parameters, const struct boot *boot, struct handoff *handoff,
                         struct launch *launch, struct failure *failure)
{
    struct multiboot2_elf_sections *tag;

    if (!boot->sections.count)
        return true;
    tag = add_tag(parameters, MULTIBOOT2_TAG_ELF_SECTIONS, sizeof(*tag) + symbols_size(boot));
    if (!tag)
        return fail(failure, "kernel", "its section headers are too many");
    tag->count = boot->sections.count;
    tag->entry_size = boot->sections.entry_size;
    tag->names = boot->sections.names;
    return symbols_place(boot, (uint8_t *)(tag + 1), handoff, launch, failure);
}

static void add_framebuffer(struct parameters *parameters, const struct handoff *handoff)
{
    const struct handoff_framebuffer *fb = &handoff->framebuffer;
    const struct handoff_text_screen *text = &handoff->text_screen;
    struct multiboot2_framebuffer *tag;

    if (!fb->present && !text->present)
        return;
    tag =
        add_tag(parameters, MULTIBOOT2_TAG_FRAMEBUFFER,
                fb->present ? MULTIBOOT2_FRAMEBUFFER_RGB_SIZE : offsetof(struct multiboot2_framebuffer, red_position));
    if (!tag)
        return;
    if (!fb->present) {
        tag->address = VGA_TEXT;
        tag->pitch = text->columns * 2u;
        tag->width = text->columns;
        tag->height = text->rows;
        tag->bits = 16;
        tag->type = MULTIBOOT2_FRAMEBUFFER_TEXT;
        return;
    }
    tag->address = fb->address;
    tag->pitch = fb->pitch;
    tag->width = fb->width;
    tag->height = fb->height;
    tag->bits = fb->bits;
    tag->type = MULTIBOOT2_FRAMEBUFFER_RGB;
    tag->red_position = fb->red_position;
    tag->red_size = fb->red_size;
    tag->green_position = fb->green_position;
    tag->green_size = fb->green_size;
    tag->blue_position = fb->blue_position;
    tag->blue_size = fb->blue_size;
}

/* Copies, because that is what the tags are; the old one is what the first 20 bytes of a new one are too. */
static void add_rsdp(struct parameters *parameters, const struct handoff *handoff)
{
    uint64_t rsdp = handoff->rsdp.address;

    if (!handoff->rsdp.present || !identity_reach(rsdp, RSDP_2_SIZE))
        return;
    add_copy(parameters, MULTIBOOT2_TAG_RSDP_OLD, MULTIBOOT2_RSDP_COPY, rsdp, RSDP_SIZE);
    if (((const uint8_t *)rsdp)[RSDP_REVISION] >= 2)
        add_copy(parameters, MULTIBOOT2_TAG_RSDP_NEW, MULTIBOOT2_RSDP_COPY, rsdp, RSDP_2_SIZE);
}

/* DMTF DSP0134 3.6, sections 5.2.1 and 5.2.2: where an entry point says its length and version. */
static void add_smbios(struct parameters *parameters, const struct handoff *handoff)
{
    const struct {
        struct known_address where;
        uint8_t length, version;
    } points[] = { { handoff->smbios, 5, 6 }, { handoff->smbios3, 6, 7 } };

    for (unsigned i = 0; i < sizeof(points) / sizeof(*points); i++) {
        const uint8_t *point = (const uint8_t *)points[i].where.address;
        struct multiboot2_smbios *tag;
        uint8_t size;

        if (!points[i].where.present || !identity_reach(points[i].where.address, SMBIOS_MAX))
            continue;
        size = point[points[i].length];
        tag = size <= SMBIOS_MAX ? add_tag(parameters, MULTIBOOT2_TAG_SMBIOS, sizeof(*tag) + size) : NULL;
        if (!tag)
            continue;
        tag->major = point[points[i].version];
        tag->minor = point[points[i].version + 1];
        memcpy(tag + 1, point, size);
    }
}

static void add_pointer(struct parameters *parameters, uint32_t type, uint64_t pointer)
{
    struct multiboot2_efi64 *tag = add_tag(parameters, type, sizeof(*tag));

    if (tag)
        tag->pointer = pointer;
}

/* Section 3.6.22: only for an image with the relocatable header tag. */
static void add_load_base(struct parameters *parameters, uint64_t load_base)
{
    struct multiboot2_load_base *tag = add_tag(parameters, MULTIBOOT2_TAG_LOAD_BASE, sizeof(*tag));

    if (tag)
        tag->address = (uint32_t)load_base;
}

static void add_platform(struct parameters *parameters, const struct handoff *handoff)
{
    if (handoff->boot_drive.present) {
        struct multiboot2_bios_device *device = add_tag(parameters, MULTIBOOT2_TAG_BIOS_DEVICE, sizeof(*device));

        if (device)
            *device =
                (struct multiboot2_bios_device){ device->tag, handoff->boot_drive.drive, NO_PARTITION, NO_PARTITION };
    }
    add_framebuffer(parameters, handoff);
    add_rsdp(parameters, handoff);
    add_smbios(parameters, handoff);
    if (handoff->efi.present)
        add_pointer(parameters, MULTIBOOT2_TAG_EFI64_SYSTEM_TABLE, handoff->efi.system_table);
    if (!parameters->boot_services)
        return;
    add_pointer(parameters, MULTIBOOT2_TAG_EFI64_IMAGE_HANDLE, handoff->efi.image_handle.address);
    add_tag(parameters, MULTIBOOT2_TAG_EFI_BOOT_SERVICES, sizeof(struct multiboot2_tag));
}

static bool add_map(struct parameters *parameters, const struct memory_map *map)
{
    struct multiboot2_basic_memory *basic = add_tag(parameters, MULTIBOOT2_TAG_BASIC_MEMORY, sizeof(*basic));
    struct multiboot2_memory_map *tag;
    struct multiboot2_memory_entry *entry;
    uint32_t count = 0;
    struct range range;

    for (uint32_t i = 0; e820_next(map, &i, &range);)
        count++;
    tag = add_tag(parameters, MULTIBOOT2_TAG_MEMORY_MAP, sizeof(*tag) + (uint64_t)count * sizeof(*entry));
    if (!basic || !tag)
        return false;
    e820_basic(map, &basic->lower, &basic->upper);
    tag->entry_size = sizeof(*entry);
    entry = (struct multiboot2_memory_entry *)(tag + 1);
    for (uint32_t i = 0; e820_next(map, &i, &range); entry++)
        *entry = (struct multiboot2_memory_entry){ range.start, range.end - range.start, range.type, 0 };
    return true;
}

static bool add_efi_map(struct parameters *parameters, const struct handoff_efi *efi)
{
    struct multiboot2_efi_memory_map *tag;

    if (!efi->present || !efi->map)
        return true;
    tag = add_tag(parameters, MULTIBOOT2_TAG_EFI_MEMORY_MAP, sizeof(*tag) + efi->map_size);
    if (!tag)
        return false;
    tag->descriptor_size = (uint32_t)efi->descriptor_size;
    tag->descriptor_version = efi->descriptor_version;
    memcpy(tag + 1, (const void *)efi->map, efi->map_size);
    return true;
}

/* While boot services live the map changes with each call: the payload asks for it itself (section 3.6.8). */
static bool finish(struct launch *launch, const struct handoff *handoff, struct failure *failure)
{
    struct parameters *parameters = launch->parameters;

    if ((!parameters->boot_services &&
         (!add_map(parameters, &handoff->map) || !add_efi_map(parameters, &handoff->efi))) ||
        !add_tag(parameters, MULTIBOOT2_TAG_END, sizeof(struct multiboot2_tag)))
        return fail(failure, "memory map", "%u ranges are more than there is room for", handoff->map.count);
    return true;
}

static uint64_t information_size(const struct boot *boot, const struct handoff *handoff)
{
    uint64_t size = FIXED_TAGS + aligned(strlen(boot->command_line) + 1) + symbols_size(boot);

    for (uint32_t i = 0; i < boot->module_count; i++)
        size += aligned(sizeof(struct multiboot2_module) + strlen(boot->modules[i].string) + 1);
    size += ((uint64_t)handoff->map.count + E820_SLACK) * sizeof(struct multiboot2_memory_entry);
    return aligned(size + handoff->efi.map_size + handoff->efi.map_capacity);
}

static bool build_information(const struct boot *boot, uint64_t load_base, struct handoff *handoff,
                              struct launch *launch, struct failure *failure)
{
    static uint64_t addresses[BOOT_MODULES_MAX];
    const uint64_t room = information_size(boot, handoff);
    const uint64_t front = aligned(sizeof(struct parameters));
    struct parameters *parameters;

    if (!place_modules(boot, PLACE_END_BELOW_4G, handoff, launch, addresses, failure))
        return false;
    parameters = place_parameters("boot information", front + room, handoff, launch, failure);
    if (!parameters)
        return false;
    *parameters = (struct parameters){ .information = (void *)((uint8_t *)parameters + front),
                                       .room = room,
                                       .boot_services = launch->state.mode == LAUNCH_FIRMWARE };
    parameters->information->total_size = sizeof(struct multiboot2_information);
    launch->parameters = parameters;
    launch->state.rax = MULTIBOOT2_BOOT_MAGIC;
    launch->state.rbx = (uint64_t)parameters->information;
    if (!add_text(parameters, MULTIBOOT2_TAG_COMMAND_LINE, boot->command_line) ||
        !add_text(parameters, MULTIBOOT2_TAG_LOADER_NAME, BOOT_LOADER_NAME))
        return fail(failure, "command line", "no room for it");
    if (!add_modules(parameters, boot, addresses, failure) || !add_sections(parameters, boot, handoff, launch, failure))
        return false;
    if (boot->as_multiboot2.relocatable)
        add_load_base(parameters, load_base);
    add_platform(parameters, handoff);
    return true;
}

static bool possible(const struct boot *boot, const struct handoff *handoff, struct failure *failure)
{
    const struct multiboot2_kernel *kernel = &boot->as_multiboot2;
    bool screen = handoff->framebuffer.present || handoff->text_screen.present;

    for (unsigned type = 0; type < 64; type++) {
        if (kernel->required & ~PROVIDED & 1ull << type)
            return fail(failure, "multiboot2", "the kernel requires information of type %u, which there is not", type);
    }
    if (kernel->console_required && !screen)
        return fail(failure, "multiboot2", "the kernel requires a screen, and there is none");
    if (!kernel->has_entry && !(handoff->efi.boot_services && kernel->boot_services))
        return fail(failure, "multiboot2", "the kernel's only entry is for EFI boot services, and there are none");
    return true;
}

static bool prepare(const struct boot *boot, struct handoff *handoff, struct launch *launch, struct failure *failure)
{
    const struct multiboot2_kernel *kernel = &boot->as_multiboot2;
    struct placement placement = { .relocatable = kernel->relocatable,
                                   .alignment = kernel->alignment,
                                   .minimum = kernel->minimum,
                                   .maximum = kernel->maximum };
    bool with_firmware = kernel->boot_services && kernel->has_entry_efi64 && handoff->efi.boot_services;
    uint64_t offset;

    if (kernel->preference)
        placement.preference = kernel->preference == 1 ? PLACE_LOW : PLACE_HIGH;
    launch->state.mode = with_firmware ? LAUNCH_FIRMWARE : LAUNCH_PROTECTED;
    if (!place_program(&kernel->program, &placement, handoff, launch, &offset, failure))
        return false;
    launch->state.instruction = (with_firmware ? kernel->entry_efi64 : kernel->entry) + offset;
    launch->finish = finish;
    return build_information(boot, kernel->program.start + offset, handoff, launch, failure);
}

const struct exit exit_multiboot2 = { "multiboot2", FACE_MULTIBOOT2, possible, prepare };

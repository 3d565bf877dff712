/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiboot exit, version 1: Multiboot specification 0.6.96, sections 3.2 (machine state) and 3.3 (information).
 * Everything that the payload reads lies in one block below 4 GiB: the information, modules, texts, section headers,
 * and at the end the memory map.
 */
#include "common/multiboot.h"

#include <stddef.h>

#include "handoff/e820.h"
#include "handoff/exits.h"
#include "handoff/place.h"
#include "handoff/symbols.h"
#include "handoff/texts.h"

#define NO_PARTITION     0xffffff
#define VGA_TEXT         0xb8000
#define FRAMEBUFFER_RGB  1
#define FRAMEBUFFER_TEXT 2

struct parameters {
    struct multiboot_information information;
    struct multiboot_module modules[BOOT_MODULES_MAX];
    struct multiboot_memory_entry *map;
    uint64_t map_max; /* entries */
};

static void describe_screen(struct multiboot_information *information, const struct handoff *handoff)
{
    const struct handoff_framebuffer *fb = &handoff->framebuffer;
    const struct handoff_text_screen *text = &handoff->text_screen;

    if (!fb->present && !text->present)
        return;
    information->flags |= MULTIBOOT_INFO_FRAMEBUFFER;
    if (!fb->present) {
        information->framebuffer_addr = VGA_TEXT;
        information->framebuffer_pitch = text->columns * 2u;
        information->framebuffer_width = text->columns;
        information->framebuffer_height = text->rows;
        information->framebuffer_bpp = 16;
        information->framebuffer_type = FRAMEBUFFER_TEXT;
        return;
    }
    information->framebuffer_addr = fb->address;
    information->framebuffer_pitch = fb->pitch;
    information->framebuffer_width = fb->width;
    information->framebuffer_height = fb->height;
    information->framebuffer_bpp = fb->bits;
    information->framebuffer_type = FRAMEBUFFER_RGB;
    information->red_position = fb->red_position;
    information->red_size = fb->red_size;
    information->green_position = fb->green_position;
    information->green_size = fb->green_size;
    information->blue_position = fb->blue_position;
    information->blue_size = fb->blue_size;
}

static void list_modules(const struct boot *boot, const uint64_t *addresses, struct parameters *parameters,
                         char **texts)
{
    for (uint32_t i = 0; i < boot->module_count; i++) {
        parameters->modules[i] =
            (struct multiboot_module){ .start = (uint32_t)addresses[i],
                                       .end = (uint32_t)(addresses[i] + boot->modules[i].content.size),
                                       .string = (uint32_t)texts_put(boot->modules[i].string, texts) };
    }
    parameters->information.flags |= MULTIBOOT_INFO_MODULES;
    parameters->information.mods_count = boot->module_count;
    parameters->information.mods_addr = (uint32_t)(uint64_t)parameters->modules;
}

static bool place_symbols(const struct boot *boot, struct parameters *parameters, uint8_t *headers,
                          struct handoff *handoff, struct launch *launch, struct failure *failure)
{
    struct multiboot_information *information = &parameters->information;

    if (!boot->sections.count)
        return true;
    information->flags |= MULTIBOOT_INFO_ELF_SECTIONS;
    information->elf_num = boot->sections.count;
    information->elf_size = boot->sections.entry_size;
    information->elf_addr = (uint32_t)(uint64_t)headers;
    information->elf_shndx = boot->sections.names;
    return symbols_place(boot, headers, handoff, launch, failure);
}

static bool finish(struct launch *launch, const struct handoff *handoff, struct failure *failure)
{
    struct parameters *parameters = launch->parameters;
    struct multiboot_information *information = &parameters->information;
    uint32_t count = 0, lower, upper;
    struct range range;

    for (uint32_t i = 0; e820_next(&handoff->map, &i, &range); count++) {
        if (count == parameters->map_max)
            return fail(failure, "memory map", "%u ranges are more than there is room for", handoff->map.count);
        parameters->map[count] = (struct multiboot_memory_entry){
            .size = sizeof(struct multiboot_memory_entry) - sizeof(parameters->map->size),
            .base = range.start,
            .length = range.end - range.start,
            .type = range.type,
        };
    }
    e820_basic(&handoff->map, &lower, &upper);
    information->flags |= MULTIBOOT_INFO_MEMORY | MULTIBOOT_INFO_MEMORY_MAP;
    information->mem_lower = lower;
    information->mem_upper = upper;
    information->mmap_addr = (uint32_t)(uint64_t)parameters->map;
    information->mmap_length = count * (uint32_t)sizeof(*parameters->map);
    return true;
}

static bool build_information(const struct boot *boot, const uint64_t *addresses, struct handoff *handoff,
                              struct launch *launch, struct failure *failure)
{
    const uint64_t map_max = handoff->map.count + E820_SLACK;
    const uint64_t headers_at = (sizeof(struct parameters) + sizeof(BOOT_LOADER_NAME) + texts_size(boot) + 7) & ~7ull;
    const uint64_t map_at = (headers_at + symbols_size(boot) + 7) & ~7ull;
    struct parameters *parameters = place_parameters(
        "multiboot information", map_at + map_max * sizeof(struct multiboot_memory_entry), handoff, launch, failure);
    char *texts = (char *)(parameters + 1);

    if (!parameters)
        return false;

    struct multiboot_information *information = &parameters->information;

    parameters->map = (struct multiboot_memory_entry *)((uint8_t *)parameters + map_at);
    parameters->map_max = map_max;
    information->flags = MULTIBOOT_INFO_COMMAND_LINE | MULTIBOOT_INFO_LOADER_NAME;
    information->cmdline = (uint32_t)texts_put(boot->command_line, &texts);
    information->boot_loader_name = (uint32_t)texts_put(BOOT_LOADER_NAME, &texts);
    if (handoff->boot_drive.present) {
        information->flags |= MULTIBOOT_INFO_BOOT_DEVICE;
        information->boot_device = (uint32_t)handoff->boot_drive.drive << 24 | NO_PARTITION;
    }
    describe_screen(information, handoff);
    launch->parameters = parameters;
    launch->state.rax = MULTIBOOT_BOOT_MAGIC;
    launch->state.rbx = (uint64_t)information;
    list_modules(boot, addresses, parameters, &texts);
    return place_symbols(boot, parameters, (uint8_t *)parameters + headers_at, handoff, launch, failure);
}

static bool prepare(const struct boot *boot, struct handoff *handoff, struct launch *launch, struct failure *failure)
{
    const struct placement fixed = { .relocatable = false };
    static uint64_t addresses[BOOT_MODULES_MAX];
    uint64_t offset;

    launch->state.mode = LAUNCH_PROTECTED;
    launch->state.instruction = boot->as_multiboot.entry;
    launch->finish = finish;
    return place_program(&boot->as_multiboot.program, &fixed, handoff, launch, &offset, failure) &&
           place_modules(boot, PLACE_END_BELOW_4G, handoff, launch, addresses, failure) &&
           build_information(boot, addresses, handoff, launch, failure);
}

const struct exit exit_multiboot = { "multiboot", FACE_MULTIBOOT, NULL, prepare };

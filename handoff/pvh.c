/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PVH exit: Xen's docs/misc/pvh.pandoc, "x86/HVM direct boot ABI"; public/arch-x86/hvm/start_info.h, version 1.
 * Everything that the payload reads lies in one block below 4 GiB:
 *
 *   start_info, list of modules, command lines, memory map (at the end, because it grows until the last moment)
 */
#include <stddef.h>
#include <stdint.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "handoff/e820.h"
#include "handoff/exits.h"
#include "handoff/place.h"
#include "handoff/texts.h"

struct parameters {
    struct hvm_start_info info;
    struct hvm_modlist_entry modules[BOOT_MODULES_MAX];
    uint64_t map_max;
    struct hvm_memmap_table_entry *map;
};

/* Where the modules were put. */
struct places {
    uint64_t addresses[BOOT_MODULES_MAX];
    struct linux_initrd initrd;
};

/* Linux takes the first module as its only initrd: all of them are put there, one after the other. */
static bool find_places(const struct boot *boot, struct places *places, struct handoff *handoff, struct launch *launch,
                        struct failure *failure)
{
    if (boot->faces & FACE_LINUX)
        return linux_place_initrds(boot, MAP_BELOW_4G, false, handoff, launch, &places->initrd, failure);
    return place_modules(boot, MAP_BELOW_4G, handoff, launch, places->addresses, failure);
}

static void list_modules(const struct boot *boot, const struct places *places, struct parameters *parameters,
                         char *texts)
{
    if (boot->faces & FACE_LINUX) {
        parameters->modules[0] =
            (struct hvm_modlist_entry){ .paddr = places->initrd.address, .size = places->initrd.size };
        parameters->info.nr_modules = places->initrd.size ? 1 : 0;
        return;
    }
    for (uint32_t i = 0; i < boot->module_count; i++) {
        const struct boot_module *module = &boot->modules[i];

        parameters->modules[i] =
            (struct hvm_modlist_entry){ .paddr = places->addresses[i],
                                        .size = module->content.size,
                                        .cmdline_paddr = *module->string ? texts_put(module->string, &texts) : 0 };
    }
    parameters->info.nr_modules = boot->module_count;
}

static bool finish(struct launch *launch, const struct handoff *handoff, struct failure *failure)
{
    struct parameters *parameters = launch->parameters;
    uint32_t count = 0;
    struct range range;

    for (uint32_t i = 0; e820_next(&handoff->map, &i, &range); count++) {
        if (count == parameters->map_max)
            return fail(failure, "memory map", "%u ranges are more than there is room for", handoff->map.count);
        parameters->map[count] =
            (struct hvm_memmap_table_entry){ .addr = range.start, .size = range.end - range.start, .type = range.type };
    }
    parameters->info.memmap_paddr = (uint64_t)parameters->map;
    parameters->info.memmap_entries = count;
    return true;
}

static bool place_start_info(const struct boot *boot, const struct places *places, struct handoff *handoff,
                             struct launch *launch, struct failure *failure)
{
    const uint64_t map_max = handoff->map.count + E820_SLACK;
    const uint64_t map_at = (sizeof(struct parameters) + texts_size(boot) + 7) & ~7ull;
    struct parameters *parameters = place_parameters(
        "start_info", map_at + map_max * sizeof(struct hvm_memmap_table_entry), handoff, launch, failure);
    char *texts = (char *)(parameters + 1);

    if (!parameters)
        return false;
    parameters->info.magic = XEN_HVM_START_MAGIC_VALUE;
    parameters->info.version = 1;
    parameters->info.cmdline_paddr = texts_put(boot->command_line, &texts);
    parameters->info.rsdp_paddr = handoff->rsdp.present ? handoff->rsdp.address : 0;
    parameters->map_max = map_max;
    parameters->map = (struct hvm_memmap_table_entry *)((uint8_t *)parameters + map_at);
    launch->parameters = parameters;
    launch->state.rbx = (uint64_t)&parameters->info;
    list_modules(boot, places, parameters, texts);
    parameters->info.modlist_paddr = parameters->info.nr_modules ? (uint64_t)parameters->modules : 0;
    return true;
}

static bool prepare(const struct boot *boot, struct handoff *handoff, struct launch *launch, struct failure *failure)
{
    const struct pvh_kernel *kernel = &boot->as_pvh;
    const struct placement placement = { .relocatable = kernel->relocatable,
                                         .alignment = kernel->alignment,
                                         .minimum = kernel->minimum,
                                         .maximum = kernel->maximum < MAP_BELOW_4G ? kernel->maximum : MAP_BELOW_4G };
    static struct places places;
    uint64_t offset;

    launch->state.mode = LAUNCH_PROTECTED;
    if (!place_program(&kernel->program, &placement, handoff, launch, &offset, failure))
        return false;
    launch->state.instruction = kernel->entry + offset;
    if (launch->state.instruction > MAP_BELOW_4G)
        return fail(failure, "kernel", "its PVH entry, 0x%lx, lies above 4 GiB", launch->state.instruction);
    launch->finish = finish;
    return find_places(boot, &places, handoff, launch, failure) &&
           place_start_info(boot, &places, handoff, launch, failure);
}

const struct exit exit_pvh = { "pvh", FACE_PVH, NULL, prepare };

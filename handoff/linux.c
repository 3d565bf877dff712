/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux exits: the 64-bit and the 32-bit boot protocol of boot.rst; see linux.h. Where everything goes:
 *
 *   kernel      where it was read to, if it can stay there (payloads/landing.h); else at its preferred address, else
 *               the lowest free place above it with the alignment it asks for
 *   initrds     one after the other, each padded to 4 bytes, as high as the kernel allows; a single one that already
 *               lies well stays there
 *   parameters  struct boot_params, the command line, setup_data: one block below 4 GiB
 */
#include "handoff/linux.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"
#include "cpu/cpu.h"
#include "handoff/e820.h"
#include "handoff/exits.h"
#include "handoff/place.h"

#define MIB              (1ull << 20)
#define INITRD_ALIGNMENT 4
#define SEED_MAX         64
#define DEVICE_TREE_MAX  (16 * MIB)

struct parameters {
    struct boot_params params;
    uint64_t more_max;       /* entries */
    struct setup_data *more; /* SETUP_E820_EXT */
    struct setup_data *seed; /* SETUP_RNG_SEED */
    struct setup_data *tree; /* SETUP_DTB */
    char command_line[];
};

/* Whether an address, such as the preferred one, which is any number in the file, is one that this protocol can enter.
 */
static bool can_enter(const struct linux_kernel *kernel, uint64_t address, enum launch_mode mode)
{
    const uint64_t last = mode == LAUNCH_LONG && kernel->above_4g ? UINT64_MAX : MAP_BELOW_4G;

    return address >= MAP_PAGE && address <= last && kernel->init_size - 1 <= last - address;
}

/* Whether its code lies where it may run, in pages that hold nothing but its file, and what it grows into is free. */
static bool may_stay(const struct linux_kernel *kernel, enum launch_mode mode, const struct handoff *handoff)
{
    const uint64_t start = (uint64_t)kernel->code.data;
    const uint64_t file_end = align_up(start + kernel->code.size, MAP_PAGE), end = start + kernel->init_size;

    return start % kernel->alignment == 0 && start >= kernel->preferred && can_enter(kernel, start, mode) &&
           map_is_type(&handoff->map, start, kernel->code.size, MAP_WORK) &&
           (file_end >= end || map_is_free(&handoff->map, file_end, end - file_end, true));
}

/* What lies where it must go is moved aside, if it is ours or a module; what the kernel is to find where it is cannot
 * be. */
static bool place_fixed_kernel(const struct linux_kernel *kernel, enum launch_mode mode, const struct handoff *handoff,
                               struct failure *failure)
{
    if (!map_is_ram(&handoff->map, kernel->preferred, kernel->init_size))
        return fail(failure, "kernel", "it must lie at 0x%lx, where there are no %lu bytes of RAM", kernel->preferred,
                    kernel->init_size);
    if (!can_enter(kernel, kernel->preferred, mode))
        return fail(failure, "kernel", "it must lie at 0x%lx, where this protocol cannot enter it", kernel->preferred);
    if (map_touches(&handoff->map, kernel->preferred, kernel->init_size, MAP_LOADER))
        return fail(failure, "kernel", "it must lie at 0x%lx, where the loader before us has left data",
                    kernel->preferred);
    return true;
}

/* The alignment that the kernel wants, else lower ones down to what is good enough. */
static bool find_aligned(const struct linux_kernel *kernel, const struct handoff *handoff, struct map_request *request,
                         struct linux_places *places)
{
    for (uint64_t alignment = kernel->alignment; alignment >= kernel->minimum_alignment; alignment >>= 1) {
        request->alignment = places->kernel_alignment = alignment;
        if (map_find(&handoff->map, request, &places->kernel))
            return true;
    }
    return false;
}

static bool place_kernel(const struct linux_kernel *kernel, enum launch_mode mode, struct handoff *handoff,
                         struct linux_places *places, struct failure *failure)
{
    struct map_request request = { .size = kernel->init_size, .maximum = MAP_BELOW_4G, .firmware_too = true };

    places->kernel = kernel->preferred;
    places->kernel_alignment = kernel->alignment;
    if (!kernel->relocatable)
        return place_fixed_kernel(kernel, mode, handoff, failure);
    if (may_stay(kernel, mode, handoff)) {
        places->kernel = (uint64_t)kernel->code.data;
        return true;
    }
    if (can_enter(kernel, kernel->preferred, mode) && kernel->preferred % kernel->alignment == 0 &&
        map_is_free(&handoff->map, kernel->preferred, kernel->init_size, true))
        return true;

    /* A relocatable kernel below its preferred address moves itself up to it, over whatever lies there. */
    request.minimum = kernel->preferred;
    if (find_aligned(kernel, handoff, &request, places))
        return true;
    if (mode == LAUNCH_LONG && kernel->above_4g) {
        request.maximum = 0;
        if (find_aligned(kernel, handoff, &request, places))
            return true;
    }
    /* Memory is tight: over ourselves, as the last thing that we do. */
    request.maximum = MAP_BELOW_4G;
    request.ours_too = true;
    if (find_aligned(kernel, handoff, &request, places))
        return true;
    return fail(failure, "kernel", "no free memory for %lu bytes from 0x%lx on", kernel->init_size, kernel->preferred);
}

static bool initrd_may_stay(const struct boot *boot, const struct launch *launch, uint64_t last)
{
    uint64_t start = (uint64_t)boot->modules[0].content.data, size = boot->modules[0].content.size;

    /* The kernel may lie over us, and over what is packed into us. */
    return boot->module_count == 1 && size && !(start % MAP_PAGE) && start + size - 1 <= last &&
           !launch_covers(launch, start, size);
}

static bool find_initrds(const struct boot *boot, uint64_t last, bool anywhere, struct handoff *handoff,
                         const struct launch *launch, struct linux_initrd *initrd, struct failure *failure)
{
    struct map_request request = { .maximum = last, .high = true };
    struct failure ignored;

    for (uint32_t i = 0; i < boot->module_count; i++) {
        if (!checked_align(initrd->size, INITRD_ALIGNMENT, &initrd->size) ||
            !checked_add(initrd->size, boot->modules[i].content.size, &initrd->size))
            return fail(failure, "initrd", "sizes beyond 64 bits");
    }
    if (!initrd->size)
        return true;
    if (initrd_may_stay(boot, launch, anywhere ? UINT64_MAX : last)) {
        initrd->address = (uint64_t)boot->modules[0].content.data;
        return true;
    }
    request.size = initrd->size;
    if (map_allocate(&handoff->map, &request, MAP_PAYLOAD, &initrd->address, "initrd", anywhere ? &ignored : failure))
        return true;
    request.maximum = 0;
    return anywhere && map_allocate(&handoff->map, &request, MAP_PAYLOAD, &initrd->address, "initrd", failure);
}

bool linux_place_initrds(const struct boot *boot, uint64_t last, bool anywhere, struct handoff *handoff,
                         struct launch *launch, struct linux_initrd *initrd, struct failure *failure)
{
    uint64_t at;

    *initrd = (struct linux_initrd){ 0 };
    if (!find_initrds(boot, last, anywhere, handoff, launch, initrd, failure))
        return false;
    at = initrd->address;
    for (uint32_t i = 0; i < boot->module_count; i++) {
        struct launch_segment segment = { .name = "initrd",
                                          .destination = at,
                                          .source = (uint64_t)boot->modules[i].content.data,
                                          .file_size = boot->modules[i].content.size };

        if (i + 1 < boot->module_count)
            segment.memory_size = align_up(segment.file_size, INITRD_ALIGNMENT);
        if (segment.file_size && !launch_add(launch, &segment, failure))
            return false;
        at += i + 1 < boot->module_count ? segment.memory_size : segment.file_size;
    }
    return true;
}

/* Takes one block for everything that the kernel reads before it has memory of its own. */
static bool build_parameters(const struct boot *boot, struct handoff *handoff, struct launch *launch,
                             struct linux_places *places, struct failure *failure)
{
    uint64_t length = strlen(boot->command_line), more_max = handoff->map.count + E820_SLACK;
    uint64_t more_at = (sizeof(struct parameters) + length + 1 + 15) & ~15ull;
    uint64_t seed_at = (more_at + sizeof(struct setup_data) + more_max * sizeof(struct boot_e820_entry) + 15) & ~15ull;
    uint64_t tree_at = (seed_at + sizeof(struct setup_data) + SEED_MAX + 15) & ~15ull;
    struct parameters *parameters;

    if (length > boot->as_linux.command_line_max)
        return fail(failure, "command line", "%lu bytes are more than the %u that this kernel takes", length,
                    boot->as_linux.command_line_max);
    if (boot->device_tree.size > DEVICE_TREE_MAX)
        return fail(failure, "device tree", "%lu bytes are too many", boot->device_tree.size);
    parameters = place_parameters("kernel parameters", tree_at + sizeof(struct setup_data) + boot->device_tree.size,
                                  handoff, launch, failure);
    if (!parameters)
        return false;
    parameters->more_max = more_max;
    parameters->more = (struct setup_data *)((uint8_t *)parameters + more_at);
    parameters->seed = (struct setup_data *)((uint8_t *)parameters + seed_at);
    parameters->tree = (struct setup_data *)((uint8_t *)parameters + tree_at);
    memcpy(parameters->command_line, boot->command_line, length + 1);
    places->command_line = (uint64_t)parameters->command_line;
    launch->parameters = parameters;
    launch->state.rsi = (uint64_t)&parameters->params;
    return true;
}

/* Puts data in front of the list. Elements are linked, never moved. */
static void link_setup_data(struct boot_params *params, struct setup_data *data, uint32_t type, uint32_t size)
{
    data->type = type;
    data->len = size;
    data->next = params->hdr.setup_data;
    params->hdr.setup_data = (uint64_t)data;
}

/*
 * What came in as setup_data goes on, but for the map, which is in ours, and for a device tree that nobody verifies.
 * Without NX nothing does: Linux maps it before it has found out that there is none, and dies of that (seen with 6.1;
 * its parse_setup_data comes before x86_configure_nx).
 */
static void pass_on_setup_data(struct boot_params *params, const struct handoff *handoff)
{
    params->hdr.setup_data = 0;
    for (uint32_t i = 0; i < handoff->setup_data_count && cpu.no_execute; i++) {
        struct setup_data *data = (struct setup_data *)handoff->setup_data[i].address;
        const uint32_t type = handoff->setup_data[i].type;

        if (type == SETUP_E820_EXT || (type == SETUP_DTB && handoff->efi.secure_boot))
            continue;
        data->next = params->hdr.setup_data;
        params->hdr.setup_data = (uint64_t)data;
    }
}

static void add_data(struct boot_params *params, struct setup_data *data, uint32_t type, struct span content)
{
    memcpy(data->data, content.data, content.size);
    link_setup_data(params, data, type, (uint32_t)content.size);
}

static bool finish(struct launch *launch, const struct handoff *handoff, struct failure *failure)
{
    struct parameters *parameters = launch->parameters;
    int64_t more = boot_params_map(&parameters->params, &handoff->map, (struct boot_e820_entry *)parameters->more->data,
                                   (uint32_t)parameters->more_max);

    if (more < 0)
        return fail(failure, "memory map", "%u ranges are more than there is room for", handoff->map.count);
    if (more > 0)
        link_setup_data(&parameters->params, parameters->more, SETUP_E820_EXT,
                        (uint32_t)more * sizeof(struct boot_e820_entry));
    boot_params_efi(&parameters->params, &handoff->efi);
    return true;
}

static bool add_kernel(const struct linux_kernel *kernel, enum launch_mode mode, struct handoff *handoff,
                       struct launch *launch, struct linux_places *places, struct failure *failure)
{
    const struct placement fixed = { .relocatable = false };
    struct launch_segment segment = { .name = "kernel",
                                      .source = (uint64_t)kernel->code.data,
                                      .file_size = kernel->code.size,
                                      .reserved = kernel->init_size };
    uint64_t offset;

    if (kernel->program) {
        places->kernel = kernel->preferred;
        launch->state.instruction = kernel->entry;
        return place_program(kernel->program, &fixed, handoff, launch, &offset, failure);
    }
    if (!place_kernel(kernel, mode, handoff, places, failure))
        return false;
    segment.destination = places->kernel;
    launch->state.instruction = places->kernel + (mode == LAUNCH_LONG ? LINUX_ENTRY64 : 0);
    return map_carve(&handoff->map, places->kernel, kernel->init_size, MAP_PAYLOAD, failure) &&
           launch_add(launch, &segment, failure);
}

static bool prepare(const struct boot *boot, enum launch_mode mode, struct handoff *handoff, struct launch *launch,
                    struct failure *failure)
{
    const struct linux_kernel *kernel = &boot->as_linux;
    struct span seed = handoff->random_seed;
    struct linux_places places = { 0 };
    struct linux_initrd initrd;
    struct boot_params *params;

    launch->state.mode = mode;
    launch->state.five_levels = kernel->five_levels;
    launch->state.needs_five_levels = kernel->needs_five_levels;
    if (!add_kernel(kernel, mode, handoff, launch, &places, failure) ||
        !linux_place_initrds(boot, kernel->initrd_last, mode == LAUNCH_LONG && kernel->above_4g, handoff, launch,
                             &initrd, failure) ||
        !build_parameters(boot, handoff, launch, &places, failure))
        return false;

    struct parameters *parameters = launch->parameters;

    params = &parameters->params;
    places.initrd = initrd.address;
    places.initrd_size = initrd.size;
    boot_params_fill(params, kernel, &places, handoff);
    pass_on_setup_data(params, handoff);
    if (seed.size > SEED_MAX)
        seed.size = SEED_MAX;
    if (seed.size && cpu.no_execute)
        add_data(params, parameters->seed, SETUP_RNG_SEED, seed);
    if (boot->device_tree.size)
        add_data(params, parameters->tree, SETUP_DTB, boot->device_tree);
    launch->finish = finish;
    return true;
}

static bool prepare64(const struct boot *boot, struct handoff *handoff, struct launch *launch, struct failure *failure)
{
    return prepare(boot, LAUNCH_LONG, handoff, launch, failure);
}

static bool prepare32(const struct boot *boot, struct handoff *handoff, struct launch *launch, struct failure *failure)
{
    return prepare(boot, LAUNCH_PROTECTED, handoff, launch, failure);
}

static bool possible64(const struct boot *boot, const struct handoff *handoff, struct failure *failure)
{
    (void)handoff;
    return boot->as_linux.has_64bit_entry || fail(failure, "kernel", "it has no 64-bit entry");
}

static bool possible32(const struct boot *boot, const struct handoff *handoff, struct failure *failure)
{
    (void)handoff;
    if (boot->as_linux.repacked)
        return fail(failure, "kernel", "it was packed again, without what its 32-bit entry leads to");
    return !boot->as_linux.program || fail(failure, "kernel", "a vmlinux has no 32-bit entry");
}

const struct exit exit_linux64 = { "linux64", FACE_LINUX, possible64, prepare64 };
const struct exit exit_linux32 = { "linux32", FACE_LINUX, possible32, prepare32 };

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux exits; see linux.h. Where everything goes:
 *
 *   kernel      at its preferred address, else the lowest free place above it with the alignment it asks for
 *   initrds     one after the other, each padded to 4 bytes, as high as the kernel allows; a single one that already
 *               lies well stays there
 *   parameters  struct boot_params, the command line, setup_data: one block below 4 GiB
 */
#include "handoff/linux.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define BELOW_4G         0xffffffffull
#define MIB              (1ull << 20)
#define INITRD_ALIGNMENT 4
#define SEED_MAX         64

/* Ranges that the map may have gained by the time it is final. */
#define MAP_SLACK 128

struct parameters {
    struct boot_params params;
    uint64_t more_max;       /* entries */
    struct setup_data *more; /* SETUP_E820_EXT */
    struct setup_data *seed; /* SETUP_RNG_SEED, or NULL */
    char command_line[];
};

/* What lies where it must go is moved aside, if it is ours or a module; what the kernel is to find where it is cannot
 * be. */
static bool place_fixed_kernel(const struct linux_kernel *kernel, const struct handoff *handoff,
                               struct failure *failure)
{
    if (!map_is_ram(&handoff->map, kernel->preferred, kernel->init_size))
        return fail(failure, "kernel", "it must lie at 0x%lx, where there are no %lu bytes of RAM", kernel->preferred,
                    kernel->init_size);
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
    struct map_request request = { .size = kernel->init_size, .maximum = BELOW_4G, .firmware_too = true };

    places->kernel = kernel->preferred;
    places->kernel_alignment = kernel->alignment;
    if (!kernel->relocatable)
        return place_fixed_kernel(kernel, handoff, failure);
    if (kernel->preferred >= MAP_PAGE && kernel->preferred % kernel->alignment == 0 &&
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
    request.maximum = BELOW_4G;
    request.ours_too = true;
    if (find_aligned(kernel, handoff, &request, places))
        return true;
    return fail(failure, "kernel", "no free memory for %lu bytes from 0x%lx on", kernel->init_size, kernel->preferred);
}

static bool initrd_may_stay(const struct linux_boot *boot, const struct linux_places *places, uint64_t last_allowed)
{
    uint64_t start = (uint64_t)boot->initrds[0].data, size = boot->initrds[0].size;
    /* The kernel may lie over us, and over what is packed into us. */
    bool apart = start + size <= places->kernel || start >= places->kernel + boot->kernel->init_size;

    return boot->initrd_count == 1 && size && apart && !(start % MAP_PAGE) && start + size - 1 <= last_allowed;
}

static bool place_initrds(const struct linux_boot *boot, enum launch_mode mode, struct handoff *handoff,
                          struct linux_places *places, struct failure *failure)
{
    const struct linux_kernel *kernel = boot->kernel;
    bool anywhere = mode == LAUNCH_LONG && kernel->above_4g;
    struct map_request request = { .maximum = kernel->initrd_last, .high = true };
    struct failure ignored;

    for (uint32_t i = 0; i < boot->initrd_count; i++) {
        if (!checked_align(places->initrd_size, INITRD_ALIGNMENT, &places->initrd_size) ||
            !checked_add(places->initrd_size, boot->initrds[i].size, &places->initrd_size))
            return fail(failure, "initrd", "sizes beyond 64 bits");
    }
    if (!places->initrd_size)
        return true;
    if (initrd_may_stay(boot, places, anywhere ? UINT64_MAX : kernel->initrd_last)) {
        places->initrd = (uint64_t)boot->initrds[0].data;
        return true;
    }
    request.size = places->initrd_size;
    if (map_allocate(&handoff->map, &request, MAP_PAYLOAD, &places->initrd, "initrd", anywhere ? &ignored : failure))
        return true;
    request.maximum = 0;
    return anywhere && map_allocate(&handoff->map, &request, MAP_PAYLOAD, &places->initrd, "initrd", failure);
}

static bool add_initrds(const struct linux_boot *boot, const struct linux_places *places, struct launch *launch,
                        struct failure *failure)
{
    uint64_t at = places->initrd;

    for (uint32_t i = 0; i < boot->initrd_count; i++) {
        const struct launch_segment segment = {
            .name = "initrd",
            .destination = at,
            .source = (uint64_t)boot->initrds[i].data,
            .file_size = boot->initrds[i].size,
            /* The padding is zero, as cpio's reader in the kernel wants it. */
            .memory_size = i + 1 < boot->initrd_count
                               ? (boot->initrds[i].size + INITRD_ALIGNMENT - 1) & ~(uint64_t)(INITRD_ALIGNMENT - 1)
                               : boot->initrds[i].size,
        };

        if (segment.file_size && !launch_add(launch, &segment, failure))
            return false;
        at += segment.memory_size;
    }
    return true;
}

/* Takes one block for everything that the kernel reads before it has memory of its own. */
static bool place_parameters(const struct linux_boot *boot, struct handoff *handoff, struct launch *launch,
                             struct linux_places *places, struct failure *failure)
{
    uint64_t length = strlen(boot->command_line), more_max = handoff->map.count + MAP_SLACK;
    uint64_t more_at = (sizeof(struct parameters) + length + 1 + 15) & ~15ull;
    uint64_t seed_at = (more_at + sizeof(struct setup_data) + more_max * sizeof(struct boot_e820_entry) + 15) & ~15ull;
    struct map_request request = { .size = seed_at + sizeof(struct setup_data) + SEED_MAX,
                                   .maximum = BELOW_4G,
                                   .high = true };
    uint64_t address;

    if (length > boot->kernel->command_line_max)
        return fail(failure, "command line", "%lu bytes are more than the %u that this kernel takes", length,
                    boot->kernel->command_line_max);
    if (!map_allocate(&handoff->map, &request, MAP_PAYLOAD, &address, "kernel parameters", failure))
        return false;

    const struct launch_segment segment = {
        .name = "kernel parameters", .destination = address, .source = address, .file_size = request.size
    };
    struct parameters *parameters = (struct parameters *)address;

    parameters->more_max = more_max;
    parameters->more = (struct setup_data *)(address + more_at);
    parameters->seed = handoff->random_seed.size ? (struct setup_data *)(address + seed_at) : NULL;
    memcpy(parameters->command_line, boot->command_line, length + 1);
    places->command_line = (uint64_t)parameters->command_line;
    launch->parameters = parameters;
    launch->state.argument = address;
    return launch_add(launch, &segment, failure);
}

/* Puts data in front of the list. Elements are linked, never moved. */
static void link_setup_data(struct boot_params *params, struct setup_data *data, uint32_t type, uint32_t size)
{
    data->type = type;
    data->len = size;
    data->next = params->hdr.setup_data;
    params->hdr.setup_data = (uint64_t)data;
}

/* What came in as setup_data goes on, but for the map: that one is in ours. */
static void pass_on_setup_data(struct boot_params *params, const struct handoff *handoff)
{
    params->hdr.setup_data = 0;
    for (uint32_t i = 0; i < handoff->setup_data_count; i++) {
        struct setup_data *data = (struct setup_data *)handoff->setup_data[i].address;

        if (handoff->setup_data[i].type == SETUP_E820_EXT)
            continue;
        data->next = params->hdr.setup_data;
        params->hdr.setup_data = (uint64_t)data;
    }
}

static void add_seed(struct parameters *parameters, const struct span *seed)
{
    uint32_t size = seed->size < SEED_MAX ? (uint32_t)seed->size : SEED_MAX;

    memcpy(parameters->seed->data, seed->data, size);
    link_setup_data(&parameters->params, parameters->seed, SETUP_RNG_SEED, size);
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

bool linux_prepare(const struct linux_boot *boot, enum launch_mode mode, struct handoff *handoff, struct launch *launch,
                   struct failure *failure)
{
    const struct linux_kernel *kernel = boot->kernel;
    struct linux_places places = { 0 };

    if (mode == LAUNCH_LONG && !kernel->has_64bit_entry)
        return fail(failure, "kernel", "it has no 64-bit entry");
    if (!place_kernel(kernel, mode, handoff, &places, failure))
        return false;

    const struct launch_segment segment = { .name = "kernel",
                                            .destination = places.kernel,
                                            .source = (uint64_t)kernel->code.data,
                                            .file_size = kernel->code.size,
                                            .reserved = kernel->init_size };

    if (!map_carve(&handoff->map, places.kernel, kernel->init_size, MAP_PAYLOAD, failure) ||
        !launch_add(launch, &segment, failure) || !place_initrds(boot, mode, handoff, &places, failure) ||
        !add_initrds(boot, &places, launch, failure) || !place_parameters(boot, handoff, launch, &places, failure))
        return false;

    struct parameters *parameters = launch->parameters;

    boot_params_fill(&parameters->params, kernel, &places, handoff);
    pass_on_setup_data(&parameters->params, handoff);
    if (parameters->seed)
        add_seed(parameters, &handoff->random_seed);
    launch->finish = finish;
    launch->state.mode = mode;
    launch->state.instruction = places.kernel + (mode == LAUNCH_LONG ? LINUX_ENTRY64 : 0);
    return true;
}

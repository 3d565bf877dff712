/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of exits; see exits.h. */
#include "handoff/exits.h"

#include <stddef.h>

#include "common/text.h"
#include "cpu/cpu.h"

#define STUB_SLACK (16ull << 20) /* bytes, for the firmware */

/* The best first: the one that tells the payload most of the machine. */
static const struct exit *const exits[] = {
    &exit_efi, &exit_linux64, &exit_linux32, &exit_multiboot2, &exit_pvh, &exit_multiboot,
};

#define EXITS (sizeof(exits) / sizeof(*exits))

static bool is_possible(const struct exit *exit, const struct boot *boot, const struct handoff *handoff,
                        struct failure *failure)
{
    if (boot->broken & exit->face) {
        *failure = boot->refusals[__builtin_ctz(exit->face)];
        return false;
    }
    if (!(boot->faces & exit->face))
        return fail(failure, "qv.exit", "%s is no way to start a payload of the kind %s", exit->name, boot->kind);
    if (handoff->efi.secure_boot && !boot->verified && !handoff->efi.boot_services)
        return fail(failure, "Secure Boot", "there is no firmware any more that could verify the payload");
    if (handoff->efi.secure_boot && !boot->verified && exit != &exit_efi)
        return fail(failure, "Secure Boot", "only the firmware may start what it has not verified, not %s", exit->name);
    return !exit->possible || exit->possible(boot, handoff, failure);
}

/*
 * Whether Linux's EFI stub can be expected to work: without NX it starts a kernel that dies of the setup_data that the
 * stub gives it (linux.c), and where memory is tight it, or the firmware beneath it, does not come back with an error.
 * The firmware loads the image with room for its init_size; the stub then takes as much again, and copies the initrd.
 */
static bool stub_works(const struct boot *boot, const struct handoff *handoff)
{
    uint64_t free = 0, needed = 2 * boot->as_linux.init_size + boot->file.size + STUB_SLACK;

    for (uint32_t i = 0; i < boot->module_count; i++)
        needed += boot->modules[i].content.size;
    for (uint32_t i = 0; i < handoff->map.count; i++) {
        if (handoff->map.ranges[i].type == MAP_RAM)
            free += handoff->map.ranges[i].end - handoff->map.ranges[i].start;
    }
    return cpu.no_execute && free >= needed;
}

/* What must not be chosen unless it was asked for. */
static bool is_unwise(const struct exit *exit, const struct boot *boot, const struct handoff *handoff)
{
    const bool verified = handoff->efi.secure_boot && boot->verified;

    /* A packed kernel was verified as a part of our image; the firmware would ask for a signature of its own. */
    if (exit == &exit_efi && boot->faces & FACE_LINUX)
        return verified || (!handoff->efi.secure_boot && !stub_works(boot, handoff));
    /* Who entered us by PVH may have no BIOS, which multiboot2 kernels (Xen) call; a PVH kernel does not. */
    return exit == &exit_multiboot2 && handoff->door == DOOR_PVH && boot->faces & FACE_PVH;
}

const struct exit *exit_choose(const struct boot *boot, struct span wanted, const struct handoff *handoff,
                               struct failure *failure)
{
    struct failure other;
    bool failed = false;

    for (unsigned i = 0; i < EXITS; i++) {
        if (wanted.data && text_equals(wanted, exits[i]->name))
            return is_possible(exits[i], boot, handoff, failure) ? exits[i] : NULL;
        if (wanted.data || !((boot->faces | boot->broken) & exits[i]->face) || is_unwise(exits[i], boot, handoff))
            continue;
        /* Where nothing is possible the first reason is told: it is of the exit that suits the payload best. */
        if (is_possible(exits[i], boot, handoff, failed ? &other : failure))
            return exits[i];
        failed = true;
    }
    if (wanted.data)
        fail(failure, "qv.exit", "there is no exit %.*s", (int)wanted.size, (const char *)wanted.data);
    else if (!failed)
        fail(failure, "kernel", "nothing starts a payload of the kind %s", boot->kind);
    return NULL;
}

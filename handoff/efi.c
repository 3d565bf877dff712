/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EFI exit: the firmware loads, verifies and starts the payload (UEFI 2.10, section 7.4), which finds its command
 * line as load options and its initrds by LoadFile2 (boot.rst, "EFI handover protocol" names it as the way that
 * replaces the handover).
 */
#include "handoff/exits.h"

#include "common/noinit.h"

static bool possible(const struct boot *boot, const struct handoff *handoff, struct failure *failure)
{
    (void)boot;
    return handoff->start_application ||
           fail(failure, "efi", "an EFI application needs EFI boot services, and there are none");
}

static bool run(struct launch *launch, struct handoff *handoff, uint64_t *status, struct failure *failure)
{
    return handoff->start_application(launch->parameters, status, failure);
}

static bool prepare(const struct boot *boot, struct handoff *handoff, struct launch *launch, struct failure *failure)
{
    static struct handoff_application application NOINIT;

    (void)handoff;
    (void)failure;
    application = (struct handoff_application){ .file = boot->file,
                                                .command_line = boot->command_line,
                                                .initrd_count = boot->module_count,
                                                .device_tree = boot->device_tree,
                                                .volume = boot->origin.volume,
                                                .path = boot->origin.path };
    for (uint32_t i = 0; i < boot->module_count; i++)
        application.initrds[i] = boot->modules[i].content;
    launch->parameters = &application;
    launch->run = run;
    return true;
}

const struct exit exit_efi = { "efi", FACE_EFI, possible, prepare };

_Static_assert(BOOT_MODULES_MAX <= HANDOFF_MODULES_MAX, "every module is an initrd");

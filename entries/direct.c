/* SPDX-License-Identifier: BSD-2-Clause */
/* See direct.h. */
#include "entries/direct.h"

#include "common/console.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "cpu/random.h"
#include "firmware/efi_stub.h"
#include "payloads/direct.h"
#include "payloads/kaslr_words.h"

/* Whether a kernel that its EFI stub would start can as well be entered past it. */
static bool may_pass_stub(const struct handoff *handoff, const struct boot *boot, struct failure *failure)
{
    const struct span word = stub_word(boot->command_line, boot->module_count);
    const char *why = efi_stub_needed();

    if (why)
        return fail(failure, "kernel", "%s", why);
    if (word.data)
        return fail(failure, "kernel", "%.*s is for its EFI stub", (int)word.size, (const char *)word.data);
    return exit_choose(boot, text_span(exit_linux64.name), handoff, failure) != NULL;
}

static enum direct start(const struct expander *expander, const struct handoff *handoff, struct boot *boot,
                         struct failure *failure)
{
    const struct direct_machine machine = { .confidential = cpu_is_confidential(),
                                            .memory = handoff->efi.for_unpacker,
                                            .five_levels = cpu_has_five_levels(),
                                            .random_physical = random_number(handoff->random_seed),
                                            .random_virtual = random_number(handoff->random_seed) };

    return direct_unpack(expander, &machine, boot, failure);
}

bool direct_start(bool wanted, bool any_exit, const struct exit **exit, const struct expander *expander,
                  const struct handoff *handoff, struct boot *boot, struct failure *failure)
{
    const struct linux_kernel *kernel = &boot->as_linux;
    enum direct result = DIRECT_NOT;

    if (!(boot->faces & FACE_LINUX) || kernel->program || !(wanted || kernel->repacked))
        return true;
    if (*exit == &exit_linux64 || (any_exit && *exit == &exit_efi && may_pass_stub(handoff, boot, failure)))
        result = start(expander, handoff, boot, failure);
    else if (!any_exit || *exit != &exit_efi)
        fail(failure, "kernel", "only the exit linux64 is past its unpacker, and not %s", (*exit)->name);
    if (result == DIRECT_DONE)
        *exit = &exit_linux64;
    if (result == DIRECT_NOT && !kernel->repacked)
        warn("the kernel unpacks itself: %s", failure->why);
    return result == DIRECT_DONE || (result == DIRECT_NOT && !kernel->repacked);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* See direct.h. */
#include "entries/direct.h"

#include "common/console.h"
#include "cpu/cpu.h"
#include "cpu/random.h"
#include "payloads/direct.h"

bool direct_start(bool wanted, const struct exit *exit, const struct expander *expander, const struct handoff *handoff,
                  struct boot *boot, struct failure *failure)
{
    const struct linux_kernel *kernel = &boot->as_linux;
    enum direct result = DIRECT_NOT;

    if (!(boot->faces & FACE_LINUX) || kernel->program || !(wanted || kernel->repacked))
        return true;
    if (exit == &exit_linux64) {
        const struct direct_machine machine = { .confidential = cpu_is_confidential(),
                                                .five_levels = cpu_has_five_levels(),
                                                .random_physical = random_number(handoff->random_seed),
                                                .random_virtual = random_number(handoff->random_seed) };

        result = direct_unpack(expander, &machine, boot, failure);
    } else {
        fail(failure, "kernel", "only the exit linux64 is past its unpacker, and not %s", exit->name);
    }
    if (result == DIRECT_NOT && !kernel->repacked)
        warn("the kernel unpacks itself: %s", failure->why);
    return result == DIRECT_DONE || (result == DIRECT_NOT && !kernel->repacked);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "handoff/exits.h"

#include "common/text.h"

static const struct exit_row {
    const char *name;
    enum launch_mode mode;
} exits[] = {
    { "linux64", LAUNCH_LONG },
    { "linux32", LAUNCH_PROTECTED },
};

bool exit_linux(const struct linux_boot *boot, struct span wanted, struct handoff *handoff, struct launch *launch,
                struct failure *failure)
{
    for (unsigned i = 0; i < sizeof(exits) / sizeof(*exits); i++) {
        bool able = exits[i].mode != LAUNCH_LONG || boot->kernel->has_64bit_entry;

        if (wanted.data ? !text_equals(wanted, exits[i].name) : !able)
            continue;
        launch->protocol = exits[i].name;
        return linux_prepare(boot, exits[i].mode, handoff, launch, failure);
    }
    return fail(failure, "qv.exit", "%.*s is no way to start a bzImage", (int)wanted.size, (const char *)wanted.data);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/physical.h"

#include "common/string.h"

/* Text is viewed in steps that end where pages end, so that it may lie at the very end of what the window shows. */
#define STEP 4096

int64_t physical_text(const struct physical *physical, uint64_t address, uint64_t limit, const char **text)
{
    uint64_t length = 0;

    while (length < limit) {
        uint64_t here = address + length;
        uint64_t step = STEP - (here & (STEP - 1));

        if (step > limit - length)
            step = limit - length;
        const char *bytes = physical_view(physical, here, step);

        if (!bytes)
            return -1;

        size_t found = strnlen(bytes, step);

        length += found;
        if (found < step) {
            *text = physical_view(physical, address, length + 1); /* nobody said that two views lie side by side */
            return *text ? (int64_t)length : -1;
        }
    }
    return -1;
}

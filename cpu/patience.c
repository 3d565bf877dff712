/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a wait is; see patience.h. */
#include "cpu/patience.h"

#include "cpu/cpu.h"

#define POLLS      64            /* between two looks at the clock */
#define STEP_MAX   100000000ull  /* ticks between them: more, and the whole machine stood still */
#define SHORT_WAIT 100000000ull  /* ticks for which nobody asks how fast they are: that may have to be measured */
#define TICKS_MAX  5000000000ull /* a second's, where that cannot be told */

void patience_start(struct patience *patience)
{
    *patience = (struct patience){ .seen = __builtin_ia32_rdtsc() };
}

bool patience_left(struct patience *patience, unsigned seconds)
{
    uint64_t now, step, frequency;
    const char *source;

    __builtin_ia32_pause();
    if (++patience->polls % POLLS)
        return true;
    now = __builtin_ia32_rdtsc();
    step = now - patience->seen;
    patience->seen = now;
    patience->waited += step < STEP_MAX ? step : STEP_MAX;
    if (patience->waited < SHORT_WAIT)
        return true;
    frequency = tsc_frequency(&source);
    return patience->waited / (frequency ? frequency : TICKS_MAX) < seconds;
}

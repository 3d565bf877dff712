/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for a device that may never answer, with nothing but the time stamp counter. */
#ifndef CPU_PATIENCE_H
#define CPU_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience {
    uint64_t waited; /* ticks */
    uint64_t seen;   /* the counter, when it was last read */
    uint32_t polls;
};

/* Begins to wait, also anew after progress. */
void patience_start(struct patience *patience);

/*
 * Called between two looks at the device: rests for a moment. False once so many seconds are over. A machine that was
 * stopped meanwhile has not waited.
 */
bool patience_left(struct patience *patience, unsigned seconds);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling people that a load is under way: one line that renews itself, where it takes longer than half a second. */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdint.h>

/*
 * Who knows how many ticks of the time stamp counter a second has (0: nobody, and nothing is shown). Asked only once a
 * load may have taken half a second, since the answer may have to be measured.
 */
void progress_clock(uint64_t (*frequency)(void));

/* A load of `total` bytes (0: not known) begins; `what` lives until its end. Loads do not nest: the outer one is then
 * kept. */
void progress_start(const char *what, uint64_t total);

/* So much of it is done. Cheap: may be called often. */
void progress(uint64_t done);

/* It is over, well or not: what was shown becomes a whole line. */
void progress_end(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that nobody can guess, as far as this machine has them. */
#ifndef CPU_RANDOM_H
#define CPU_RANDOM_H

#include <stdint.h>

#include "common/span.h"

/*
 * A number from what the CPU has of RDSEED, RDRAND and the time stamp counter, and from `seed`, which somebody else
 * gave (it may be empty). Another one each time. For what Linux takes its own kaslr_get_random_long for, no keys.
 */
uint64_t random_number(struct span seed);

#endif

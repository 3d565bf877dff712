/* SPDX-License-Identifier: BSD-2-Clause */
/* Stirring numbers into one from which none of them can be told at a glance. No cryptography. */
#ifndef COMMON_MIX_H
#define COMMON_MIX_H

#include <stdint.h>

/* Each bit of both numbers changes about half of the result's. */
static inline uint64_t mix(uint64_t state, uint64_t value)
{
    state = (state ^ value) + 0x9e3779b97f4a7c15; /* 2^64 over the golden ratio, so that 0 is no standstill */
    state = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    state = (state ^ state >> 27) * 0x94d049bb133111eb;
    return state ^ state >> 31;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buffers of which nobody expects that they begin as zeros: start.S, which zeroes .bss, leaves them out, so that they
 * cost a door nothing. What they hold before the first writing is whatever lay there.
 */
#ifndef COMMON_NOINIT_H
#define COMMON_NOINIT_H

#define NOINIT __attribute__((section(".noinit")))

#endif

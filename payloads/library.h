/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the libraries that we link, compiled for programs of an operating system, take for granted. Around each use:
 *
 *     uint64_t flags = library_enter();
 *     ...
 *     library_leave(flags);
 */
#ifndef PAYLOADS_LIBRARY_H
#define PAYLOADS_LIBRARY_H

#include <stdint.h>

#if __STDC_HOSTED__

/* In a native test all of it is true. */
static inline uint64_t library_enter(void)
{
    return 0;
}

static inline void library_leave(uint64_t flags)
{
    (void)flags;
}

#else

/*
 * Turns interrupts off, and runs the libraries' constructors if that was not done yet. A library keeps data below its
 * stack pointer (psABI x86-64, 3.2.2, "red zone"), where an interrupt taken by EFI's boot services would write.
 * Returns the flags as they were.
 */
uint64_t library_enter(void);

/* Lets interrupts in again where they were in before. */
void library_leave(uint64_t flags);

#endif

#endif

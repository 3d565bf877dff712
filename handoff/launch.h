/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaving: a list of segments to place and the state to enter the payload with. launch_prepare finds every
 * contradiction before a byte moves; launch_jump hands the machine to a trampoline page that lies outside all
 * destinations, which copies, zeroes and jumps.
 */
#ifndef HANDOFF_LAUNCH_H
#define HANDOFF_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/string.h"
#include "handoff/handoff.h"

#define LAUNCH_SEGMENTS_MAX 80

struct launch_segment {
    uint64_t destination; /* physical address */
    uint64_t source;      /* physical address; equal to destination: it stays where it is */
    uint64_t file_size;   /* bytes to copy */
    uint64_t memory_size; /* bytes in all; those behind file_size become zero */
    uint64_t reserved;    /* bytes from destination on that nothing else may use, at least memory_size */
    const char *name;     /* for people: "kernel" */
};

enum launch_mode {
    LAUNCH_LONG,      /* 64-bit, everything identity-mapped that a segment names */
    LAUNCH_PROTECTED, /* 32-bit, flat, paging off */
    LAUNCH_FIRMWARE,  /* 64-bit, as EFI left everything, with its boot services alive */
};

/* How a payload is entered; registers that are not named are 0, but for LAUNCH_FIRMWARE's stack. */
struct launch_state {
    enum launch_mode mode;
    bool five_levels;       /* 5 levels of page tables will do too, where we were entered so; else always 4 */
    bool needs_five_levels; /* nothing but 5 levels will do, for LAUNCH_LONG; the CPU has them */
    uint64_t instruction;   /* address of the first instruction */
    uint64_t rax, rbx, rsi;
};

struct launch {
    const char *protocol; /* the exit's name: "linux64" */
    struct launch_state state;
    uint32_t segment_count;
    /*
     * Called when nothing else is left to do and the memory map is final: writes it into the payload's parameters.
     * It must neither print nor allocate. NULL: there is nothing to finish.
     */
    bool (*finish)(struct launch *launch, const struct handoff *handoff, struct failure *failure);
    void *parameters; /* finish's own */
    /*
     * A payload that the firmware itself starts: called instead of all of the below. It returns where the payload did,
     * with *status as the payload left it, or false with a failure where it could not be started.
     */
    bool (*run)(struct launch *launch, struct handoff *handoff, uint64_t *status, struct failure *failure);

    /* launch_prepare's own */
    uint64_t trampoline;  /* address of a page */
    uint64_t page_tables; /* the root that the trampoline runs on */

    struct launch_segment segments[LAUNCH_SEGMENTS_MAX]; /* which say nothing beyond segment_count */
};

/* Makes *launch an empty one for the exit `protocol`. */
static inline void launch_start(struct launch *launch, const char *protocol)
{
    memset(launch, 0, offsetof(struct launch, segments));
    launch->protocol = protocol;
}

/*
 * Adds a segment; `name` stays the caller's. memory_size and reserved are raised to file_size where they are less. A
 * failure where there are too many, or a number wraps.
 */
bool launch_add(struct launch *launch, const struct launch_segment *segment, struct failure *failure);

/*
 * Whether any byte of [start, start + size) belongs to a segment that was added already.
 */
bool launch_covers(const struct launch *launch, uint64_t start, uint64_t size);

/*
 * Checks that all destinations are RAM and apart from each other, moves aside every source that another segment's copy
 * would destroy, takes memory for the trampoline and the page tables, and fills both.
 */
bool launch_prepare(struct launch *launch, struct handoff *handoff, struct failure *failure);

/*
 * After handoff->leave: checks the destinations against the final map once more, and lets the payload's parameters be
 * finished. It neither prints nor allocates.
 */
bool launch_finish(struct launch *launch, const struct handoff *handoff, struct failure *failure);

/* Copies and jumps; but for LAUNCH_FIRMWARE with interrupts off. Nothing may be printed any more. */
void launch_jump(const struct launch *launch) __attribute__((noreturn));

#endif

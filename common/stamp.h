/* SPDX-License-Identifier: BSD-2-Clause */
/* Time stamps: when each phase of the way through the house ended, in ticks of the time stamp counter. */
#ifndef COMMON_STAMP_H
#define COMMON_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum phase {
    PHASE_DOOR,       /* the first instructions of the door */
    PHASE_CPU,        /* descriptor tables, exceptions, control registers */
    PHASE_PAGETABLES, /* the map we run on */
    PHASE_NORMALISED, /* struct handoff is filled */
    PHASE_DEVICES,    /* consoles are up, the command line is read */
    PHASE_SELECTED,   /* which kernel */
    PHASE_LOADED,     /* its parts are at hand */
    PHASE_UNPACKED,   /* and in the form the kernel wants */
    PHASE_EXIT,       /* everything is built; what follows is the last copy and the jump */
    PHASE_COUNT,
};

struct stamps {
    uint64_t ticks[PHASE_COUNT];
};

extern struct stamps stamps;

const char *phase_name(enum phase phase);

/* Records that a phase has ended now. */
void stamp(enum phase phase);

/* Records when the door was entered, as its stub read the counter. */
void stamp_door(uint64_t ticks);

/*
 * From now on each stamp also writes its number (0x20 + phase, in the range that Cloud Hypervisor's debug port keeps
 * for boot loaders) to an I/O port; those already passed are not written. On qemu-boot-time's port, 0xf4, the last one
 * is followed by its own number for it.
 */
void stamp_mark(uint16_t port);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory for native tests: what a boot left, from a capture file, or what a test builds. Every view is a copy
 * of exactly the bytes asked for, as aligned as their address, so that the sanitizers see whoever reads beyond.
 *
 * A capture is text, a line a fact, made by tests/capture/capture.py:
 *
 *     # comment
 *     door NAME                    as door_name has it
 *     argument 0xADDRESS           what the door's stub was given
 *     range 0xADDRESS 0xSIZE       memory that can be seen, zero but for
 *     memory 0xADDRESS HEX         these bytes
 */
#ifndef TESTS_UNIT_REPLAY_H
#define TESTS_UNIT_REPLAY_H

#include <stdint.h>

#include "common/physical.h"
#include "handoff/handoff.h"

#define REPLAY_RANGES_MAX 64
#define REPLAY_VIEWS_MAX  8192

struct replay {
    struct physical physical; /* first: the window is found from it */
    enum door door;
    uint64_t argument;
    uint32_t range_count;
    struct replay_range {
        uint64_t address, size;
        uint8_t *bytes;
    } ranges[REPLAY_RANGES_MAX]; /* none touches another */
    uint32_t view_count;
    void *views[REPLAY_VIEWS_MAX];
};

/* No memory at all. Aborts where there is none to be had, as all of these do where they cannot do their work. */
struct replay *replay_new(void);

/* The capture tests/unit/captured/NAME.capture. */
struct replay *replay_load(const char *name);

/* Shows [address, address + size): zero, but for what was shown before. */
void replay_show(struct replay *replay, uint64_t address, uint64_t size);

/* Hides everything from address on within the range that holds it. */
void replay_cut(struct replay *replay, uint64_t address);

/* Writes bytes, shown or not. */
void replay_write(struct replay *replay, uint64_t address, const void *bytes, uint64_t size);

/* Writes a number of size bytes, little-endian. */
void replay_put(struct replay *replay, uint64_t address, uint64_t value, unsigned size);

/* The bytes themselves, to be read or changed, valid until more is shown. */
void *replay_at(struct replay *replay, uint64_t address, uint64_t size);

void replay_free(struct replay *replay);

/* A capture's handoff and what became of it: the ground of the normalisers' tests. */
struct boot {
    struct replay *replay;
    struct handoff *handoff;
    struct failure failure;
    uint8_t arena[65536];
};

/* A boot from a capture, its handoff empty. */
struct boot *boot_new(const char *capture);

/* Makes the handoff empty again. */
void boot_again(struct boot *boot);

void boot_free(struct boot *boot);

/* Fails the test unless the map's ranges are exactly these, in this order: a type of 0 ends them. */
void assert_map(const struct memory_map *map, const struct range *ranges);

#endif

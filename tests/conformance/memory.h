/* SPDX-License-Identifier: BSD-2-Clause */
/* Clauses on memory: the map that a payload was told, and everything that lies in it. */
#ifndef CONFORMANCE_MEMORY_H
#define CONFORMANCE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* A range of the map, in its order, and whether it is RAM for us: of E820 type 1, or usable for EFI. */
void region_add(uint64_t start, uint64_t size, bool ram);

/* Something that we were given; `name` stays the caller's. An empty one counts as nothing. */
void object_add(const char *name, uint64_t start, uint64_t size);

/* Whether every byte is RAM in the map. */
bool regions_hold(uint64_t start, uint64_t size);

/* The RAM that goes on from `start`, in bytes. */
uint64_t regions_from(uint64_t start);

/*
 * Clauses map-ram (there is some), map-apart (no range overlaps another), map-empty (no range is empty), map-wrap (none
 * wraps around).
 */
void check_map(void);
/* Clause map-sorted: for protocols that promise it. */
void check_map_sorted(void);

/* Clauses in-ram (every object), apart (no two overlap). */
void check_objects(void);

/* Clauses text-end (a NUL within `limit` bytes) and text (the words that the test gave are there). */
void check_command_line(const char *text, uint64_t limit);

/*
 * A module of the test: patterns one after the other, each padded to 4 bytes. Call begin, then one for each module in
 * order, then end: clauses module-content, module-order, module-count (conf.blobs=, conf.modules=).
 */
void modules_begin(void);
void modules_one(uint64_t start, uint64_t size);
void modules_end(void);

/*
 * A module's string: called for each, in order; clause module-string. With conf.strings=1 the last of its words is
 * conf.string=NUMBER; else any text will do, but it must end.
 */
void strings_begin(void);
void strings_one(const char *text, uint64_t limit);
void strings_end(void);

/* Whether an ACPI root pointer with a right checksum lies there (ACPI 6.5, section 5.2.5.3). */
bool rsdp_is_sound(const void *rsdp);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: ranges of physical memory, always sorted, never overlapping, neighbours of one kind merged.
 * Addresses and sizes are bytes, as the firmware gave them; only what is *allocated* is rounded to pages, inward.
 */
#ifndef COMMON_MAP_H
#define COMMON_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"

#define MAP_PAGE     4096ull
#define MAP_MAX      1024          /* ranges */
#define MAP_BELOW_4G 0xffffffffull /* the last byte that 32 bits reach, and that is mapped without being asked for */

/* E820 has the first seven (ACPI 6.5, table 15.3); the others are RAM that somebody uses until the kernel runs. */
enum map_type {
    MAP_RAM = 1,
    MAP_RESERVED = 2,
    MAP_ACPI = 3,
    MAP_NVS = 4,
    MAP_UNUSABLE = 5,
    MAP_DISABLED = 6,
    MAP_PERSISTENT = 7,
    MAP_OURS = 0x100, /* this image */
    MAP_LOADER,       /* data of the loader before us that is still needed */
    MAP_MODULE,       /* a module of the loader before us */
    MAP_WORK,         /* taken by us for page tables, parameters, staging */
    MAP_PAYLOAD,      /* where the kernel will lie */
    MAP_FIRMWARE,     /* EFI boot services: free once they have ended */
};

#define MAP_RUNTIME 1u /* flag: EFI_MEMORY_RUNTIME */

struct range {
    uint64_t start;
    uint64_t end; /* the first byte behind it */
    uint32_t type;
    uint32_t flags;
};

struct memory_map {
    uint32_t count;
    /*
     * Where a firmware still owns the memory it is asked for each range that map_allocate takes: a function that
     * returns whether the firmware gave it. NULL: what the map calls RAM is free.
     */
    bool (*claim)(uint64_t start, uint64_t size);
    /* The way back: told of each range that map_release frees. NULL: there is nobody to tell. */
    void (*release)(uint64_t start, uint64_t size);
    struct range ranges[MAP_MAX];
};

/* "RAM", "reserved" …: the name of a type, for people. */
const char *map_type_name(uint32_t type);

/* An E820 type as a map_type: what a newer firmware means by an unknown one we cannot know, so it is reserved. */
uint32_t map_type_from_e820(uint32_t type);

/* Whether the bytes are RAM for the kernel, whoever uses them until then. */
bool map_type_is_ram(uint32_t type);

/*
 * Adds what the firmware says of [start, start + size). Entries may come unsorted and may be empty. One that wraps
 * around, and RAM that another entry says is not RAM, contradict themselves: a failure. Where kinds other than RAM
 * overlap, the stricter one holds.
 */
bool map_add(struct memory_map *map, uint64_t start, uint64_t size, uint32_t type, uint32_t flags,
             struct failure *failure);

/* Re-types what is MAP_RAM or MAP_FIRMWARE within [start, start + size) and leaves all else as it is. */
bool map_carve(struct memory_map *map, uint64_t start, uint64_t size, uint32_t type, struct failure *failure);

/* Makes *copy equal to *map; the ranges behind its count, which say nothing, are left out. */
void map_copy(struct memory_map *copy, const struct memory_map *map);

struct map_request {
    uint64_t size;      /* bytes, rounded up to pages */
    uint64_t alignment; /* a power of two; less than a page counts as a page */
    uint64_t minimum;   /* the lowest address wanted */
    uint64_t maximum;   /* the last byte's address at most; 0: anywhere */
    bool high;          /* take the highest place instead of the lowest */
    bool firmware_too;  /* MAP_FIRMWARE will do: for what is written after boot services have ended */
    bool ours_too;      /* MAP_OURS will do: for what is written when nothing of us is needed any more */
};

/* A place of whole pages that is MAP_RAM, without taking it. False where there is none. */
bool map_find(const struct memory_map *map, const struct map_request *request, uint64_t *address);

/*
 * The highest place of whole pages, above the first MiB and ending at `below` or lower, that is in no range: where
 * nothing is, for pages that are not RAM. size: bytes, rounded up to pages. False where there is none.
 */
bool map_find_hole(const struct memory_map *map, uint64_t size, uint64_t below, uint64_t *address);

/* Finds a place, asks the firmware for it where there is one, and carves it out as `type`. */
bool map_allocate(struct memory_map *map, const struct map_request *request, uint32_t type, uint64_t *address,
                  const char *what, struct failure *failure);

/*
 * Gives back what map_allocate took as MAP_WORK: what is of that type within [start, start + size) is MAP_RAM again,
 * and the firmware's again where there is one. All else stays as it is. Fails only where the map is full or the range
 * wraps.
 */
bool map_release(struct memory_map *map, uint64_t start, uint64_t size, struct failure *failure);

/*
 * Goes back to `before`, a copy of the map as it was: what was RAM then, and is MAP_WORK now, is RAM again. Where there
 * is a firmware, all else stays as it is now, because only that was surely asked of it.
 */
bool map_restore(struct memory_map *map, const struct memory_map *before, struct failure *failure);

/* Whether every byte of [start, start + size) is MAP_RAM, or MAP_FIRMWARE where firmware_too. */
bool map_is_free(const struct memory_map *map, uint64_t start, uint64_t size, bool firmware_too);

/* Whether every byte of [start, start + size) is of this type. */
bool map_is_type(const struct memory_map *map, uint64_t start, uint64_t size, uint32_t type);

/* Whether any byte of [start, start + size) is of this type; so it is said of a range that wraps. */
bool map_touches(const struct memory_map *map, uint64_t start, uint64_t size, uint32_t type);

/* Whether every byte of [start, start + size) is RAM in the sense of map_type_is_ram. */
bool map_is_ram(const struct memory_map *map, uint64_t start, uint64_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A program as a loader sees it: runs of bytes with addresses. Taken from an ELF or from a header's address fields. */
#ifndef HANDOFF_PROGRAM_H
#define HANDOFF_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

#define PROGRAM_SEGMENTS_MAX 32

struct program_segment {
    struct span content;  /* in the file; may be empty */
    uint64_t address;     /* physical, as linked */
    uint64_t memory_size; /* bytes; what content does not fill is zero */
};

/* Segments in the order of their addresses, none empty in memory, none overlapping another. */
struct program {
    uint32_t count; /* at least 1 */
    struct program_segment segments[PROGRAM_SEGMENTS_MAX];
    uint64_t start, end; /* the first byte's address, and the one behind the last byte */
};

/* Whether the byte at an address is the program's. */
static inline bool program_holds(const struct program *program, uint64_t address)
{
    for (uint32_t i = 0; i < program->count; i++) {
        const struct program_segment *segment = &program->segments[i];

        if (address >= segment->address && address - segment->address < segment->memory_size)
            return true;
    }
    return false;
}

/* An ELF's section headers as they stand in the file, for payloads that look for their own symbols. count 0: none. */
struct program_sections {
    const uint8_t *headers; /* count * entry_size bytes */
    uint32_t count;
    uint32_t entry_size; /* sizeof(Elf32_Shdr) or sizeof(Elf64_Shdr) */
    uint32_t names;      /* index of the section that holds the names, e_shstrndx */
    bool is_64;
};

#endif

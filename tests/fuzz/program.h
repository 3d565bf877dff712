/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds for every struct program (handoff/program.h) that a parser has made. */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "handoff/program.h"

static inline void require(bool condition)
{
    if (!condition)
        abort();
}

static inline void program_check_span(struct span span, struct span file)
{
    static volatile uint8_t sink; /* so that no read is optimised away */

    require(span.data >= file.data && span.size <= file.size &&
            (uint64_t)(span.data - file.data) <= file.size - span.size);
    if (!span.size)
        return;
    sink = span.data[0];
    sink = span.data[span.size - 1];
    (void)sink;
}

static inline void program_check(const struct program *program, struct span file)
{
    uint64_t end = 0;

    require(program->count >= 1 && program->count <= PROGRAM_SEGMENTS_MAX);
    require(program->start == program->segments[0].address);
    for (uint32_t i = 0; i < program->count; i++) {
        const struct program_segment *segment = &program->segments[i];

        program_check_span(segment->content, file);
        require(segment->memory_size && segment->content.size <= segment->memory_size);
        require(segment->address >= end); /* sorted, and none overlaps the one before */
        require(segment->address <= UINT64_MAX - segment->memory_size);
        end = segment->address + segment->memory_size;
    }
    require(program->end == end);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/packed_kernel.c payloads/relocations.c payloads/slots.c payloads/elf.c payloads/unpack.c */
/* sources: payloads/unpack_gzip.c payloads/unpack_zstd.c payloads/unpack_lz4.c payloads/unpack_xz.c */
/* sources: payloads/unpack_lzma.c common/map.c common/text.c common/failure.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a */
/*
 * What is packed in a bzImage, unpacked: eight bytes that choose the virtual address, then the ELF with its
 * relocations. What is taken lies within it and can move down; relocating writes nowhere else, and back again gives
 * what it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "payloads/packed_kernel.h"
#include "payloads/slots.h"
#include "tests/fuzz/program.h"

#define INIT_SIZE (1ull << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct packed_kernel *packed, struct span file)
{
    const struct program *program = &packed->elf.program;
    const uint8_t *behind = file.data;

    program_check(program, file);
    require(program_holds(program, packed->elf.entry_physical) && program->end - program->start <= INIT_SIZE);
    require(packed->needed >= file.size && packed->needed >= program->end - program->start &&
            !(packed->needed % PACKED_KERNEL_ALIGNMENT));
    for (uint32_t i = 0; i < program->count; i++) {
        const struct program_segment *segment = &program->segments[i];
        const uint8_t *to = file.data + (segment->address - program->start);

        if (!segment->content.size)
            continue;
        require(segment->content.data >= behind && segment->content.data >= to);
        behind = to + segment->content.size;
    }
}

static void relocate(const struct packed_kernel *packed, uint64_t random, uint8_t *bytes, uint64_t size)
{
    uint8_t *before = malloc(size);
    struct failure failure;
    uint64_t virtual;

    memcpy(before, bytes, size);
    if (slots_pick_within(packed->needed, PACKED_KERNEL_ALIGNMENT, packed->elf.program.start, PACKED_KERNEL_VIRTUAL,
                          random, &virtual)) {
        const uint64_t delta = virtual - packed->elf.program.start;

        require(virtual % PACKED_KERNEL_ALIGNMENT == 0 && virtual + packed->needed <= PACKED_KERNEL_VIRTUAL);
        if (relocations_apply(&packed->relocations, &packed->elf.program, delta, &failure) &&
            relocations_apply(&packed->relocations, &packed->elf.program, -delta, &failure))
            require(!memcmp(before, bytes, size));
    }
    free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct packed_kernel packed;
    struct linux_kernel kernel = { .init_size = INIT_SIZE, .preferred = 0x1000000 };
    struct failure failure = { 0 };
    uint64_t random;

    if (size < sizeof(random))
        return 0;
    memcpy(&random, data, sizeof(random));
    size -= sizeof(random);

    uint8_t *copy = malloc(size ? size : 1);
    const struct span file = { copy, size };

    if (size)
        memcpy(copy, data + sizeof(random), size);
    if (packed_kernel_parse(file, &kernel, &packed, &failure)) {
        check(&packed, file);
        if (packed.has_relocations)
            relocate(&packed, random, copy, size);
    } else {
        require(*failure.what && *failure.why);
    }
    free(copy);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* See packed_kernel.h. Pure: compiled natively for tests and for quadrivium-pack. */
#include "payloads/packed_kernel.h"

#include <elf.h>

#include "common/checked.h"
#include "common/string.h"
#include "payloads/unpack.h"

/* The last four bytes are the size: gzip's own trailer, and for all others put there by Linux's build (size_append). */
#define TRAILER sizeof(uint32_t)

bool packed_kernel_size(const struct linux_kernel *kernel, uint64_t *size, struct failure *failure)
{
    const struct span payload = kernel->payload;
    uint32_t value;

    if (!payload.data || payload.size <= TRAILER)
        return fail(failure, "kernel", "it does not say what of it is packed");
    memcpy(&value, payload.data + payload.size - TRAILER, sizeof(value));
    *size = value;
    if (unpack_recognise(payload) == PACKING_NONE && (!elf_is(payload) || *size != payload.size - TRAILER))
        return fail(failure, "kernel", "it is packed in a way that we do not know");
    if (*size > kernel->init_size)
        return fail(failure, "kernel", "its %lu bytes are more than its init_size, %lu", *size, kernel->init_size);
    if (!kernel->has_64bit_entry || !kernel->preferred || kernel->preferred % PACKED_KERNEL_ALIGNMENT ||
        kernel->preferred >= PACKED_KERNEL_VIRTUAL || kernel->alignment % PACKED_KERNEL_ALIGNMENT)
        return fail(failure, "kernel", "its address, 0x%lx, or its alignment, 0x%lx, is unusual", kernel->preferred,
                    kernel->alignment);
    return true;
}

/* Whether each segment's contents can move down to where they belong without harm to those that have not moved yet. */
static bool can_move(const struct program *program, struct span file)
{
    uint64_t behind = UINT64_MAX;

    for (uint32_t i = program->count; i--;) {
        const struct program_segment *segment = &program->segments[i];
        const uint64_t from = (uint64_t)(segment->content.data - file.data), to = segment->address - program->start;

        if (!segment->content.size)
            continue;
        if (from < to || to + segment->content.size > behind)
            return false;
        behind = from;
    }
    return true;
}

bool packed_kernel_parse(struct span unpacked, const struct linux_kernel *kernel, struct packed_kernel *packed,
                         struct failure *failure)
{
    const struct program *program = &packed->elf.program;
    uint64_t size;

    packed->has_relocations = false;
    if (!elf_parse(unpacked, &packed->elf, failure))
        return false;
    if (!packed->elf.is_64 || packed->elf.machine != EM_X86_64 || program->start != kernel->preferred)
        return fail(failure, "kernel", "what is packed in it is no 64-bit kernel for 0x%lx", kernel->preferred);
    if (!program_holds(program, packed->elf.entry_physical))
        return fail(failure, "kernel", "its entry, 0x%lx, is outside what is loaded", packed->elf.entry_physical);
    size = program->end - program->start;
    if (size > kernel->init_size)
        return fail(failure, "kernel", "its %lu bytes are more than its init_size, %lu", size, kernel->init_size);
    if (!can_move(program, unpacked))
        return fail(failure, "kernel", "its segments are in an unusual order");
    packed->needed = size > unpacked.size ? size : unpacked.size;
    packed->needed = align_up(packed->needed, PACKED_KERNEL_ALIGNMENT);
    packed->has_relocations = packed->elf.size < unpacked.size;
    return !packed->has_relocations ||
           relocations_parse((struct span){ unpacked.data + packed->elf.size, unpacked.size - packed->elf.size },
                             &packed->relocations, failure);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/elf.c payloads/vmlinux.c common/text.c common/failure.c */
/* An ELF. What the parser accepts lies within the file, in the order of its addresses, and can be placed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "payloads/elf.h"
#include "payloads/vmlinux.h"
#include "tests/fuzz/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sections(const struct elf *elf, struct span file)
{
    const struct program_sections *sections = &elf->sections;

    if (!sections->count)
        return;
    program_check_span((struct span){ sections->headers, (uint64_t)sections->count * sections->entry_size }, file);
    require(sections->entry_size == (elf->is_64 ? 64 : 40) && sections->is_64 == elf->is_64);
    require(sections->names < sections->count);
    require((uint64_t)(sections->headers - file.data) + (uint64_t)sections->count * sections->entry_size <= elf->size);
}

static void check(const struct elf *elf, struct span file)
{
    program_check(&elf->program, file);
    require(elf->size <= file.size && elf->size >= 52);
    for (uint32_t i = 0; i < elf->program.count; i++)
        program_check_span(elf->program.segments[i].content, (struct span){ file.data, elf->size });
    require(elf->is_64 || elf->program.end <= 1ull << 32);
    require(elf->entry == elf->entry_physical || program_holds(&elf->program, elf->entry_physical));
    check_sections(elf, file);
    if (elf->has_pvh)
        require(elf->pvh_entry < 1ull << 32);
    if (elf->pvh_relocatable)
        require(elf->pvh_alignment && !(elf->pvh_alignment & (elf->pvh_alignment - 1)) &&
                elf->pvh_minimum <= elf->pvh_maximum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    const struct span file = { copy, size };
    struct linux_kernel kernel;
    struct failure failure = { 0 };
    struct elf elf;

    if (size)
        memcpy(copy, data, size);
    if (elf_parse(file, &elf, &failure)) {
        require(elf_is(file));
        check(&elf, file);
        if (vmlinux_parse(&elf, &kernel, &failure))
            require(kernel.init_size == elf.program.end - kernel.preferred && elf.is_linux &&
                    program_holds(kernel.program, kernel.entry));
        else
            require(*failure.what && *failure.why);
    } else {
        require(*failure.what && *failure.why);
    }
    free(copy);
    return 0;
}

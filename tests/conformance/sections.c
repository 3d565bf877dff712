/* SPDX-License-Identifier: BSD-2-Clause */
/* See sections.h. System V gABI, chapter 4, "Sections". */
#include "tests/conformance/sections.h"

#include <elf.h>

#include "common/string.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

struct section {
    uint64_t name, address, size;
};

static struct section section(const void *headers, uint32_t size, uint32_t number)
{
    const uint8_t *header = (const uint8_t *)headers + (uint64_t)size * number;

    if (size == sizeof(Elf32_Shdr)) {
        const Elf32_Shdr *elf32 = (const void *)header;

        return (struct section){ elf32->sh_name, elf32->sh_addr, elf32->sh_size };
    }
    const Elf64_Shdr *elf64 = (const void *)header;

    return (struct section){ elf64->sh_name, elf64->sh_addr, elf64->sh_size };
}

void check_sections(const void *headers, uint32_t count, uint32_t size, uint32_t names)
{
    uint64_t text = 0;
    bool sane = count > 0 && names < count && (size == sizeof(Elf32_Shdr) || size == sizeof(Elf64_Shdr));

    if (sane) {
        struct section table = section(headers, size, names);

        sane = table.address && regions_hold(table.address, table.size) && tables_reach(table.address, table.size);
        for (uint32_t i = 0; sane && i < count; i++) {
            struct section one = section(headers, size, i);

            if (one.name < table.size &&
                !strncmp((const char *)table.address + one.name, ".text", table.size - one.name))
                text = one.address;
        }
        if (sane && (table.address < (uintptr_t)payload_base || table.address >= (uintptr_t)payload_end))
            object_add("the sections' names", table.address, table.size);
    }
    check(sane && text, "elf-sections", "%u headers of %u bytes, names in number %u, .text at 0x%lx", count, size,
          names, text);
}

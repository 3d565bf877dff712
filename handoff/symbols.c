/* SPDX-License-Identifier: BSD-2-Clause */
/* See symbols.h. The headers were checked against the file when it was taken apart (payloads/elf.c). */
#include "handoff/symbols.h"

#include <elf.h>

#include "common/string.h"
#include "handoff/place.h"

#define FILE_ALIGNMENT 16

uint64_t symbols_size(const struct boot *boot)
{
    return (uint64_t)boot->sections.count * boot->sections.entry_size;
}

static void locate32(uint8_t *header, uint64_t file)
{
    Elf32_Shdr section;

    memcpy(&section, header, sizeof(section));
    if (!section.sh_addr && section.sh_size && section.sh_type != SHT_NOBITS)
        section.sh_addr = (uint32_t)file + section.sh_offset;
    memcpy(header, &section, sizeof(section));
}

static void locate64(uint8_t *header, uint64_t file)
{
    Elf64_Shdr section;

    memcpy(&section, header, sizeof(section));
    if (!section.sh_addr && section.sh_size && section.sh_type != SHT_NOBITS)
        section.sh_addr = file + section.sh_offset;
    memcpy(header, &section, sizeof(section));
}

bool symbols_place(const struct boot *boot, uint8_t *headers, struct handoff *handoff, struct launch *launch,
                   struct failure *failure)
{
    uint64_t file;

    if (!boot->sections.count)
        return true;
    if (!place_content("kernel's file", boot->file, FILE_ALIGNMENT, MAP_BELOW_4G, handoff, launch, &file, failure))
        return false;
    memcpy(headers, boot->sections.headers, symbols_size(boot));
    for (uint32_t i = 0; i < boot->sections.count; i++) {
        uint8_t *header = headers + (uint64_t)i * boot->sections.entry_size;

        if (boot->sections.is_64)
            locate64(header, file);
        else
            locate32(header, file);
    }
    return true;
}

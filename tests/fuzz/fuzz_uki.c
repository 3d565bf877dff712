/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/uki.c payloads/sections.c common/text.c common/failure.c */
/*
 * PE files as payloads. Whatever the parser accepts is then read, byte by byte; and the file cut where it is said to
 * end is the same file.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "payloads/uki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink; /* so that no read is optimised away */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check(struct span file, const struct pe *pe)
{
    bool has_linux = false;

    require(pe_is(file) && pe->size <= file.size && pe->sections.count <= LAYOUT_PE_SECTIONS_MAX);
    require(strnlen(pe->unknown_first, sizeof(pe->unknown_first)) <= PE_SECTION_NAME_SIZE);
    require(pe->unknown_count || !pe->unknown_first[0]);
    for (unsigned i = 0; i < pe->sections.count; i++) {
        const struct section *section = &pe->sections.section[i];

        require(strnlen(section->name, sizeof(section->name)) <= PE_SECTION_NAME_SIZE);
        require(section_name_known(section->name));
        require(section->content.data >= file.data && section->content.size <= pe->size);
        require(section->content.data + section->content.size <= file.data + pe->size);
        require(!i || section->profile == section[-1].profile || section->profile == section[-1].profile + 1);
        for (uint64_t byte = 0; byte < section->content.size; byte++)
            sink = section->content.data[byte];
        has_linux |= strcmp(section->name, ".linux") == 0;
    }
    require(pe->is_uki == has_linux);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span file = { data, size };
    struct failure failure = { { 0 }, { 0 } };
    struct pe pe, again;

    if (!pe_parse(file, &pe, &failure)) {
        require(!pe.size && !pe.sections.count && !pe.is_efi_x64 && !pe.is_uki && failure.why[0]);
        return 0;
    }
    check(file, &pe);

    uint8_t *copy = malloc(pe.size); /* of its own, so that the sanitizer sees reads behind it */

    memcpy(copy, data, pe.size);
    file = (struct span){ copy, pe.size };
    require(pe_parse(file, &again, &failure) && again.size == pe.size && again.sections.count == pe.sections.count &&
            again.unknown_count == pe.unknown_count && again.is_efi_x64 == pe.is_efi_x64);
    check(file, &again);
    free(copy);
    return 0;
}

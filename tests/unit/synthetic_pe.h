/* SPDX-License-Identifier: BSD-2-Clause */
/* A small PE for x86-64 EFI with the sections that a test wants: a UKI, an addon, an application. */
#ifndef TESTS_UNIT_SYNTHETIC_PE_H
#define TESTS_UNIT_SYNTHETIC_PE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/span.h"
#include "payloads/pe.h"

#define PE_POOL_SIZE (2u << 20)
#define PE_AT        0x40

struct pe_part {
    const char *name;
    struct span content;
};

/* Of a text, without its NUL. */
#define PE_TEXT(name, text)                              \
    {                                                    \
        name,                                            \
        {                                                \
            (const uint8_t *)(text), sizeof(text "") - 1 \
        }                                                \
    }

static uint8_t pe_pool[PE_POOL_SIZE]; /* all that were made */
static uint64_t pe_pool_used;

/* It lives until pe_pool_used is set back. */
static inline struct span make_pe(const struct pe_part *parts, uint16_t count)
{
    const uint64_t table = PE_AT + 4 + sizeof(struct pe_file_header) + sizeof(struct pe_optional_header);
    struct pe_file_header file = { .Machine = IMAGE_FILE_MACHINE_AMD64,
                                   .NumberOfSections = count,
                                   .SizeOfOptionalHeader = sizeof(struct pe_optional_header) };
    struct pe_optional_header optional = { .Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC,
                                           .Subsystem = IMAGE_SUBSYSTEM_EFI_APPLICATION,
                                           .NumberOfRvaAndSizes = PE_DIRECTORIES };
    const uint32_t at = PE_AT;
    uint8_t *start = pe_pool + pe_pool_used;
    uint64_t end = table + count * sizeof(struct pe_section_header);

    if (end > PE_POOL_SIZE - pe_pool_used)
        abort();
    memset(start, 0, end);
    memcpy(start, "MZ", 2);
    memcpy(start + PE_DOS_E_LFANEW, &at, sizeof(at));
    memcpy(start + PE_AT, "PE\0", 4);
    optional.SizeOfHeaders = (uint32_t)end;
    for (uint16_t i = 0; i < count; i++) {
        const struct span content = parts[i].content;
        struct pe_section_header section = { .VirtualSize = (uint32_t)content.size,
                                             .VirtualAddress = 0x1000 + (uint32_t)end,
                                             .SizeOfRawData = (uint32_t)content.size,
                                             .PointerToRawData = (uint32_t)end };

        if (content.size > PE_POOL_SIZE - pe_pool_used - end)
            abort();
        memcpy(section.Name, parts[i].name, strnlen(parts[i].name, sizeof(section.Name)));
        memcpy(start + table + i * sizeof(section), &section, sizeof(section));
        if (content.size)
            memcpy(start + end, content.data, content.size);
        end += content.size;
    }
    memcpy(start + PE_AT + 4, &file, sizeof(file));
    memcpy(start + PE_AT + 4 + sizeof(file), &optional, sizeof(optional));
    pe_pool_used += (end + 15) & ~15ull;
    return (struct span){ start, end };
}

#define MAKE_PE(...)                                 \
    make_pe((const struct pe_part[]){ __VA_ARGS__ }, \
            sizeof((const struct pe_part[]){ __VA_ARGS__ }) / sizeof(struct pe_part))

#endif

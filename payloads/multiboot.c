/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiboot header, version 0.6.96; see multiboot.h. Sections are those of the Multiboot specification. Pure:
 * compiled natively for tests.
 */
#include "payloads/multiboot.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/multiboot.h"
#include "common/string.h"

#define ALIGNMENT     4 /* section 3.1 */
#define REQUIRED_BITS 16
#define REQUIRED_KNOWN \
    (MULTIBOOT_HEADER_PAGE_ALIGN | MULTIBOOT_HEADER_MEMORY | MULTIBOOT_HEADER_VIDEO) /* all of which we give */

#define MAGIC_END     offsetof(struct multiboot_header, header_addr)
#define ADDRESSES_END offsetof(struct multiboot_header, mode_type)

/* ---- what both versions have ---- */

bool multiboot_load_by_elf(const struct elf *elf, struct program *program, struct failure *failure)
{
    if (elf->program.end > UINT32_MAX + 1ull)
        return fail(failure, "kernel", "it ends at 0x%lx, which multiboot cannot reach", elf->program.end);
    *program = elf->program;
    return true;
}

/* load_addr to load_end_addr, as offsets of the file. */
static bool find_content(struct span file, uint64_t header, const struct multiboot_addresses *addresses,
                         struct span *content, struct failure *failure)
{
    uint64_t before = addresses->header_addr - addresses->load_addr;
    uint64_t offset = header - before;
    uint64_t size;

    if (addresses->load_addr > addresses->header_addr)
        return fail(failure, "kernel", "its load_addr, 0x%lx, is above its header_addr, 0x%lx", addresses->load_addr,
                    addresses->header_addr);
    if (before > header)
        return fail(failure, "kernel", "its load_addr, 0x%lx, is 0x%lx bytes before its start", addresses->load_addr,
                    before - header);
    if (addresses->load_end_addr && addresses->load_end_addr < addresses->load_addr)
        return fail(failure, "kernel", "its load_end_addr, 0x%lx, is below its load_addr, 0x%lx",
                    addresses->load_end_addr, addresses->load_addr);
    size = addresses->load_end_addr ? addresses->load_end_addr - addresses->load_addr : file.size - offset;
    if (!checked_within(offset, size, file.size))
        return fail(failure, "kernel", "its load_end_addr, 0x%lx, is 0x%lx bytes behind its end",
                    addresses->load_end_addr, size - (file.size - offset));
    *content = (struct span){ file.data + offset, size };
    return true;
}

bool multiboot_load_by_addresses(struct span file, uint64_t header, const struct multiboot_addresses *addresses,
                                 struct program *program, struct failure *failure)
{
    struct span content;
    uint64_t end;

    if (!find_content(file, header, addresses, &content, failure))
        return false;
    end = addresses->load_addr + content.size;
    if (addresses->bss_end_addr && addresses->bss_end_addr < end)
        return fail(failure, "kernel", "its bss_end_addr, 0x%lx, is below the end of its data, 0x%lx",
                    addresses->bss_end_addr, end);
    if (addresses->bss_end_addr)
        end = addresses->bss_end_addr;
    if (end > UINT32_MAX + 1ull)
        return fail(failure, "kernel", "it ends at 0x%lx, which multiboot cannot reach", end);
    if (end == addresses->load_addr)
        return fail(failure, "kernel", "its load_addr and load_end_addr are both 0x%lx: there is nothing to load", end);
    *program = (struct program){
        .count = 1,
        .segments = { { content, addresses->load_addr, end - addresses->load_addr } },
        .start = addresses->load_addr,
        .end = end,
    };
    return true;
}

/* ---- version 1 ---- */

bool multiboot_find(struct span file, uint64_t *offset)
{
    const uint64_t limit = file.size < MULTIBOOT_HEADER_SEARCH ? file.size : MULTIBOOT_HEADER_SEARCH;

    for (uint64_t at = 0; at + MAGIC_END <= limit; at += ALIGNMENT) {
        struct multiboot_header header;

        memcpy(&header.magic, file.data + at,
               sizeof(header.magic)); /* first: this loop is seen in the cost of a door */
        if (header.magic != MULTIBOOT_HEADER_MAGIC)
            continue;
        memcpy(&header, file.data + at, MAGIC_END);
        if (header.magic + header.flags + header.checksum == 0) {
            *offset = at;
            return true;
        }
    }
    return false;
}

/* As much of the header as its flags say that there is; the rest of *header is zero. */
static bool read_header(struct span file, uint64_t offset, struct multiboot_header *header, struct failure *failure)
{
    uint64_t limit = file.size < MULTIBOOT_HEADER_SEARCH ? file.size : MULTIBOOT_HEADER_SEARCH;
    uint64_t size = MAGIC_END;

    memset(header, 0, sizeof(*header));
    memcpy(header, file.data + offset, MAGIC_END);
    if (header->flags & MULTIBOOT_HEADER_ADDRESSES)
        size = ADDRESSES_END;
    if (header->flags & MULTIBOOT_HEADER_VIDEO)
        size = sizeof(*header);
    if (!checked_within(offset, size, limit))
        return fail(failure, "kernel", "its multiboot header (%lu bytes at 0x%lx) does not end within %lu bytes", size,
                    offset, limit);
    memcpy(header, file.data + offset, size);
    return true;
}

/* Section 3.1.2: "the boot loader must notify the user and fail" where it does not know one of bits 0 to 15. */
static bool check_flags(const struct multiboot_header *header, struct failure *failure)
{
    for (unsigned bit = 0; bit < REQUIRED_BITS; bit++) {
        if (header->flags & ~(uint32_t)REQUIRED_KNOWN & (1u << bit))
            return fail(failure, "kernel", "its multiboot header requires flag %u, which is unknown", bit);
    }
    return true;
}

bool multiboot_parse(struct span file, const struct elf *elf, struct multiboot_kernel *kernel, struct failure *failure)
{
    struct multiboot_header header;
    uint64_t offset, entry;

    *kernel = (struct multiboot_kernel){ 0 };
    if (!multiboot_find(file, &offset))
        return fail(failure, "kernel", "it has no multiboot header");
    if (!read_header(file, offset, &header, failure) || !check_flags(&header, failure))
        return false;
    kernel->wants_video = header.flags & MULTIBOOT_HEADER_VIDEO;
    if (header.flags & MULTIBOOT_HEADER_ADDRESSES) {
        const struct multiboot_addresses addresses = { header.header_addr, header.load_addr, header.load_end_addr,
                                                       header.bss_end_addr };

        entry = header.entry_addr;
        if (!multiboot_load_by_addresses(file, offset, &addresses, &kernel->program, failure))
            return false;
    } else if (elf) {
        entry = elf->entry_physical;
        if (!multiboot_load_by_elf(elf, &kernel->program, failure))
            return false;
    } else {
        return fail(failure, "kernel", "it is no ELF, and its multiboot header has no addresses (flag 16)");
    }
    if (!program_holds(&kernel->program, entry))
        return fail(failure, "kernel", "its entry, 0x%lx, is outside what is loaded", entry);
    kernel->entry = (uint32_t)entry;
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiboot2 header, version 2.0; see multiboot.h. Sections are those of the Multiboot2 specification. One small
 * reader a tag, one table of them. Of several tags of one type the last counts, as in GRUB 2.06; requests add up. Pure:
 * compiled natively for tests.
 */
#include "common/multiboot2.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"
#include "payloads/multiboot.h"

#define INFORMATION_KNOWN 22         /* tags 0 to 21 (section 3.6) */
#define LOAD_FROM_START   0xffffffff /* section 3.1.5, load_addr */
#define CONSOLE_REQUIRED  1          /* section 3.1.9, console_flags */
#define PREFERENCE_LAST   2          /* section 3.1.11 */

struct reader {
    struct multiboot2_kernel *kernel;
    struct multiboot2_header_tag_address addresses;
    bool has_addresses;
};

/* ---- tags (section 3.1.4 on); size is at least what the table below says ---- */

static bool read_request(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    struct multiboot2_header_tag header;

    memcpy(&header, tag, sizeof(header));
    if (header.flags & MULTIBOOT2_HEADER_OPTIONAL)
        return true;
    for (uint64_t at = sizeof(header); checked_within(at, sizeof(uint32_t), header.size); at += sizeof(uint32_t)) {
        uint32_t type;

        memcpy(&type, tag + at, sizeof(type));
        if (type >= INFORMATION_KNOWN)
            return fail(failure, "kernel", "it requires the multiboot2 information tag %u, which is unknown", type);
        if (type != MULTIBOOT2_TAG_END) /* which is always there */
            reader->kernel->required |= 1ull << type;
    }
    return true;
}

static bool read_address(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    (void)failure;
    memcpy(&reader->addresses, tag, sizeof(reader->addresses));
    reader->has_addresses = true;
    return true;
}

static bool read_entry(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    struct multiboot2_header_tag_entry entry;

    (void)failure;
    memcpy(&entry, tag, sizeof(entry));
    reader->kernel->entry = entry.entry_addr;
    reader->kernel->has_entry = true;
    return true;
}

static bool read_console(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    struct multiboot2_header_tag_console console;

    (void)failure;
    memcpy(&console, tag, sizeof(console));
    reader->kernel->console_required |= console.console_flags & CONSOLE_REQUIRED; /* GRUB does not take it back */
    return true;
}

static bool read_framebuffer(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    struct multiboot2_header_tag header;

    (void)failure;
    memcpy(&header, tag, sizeof(header));
    reader->kernel->framebuffer_wanted = true;
    reader->kernel->framebuffer_required = !(header.flags & MULTIBOOT2_HEADER_OPTIONAL);
    return true;
}

static bool read_module_align(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    (void)tag;
    (void)failure;
    reader->kernel->page_aligned = true;
    return true;
}

static bool read_boot_services(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    (void)tag;
    (void)failure;
    reader->kernel->boot_services = true;
    return true;
}

/* There is no 32-bit EFI beneath us. */
static bool read_entry_efi32(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    (void)reader;
    (void)tag;
    (void)failure;
    return true;
}

static bool read_entry_efi64(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    struct multiboot2_header_tag_entry entry;

    (void)failure;
    memcpy(&entry, tag, sizeof(entry));
    reader->kernel->entry_efi64 = entry.entry_addr;
    reader->kernel->has_entry_efi64 = true;
    return true;
}

static bool read_relocatable(struct reader *reader, const uint8_t *tag, struct failure *failure)
{
    struct multiboot2_header_tag_relocatable relocatable;
    struct multiboot2_kernel *kernel = reader->kernel;

    memcpy(&relocatable, tag, sizeof(relocatable));
    if (relocatable.align & (relocatable.align - 1))
        return fail(failure, "kernel", "its relocatable tag has the align 0x%x, no power of two", relocatable.align);
    if (relocatable.min_addr > relocatable.max_addr)
        return fail(failure, "kernel", "its relocatable tag has the min_addr 0x%x, the max_addr 0x%x",
                    relocatable.min_addr, relocatable.max_addr);
    kernel->relocatable = true;
    kernel->alignment = relocatable.align ? relocatable.align : 1; /* as GRUB reads 0 */
    kernel->minimum = relocatable.min_addr;
    kernel->maximum = relocatable.max_addr;
    kernel->preference = relocatable.preference <= PREFERENCE_LAST ? relocatable.preference : 0; /* likewise */
    return true;
}

static const struct tag_reader {
    uint16_t type;
    uint32_t minimum; /* bytes that the reader may read without looking */
    bool (*read)(struct reader *reader, const uint8_t *tag, struct failure *failure);
} readers[] = {
    { MULTIBOOT2_HEADER_TAG_INFORMATION_REQUEST, sizeof(struct multiboot2_header_tag), read_request },
    { MULTIBOOT2_HEADER_TAG_ADDRESS, sizeof(struct multiboot2_header_tag_address), read_address },
    { MULTIBOOT2_HEADER_TAG_ENTRY, sizeof(struct multiboot2_header_tag_entry), read_entry },
    { MULTIBOOT2_HEADER_TAG_CONSOLE, sizeof(struct multiboot2_header_tag_console), read_console },
    { MULTIBOOT2_HEADER_TAG_FRAMEBUFFER, sizeof(struct multiboot2_header_tag_framebuffer), read_framebuffer },
    { MULTIBOOT2_HEADER_TAG_MODULE_ALIGN, sizeof(struct multiboot2_header_tag), read_module_align },
    { MULTIBOOT2_HEADER_TAG_EFI_BOOT_SERVICES, sizeof(struct multiboot2_header_tag), read_boot_services },
    { MULTIBOOT2_HEADER_TAG_ENTRY_EFI32, sizeof(struct multiboot2_header_tag_entry), read_entry_efi32 },
    { MULTIBOOT2_HEADER_TAG_ENTRY_EFI64, sizeof(struct multiboot2_header_tag_entry), read_entry_efi64 },
    { MULTIBOOT2_HEADER_TAG_RELOCATABLE, sizeof(struct multiboot2_header_tag_relocatable), read_relocatable },
};

static bool read_tag(struct reader *reader, const struct multiboot2_header_tag *header, const uint8_t *tag,
                     struct failure *failure)
{
    for (unsigned i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
        if (readers[i].type != header->type)
            continue;
        if (header->size < readers[i].minimum)
            return fail(failure, "kernel", "its multiboot2 header tag %u has only %u bytes", header->type,
                        header->size);
        return readers[i].read(reader, tag, failure);
    }
    if (!(header->flags & MULTIBOOT2_HEADER_OPTIONAL))
        return fail(failure, "kernel", "it requires the multiboot2 header tag %u, which is unknown", header->type);
    if (!reader->kernel->unknown_count++)
        reader->kernel->unknown_first = header->type;
    return true;
}

/* Section 3.1.3. header: the whole of it, as many bytes as its header_length says. */
static bool read_tags(struct reader *reader, struct span header, struct failure *failure)
{
    uint64_t at = sizeof(struct multiboot2_header);

    while (checked_within(at, sizeof(struct multiboot2_header_tag), header.size)) {
        struct multiboot2_header_tag tag;

        memcpy(&tag, header.data + at, sizeof(tag));
        if (tag.size < sizeof(tag) || !checked_within(at, tag.size, header.size))
            return fail(failure, "kernel", "its multiboot2 header tag %u has %u bytes at offset %lu of %lu", tag.type,
                        tag.size, at, header.size);
        if (tag.type == MULTIBOOT2_HEADER_TAG_END)
            return true;
        if (!read_tag(reader, &tag, header.data + at, failure))
            return false;
        at = align_up(at + tag.size, MULTIBOOT2_ALIGNMENT);
    }
    return fail(failure, "kernel", "its multiboot2 header has no end tag");
}

/* ---- the header ---- */

bool multiboot2_find(struct span file, uint64_t *offset)
{
    const uint64_t limit = file.size < MULTIBOOT2_HEADER_SEARCH ? file.size : MULTIBOOT2_HEADER_SEARCH;

    for (uint64_t at = 0; at + sizeof(struct multiboot2_header) <= limit; at += MULTIBOOT2_ALIGNMENT) {
        struct multiboot2_header header;

        memcpy(&header.magic, file.data + at,
               sizeof(header.magic)); /* first: this loop is seen in the cost of a door */
        if (header.magic != MULTIBOOT2_HEADER_MAGIC)
            continue;
        memcpy(&header, file.data + at, sizeof(header));
        if (header.magic + header.architecture + header.header_length + header.checksum == 0) {
            *offset = at;
            return true;
        }
    }
    return false;
}

static bool load(struct span file, uint64_t offset, const struct elf *elf, const struct reader *reader,
                 struct failure *failure)
{
    struct multiboot2_kernel *kernel = reader->kernel;
    struct multiboot_addresses addresses = {
        .header_addr = reader->addresses.header_addr,
        .load_addr = reader->addresses.load_addr,
        .load_end_addr = reader->addresses.load_end_addr,
        .bss_end_addr = reader->addresses.bss_end_addr,
    };

    if (reader->has_addresses) {
        if (addresses.load_addr == LOAD_FROM_START) {
            if (addresses.header_addr < offset)
                return fail(failure, "kernel", "its header_addr, 0x%lx, is less than its header's offset, 0x%lx",
                            addresses.header_addr, offset);
            addresses.load_addr = addresses.header_addr - offset;
        }
        return multiboot_load_by_addresses(file, offset, &addresses, &kernel->program, failure);
    }
    if (!elf)
        return fail(failure, "kernel", "it is no ELF, and its multiboot2 header has no address tag");
    if (!multiboot_load_by_elf(elf, &kernel->program, failure))
        return false;
    if (!kernel->has_entry) {
        kernel->entry = elf->entry_physical;
        /* Where it is not needed it may be anything. */
        kernel->has_entry =
            program_holds(&kernel->program, kernel->entry) || !(kernel->has_entry_efi64 && kernel->boot_services);
    }
    return true;
}

static bool check_entries(const struct multiboot2_kernel *kernel, struct failure *failure)
{
    if (kernel->has_entry && !program_holds(&kernel->program, kernel->entry))
        return fail(failure, "kernel", "its entry, 0x%lx, is outside what is loaded", kernel->entry);
    if (kernel->has_entry_efi64 && !program_holds(&kernel->program, kernel->entry_efi64))
        return fail(failure, "kernel", "its EFI64 entry, 0x%lx, is outside what is loaded", kernel->entry_efi64);
    /* Section 3.1.7: the EFI64 entry counts only with boot services. */
    return kernel->has_entry || (kernel->has_entry_efi64 && kernel->boot_services) ||
           fail(failure, "kernel", "its multiboot2 header has no entry address tag");
}

static bool check_relocation(const struct multiboot2_kernel *kernel, struct failure *failure)
{
    uint64_t size = kernel->program.end - kernel->program.start;

    return !kernel->relocatable || size - 1 <= kernel->maximum - kernel->minimum ||
           fail(failure, "kernel", "its 0x%lx bytes do not fit between its min_addr, 0x%lx, and its max_addr, 0x%lx",
                size, kernel->minimum, kernel->maximum);
}

bool multiboot2_parse(struct span file, const struct elf *elf, struct multiboot2_kernel *kernel,
                      struct failure *failure)
{
    uint64_t limit = file.size < MULTIBOOT2_HEADER_SEARCH ? file.size : MULTIBOOT2_HEADER_SEARCH;
    struct reader reader = { .kernel = kernel };
    struct multiboot2_header header;
    uint64_t offset;

    *kernel = (struct multiboot2_kernel){ .alignment = 1, .maximum = UINT32_MAX };
    if (!multiboot2_find(file, &offset))
        return fail(failure, "kernel", "it has no multiboot2 header");
    memcpy(&header, file.data + offset, sizeof(header));
    if (header.architecture != MULTIBOOT2_ARCHITECTURE_I386)
        return fail(failure, "kernel", "its multiboot2 header is for architecture %u, not for i386",
                    header.architecture);
    if (header.header_length < sizeof(header) || !checked_within(offset, header.header_length, limit))
        return fail(failure, "kernel", "its multiboot2 header (%u bytes at 0x%lx) does not end within %lu bytes",
                    header.header_length, offset, limit);
    return read_tags(&reader, (struct span){ file.data + offset, header.header_length }, failure) &&
           load(file, offset, elf, &reader, failure) && check_entries(kernel, failure) &&
           check_relocation(kernel, failure);
}

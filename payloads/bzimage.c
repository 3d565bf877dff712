/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking a bzImage apart; see bzimage.h. Versions before 2.06 (Linux 2.6.22) have no command line limit and are
 * refused; versions after ours are read by the fields that we know, as the protocol promises. Pure: compiled natively
 * for tests.
 */
#include "payloads/bzimage.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"
#include "payloads/pe.h"

#define SECTOR                512
#define BOOT_FLAG             0xaa55
#define HEADER_MAGIC          0x53726448 /* "HdrS" */
#define JUMP_END              0x202      /* the header ends at this + the byte before it */
#define DEFAULT_SETUP_SECTORS 4
#define VERSION_OLDEST        0x0206
#define VERSION_PAYLOAD       0x0208
#define VERSION_INIT_SIZE     0x020a
#define VERSION_XLOADFLAGS    0x020c
#define HEADER_2_06_END       offsetof(struct setup_header, hardware_subarch)
#define HEADER_2_08_END       offsetof(struct setup_header, setup_data)
#define HEADER_2_10_END       offsetof(struct setup_header, handover_offset)
#define DEFAULT_ADDRESS       0x100000
#define DEFAULT_INITRD_LAST   0x37ffffff
#define PAGE                  4096ull

_Static_assert(offsetof(struct setup_header, header) == 0x202 - LINUX_SETUP_OFFSET, "boot.rst");
_Static_assert(offsetof(struct setup_header, xloadflags) == 0x236 - LINUX_SETUP_OFFSET, "boot.rst");
_Static_assert(offsetof(struct setup_header, init_size) == 0x260 - LINUX_SETUP_OFFSET, "boot.rst");
_Static_assert(offsetof(struct setup_header, kernel_info_offset) == 0x268 - LINUX_SETUP_OFFSET, "boot.rst");

/* Copies as much of the header as there is; what is missing is zero. */
static bool read_header(struct span file, struct setup_header *header)
{
    uint64_t size = sizeof(*header);

    memset(header, 0, size);
    if (file.size < JUMP_END + 4)
        return false;
    if (file.size - LINUX_SETUP_OFFSET < size)
        size = file.size - LINUX_SETUP_OFFSET;
    memcpy(header, file.data + LINUX_SETUP_OFFSET, size);
    return true;
}

bool bzimage_is(struct span file)
{
    struct setup_header header;

    return read_header(file, &header) && ((header.boot_flag == BOOT_FLAG && header.header == HEADER_MAGIC) ||
                                          (!header.boot_flag && header.header == BZIMAGE_REPACKED));
}

static bool is_power_of_two(uint64_t value)
{
    return value && !(value & (value - 1));
}

/* The end of the signature that a PE bzImage may have behind the kernel (PE format, "The Attribute Certificate Table").
 */
static uint64_t end_of_signature(struct span file, uint64_t end)
{
    const uint64_t directory = offsetof(struct pe_optional_header, DataDirectory) +
                               PE_DIRECTORY_CERTIFICATE_TABLE * sizeof(struct pe_data_directory);
    struct pe_data_directory certificates;
    uint32_t offset, signature;

    if (memcmp(file.data, "MZ", 2))
        return end;
    memcpy(&offset, file.data + PE_DOS_E_LFANEW, sizeof(offset));

    uint64_t at = (uint64_t)offset + sizeof(signature) + sizeof(struct pe_file_header) + directory;

    if (!checked_within(at, sizeof(certificates), end))
        return end;
    memcpy(&signature, file.data + offset, sizeof(signature));
    memcpy(&certificates, file.data + at, sizeof(certificates));
    if (signature != PE_SIGNATURE || certificates.VirtualAddress < end || certificates.VirtualAddress - end >= PAGE ||
        !checked_within(certificates.VirtualAddress, certificates.Size, file.size))
        return end;
    return (uint64_t)certificates.VirtualAddress + certificates.Size;
}

static bool check_payload(const struct setup_header *header, uint64_t code_size, struct failure *failure)
{
    if (header->version < VERSION_PAYLOAD)
        return true;
    return checked_within(header->payload_offset, header->payload_length, code_size) ||
           fail(failure, "kernel", "its payload (%u bytes at 0x%x) lies outside its %lu bytes", header->payload_length,
                header->payload_offset, code_size);
}

static bool read_placement(const struct setup_header *header, struct linux_kernel *kernel, struct failure *failure)
{
    kernel->relocatable = header->relocatable_kernel;
    kernel->preferred = DEFAULT_ADDRESS;
    kernel->alignment = header->kernel_alignment ? header->kernel_alignment : PAGE;
    kernel->minimum_alignment = kernel->alignment;
    kernel->init_size = kernel->code.size * 4; /* before 2.10 it was a guess for everybody */
    kernel->initrd_last = header->initrd_addr_max ? header->initrd_addr_max : DEFAULT_INITRD_LAST;
    kernel->command_line_max = header->cmdline_size;
    if (header->version >= VERSION_INIT_SIZE) {
        kernel->preferred = header->pref_address;
        kernel->init_size = header->init_size;
        if (header->min_alignment < 32 && (1ull << header->min_alignment) < kernel->alignment)
            kernel->minimum_alignment = 1ull << header->min_alignment;
    }
    if (kernel->minimum_alignment < PAGE)
        kernel->minimum_alignment = PAGE;
    if (kernel->alignment < PAGE)
        kernel->alignment = PAGE;
    if (header->version >= VERSION_XLOADFLAGS) {
        kernel->has_64bit_entry = header->xloadflags & XLF_KERNEL_64;
        kernel->five_levels = header->xloadflags & XLF_5LEVEL;
        kernel->has_five_levels = header->xloadflags & XLF_5LEVEL_ENABLED;
        kernel->above_4g = kernel->has_64bit_entry && (header->xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G);
    }
    if (kernel->relocatable && !is_power_of_two(kernel->alignment))
        return fail(failure, "kernel", "its alignment, 0x%lx, is no power of two", kernel->alignment);
    if (kernel->has_64bit_entry && !kernel->repacked && kernel->code.size <= LINUX_ENTRY64)
        return fail(failure, "kernel", "its 64-bit entry lies behind its %lu bytes", kernel->code.size);
    if (kernel->init_size < kernel->code.size)
        return fail(failure, "kernel", "its init_size, %lu bytes, is less than its own %lu", kernel->init_size,
                    kernel->code.size);
    return true;
}

/* Bytes of the file before the protected-mode part. */
static uint64_t code_offset(const struct setup_header *header)
{
    return ((header->setup_sects ? header->setup_sects : DEFAULT_SETUP_SECTORS) + 1ull) * SECTOR;
}

bool bzimage_peek(struct span head, struct linux_kernel *kernel, uint64_t *lead)
{
    struct setup_header header;
    struct failure ignored;

    *kernel = (struct linux_kernel){ 0 };
    if (!bzimage_is(head) || !read_header(head, &header) || header.version < VERSION_INIT_SIZE)
        return false;
    *lead = code_offset(&header);
    kernel->repacked = header.header == BZIMAGE_REPACKED;
    kernel->code.size = (uint64_t)header.syssize * 16;
    return read_placement(&header, kernel, &ignored);
}

bool bzimage_parse(struct span file, struct linux_kernel *kernel, uint64_t *size, struct failure *failure)
{
    struct setup_header header;

    *kernel = (struct linux_kernel){ 0 };
    if (!bzimage_is(file) || !read_header(file, &header))
        return fail(failure, "kernel", "it is no bzImage");
    if (header.version < VERSION_OLDEST)
        return fail(failure, "kernel", "its boot protocol, %u.%02u, is older than 2.06", header.version >> 8,
                    header.version & 0xff);
    if (!(header.loadflags & LOADED_HIGH))
        return fail(failure, "kernel", "it is a zImage, which nothing can start any more");

    uint64_t header_size = JUMP_END - LINUX_SETUP_OFFSET + file.data[JUMP_END - 1];
    uint64_t needed = header.version >= VERSION_INIT_SIZE ? HEADER_2_10_END
                      : header.version >= VERSION_PAYLOAD ? HEADER_2_08_END
                                                          : HEADER_2_06_END;

    if (header_size < needed)
        return fail(failure, "kernel", "its setup header has %lu bytes, its protocol %u.%02u has %lu", header_size,
                    header.version >> 8, header.version & 0xff, needed);
    if (!checked_within(LINUX_SETUP_OFFSET, header_size, file.size))
        return fail(failure, "kernel", "it is truncated in its setup header: %lu bytes", file.size);

    uint64_t offset = code_offset(&header);
    uint64_t code_size = (uint64_t)header.syssize * 16;

    if (!code_size || !checked_within(offset, code_size, file.size))
        return fail(failure, "kernel", "it is truncated: %lu of %lu bytes", file.size, offset + code_size);
    if (!check_payload(&header, code_size, failure))
        return false;
    kernel->repacked = header.header == BZIMAGE_REPACKED;
    if (kernel->repacked && header.version < VERSION_XLOADFLAGS)
        return fail(failure, "kernel", "it was packed again, with a protocol that is too old for that");
    kernel->setup =
        (struct span){ file.data + LINUX_SETUP_OFFSET, header_size < LINUX_SETUP_MAX ? header_size : LINUX_SETUP_MAX };
    kernel->code = (struct span){ file.data + offset, code_size };
    if (header.version >= VERSION_PAYLOAD)
        kernel->payload = (struct span){ kernel->code.data + header.payload_offset, header.payload_length };
    kernel->version = header.version;
    *size = end_of_signature(file, offset + code_size);
    return read_placement(&header, kernel, failure);
}

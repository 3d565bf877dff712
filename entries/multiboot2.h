/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot information: Multiboot2 specification 2.0, section 3.6. Debian has no header for it. */
#ifndef ENTRIES_MULTIBOOT2_H
#define ENTRIES_MULTIBOOT2_H

#include <stddef.h>
#include <stdint.h>

struct multiboot2_information {
    uint32_t total_size; /* of this and all tags */
    uint32_t reserved;
};

struct multiboot2_tag {
    uint32_t type;
    uint32_t size; /* of the tag; the next one begins 8-aligned behind it */
};

enum {
    MULTIBOOT2_TAG_END = 0,
    MULTIBOOT2_TAG_COMMAND_LINE = 1,
    MULTIBOOT2_TAG_LOADER_NAME = 2,
    MULTIBOOT2_TAG_MODULE = 3,
    MULTIBOOT2_TAG_BIOS_DEVICE = 5,
    MULTIBOOT2_TAG_MEMORY_MAP = 6,
    MULTIBOOT2_TAG_FRAMEBUFFER = 8,
    MULTIBOOT2_TAG_EFI64_SYSTEM_TABLE = 12,
    MULTIBOOT2_TAG_SMBIOS = 13,
    MULTIBOOT2_TAG_RSDP_OLD = 14,
    MULTIBOOT2_TAG_RSDP_NEW = 15,
    MULTIBOOT2_TAG_EFI_BOOT_SERVICES = 18,
    MULTIBOOT2_TAG_EFI64_IMAGE_HANDLE = 20,
};

struct multiboot2_module {
    struct multiboot2_tag tag;
    uint32_t start, end; /* end is the first byte behind it */
    char string[];       /* NUL-terminated */
};

struct multiboot2_memory_map {
    struct multiboot2_tag tag;
    uint32_t entry_size; /* a multiple of 8; newer versions may add fields */
    uint32_t entry_version;
};

struct multiboot2_memory_entry {
    uint64_t base, length;
    uint32_t type; /* an E820 type */
    uint32_t reserved;
};

struct multiboot2_bios_device {
    struct multiboot2_tag tag;
    uint32_t drive, partition, sub_partition;
};

struct multiboot2_framebuffer {
    struct multiboot2_tag tag;
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits;
    uint8_t type; /* 0 indexed, 1 RGB, 2 text */
    uint16_t reserved;
    uint8_t red_position, red_size, green_position, green_size, blue_position, blue_size; /* of type 1 */
};

#define MULTIBOOT2_FRAMEBUFFER_RGB 1
#define MULTIBOOT2_FRAMEBUFFER_RGB_SIZE \
    (offsetof(struct multiboot2_framebuffer, blue_size) + 1) /* no padding in the tag */
#define MULTIBOOT2_FRAMEBUFFER_TEXT 2

struct multiboot2_efi64 {
    struct multiboot2_tag tag;
    uint64_t pointer;
};

/* What the RSDP tags and the SMBIOS tag copy begins behind these many bytes. */
#define MULTIBOOT2_RSDP_COPY   8
#define MULTIBOOT2_SMBIOS_COPY 16

_Static_assert(sizeof(struct multiboot2_module) == 16, "section 3.6.6");
_Static_assert(sizeof(struct multiboot2_memory_map) == 16, "section 3.6.8");
_Static_assert(sizeof(struct multiboot2_memory_entry) == 24, "section 3.6.8");
_Static_assert(sizeof(struct multiboot2_bios_device) == 20, "section 3.6.5");
_Static_assert(offsetof(struct multiboot2_framebuffer, pitch) == 16, "section 3.6.12");
_Static_assert(offsetof(struct multiboot2_framebuffer, bits) == 28, "section 3.6.12");
_Static_assert(offsetof(struct multiboot2_framebuffer, red_position) == 32, "section 3.6.12");
_Static_assert(sizeof(struct multiboot2_efi64) == 16, "section 3.6.15");

#endif

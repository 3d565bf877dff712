/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot2 specification 2.0: the header in a payload (section 3.1) and the boot information that a loader gives it
 * (section 3.6). Debian has no C header for them.
 */
#ifndef COMMON_MULTIBOOT2_H
#define COMMON_MULTIBOOT2_H

#include <stddef.h>
#include <stdint.h>

/* ---- section 3.1: the header, in the first 32 KiB of the file, 8-aligned ---- */

#define MULTIBOOT2_HEADER_MAGIC      0xe85250d6
#define MULTIBOOT2_ARCHITECTURE_I386 0
#define MULTIBOOT2_HEADER_SEARCH     32768
#define MULTIBOOT2_ALIGNMENT         8 /* of headers, information and their tags */

struct multiboot2_header {
    uint32_t magic;
    uint32_t architecture;
    uint32_t header_length;
    uint32_t checksum; /* makes the sum of all four 0 */
};

#define MULTIBOOT2_HEADER_OPTIONAL 1 /* flag of a tag */

struct multiboot2_header_tag {
    uint16_t type;
    uint16_t flags;
    uint32_t size; /* of the tag; the next one begins 8-aligned behind it */
};

enum {
    MULTIBOOT2_HEADER_TAG_END = 0,
    MULTIBOOT2_HEADER_TAG_INFORMATION_REQUEST = 1,
    MULTIBOOT2_HEADER_TAG_ADDRESS = 2,
    MULTIBOOT2_HEADER_TAG_ENTRY = 3,
    MULTIBOOT2_HEADER_TAG_CONSOLE = 4,
    MULTIBOOT2_HEADER_TAG_FRAMEBUFFER = 5,
    MULTIBOOT2_HEADER_TAG_MODULE_ALIGN = 6,
    MULTIBOOT2_HEADER_TAG_EFI_BOOT_SERVICES = 7,
    MULTIBOOT2_HEADER_TAG_ENTRY_EFI32 = 8,
    MULTIBOOT2_HEADER_TAG_ENTRY_EFI64 = 9,
    MULTIBOOT2_HEADER_TAG_RELOCATABLE = 10,
};

struct multiboot2_header_tag_address {
    struct multiboot2_header_tag tag;
    uint32_t header_addr;
    uint32_t load_addr;
    uint32_t load_end_addr;
    uint32_t bss_end_addr;
};

struct multiboot2_header_tag_entry { /* of types 3, 8 and 9 */
    struct multiboot2_header_tag tag;
    uint32_t entry_addr;
};

struct multiboot2_header_tag_console {
    struct multiboot2_header_tag tag;
    uint32_t console_flags; /* bit 0: a console is required; bit 1: EGA text is supported */
};

struct multiboot2_header_tag_framebuffer {
    struct multiboot2_header_tag tag;
    uint32_t width, height, depth; /* preferences; 0 is none */
};

struct multiboot2_header_tag_relocatable {
    struct multiboot2_header_tag tag;
    uint32_t min_addr, max_addr, align;
    uint32_t preference; /* 0 none, 1 lowest, 2 highest possible address */
};

_Static_assert(sizeof(struct multiboot2_header) == 16, "section 3.1.2");
_Static_assert(sizeof(struct multiboot2_header_tag) == 8, "section 3.1.3");
_Static_assert(sizeof(struct multiboot2_header_tag_address) == 24, "section 3.1.5");
_Static_assert(sizeof(struct multiboot2_header_tag_entry) == 12, "section 3.1.6");
_Static_assert(sizeof(struct multiboot2_header_tag_framebuffer) == 20, "section 3.1.10");
_Static_assert(sizeof(struct multiboot2_header_tag_relocatable) == 24, "section 3.1.11");

/* ---- section 3.6: the boot information ---- */

#define MULTIBOOT2_BOOT_MAGIC 0x36d76289 /* in EAX when a payload is entered (section 3.3) */

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
    MULTIBOOT2_TAG_BASIC_MEMORY = 4,
    MULTIBOOT2_TAG_BIOS_DEVICE = 5,
    MULTIBOOT2_TAG_MEMORY_MAP = 6,
    MULTIBOOT2_TAG_FRAMEBUFFER = 8,
    MULTIBOOT2_TAG_ELF_SECTIONS = 9,
    MULTIBOOT2_TAG_EFI64_SYSTEM_TABLE = 12,
    MULTIBOOT2_TAG_SMBIOS = 13,
    MULTIBOOT2_TAG_RSDP_OLD = 14,
    MULTIBOOT2_TAG_RSDP_NEW = 15,
    MULTIBOOT2_TAG_EFI_MEMORY_MAP = 17,
    MULTIBOOT2_TAG_EFI_BOOT_SERVICES = 18,
    MULTIBOOT2_TAG_EFI64_IMAGE_HANDLE = 20,
    MULTIBOOT2_TAG_LOAD_BASE = 21,
};

struct multiboot2_basic_memory {
    struct multiboot2_tag tag;
    uint32_t lower; /* KiB from address 0 */
    uint32_t upper; /* KiB from 1 MiB to the first hole */
};

struct multiboot2_elf_sections { /* GRUB and all that read it have 32-bit fields here, whatever the specification's text
                                  */
    struct multiboot2_tag tag;
    uint32_t count, entry_size, names; /* e_shnum, e_shentsize, e_shstrndx */
    /* then the section headers */
};

struct multiboot2_efi_memory_map {
    struct multiboot2_tag tag;
    uint32_t descriptor_size, descriptor_version;
    /* then the firmware's map, as it is */
};

struct multiboot2_smbios {
    struct multiboot2_tag tag;
    uint8_t major, minor;
    uint8_t reserved[6];
    /* then the entry point's copy */
};

struct multiboot2_load_base {
    struct multiboot2_tag tag;
    uint32_t address; /* where the payload's first byte was put */
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

_Static_assert(sizeof(struct multiboot2_basic_memory) == 16, "section 3.6.4");
_Static_assert(sizeof(struct multiboot2_elf_sections) == 20, "section 3.6.7");
_Static_assert(sizeof(struct multiboot2_efi_memory_map) == 16, "section 3.6.17");
_Static_assert(sizeof(struct multiboot2_smbios) == 16, "section 3.6.14");
_Static_assert(sizeof(struct multiboot2_load_base) == 12, "section 3.6.22");
_Static_assert(sizeof(struct multiboot2_module) == 16, "section 3.6.6");
_Static_assert(sizeof(struct multiboot2_memory_map) == 16, "section 3.6.8");
_Static_assert(sizeof(struct multiboot2_memory_entry) == 24, "section 3.6.8");
_Static_assert(sizeof(struct multiboot2_bios_device) == 20, "section 3.6.5");
_Static_assert(offsetof(struct multiboot2_framebuffer, pitch) == 16, "section 3.6.12");
_Static_assert(offsetof(struct multiboot2_framebuffer, bits) == 28, "section 3.6.12");
_Static_assert(offsetof(struct multiboot2_framebuffer, red_position) == 32, "section 3.6.12");
_Static_assert(sizeof(struct multiboot2_efi64) == 16, "section 3.6.15");

#endif

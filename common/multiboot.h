/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot specification 0.6.96: the header in a payload (section 3.1) and the information that a loader gives it
 * (section 3.3).
 */
#ifndef COMMON_MULTIBOOT_H
#define COMMON_MULTIBOOT_H

#include <stddef.h>
#include <stdint.h>

#define MULTIBOOT_HEADER_MAGIC  0x1badb002
#define MULTIBOOT_HEADER_SEARCH 8192       /* bytes of the file in which the whole header lies, 4-aligned */
#define MULTIBOOT_BOOT_MAGIC    0x2badb002 /* in EAX when a payload is entered */

#define MULTIBOOT_HEADER_PAGE_ALIGN 0x00000001 /* modules */
#define MULTIBOOT_HEADER_MEMORY     0x00000002 /* mem_* and, if there is one, the map */
#define MULTIBOOT_HEADER_VIDEO      0x00000004
#define MULTIBOOT_HEADER_REQUIRED   0x0000ffff /* of these an unknown one is an error */
#define MULTIBOOT_HEADER_ADDRESSES  0x00010000 /* header_addr to entry_addr count */

struct multiboot_header {
    uint32_t magic;
    uint32_t flags;
    uint32_t checksum;                                                        /* makes the sum of these three 0 */
    uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr; /* with flag 16 */
    uint32_t mode_type, width, height, depth;                                 /* with flag 2 */
};

/* Bits of multiboot_information.flags: which members count. */
#define MULTIBOOT_INFO_MEMORY       0x00000001
#define MULTIBOOT_INFO_BOOT_DEVICE  0x00000002
#define MULTIBOOT_INFO_COMMAND_LINE 0x00000004
#define MULTIBOOT_INFO_MODULES      0x00000008
#define MULTIBOOT_INFO_ELF_SECTIONS 0x00000020
#define MULTIBOOT_INFO_MEMORY_MAP   0x00000040
#define MULTIBOOT_INFO_LOADER_NAME  0x00000200
#define MULTIBOOT_INFO_FRAMEBUFFER  0x00001000

struct multiboot_information {
    uint32_t flags;
    uint32_t mem_lower, mem_upper; /* KiB from 0, and from 1 MiB to the first hole */
    uint32_t boot_device;          /* its highest byte is the BIOS's number of the drive */
    uint32_t cmdline;              /* address of a NUL-terminated text, as the others below */
    uint32_t mods_count, mods_addr;
    uint32_t elf_num, elf_size, elf_addr, elf_shndx;
    uint32_t mmap_length, mmap_addr; /* bytes, and address */
    uint32_t drives_length, drives_addr;
    uint32_t config_table;
    uint32_t boot_loader_name;
    uint32_t apm_table;
    uint32_t vbe_control_info, vbe_mode_info;
    uint16_t vbe_mode, vbe_interface_seg, vbe_interface_off, vbe_interface_len;
    uint64_t framebuffer_addr;
    uint32_t framebuffer_pitch, framebuffer_width, framebuffer_height;
    uint8_t framebuffer_bpp;
    uint8_t framebuffer_type; /* 0 indexed, 1 RGB, 2 EGA text */
    uint8_t red_position, red_size, green_position, green_size, blue_position, blue_size;
} __attribute__((packed));

struct multiboot_module {
    uint32_t start, end; /* end is the first byte behind it */
    uint32_t string;
    uint32_t reserved;
};

struct multiboot_memory_entry {
    uint32_t size; /* of what follows: 20 */
    uint64_t base, length;
    uint32_t type; /* an E820 type */
} __attribute__((packed));

_Static_assert(sizeof(struct multiboot_header) == 48, "section 3.1");
_Static_assert(offsetof(struct multiboot_information, cmdline) == 16, "section 3.3");
_Static_assert(offsetof(struct multiboot_information, mods_count) == 20, "section 3.3");
_Static_assert(offsetof(struct multiboot_information, elf_num) == 28, "section 3.3");
_Static_assert(offsetof(struct multiboot_information, mmap_length) == 44, "section 3.3");
_Static_assert(offsetof(struct multiboot_information, boot_loader_name) == 64, "section 3.3");
_Static_assert(offsetof(struct multiboot_information, vbe_control_info) == 72, "section 3.3");
_Static_assert(offsetof(struct multiboot_information, framebuffer_addr) == 88, "section 3.3");
_Static_assert(offsetof(struct multiboot_information, red_position) == 110, "section 3.3");
_Static_assert(sizeof(struct multiboot_information) == 116, "section 3.3");
_Static_assert(sizeof(struct multiboot_module) == 16, "section 3.3");
_Static_assert(sizeof(struct multiboot_memory_entry) == 24, "section 3.3");

#endif

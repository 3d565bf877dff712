/* SPDX-License-Identifier: BSD-2-Clause */
/* GUID partition tables: UEFI 2.10, section 5.3. Pure. */
#ifndef STORAGE_GPT_H
#define STORAGE_GPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/partition.h"

#define GPT_SIGNATURE    "EFI PART"
#define GPT_HEADER_BLOCK 1

/* Section 5.3.2. What follows in its block is reserved. */
struct gpt_header {
    uint8_t signature[8];
    uint32_t revision;
    uint32_t header_size; /* bytes that header_crc32 is of */
    uint32_t header_crc32;
    uint32_t reserved;
    uint64_t my_lba;
    uint64_t alternate_lba;
    uint64_t first_usable_lba, last_usable_lba;
    uint8_t disk_guid[16];
    uint64_t partition_entry_lba;
    uint32_t entry_count;
    uint32_t entry_size;
    uint32_t entries_crc32;
} __attribute__((packed));

/* Section 5.3.3. */
struct gpt_entry {
    uint8_t type[16]; /* all zeros: unused */
    uint8_t unique[16];
    uint64_t starting_lba, ending_lba; /* the last one is of it, too */
    uint64_t attributes;
    uint16_t name[36];
} __attribute__((packed));

_Static_assert(sizeof(struct gpt_header) == 92, "UEFI 2.10, table 5-5");
_Static_assert(offsetof(struct gpt_header, header_crc32) == 16, "UEFI 2.10, table 5-5");
_Static_assert(offsetof(struct gpt_header, partition_entry_lba) == 72, "UEFI 2.10, table 5-5");
_Static_assert(sizeof(struct gpt_entry) == 128, "UEFI 2.10, table 5-6");
_Static_assert(offsetof(struct gpt_entry, name) == 56, "UEFI 2.10, table 5-6");

/* UAPI.2: what a partition is for, by the 16 bytes of its type. */
enum partition_role gpt_role(const uint8_t *type);

/*
 * Fills *partitions, of which the table is the caller's affair: from the first header, or else from the backup at the
 * end of the disk or where the first one says that it is. A failure, of the first header, where none of them is sound.
 */
bool gpt_read(const struct disk *disk, struct partitions *partitions, struct failure *failure);

#endif

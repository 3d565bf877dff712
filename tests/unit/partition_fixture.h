/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks with partition tables that are made here, in memory that is the caller's. For one .c file of a program. */
#ifndef TESTS_UNIT_PARTITION_FIXTURE_H
#define TESTS_UNIT_PARTITION_FIXTURE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/gpt.h"
#include "storage/mbr.h"
#include "tests/unit/tree_walk.h" /* crc32_of */

/* Where a GPT is and of what form; made_gpt_start has what is usual. */
struct made_gpt {
    uint8_t *disk;
    uint64_t size;
    uint32_t block, entry_size, entry_count;
    uint64_t entries; /* the block of the first table's; the second one's end before the last block */
};

static const uint8_t made_esp[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                      0xba, 0x4b, 0,    0xa0, 0xc9, 0x3e, 0xc9, 0x3b };
static const uint8_t made_xbootldr[16] = { 0xff, 0xc2, 0x13, 0xbc, 0xe6, 0x59, 0x62, 0x42,
                                           0xa3, 0x52, 0xb2, 0x75, 0xfd, 0x6f, 0x71, 0x72 };
static const uint8_t made_linux[16] = { 0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47,
                                        0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4 };

static inline struct mbr_record *made_record(uint8_t *sector, unsigned index, uint8_t type, uint32_t start,
                                             uint32_t size)
{
    struct mbr *mbr = (struct mbr *)sector;

    mbr->signature = MBR_SIGNATURE;
    mbr->record[index] = (struct mbr_record){ .os_type = type, .starting_lba = start, .size_in_lba = size };
    return &mbr->record[index];
}

static inline uint64_t made_table_size(const struct made_gpt *gpt)
{
    return (uint64_t)gpt->entry_count * gpt->entry_size;
}

static inline uint64_t made_table_blocks(const struct made_gpt *gpt)
{
    return (made_table_size(gpt) + gpt->block - 1) / gpt->block;
}

static inline uint64_t made_last(const struct made_gpt *gpt)
{
    return gpt->size / gpt->block - 1;
}

static inline struct gpt_header *made_header(const struct made_gpt *gpt, uint64_t block)
{
    return (struct gpt_header *)(gpt->disk + block * gpt->block);
}

static inline struct gpt_entry *made_entry(const struct made_gpt *gpt, unsigned number)
{
    return (struct gpt_entry *)(gpt->disk + gpt->entries * gpt->block + (uint64_t)(number - 1) * gpt->entry_size);
}

/* Puts a header's checksum right, after it was changed. */
static inline void made_sign(const struct made_gpt *gpt, uint64_t block)
{
    struct gpt_header *header = made_header(gpt, block);

    header->header_crc32 = 0;
    header->header_crc32 = crc32_of(0, (uint8_t *)header, header->header_size);
}

static inline void made_header_at(const struct made_gpt *gpt, uint64_t block, uint64_t other, uint64_t entries)
{
    struct gpt_header *header = made_header(gpt, block);

    memset(header, 0, gpt->block);
    memcpy(header->signature, GPT_SIGNATURE, sizeof(header->signature));
    header->revision = 0x10000;
    header->header_size = sizeof(*header);
    header->my_lba = block;
    header->alternate_lba = other;
    header->partition_entry_lba = entries;
    header->entry_count = gpt->entry_count;
    header->entry_size = gpt->entry_size;
    header->entries_crc32 = crc32_of(0, gpt->disk + entries * gpt->block, made_table_size(gpt));
    made_sign(gpt, block);
}

/* Makes both headers, and the second table of the first. */
static inline void made_finish(const struct made_gpt *gpt)
{
    const uint64_t last = made_last(gpt), second = last - made_table_blocks(gpt);

    memcpy(gpt->disk + second * gpt->block, gpt->disk + gpt->entries * gpt->block, made_table_size(gpt));
    made_header_at(gpt, 1, last, gpt->entries);
    made_header_at(gpt, last, 1, second);
}

static inline void made_partition(const struct made_gpt *gpt, unsigned number, const uint8_t *type, uint64_t first,
                                  uint64_t last, const char *name)
{
    struct gpt_entry *entry = made_entry(gpt, number);

    memcpy(entry->type, type, sizeof(entry->type));
    memset(entry->unique, (int)number, sizeof(entry->unique));
    entry->starting_lba = first;
    entry->ending_lba = last;
    for (unsigned i = 0; name[i] && i < 36; i++)
        entry->name[i] = (uint8_t)name[i];
    made_finish(gpt);
}

/* An empty GPT on a disk of zeros. */
static inline struct made_gpt made_gpt_start(uint8_t *disk, uint64_t size, uint32_t block)
{
    struct made_gpt gpt = { disk, size, block, 128, 128, 2 };

    made_record(disk, 0, 0xee, 1, 0xffffffff);
    made_finish(&gpt);
    return gpt;
}

#endif

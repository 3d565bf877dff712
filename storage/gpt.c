/* SPDX-License-Identifier: BSD-2-Clause */
/* GUID partition tables; see gpt.h. Pure: compiled natively for tests as well. */
#include "storage/gpt.h"

#include "common/noinit.h"
#include "common/string.h"
#include "firmware/loader_texts.h"
#include "storage/partition.h"

#define BLOCK_MIN   512
#define BLOCK_MAX   4096
#define ENTRY_MIN   128
#define ENTRIES_MAX (1u << 20) /* bytes: 8192 of the usual size */

static const char what[] = "GPT";

static NOINIT uint8_t bytes[BLOCK_MAX] __attribute__((aligned(BLOCK_MIN))); /* a block, or a piece of the entries */

/* UAPI.2, as they lie on a disk: c12a7328-f81f-11d2-ba4b-00a0c93ec93b, bc13c2ff-59e6-4262-a352-b275fd6f7172. */
static const uint8_t esp_type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                      0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };
static const uint8_t xbootldr_type[16] = { 0xff, 0xc2, 0x13, 0xbc, 0xe6, 0x59, 0x62, 0x42,
                                           0xa3, 0x52, 0xb2, 0x75, 0xfd, 0x6f, 0x71, 0x72 };
static const uint8_t unused_type[16];

_Static_assert(sizeof(((struct partition *)0)->name) > 3 * sizeof(((struct gpt_entry *)0)->name) / 2, "any name fits");
_Static_assert(sizeof(((struct partition *)0)->uuid) >= LOADER_GUID_TEXT, "any GUID fits");

enum partition_role gpt_role(const uint8_t *type)
{
    if (!memcmp(type, esp_type, sizeof(esp_type)))
        return PARTITION_ESP;
    return memcmp(type, xbootldr_type, sizeof(xbootldr_type)) ? PARTITION_OTHER : PARTITION_XBOOTLDR;
}

/*
 * CRC-32 (UEFI 2.10, section 5.3.2 names that of ISO 3309), four bits at a time: a table of all bytes would cost more
 * than the 16 KiB that are usual. Begins with 0, and goes on from what it was before.
 */
static uint32_t crc32(uint32_t crc, const uint8_t *data, uint64_t size)
{
    static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };

    crc = ~crc;
    for (uint64_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static bool find_block(const struct disk *disk, uint64_t block, uint64_t size, uint64_t *at)
{
    return checked_multiply(block, disk->block, at) && checked_within(*at, size, disk->size);
}

/* What holds of the entries, before any of them is read. */
static bool check_entries(const struct disk *disk, const struct gpt_header *header, struct failure *failure)
{
    const uint64_t all = (uint64_t)header->entry_count * header->entry_size; /* both have 32 bits */
    uint64_t at;

    if (header->entry_size < ENTRY_MIN || header->entry_size > BLOCK_MAX ||
        (header->entry_size & (header->entry_size - 1)))
        return fail(failure, what, "its entries have %u bytes", header->entry_size);
    if (all > ENTRIES_MAX)
        return fail(failure, what, "it has %u entries", header->entry_count);
    if (!find_block(disk, header->partition_entry_lba, all, &at))
        return fail(failure, what, "its entries, at block %lu, are outside the disk", header->partition_entry_lba);
    return true;
}

static bool read_header(const struct disk *disk, uint64_t block, struct gpt_header *header, struct failure *failure)
{
    uint64_t at;

    memset(header, 0, sizeof(*header));
    if (!find_block(disk, block, disk->block, &at))
        return fail(failure, what, "block %lu, where a header should be, is outside the disk", block);
    if (!disk->read(disk, at, bytes, disk->block, failure))
        return false;
    memcpy(header, bytes, sizeof(*header));
    if (memcmp(header->signature, GPT_SIGNATURE, sizeof(header->signature)))
        return fail(failure, what, "there is no header at block %lu", block);
    if (header->header_size < sizeof(*header) || header->header_size > disk->block)
        return fail(failure, what, "its header at block %lu has %u bytes", block, header->header_size);
    memset(bytes + offsetof(struct gpt_header, header_crc32), 0, sizeof(header->header_crc32));
    if (crc32(0, bytes, header->header_size) != header->header_crc32)
        return fail(failure, what, "the checksum of its header at block %lu is wrong", block);
    if (header->my_lba != block)
        return fail(failure, what, "its header at block %lu is one of block %lu", block, header->my_lba);
    return check_entries(disk, header, failure);
}

static void take_entry(const struct disk *disk, const uint8_t *from, uint32_t number, struct partitions *partitions)
{
    struct partition *partition;
    struct gpt_entry entry;

    memcpy(&entry, from, sizeof(entry));
    if (!memcmp(entry.type, unused_type, sizeof(entry.type)) || entry.ending_lba < entry.starting_lba)
        return;
    /* A wrap to no blocks, of one that has all that there can be, is outside as well. */
    partition = partition_add(disk, partitions, entry.starting_lba, entry.ending_lba - entry.starting_lba + 1, number);
    if (!partition)
        return;
    partition->role = gpt_role(entry.type);
    memcpy(partition->type, entry.type, sizeof(entry.type));
    loader_guid_text(entry.unique, partition->uuid);
    /* What is no text is no name. */
    utf8_from_utf16((struct span){ (const uint8_t *)entry.name, sizeof(entry.name) }, partition->name,
                    sizeof(partition->name));
}

static bool read_entries(const struct disk *disk, const struct gpt_header *header, struct partitions *partitions,
                         struct failure *failure)
{
    uint64_t at = header->partition_entry_lba * disk->block;
    uint64_t left = (uint64_t)header->entry_count * header->entry_size;
    uint32_t crc = 0, number = 0;

    while (left) {
        const uint64_t piece = left < sizeof(bytes) ? left : sizeof(bytes);

        if (!disk->read(disk, at, bytes, piece, failure))
            return false;
        crc = crc32(crc, bytes, piece);
        for (uint64_t offset = 0; offset < piece; offset += header->entry_size)
            take_entry(disk, bytes + offset, ++number, partitions);
        at += piece;
        left -= piece;
    }
    return crc == header->entries_crc32 ||
           fail(failure, what, "the checksum of its entries at block %lu is wrong", header->partition_entry_lba);
}

static bool read_table(const struct disk *disk, uint64_t block, struct gpt_header *header,
                       struct partitions *partitions, struct failure *failure)
{
    partitions->count = 0;
    partitions->cut_off = false;
    return read_header(disk, block, header, failure) && read_entries(disk, header, partitions, failure);
}

bool gpt_read(const struct disk *disk, struct partitions *partitions, struct failure *failure)
{
    struct gpt_header first, backup;
    struct failure ignored;
    uint64_t blocks;

    if (disk->block < BLOCK_MIN || disk->block > BLOCK_MAX)
        return fail(failure, what, "a disk with blocks of %u bytes", disk->block);
    blocks = disk->size / disk->block;
    partitions->from_backup = false;
    if (read_table(disk, GPT_HEADER_BLOCK, &first, partitions, failure))
        return true;
    partitions->from_backup = true;
    if (blocks && read_table(disk, blocks - 1, &backup, partitions, &ignored))
        return true;
    /* A disk that grew keeps it where its end was. */
    if (!memcmp(first.signature, GPT_SIGNATURE, sizeof(first.signature)) && first.alternate_lba != GPT_HEADER_BLOCK &&
        read_table(disk, first.alternate_lba, &backup, partitions, &ignored))
        return true;
    partitions->from_backup = partitions->cut_off = false;
    partitions->count = 0;
    return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables of a master boot record; see mbr.h. Pure: compiled natively for tests as well. */
#include "storage/mbr.h"

#include "common/text.h"
#include "storage/partition.h"

#define TYPE_ESP        0xef
#define TYPE_XBOOTLDR   0xea
#define TYPE_PROTECTIVE 0xee

#define ACTIVE          0x80
#define LOGICAL_FIRST   5 /* as Linux counts */
#define LOGICAL_RECORDS 2 /* of those in an extended boot record: what else is there is often not even zeros */
#define CHAIN_MAX       PARTITIONS_MAX

enum partition_role mbr_role(uint8_t type)
{
    return type == TYPE_ESP ? PARTITION_ESP : type == TYPE_XBOOTLDR ? PARTITION_XBOOTLDR : PARTITION_OTHER;
}

/* An extended partition: as DOS, as Windows 95 (LBA) and as Linux write its type. */
static bool is_extended(const struct mbr_record *record)
{
    return record->size_in_lba && (record->os_type == 0x05 || record->os_type == 0x0f || record->os_type == 0x85);
}

bool mbr_is_protective(const struct mbr *mbr)
{
    for (unsigned i = 0; i < MBR_RECORDS && mbr->signature == MBR_SIGNATURE; i++) {
        if (mbr->record[i].os_type == TYPE_PROTECTIVE)
            return true;
    }
    return false;
}

bool mbr_is_table(const struct disk *disk, const struct mbr *mbr)
{
    unsigned inside = 0;

    if (mbr->signature != MBR_SIGNATURE || !disk->block)
        return false;
    for (unsigned i = 0; i < MBR_RECORDS; i++) {
        const struct mbr_record *record = &mbr->record[i];

        if (record->boot_indicator && record->boot_indicator != ACTIVE)
            return false;
        inside += record->size_in_lba && record->starting_lba < disk->size / disk->block;
    }
    return inside;
}

static void add(const struct disk *disk, const struct mbr *mbr, uint64_t base, const struct mbr_record *record,
                uint32_t number, struct partitions *partitions)
{
    struct partition *partition =
        partition_add(disk, partitions, base + record->starting_lba, record->size_in_lba, number);

    if (!partition)
        return;
    partition->role = mbr_role(record->os_type);
    partition->type[0] = record->os_type;
    if (mbr->unique_signature)
        text_format(partition->uuid, sizeof(partition->uuid), "%08x-%02x", mbr->unique_signature, number);
}

struct chain {
    uint32_t number;           /* of the next logical partition */
    uint32_t count;            /* of the records that were seen, in all extended partitions, */
    uint64_t block[CHAIN_MAX]; /* and where these are */
};

/* Whether there is a record at this block that was not seen before; then it is read. */
static bool next_record(const struct disk *disk, uint64_t block, struct chain *chain, struct mbr *record, bool *found,
                        struct partitions *partitions, struct failure *failure)
{
    uint64_t at;

    *found = false;
    if (!checked_multiply(block, disk->block, &at) || !checked_within(at, sizeof(*record), disk->size))
        return true;
    for (uint32_t i = 0; i < chain->count; i++)
        partitions->cut_off |= chain->block[i] == block;
    partitions->cut_off |= chain->count == CHAIN_MAX;
    if (partitions->cut_off)
        return true;
    chain->block[chain->count++] = block;
    if (!disk->read(disk, at, record, sizeof(*record), failure))
        return false;
    *found = record->signature == MBR_SIGNATURE;
    return true;
}

/* The logical partitions of an extended one: each is told of relative to its own record, the next record to the first.
 */
static bool read_chain(const struct disk *disk, const struct mbr *mbr, uint32_t first, struct chain *chain,
                       struct partitions *partitions, struct failure *failure)
{
    uint64_t block = first;

    for (;;) {
        const struct mbr_record *next = NULL;
        struct mbr here;
        bool found;

        if (!next_record(disk, block, chain, &here, &found, partitions, failure))
            return false;
        if (!found)
            return true;
        for (unsigned i = 0; i < LOGICAL_RECORDS; i++) {
            const struct mbr_record *record = &here.record[i];

            if (is_extended(record))
                next = next ? next : record;
            else if (record->size_in_lba)
                add(disk, mbr, block, record, chain->number++, partitions);
        }
        if (!next)
            return true;
        block = (uint64_t)first + next->starting_lba;
    }
}

bool mbr_read(const struct disk *disk, const struct mbr *mbr, struct partitions *partitions, struct failure *failure)
{
    struct chain chain = { .number = LOGICAL_FIRST };

    partitions->count = 0;
    partitions->cut_off = partitions->from_backup = false;
    for (unsigned i = 0; i < MBR_RECORDS; i++) {
        if (mbr->record[i].size_in_lba && !is_extended(&mbr->record[i]))
            add(disk, mbr, 0, &mbr->record[i], i + 1, partitions);
    }
    for (unsigned i = 0; i < MBR_RECORDS; i++) {
        if (is_extended(&mbr->record[i]) &&
            !read_chain(disk, mbr, mbr->record[i].starting_lba, &chain, partitions, failure))
            return false;
    }
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which partition table a disk has; see partitions.h. Pure: compiled natively for tests as well. */
#include "storage/partitions.h"

#include <stddef.h>

#include "storage/filesystems.h"
#include "storage/gpt.h"
#include "storage/mbr.h"

/* Whether a partition begins as a file system does; one that begins where its disk does tells nothing new. */
static bool holds_filesystem(const struct disk *disk, const struct partitions *partitions)
{
    struct disk part;

    for (uint32_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->partition[i];

        if (partition->start && disk_part(disk, partition->start, partition->size, &part) && filesystem_name(&part))
            return true;
    }
    return false;
}

bool partitions_read(const struct disk *disk, struct partitions *partitions, struct failure *failure)
{
    struct mbr mbr;

    partitions->table = PARTITIONS_NONE;
    partitions->from_backup = partitions->cut_off = false;
    partitions->count = 0;
    if (disk->size < sizeof(mbr))
        return true;
    if (!disk->read(disk, 0, &mbr, sizeof(mbr), failure))
        return false;
    if (mbr_is_protective(&mbr)) {
        if (gpt_read(disk, partitions, failure))
            partitions->table = PARTITIONS_GPT;
        return partitions->table == PARTITIONS_GPT || filesystem_name(disk);
    }
    if (!mbr_is_table(disk, &mbr))
        return true;
    if (!mbr_read(disk, &mbr, partitions, failure))
        return false;
    partitions->table = PARTITIONS_MBR;
    /* Boot code of a file system that looks like a table; or one of both, or what was left of a former file system. */
    if (filesystem_name(disk) && !holds_filesystem(disk, partitions)) {
        partitions->table = PARTITIONS_NONE;
        partitions->cut_off = false;
        partitions->count = 0;
    }
    return true;
}

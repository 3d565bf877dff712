/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/disk.c storage/path.c */
/* sources: common/text.c common/failure.c */
/*
 * FAT file systems (tree_target.h). The input is a disk, with zeros behind it where its boot sector tells of more: the
 * first sectors of a FAT16 are enough of a seed.
 */
#include "storage/fat.h"
#include "tests/fuzz/tree_target.h"

#define DISK_MAX (5ull << 20)

static uint64_t disk_size(const uint8_t *data, size_t size)
{
    uint16_t sector, sectors_16;
    uint32_t sectors;
    uint64_t whole;

    if (size < 512)
        return size;
    memcpy(&sector, data + 11, 2);
    memcpy(&sectors_16, data + 19, 2);
    memcpy(&sectors, data + 32, 4);
    whole = (uint64_t)sector * (sectors_16 ? sectors_16 : sectors);
    return whole > size && whole <= DISK_MAX ? whole : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tree_target target = { .is = fat_is, .open = fat_open, .strict = true, .first = 512 };

    check_disk(&target, (struct span){ data, size }, 0, disk_size(data, size));
    return 0;
}

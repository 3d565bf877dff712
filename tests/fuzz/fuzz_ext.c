/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/ext.c storage/ext_disk.c storage/ext_super.c storage/ext_inode.c storage/ext_map.c */
/* sources: storage/ext_file.c storage/ext_folder.c storage/ext_journal.c storage/disk.c storage/path.c */
/* sources: common/console.c common/text.c common/failure.c */
/*
 * ext2, ext3 and ext4 (tree_target.h). The input is a disk, with zeros behind it where its superblock tells of more.
 * Whatever is wrong with it, there is one warning at most.
 */
#include "common/console.h"
#include "storage/ext.h"
#include "storage/ext_folder.h"
#include "tests/fuzz/tree_target.h"

#define DISK_MAX   (2ull << 20)
#define SUPERBLOCK 1024

static uint64_t disk_size(const uint8_t *data, size_t size)
{
    uint32_t blocks, log;
    uint64_t whole;

    if (size < 2 * SUPERBLOCK)
        return size;
    memcpy(&blocks, data + SUPERBLOCK + 4, 4);
    memcpy(&log, data + SUPERBLOCK + 24, 4);
    if (log > 6)
        return size;
    whole = (uint64_t)blocks << (10 + log);
    return whole > size && whole <= DISK_MAX ? whole : size;
}

static bool open_with_few_words(const struct disk *disk, struct tree *tree, struct failure *failure)
{
    const char *warning;
    uint32_t before = warnings(&warning);
    bool opened = ext_open(disk, tree, failure);

    require(!opened || warnings(&warning) - before < 2);
    return opened;
}

/* Where two have one name, it is the first for both. */
static void forget(const struct tree *tree)
{
    (void)tree;
    ext_folder_forget();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tree_target target = {
        .is = ext_is, .open = open_with_few_words, .forget = forget, .first = SUPERBLOCK
    };

    check_disk(&target, (struct span){ data, size }, 0, disk_size(data, size));
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things are on a FAT file system: what its boot sector tells. */
#ifndef STORAGE_FAT_BOOT_H
#define STORAGE_FAT_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/disk.h"
#include "storage/fat_names.h"

#define FAT_FIRST      2           /* the number of the first cluster */
#define FAT32_CLUSTERS 0x0fffffffu /* the bits of an entry of FAT32 that are a cluster's number */

struct fat {
    const struct disk *disk;
    uint64_t fat_at, fat_size, root_at, data_at; /* bytes on the disk */
    uint32_t bits;                               /* of an entry of the FAT: 12, 16, 32 */
    uint32_t cluster_shift;                      /* bytes in a cluster, as a power of two */
    uint32_t root_entries;
    uint32_t root_cluster; /* of FAT32; 0: a root of its own place */
    uint32_t cluster_end;  /* the number behind the last cluster */
};

/* Reads from a disk that may lie in memory. */
bool fat_disk_read(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure);

/* Whether a disk begins with the boot sector of a FAT file system. */
bool fat_boot_is(const struct disk *disk);

struct fat_identity {
    uint32_t serial;              /* the volume's number; 0: it has none */
    uint8_t label[FAT_NAME_SIZE]; /* padded with blanks; all of these: it has none */
};

/* Reads and checks it: what *fat then tells lies on the disk. */
bool fat_boot_read(const struct disk *disk, struct fat *fat, struct fat_identity *identity, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables: GPT (UEFI 2.10, chapter 5) and MBR with logical partitions. Pure functions over a disk. */
#ifndef STORAGE_PARTITIONS_H
#define STORAGE_PARTITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "storage/disk.h"

#define PARTITIONS_MAX 128 /* of one disk; further ones are left out, with a warning of the caller's */

enum partition_table { PARTITIONS_NONE /* the whole disk is one */, PARTITIONS_GPT, PARTITIONS_MBR };

enum partition_role { PARTITION_OTHER, PARTITION_ESP, PARTITION_XBOOTLDR };

struct partition {
    uint64_t start, size;     /* bytes */
    uint32_t number;          /* as Linux counts: logical ones from 5 on */
    enum partition_role role; /* by its type (UAPI.2) */
    uint8_t type[16];         /* of a GPT: the GUID as it lies on disk; of an MBR the first byte */
    char uuid[40];            /* PARTUUID as blkid shows it: a GUID in small letters, or "1234abcd-01" */
    char name[112];           /* of a GPT: UTF-8 */
};

struct partitions {
    enum partition_table table;
    bool from_backup; /* the GPT's first header is broken, its second one is not */
    bool cut_off;     /* there are more than PARTITIONS_MAX, or a chain of logical ones that does not end */
    uint32_t count;   /* in the order of their numbers; 0 with PARTITIONS_NONE */
    struct partition partition[PARTITIONS_MAX];
};

/*
 * Reads a disk's partition table. A partition that is not inside its disk is left out. A protective MBR whose GPT is
 * broken in both places, and a disk that cannot be read, are failures. A disk that begins as a file system does (a FAT
 * has an MBR's signature, too) has no table, unless that is a GPT or one of its partitions begins as a file system.
 *
 * So a disk may be both: an ISO 9660 that is for a USB stick as well has a table, in which its ESP is, but perhaps not
 * the ISO 9660. Who wants all file systems asks filesystem_open for the whole disk, too, whatever the table, and takes
 * what it finds there as a partition of number 0, behind those of the table.
 */
bool partitions_read(const struct disk *disk, struct partitions *partitions, struct failure *failure);

#endif

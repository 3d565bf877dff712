/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables: GPT (UEFI 2.10, chapter 5) and MBR with logical partitions. Pure functions over a disk. */
#ifndef STORAGE_PARTITIONS_H
#define STORAGE_PARTITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "storage/disk.h"
#include "storage/partition.h"

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

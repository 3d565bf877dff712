/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables of a master boot record: UEFI 2.10, section 5.2; with the logical ones of an extended one. Pure. */
#ifndef STORAGE_MBR_H
#define STORAGE_MBR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/partition.h"

#define MBR_RECORDS   4
#define MBR_SIGNATURE 0xaa55

struct mbr_record {
    uint8_t boot_indicator; /* 0x80: active */
    uint8_t starting_chs[3];
    uint8_t os_type;
    uint8_t ending_chs[3];
    uint32_t starting_lba;
    uint32_t size_in_lba; /* 0: unused */
} __attribute__((packed));

struct mbr {
    uint8_t boot_code[440];
    uint32_t unique_signature; /* of the disk */
    uint16_t unknown;
    struct mbr_record record[MBR_RECORDS];
    uint16_t signature;
} __attribute__((packed));

_Static_assert(sizeof(struct mbr_record) == 16, "UEFI 2.10, table 5-2");
_Static_assert(offsetof(struct mbr_record, starting_lba) == 8, "UEFI 2.10, table 5-2");
_Static_assert(sizeof(struct mbr) == 512, "UEFI 2.10, table 5-1");
_Static_assert(offsetof(struct mbr, record) == 446, "UEFI 2.10, table 5-1");

/* UAPI.2: what a partition is for, by its type. */
enum partition_role mbr_role(uint8_t type);

/* Whether it says that the disk has a GPT: a record of it is protective (UEFI 2.10, section 5.2.3), a hybrid's too. */
bool mbr_is_protective(const struct mbr *mbr);

/*
 * Whether what a disk begins with is a table that has partitions: the boot sector of a file system, and the first stage
 * of a boot loader, have the same signature, and anything where the records would be.
 */
bool mbr_is_table(const struct disk *disk, const struct mbr *mbr);

/*
 * Fills *partitions, of which the table is the caller's affair, from an MBR for which mbr_is_table. A chain of logical
 * ones ends where it leaves the disk or has no signature; where it comes back to itself it is cut off.
 */
bool mbr_read(const struct disk *disk, const struct mbr *mbr, struct partitions *partitions, struct failure *failure);

#endif

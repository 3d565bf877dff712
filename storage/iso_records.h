/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records of ISO 9660's folders, and what they are called: ECMA-119 (4th edition), section 9.1; Joliet; the System
 * Use Sharing Protocol (SUSP 1.12) with Rock Ridge (RRIP 1.12). Pure.
 */
#ifndef STORAGE_ISO_RECORDS_H
#define STORAGE_ISO_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/disk.h"
#include "storage/tree.h"

#define ISO_BLOCK 2048 /* bytes of a sector, and of a logical block wherever that was seen */

enum iso_names { ISO_PLAIN, ISO_JOLIET, ISO_ROCK_RIDGE };

struct iso {
    const struct disk *disk;
    uint64_t root_at, root_size; /* bytes */
    enum iso_names names;
    uint32_t skipped; /* bytes before what SUSP has in each record */
};

/* ECMA-119, 9.1. Numbers are there twice; the little-endian ones count. */
struct iso_record {
    uint8_t length;
    uint8_t attribute_blocks; /* before the data */
    uint32_t block, block_big;
    uint32_t size, size_big; /* bytes */
    uint8_t recorded[7];
    uint8_t flags;
    uint8_t unit_size, gap_size; /* of an interleaved file */
    uint16_t volume, volume_big;
    uint8_t name_size;
} __attribute__((packed));

#define ISO_FOLDER     0x02 /* in flags */
#define ISO_ASSOCIATED 0x04 /* another file's: not one to be found */
#define ISO_CONTINUES  0x80 /* the next record is of the same file */

_Static_assert(sizeof(struct iso_record) == 33, "ECMA-119, 9.1");
_Static_assert(offsetof(struct iso_record, size) == 10, "ECMA-119, 9.1");
_Static_assert(offsetof(struct iso_record, flags) == 25, "ECMA-119, 9.1");

struct iso_entry {
    char name[TREE_NAME_MAX + 1]; /* UTF-8; "": it has none that can be used */
    enum tree_kind kind;          /* of a symbolic link: TREE_OTHER */
    bool is_link;
    uint64_t at, size; /* bytes; of a file all that there are of it */
    uint64_t place;    /* of its first record in its folder */
    bool is_whole;     /* its sections follow each other */
};

/* The first byte of a record's data. */
static inline uint64_t iso_data_at(const struct iso_record *record)
{
    return ((uint64_t)record->block + record->attribute_blocks) * ISO_BLOCK;
}

/*
 * Takes a record, of which all bytes are there. `link` (TREE_PATH_MAX bytes, or NULL) becomes where a symbolic link
 * leads, "" where that is too long. Only what Rock Ridge keeps elsewhere is read from the disk.
 */
bool iso_record_take(const struct iso *iso, const uint8_t *record, struct iso_entry *entry, char *link,
                     struct failure *failure);

/* Whether the first record of the root folder says that names are Rock Ridge's; then *skipped is told as well. */
bool iso_has_rock_ridge(const struct iso *iso, const uint8_t *record, bool *has, uint32_t *skipped,
                        struct failure *failure);

#endif

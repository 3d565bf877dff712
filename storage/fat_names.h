/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of FAT folders, with their long names. Microsoft, "FAT: General Overview of On-Disk Format", 1.03, "FAT
 * Directory Structure" and "FAT Long Directory Entries". Pure.
 */
#ifndef STORAGE_FAT_NAMES_H
#define STORAGE_FAT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "storage/tree.h"

#define FAT_SLOT_SIZE  32
#define FAT_NAME_SIZE  11 /* of a short name, or a label */
#define FAT_LONG_SLOTS 20 /* of one long name */
#define FAT_LONG_UNITS 13 /* of UTF-16, in each of these */

struct fat_entry {
    char name[TREE_NAME_MAX + 1]; /* UTF-8: the long one, where there is one that can be used */
    char short_name[13];          /* "NAME.EXT" */
    bool is_folder;
    uint32_t cluster; /* the first; 0: none */
    uint32_t size;    /* bytes */
};

/* What was seen of a long name, which stands in front of the entry that it belongs to, its end first. */
struct fat_long {
    uint16_t units[FAT_LONG_SLOTS * FAT_LONG_UNITS];
    uint32_t slots;   /* it has so many; 0: there is none */
    uint32_t missing; /* of these */
    uint8_t checksum; /* of the short name */
};

enum fat_slot { FAT_SLOT_END /* none follow */, FAT_SLOT_OTHER, FAT_SLOT_ENTRY };

/*
 * Takes the next slot (FAT_SLOT_SIZE bytes) of a folder. *name begins as zeros and is kept from slot to slot. Deleted
 * ones, volume labels, "." and ".." are FAT_SLOT_OTHER. A long name that is not whole, is another file's or cannot be
 * written in TREE_NAME_MAX bytes of UTF-8 without control characters and slashes is passed over: the short one holds.
 */
enum fat_slot fat_slot_read(const uint8_t *slot, struct fat_long *name, struct fat_entry *entry);

/*
 * Writes a volume's label, NUL-terminated and without the blanks behind it; what is not ASCII becomes `_`. "": there is
 * none, which "NO NAME" says as well.
 */
void fat_label_read(const uint8_t *label, char text[FAT_NAME_SIZE + 1]);

/* Whether a slot, which begins with the label, is that of the volume. */
bool fat_slot_is_label(const uint8_t *slot);

/* Whether the file is meant: by its long or its short name, without regard to case (ASCII). */
bool fat_entry_is(const struct fat_entry *entry, struct span name);

#endif

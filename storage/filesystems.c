/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of file systems; see filesystems.h. Pure: compiled natively for tests as well. */
#include "storage/filesystems.h"

#include <stddef.h>

#include "storage/ext.h"
#include "storage/fat.h"
#include "storage/iso9660.h"

static const struct {
    const char *name;
    bool (*is)(const struct disk *disk);
    bool (*open)(const struct disk *disk, struct tree *tree, struct failure *failure);
} filesystems[] = {
    { "ext", ext_is, ext_open },
    { "FAT", fat_is, fat_open },
    { "ISO 9660", iso_is, iso_open },
};

#define FILESYSTEMS (sizeof(filesystems) / sizeof(*filesystems))

const char *filesystem_name(const struct disk *disk)
{
    for (unsigned i = 0; i < FILESYSTEMS; i++) {
        if (filesystems[i].is(disk))
            return filesystems[i].name;
    }
    return NULL;
}

bool filesystem_open(const struct disk *disk, struct tree *tree, bool *known, struct failure *failure)
{
    *known = false;
    for (unsigned i = 0; i < FILESYSTEMS; i++) {
        if (!filesystems[i].is(disk))
            continue;
        *known = true;
        return filesystems[i].open(disk, tree, failure);
    }
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk images in memory; see disk.h. Pure: compiled natively for tests as well. */
#include "storage/disk.h"

#include "common/checked.h"
#include "common/string.h"

static bool read_memory(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    if (!checked_within(offset, size, disk->size))
        return fail(failure, "disk image", "%lu bytes at 0x%lx are outside its %lu", size, offset, disk->size);
    if (size)
        memcpy(buffer, disk->data + offset, size);
    return true;
}

void disk_in_memory(struct span image, struct disk *disk)
{
    *disk = (struct disk){ .size = image.data ? image.size : 0, .data = image.data, .read = read_memory, .block = 512 };
}

static bool read_part(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    const struct disk *whole = disk->below;

    if (!checked_within(offset, size, disk->size))
        return fail(failure, "partition", "%lu bytes at 0x%lx are outside its %lu", size, offset, disk->size);
    return whole->read(whole, disk->start + offset, buffer, size, failure);
}

bool disk_part(const struct disk *whole, uint64_t start, uint64_t size, struct disk *part)
{
    if (!checked_within(start, size, whole->size))
        return false;
    *part = (struct disk){ .size = size,
                           .data = whole->data ? whole->data + start : NULL,
                           .read = read_part,
                           .block = whole->block,
                           .below = (void *)whole,
                           .start = start };
    return true;
}

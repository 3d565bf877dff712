/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk of an ext file system, through its journal; see ext_disk.h. Pure: compiled natively for tests as well. */
#include "storage/ext_disk.h"

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"

#define MOVED_MAX     16384
#define JOURNAL_MAGIC "\xc0\x3b\x39\x98" /* JBD2_MAGIC_NUMBER, as it lies there */
#define MAGIC_SIZE    4

static const char what[] = "ext file system";

static NOINIT struct {
    const struct disk *disk;
    uint32_t count;
    struct {
        uint32_t block;
        uint32_t instead : 31, escaped : 1;
    } moved[MOVED_MAX]; /* sorted by block */
} list;

/* The first that is not before a block. */
static uint32_t place_of(uint64_t block)
{
    uint32_t low = 0, high = list.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (list.moved[middle].block < block)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void ext_disk_list(const struct disk *disk)
{
    list.disk = disk;
    list.count = 0;
}

bool ext_disk_listed(const struct disk *disk)
{
    return list.disk == disk;
}

bool ext_disk_put(uint64_t block, uint64_t instead, bool escaped)
{
    uint32_t place = place_of(block);

    if (place == list.count || list.moved[place].block != block) {
        if (list.count == MOVED_MAX)
            return false;
        memmove(&list.moved[place + 1], &list.moved[place], (list.count - place) * sizeof(list.moved[0]));
        list.count++;
    }
    list.moved[place].block = (uint32_t)block;
    list.moved[place].instead = (uint32_t)instead & EXT_DISK_BLOCKS_MAX;
    list.moved[place].escaped = escaped;
    return true;
}

void ext_disk_take_out(uint64_t block)
{
    uint32_t place = place_of(block);

    if (place == list.count || list.moved[place].block != block)
        return;
    list.count--;
    memmove(&list.moved[place], &list.moved[place + 1], (list.count - place) * sizeof(list.moved[0]));
}

bool ext_disk_is_moved(const struct ext_disk *disk, uint64_t first, uint64_t count)
{
    uint32_t place;

    if (!disk->replayed)
        return false;
    place = place_of(first);
    return place < list.count && list.moved[place].block - first < count;
}

/* Reads from one block, or from those up to the next one that is moved; *done bytes. */
static bool read_piece(const struct ext_disk *disk, uint64_t offset, uint8_t *to, uint64_t size, uint64_t *done,
                       struct failure *failure)
{
    const uint64_t block_size = 1ull << disk->block_shift, inside = offset & (block_size - 1);
    const uint64_t block = offset >> disk->block_shift;
    uint32_t place = place_of(block);
    bool moved = place < list.count && list.moved[place].block == block;
    uint64_t room = UINT64_MAX;

    if (moved)
        room = block_size - inside;
    else if (place < list.count)
        room = ((uint64_t)list.moved[place].block << disk->block_shift) - offset;
    if (size > room)
        size = room;
    *done = size;
    if (moved)
        offset = ((uint64_t)list.moved[place].instead << disk->block_shift) + inside;
    if (!disk->disk->read(disk->disk, offset, to, size, failure))
        return false;
    if (!moved || !list.moved[place].escaped)
        return true;
    for (uint64_t i = inside; i < MAGIC_SIZE && i - inside < size; i++)
        to[i - inside] = (uint8_t)JOURNAL_MAGIC[i];
    return true;
}

bool ext_disk_read(const struct ext_disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    uint8_t *to = buffer;

    if (!checked_within(offset, size, disk->blocks << disk->block_shift))
        return fail(failure, what, "%lu bytes at 0x%lx are outside it", size, offset);
    if (!size)
        return true;
    if (!disk->replayed)
        return disk->disk->read(disk->disk, offset, to, size, failure);
    while (size) {
        uint64_t done;

        if (!read_piece(disk, offset, to, size, &done, failure))
            return false;
        offset += done;
        to += done;
        size -= done;
    }
    return true;
}

uint32_t ext_crc32c(uint32_t crc, const void *bytes, uint64_t size)
{
    /* Four bits of RFC 3720's polynomial, reversed, at a time. */
    static const uint32_t table[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };
    const uint8_t *byte = bytes;

    for (uint64_t i = 0; i < size; i++) {
        crc ^= byte[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

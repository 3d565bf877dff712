/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of what inodes tell of; see ext_file.h. "Inline Data" (Linux, Documentation/filesystems/ext4): the first 60
 * bytes are in i_block, the others are an attribute's value. Pure: compiled natively for tests as well.
 */
#include "storage/ext_file.h"

#include "common/checked.h"
#include "common/string.h"
#include "storage/ext_map.h"

static const char what[] = "ext file system";

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool read_inline(const struct ext *ext, const struct ext_inode *inode, uint64_t offset, uint8_t *to,
                        uint64_t size, struct failure *failure)
{
    uint64_t piece;

    if (offset < EXT_INODE_BLOCK_SIZE) {
        piece = least(size, EXT_INODE_BLOCK_SIZE - offset);
        memcpy(to, inode->block.bytes + offset, piece);
        to += piece;
        offset += piece;
        size -= piece;
    }
    offset -= EXT_INODE_BLOCK_SIZE; /* of no use where nothing is left */
    if (size && offset < inode->inline_size) {
        piece = least(size, inode->inline_size - offset);
        if (!ext_disk_read(&ext->disk, inode->inline_at + offset, to, piece, failure))
            return false;
        to += piece;
        size -= piece;
    }
    memset(to, 0, size);
    return true;
}

/* Whether what `next` tells of goes on where the run ends. */
static bool goes_on(const struct ext_run *run, const struct ext_run *next)
{
    return run->first ? next->first == run->first + run->count : !next->first;
}

bool ext_file_read(const struct ext *ext, const struct ext_inode *inode, uint64_t offset, void *buffer, uint64_t size,
                   struct failure *failure)
{
    const uint32_t shift = ext->disk.block_shift;
    uint64_t block = offset >> shift, inside = offset & ((1ull << shift) - 1), end;
    struct ext_run run = { 0 }, next;
    uint8_t *to = buffer;

    if (!checked_within(offset, size, inode->size))
        return fail(failure, what, "inode %u: %lu bytes at %lu are outside its %lu", inode->number, size, offset,
                    inode->size);
    if (!size)
        return true;
    if (inode->flags & EXT_FLAG_INLINE)
        return read_inline(ext, inode, offset, to, size, failure);

    end = ((offset + size - 1) >> shift) + 1;
    for (bool known = false; size; known = true) {
        uint64_t piece;

        if (!known && !ext_map(ext, inode, block, end - block, &run, failure))
            return false;
        block += run.count;
        next = (struct ext_run){ 0 };
        while (block < end) {
            if (!ext_map(ext, inode, block, end - block, &next, failure))
                return false;
            if (!goes_on(&run, &next))
                break;
            run.count += next.count;
            block += next.count;
        }
        piece = least(size, (run.count << shift) - inside);
        if (!run.first)
            memset(to, 0, piece);
        else if (!ext_disk_read(&ext->disk, (run.first << shift) + inside, to, piece, failure))
            return false;
        to += piece;
        size -= piece;
        inside = 0;
        run = next;
    }
    return true;
}

const uint8_t *ext_file_in_memory(const struct ext *ext, const struct ext_inode *inode)
{
    const uint64_t count = (inode->size + (1ull << ext->disk.block_shift) - 1) >> ext->disk.block_shift;
    struct failure ignored;
    struct ext_run run;

    if (!ext->disk.disk->data || !inode->size || inode->flags & (EXT_FLAG_INLINE | EXT_FLAG_ENCRYPT))
        return NULL;
    if (!ext_map(ext, inode, 0, count, &run, &ignored) || !run.first || run.count < count ||
        ext_disk_is_moved(&ext->disk, run.first, run.count))
        return NULL;
    return ext->disk.disk->data + (run.first << ext->disk.block_shift);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extents and block maps; see ext_map.h. Linux, Documentation/filesystems/ext4: "The Contents of inode.i_block",
 * "Direct/Indirect Block Addressing" and "Extent Tree". Each call goes down a tree once, so cycles cannot hold it.
 * Pure: compiled natively for tests as well.
 */
#include "storage/ext_map.h"

#include <stddef.h>

#include "common/string.h"

static const char what[] = "ext file system";

/* Whether blocks are in the file system, and not the superblock's. */
static bool are_inside(const struct ext *ext, uint64_t first, uint64_t count)
{
    return first && first < ext->disk.blocks && count <= ext->disk.blocks - first;
}

static bool refuse_block(const struct ext_inode *inode, uint64_t first, uint64_t count, struct failure *failure)
{
    return fail(failure, what, "inode %u has %lu blocks from %lu on, which are not in it", inode->number, count, first);
}

/* ---- extents ---- */

/* "Extent Tree": struct ext4_extent_header, ext4_extent_idx, ext4_extent. */
struct extent_header {
    uint16_t magic;
    uint16_t entries;
    uint16_t max;
    uint16_t depth;
    uint32_t generation;
} __attribute__((packed));

struct extent_entry {
    uint32_t block; /* the first of the file's that it tells of */
    union {
        struct {
            uint32_t leaf_lo;
            uint16_t leaf_hi;
            uint16_t unused;
        } __attribute__((packed)) index;
        struct {
            uint16_t len; /* more than EXTENT_WRITTEN: by so much, and never written */
            uint16_t start_hi;
            uint32_t start_lo;
        } __attribute__((packed)) extent;
    };
} __attribute__((packed));

#define EXTENT_MAGIC   0xf30a
#define EXTENT_DEPTH   5
#define EXTENT_WRITTEN 32768

#define ENTRIES_AT_ONCE 64 /* of those in a node */

_Static_assert(sizeof(struct extent_header) == 12, "Extent Tree");
_Static_assert(sizeof(struct extent_entry) == 12, "Extent Tree");
_Static_assert(offsetof(struct extent_entry, extent.start_lo) == 8, "Extent Tree");

/* A node of the tree: in the inode, or in a block. */
struct node {
    const struct ext *ext;
    const struct ext_inode *inode;
    uint64_t block; /* 0: in the inode */
    struct extent_header header;
};

static bool read_node(const struct node *node, uint32_t offset, void *to, uint32_t size, struct failure *failure)
{
    if (!node->block) {
        memcpy(to, node->inode->block.bytes + offset, size);
        return true;
    }
    return ext_disk_read(&node->ext->disk, (node->block << node->ext->disk.block_shift) + offset, to, size, failure);
}

static bool open_node(struct node *node, uint64_t block, struct failure *failure)
{
    uint32_t room = block ? 1u << node->ext->disk.block_shift : EXT_INODE_BLOCK_SIZE;

    node->block = block;
    if (!read_node(node, 0, &node->header, sizeof(node->header), failure))
        return false;
    if (node->header.magic != EXTENT_MAGIC)
        return fail(failure, what, "inode %u has no extents at block %lu", node->inode->number, block);
    if (node->header.entries > (room - sizeof(node->header)) / sizeof(struct extent_entry))
        return fail(failure, what, "inode %u has %u extents at block %lu, which do not fit there", node->inode->number,
                    node->header.entries, block);
    return true;
}

static uint64_t length_of(const struct extent_entry *entry)
{
    return entry->extent.len <= EXTENT_WRITTEN ? entry->extent.len : entry->extent.len - EXTENT_WRITTEN;
}

/*
 * The last entry that begins at a block or before it, and where the one behind it begins, if that is before *end. Those
 * up to there are in order, and do not overlap.
 */
static bool find_entry(const struct node *node, uint64_t block, struct extent_entry *entry, bool *found, uint64_t *end,
                       struct failure *failure)
{
    struct extent_entry entries[ENTRIES_AT_ONCE];
    uint64_t behind = 0; /* the first block that the next one may tell of */

    *found = false;
    for (uint32_t i = 0; i < node->header.entries; i++) {
        const struct extent_entry *next = &entries[i % ENTRIES_AT_ONCE];

        if (i % ENTRIES_AT_ONCE == 0) {
            uint32_t count = node->header.entries - i;

            if (count > ENTRIES_AT_ONCE)
                count = ENTRIES_AT_ONCE;
            if (!read_node(node, (uint32_t)(sizeof(node->header) + i * sizeof(*next)), entries,
                           count * (uint32_t)sizeof(*next), failure))
                return false;
        }
        if (next->block < behind)
            return fail(failure, what, "inode %u has extents that overlap, at block %u", node->inode->number,
                        next->block);
        if (next->block > block) {
            if (next->block < *end)
                *end = next->block;
            return true;
        }
        behind = next->block + (node->header.depth ? 1 : length_of(next));
        *entry = *next;
        *found = true;
    }
    return true;
}

/* What an extent says of a block that is not before it; *end as above. */
static bool take_extent(const struct node *node, const struct extent_entry *entry, uint64_t block, uint64_t end,
                        struct ext_run *run, struct failure *failure)
{
    uint64_t start = entry->extent.start_lo | (uint64_t)entry->extent.start_hi << 32;
    uint64_t len = length_of(entry), inside = block - entry->block;

    if (!len || !are_inside(node->ext, start, len))
        return refuse_block(node->inode, start, len, failure);
    *run = (struct ext_run){ 0, end - block };
    if (inside >= len)
        return true;
    if (entry->extent.len <= EXTENT_WRITTEN)
        run->first = start + inside;
    if (run->count > len - inside)
        run->count = len - inside;
    return true;
}

static bool map_extents(const struct ext *ext, const struct ext_inode *inode, uint64_t block, uint64_t limit,
                        struct ext_run *run, struct failure *failure)
{
    struct node node = { .ext = ext, .inode = inode };
    uint64_t end = block + limit;
    struct extent_entry entry;
    bool found;

    if (!open_node(&node, 0, failure))
        return false;
    if (node.header.depth > EXTENT_DEPTH)
        return fail(failure, what, "inode %u has extents of depth %u", inode->number, node.header.depth);
    for (uint32_t depth = node.header.depth;; depth--) {
        uint64_t child;

        if (node.header.depth != depth)
            return fail(failure, what, "inode %u has extents of depth %u in those of depth %u", inode->number,
                        node.header.depth, depth + 1);
        if (!find_entry(&node, block, &entry, &found, &end, failure))
            return false;
        if (!found) {
            *run = (struct ext_run){ 0, end - block };
            return true;
        }
        if (!depth)
            return take_extent(&node, &entry, block, end, run, failure);
        child = entry.index.leaf_lo | (uint64_t)entry.index.leaf_hi << 32;
        if (!are_inside(ext, child, 1))
            return refuse_block(inode, child, 1, failure);
        if (!open_node(&node, child, failure))
            return false;
    }
}

/* ---- block maps ---- */

#define DIRECT 12 /* of the numbers in the inode; then those of one, two and three levels */
#define LEVELS 3
#define PIECE  256 /* numbers that are read at once */

/* The longest run in numbers that follow each other, in the inode or at a place of the disk. */
static bool take_numbers(const struct ext *ext, const struct ext_inode *inode, const uint32_t *given, uint64_t at,
                         uint64_t count, struct ext_run *run, struct failure *failure)
{
    uint32_t numbers[PIECE];

    *run = (struct ext_run){ 0 };
    for (uint64_t done = 0; done < count; done += PIECE) {
        uint64_t piece = count - done < PIECE ? count - done : PIECE;

        if (given)
            memcpy(numbers, given, piece * sizeof(numbers[0]));
        else if (!ext_disk_read(&ext->disk, at + done * sizeof(numbers[0]), numbers, piece * sizeof(numbers[0]),
                                failure))
            return false;
        for (uint64_t i = 0; i < piece; i++) {
            if (!run->count)
                run->first = numbers[i];
            else if (numbers[i] != (run->first ? run->first + run->count : 0))
                return true;
            if (numbers[i] && !are_inside(ext, numbers[i], 1))
                return run->count ? true : refuse_block(inode, numbers[i], 1, failure);
            run->count++;
        }
    }
    return true;
}

static bool map_numbers(const struct ext *ext, const struct ext_inode *inode, uint64_t block, uint64_t limit,
                        struct ext_run *run, struct failure *failure)
{
    const uint32_t shift = ext->disk.block_shift - 2; /* numbers in a block, as a power of two */
    uint32_t level = 1;
    uint64_t table, left = 0;

    if (block < DIRECT)
        return take_numbers(ext, inode, inode->block.blocks + block, 0, limit < DIRECT - block ? limit : DIRECT - block,
                            run, failure);
    block -= DIRECT;
    while (level <= LEVELS && block >> shift * level) {
        block -= 1ull << shift * level;
        level++;
    }
    if (level > LEVELS)
        return fail(failure, what, "inode %u is longer than block maps can tell", inode->number);
    table = inode->block.blocks[DIRECT + level - 1];
    for (;; level--) {
        uint64_t spans = shift * level, index; /* what the table covers, as a power of two */
        uint32_t number;

        block &= (1ull << spans) - 1;
        left = (1ull << spans) - block;
        if (!table) {
            *run = (struct ext_run){ 0, limit < left ? limit : left };
            return true;
        }
        if (!are_inside(ext, table, 1))
            return refuse_block(inode, table, 1, failure);
        index = block >> (spans - shift);
        if (level == 1)
            return take_numbers(ext, inode, NULL, (table << ext->disk.block_shift) + index * sizeof(number),
                                limit < left ? limit : left, run, failure);
        if (!ext_disk_read(&ext->disk, (table << ext->disk.block_shift) + index * sizeof(number), &number,
                           sizeof(number), failure))
            return false;
        table = number;
    }
}

bool ext_map(const struct ext *ext, const struct ext_inode *inode, uint64_t block, uint64_t limit, struct ext_run *run,
             struct failure *failure)
{
    if (inode->flags & EXT_FLAG_EXTENTS)
        return map_extents(ext, inode, block, limit, run, failure);
    return map_numbers(ext, inode, block, limit, run, failure);
}

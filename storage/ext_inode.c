/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inodes of ext file systems; see ext_inode.h. Linux, Documentation/filesystems/ext4: "Index Nodes", "Inline Data",
 * "Extended Attributes". Pure: compiled natively for tests as well.
 */
#include "storage/ext_inode.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define BLOCKS_MAX (1ull << 32) /* of one file */

static const char what[] = "ext file system";

/* "Index Nodes", struct ext4_inode. */
struct raw_inode {
    uint16_t mode;
    uint16_t uid;
    uint32_t size_lo;
    uint32_t times[4];
    uint16_t gid;
    uint16_t links_count;
    uint32_t blocks_lo;
    uint32_t flags;
    uint32_t osd1;
    uint8_t block[EXT_INODE_BLOCK_SIZE];
    uint32_t generation;
    uint32_t file_acl_lo;
    uint32_t size_high;
    uint32_t faddr;
    uint8_t osd2[12];
} __attribute__((packed));

#define RAW_SIZE  128
#define MODE_KIND 0xf000
#define MODE_DIR  0x4000
#define MODE_REG  0x8000
#define MODE_LNK  0xa000

_Static_assert(sizeof(struct raw_inode) == RAW_SIZE, "Index Nodes");
_Static_assert(offsetof(struct raw_inode, flags) == 0x20, "Index Nodes");
_Static_assert(offsetof(struct raw_inode, block) == 0x28, "Index Nodes");
_Static_assert(offsetof(struct raw_inode, size_high) == 0x6c, "Index Nodes");

/* "Extended Attributes", struct ext4_xattr_entry; its name follows. */
struct attribute {
    uint8_t name_len;
    uint8_t name_index;
    uint16_t value_offs; /* from the first entry on */
    uint32_t value_inum;
    uint32_t value_size;
    uint32_t hash;
} __attribute__((packed));

#define ATTRIBUTE_MAGIC 0xea020000u
#define SYSTEM_INDEX    7 /* "system." */
#define DATA_NAME       "data"
#define DATA_NAME_SIZE  4

_Static_assert(sizeof(struct attribute) == 16, "Extended Attributes");

/* Finds system.data among the attributes in [at, end), bytes of the disk. "Inline Data": without it nothing follows. */
static bool find_inline(const struct ext *ext, struct ext_inode *inode, uint64_t at, uint64_t end,
                        struct failure *failure)
{
    const uint64_t first = at + sizeof(uint32_t);
    struct attribute attribute;
    char name[DATA_NAME_SIZE];
    uint32_t magic;

    if (end - at < sizeof(magic))
        return true;
    if (!ext_disk_read(&ext->disk, at, &magic, sizeof(magic), failure))
        return false;
    if (magic != ATTRIBUTE_MAGIC)
        return true;
    for (at = first; end - at >= sizeof(attribute);) {
        uint64_t size;

        if (!ext_disk_read(&ext->disk, at, &attribute, sizeof(attribute), failure))
            return false;
        if (!attribute.name_len && !attribute.name_index && !attribute.value_offs && !attribute.value_inum)
            return true;
        size = (sizeof(attribute) + attribute.name_len + 3) & ~3ull;
        if (size > end - at)
            return fail(failure, what, "inode %u: an attribute ends outside it", inode->number);
        if (attribute.name_index == SYSTEM_INDEX && attribute.name_len == DATA_NAME_SIZE) {
            if (!ext_disk_read(&ext->disk, at + sizeof(attribute), name, sizeof(name), failure))
                return false;
            if (memcmp(name, DATA_NAME, sizeof(name)) == 0) {
                if (attribute.value_inum || !checked_within(attribute.value_offs, attribute.value_size, end - first))
                    return fail(failure, what, "inode %u: its inline data end outside it", inode->number);
                inode->inline_at = first + attribute.value_offs;
                inode->inline_size = attribute.value_size;
                return true;
            }
        }
        at += size;
    }
    return true;
}

static bool read_inline(const struct ext *ext, struct ext_inode *inode, uint64_t at, struct failure *failure)
{
    uint16_t extra = 0;

    if (ext->inode_size < RAW_SIZE + sizeof(extra))
        return true;
    if (!ext_disk_read(&ext->disk, at + RAW_SIZE, &extra, sizeof(extra), failure))
        return false;
    if (extra % 4 || extra > ext->inode_size - RAW_SIZE)
        return fail(failure, what, "inode %u has %u bytes more than 128", inode->number, extra);
    return find_inline(ext, inode, at + RAW_SIZE + extra, at + ext->inode_size, failure);
}

static enum ext_kind kind_of(uint16_t mode)
{
    switch (mode & MODE_KIND) {
    case MODE_REG:
        return EXT_FILE;
    case MODE_DIR:
        return EXT_FOLDER;
    case MODE_LNK:
        return EXT_LINK;
    default:
        return EXT_OTHER;
    }
}

bool ext_inode_read(const struct ext *ext, uint32_t number, struct ext_inode *inode, struct failure *failure)
{
    struct raw_inode raw;
    uint64_t at;

    if (!ext_super_inode(ext, number, &at, failure) || !ext_disk_read(&ext->disk, at, &raw, sizeof(raw), failure))
        return false;
    *inode = (struct ext_inode){ .number = number, .kind = kind_of(raw.mode), .flags = raw.flags, .size = raw.size_lo };
    if (inode->kind == EXT_FILE || (inode->kind == EXT_FOLDER && ext->incompat & EXT_INCOMPAT_LARGEDIR))
        inode->size |= (uint64_t)raw.size_high << 32;
    if (!raw.mode || !raw.links_count) {
        inode->kind = EXT_DELETED;
        return true;
    }
    if (inode->size > BLOCKS_MAX << ext->disk.block_shift)
        return fail(failure, what, "inode %u has %lu bytes, more than any can", number, inode->size);
    memcpy(inode->block.bytes, raw.block, sizeof(raw.block));
    return !(inode->flags & EXT_FLAG_INLINE) || read_inline(ext, inode, at, failure);
}

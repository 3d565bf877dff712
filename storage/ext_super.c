/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The superblock and the group descriptors of ext2, ext3 and ext4; see ext_super.h. Linux,
 * Documentation/filesystems/ext4: "Super Block", "Block Group Descriptors", "Meta Block Groups". Checksums are those
 * of metadata_csum. Pure: compiled natively for tests as well.
 */
#include "storage/ext_super.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define SUPER_AT       1024 /* bytes from the beginning */
#define SUPER_SIZE     1024
#define MAGIC          0xef53
#define BLOCK_LOG_MIN  10
#define BLOCK_LOG_MAX  16
#define OLD_INODE_SIZE 128

#define COMPAT_SPARSE_SUPER2    0x200
#define INCOMPAT_CSUM_SEED      0x2000
#define RO_COMPAT_SPARSE_SUPER  0x1
#define RO_COMPAT_METADATA_CSUM 0x400

/* Those above, MMP, flex_bg, ea_inode, inline_data, encrypt (which says no of the files concerned), casefold. */
#define INCOMPAT_KNOWN                                                                                                 \
    (EXT_INCOMPAT_FILETYPE | EXT_INCOMPAT_RECOVER | EXT_INCOMPAT_META_BG | EXT_INCOMPAT_EXTENTS | EXT_INCOMPAT_64BIT | \
     0x100 | 0x200 | 0x400 | INCOMPAT_CSUM_SEED | EXT_INCOMPAT_LARGEDIR | 0x8000 | 0x10000 | 0x20000)

static const char what[] = "ext file system";

/* "Super Block", struct ext4_super_block. */
struct superblock {
    uint32_t inodes_count;
    uint32_t blocks_count_lo;
    uint32_t counts[3];
    uint32_t first_data_block;
    uint32_t log_block_size;
    uint32_t log_cluster_size;
    uint32_t blocks_per_group;
    uint32_t clusters_per_group;
    uint32_t inodes_per_group;
    uint32_t times[2];
    uint16_t mounts[2];
    uint16_t magic;
    uint16_t state[3];
    uint32_t check[3];
    uint32_t rev_level;
    uint32_t reserved_for;
    uint32_t first_ino;
    uint16_t inode_size;
    uint16_t block_group;
    uint32_t feature_compat;
    uint32_t feature_incompat;
    uint32_t feature_ro_compat;
    uint8_t uuid[16];
    char volume_name[16];
    uint8_t more[88];
    uint32_t journal_inum;
    uint32_t journal_dev;
    uint8_t hash[22];
    uint16_t desc_size;
    uint32_t mount_options;
    uint32_t first_meta_bg;
    uint8_t more_still[72];
    uint32_t blocks_count_hi;
    uint8_t log_and_errors[0xf8];
    uint32_t backup_bgs[2];
    uint8_t encryption[28];
    uint32_t checksum_seed;
    uint8_t rest[0x188];
    uint32_t checksum;
} __attribute__((packed));

_Static_assert(sizeof(struct superblock) == SUPER_SIZE, "Super Block");
_Static_assert(offsetof(struct superblock, magic) == 0x38, "Super Block");
_Static_assert(offsetof(struct superblock, rev_level) == 0x4c, "Super Block");
_Static_assert(offsetof(struct superblock, feature_compat) == 0x5c, "Super Block");
_Static_assert(offsetof(struct superblock, journal_inum) == 0xe0, "Super Block");
_Static_assert(offsetof(struct superblock, desc_size) == 0xfe, "Super Block");
_Static_assert(offsetof(struct superblock, first_meta_bg) == 0x104, "Super Block");
_Static_assert(offsetof(struct superblock, blocks_count_hi) == 0x150, "Super Block");
_Static_assert(offsetof(struct superblock, backup_bgs) == 0x24c, "Super Block");
_Static_assert(offsetof(struct superblock, checksum_seed) == 0x270, "Super Block");
_Static_assert(offsetof(struct superblock, checksum) == 0x3fc, "Super Block");

/* "Block Group Descriptors", struct ext4_group_desc; behind the first 32 bytes only where descriptors have 64. */
struct descriptor {
    uint32_t block_bitmap_lo;
    uint32_t inode_bitmap_lo;
    uint32_t inode_table_lo;
    uint16_t counts[3];
    uint16_t flags;
    uint8_t bitmaps[10];
    uint16_t checksum;
    uint32_t bitmaps_hi[2];
    uint32_t inode_table_hi;
    uint8_t rest[20];
} __attribute__((packed));

#define DESCRIPTOR_SMALL 32
#define DESCRIPTOR_MAX   1024

_Static_assert(sizeof(struct descriptor) == 64, "Block Group Descriptors");
_Static_assert(offsetof(struct descriptor, checksum) == 0x1e, "Block Group Descriptors");
_Static_assert(offsetof(struct descriptor, inode_table_hi) == 0x28, "Block Group Descriptors");

static bool is_power_of_two(uint32_t value)
{
    return value && !(value & (value - 1));
}

/* ---- the superblock ---- */

/* More than the magic number: a FAT, which can be in this place, might hold that by chance. */
bool ext_super_is(const struct disk *disk)
{
    struct superblock super;
    struct failure ignored;

    return checked_within(SUPER_AT, SUPER_SIZE, disk->size) &&
           disk->read(disk, SUPER_AT, &super, sizeof(super), &ignored) && super.magic == MAGIC &&
           super.log_block_size <= BLOCK_LOG_MAX - BLOCK_LOG_MIN && super.inodes_count && super.blocks_per_group &&
           !(super.rev_level && super.feature_incompat & EXT_INCOMPAT_JOURNAL_DEV);
}

/* Of a revision that has features: they, and what came with them. */
static bool read_features(const struct superblock *super, struct ext *ext, struct failure *failure)
{
    uint32_t unknown = super->feature_incompat & ~(uint32_t)INCOMPAT_KNOWN;

    if (unknown)
        return fail(failure, what, "it needs a feature that is not known, incompat 0x%x", unknown & -unknown);
    ext->compat = super->feature_compat;
    ext->incompat = super->feature_incompat;
    ext->ro_compat = super->feature_ro_compat;
    ext->inode_size = super->inode_size;
    ext->journal = super->journal_inum;
    ext->checksum_seed = ext->incompat & INCOMPAT_CSUM_SEED ? super->checksum_seed
                                                            : ext_crc32c(UINT32_MAX, super->uuid, sizeof(super->uuid));
    if (ext->ro_compat & RO_COMPAT_METADATA_CSUM &&
        super->checksum != ext_crc32c(UINT32_MAX, super, offsetof(struct superblock, checksum)))
        return fail(failure, what, "the checksum of its superblock is wrong");
    if (ext->incompat & EXT_INCOMPAT_64BIT)
        ext->descriptor_size = super->desc_size;
    if (ext->incompat & EXT_INCOMPAT_META_BG)
        ext->first_meta_group = super->first_meta_bg;
    memcpy(ext->backup_groups, super->backup_bgs, sizeof(ext->backup_groups));
    return true;
}

static bool read_fields(const struct superblock *super, struct ext *ext, struct failure *failure)
{
    uint64_t blocks = super->blocks_count_lo, groups;
    uint32_t block_size;

    if (super->log_block_size > BLOCK_LOG_MAX - BLOCK_LOG_MIN)
        return fail(failure, what, "its blocks have 2 to the power of 10 + %u bytes", super->log_block_size);
    ext->disk.block_shift = BLOCK_LOG_MIN + super->log_block_size;
    block_size = 1u << ext->disk.block_shift;
    if (ext->incompat & EXT_INCOMPAT_64BIT)
        blocks |= (uint64_t)super->blocks_count_hi << 32;
    if (blocks > ext->disk.disk->size >> ext->disk.block_shift)
        return fail(failure, what, "it has %lu blocks of %u bytes, the disk has %lu bytes", blocks, block_size,
                    ext->disk.disk->size);
    ext->disk.blocks = blocks;
    if (ext->inode_size < OLD_INODE_SIZE || ext->inode_size > block_size || !is_power_of_two(ext->inode_size))
        return fail(failure, what, "its inodes have %u bytes", ext->inode_size);
    if (ext->descriptor_size < DESCRIPTOR_SMALL || ext->descriptor_size > DESCRIPTOR_MAX ||
        !is_power_of_two(ext->descriptor_size))
        return fail(failure, what, "its group descriptors have %u bytes", ext->descriptor_size);

    ext->first_block = super->first_data_block;
    ext->blocks_per_group = super->blocks_per_group;
    ext->inodes_per_group = super->inodes_per_group;
    ext->inodes = super->inodes_count;
    if (!ext->blocks_per_group || !ext->inodes_per_group || ext->first_block >= blocks)
        return fail(failure, what, "%u blocks and %u inodes in a group, blocks from %u on", ext->blocks_per_group,
                    ext->inodes_per_group, ext->first_block);
    groups = (blocks - ext->first_block + ext->blocks_per_group - 1) / ext->blocks_per_group;
    if (ext->inodes < EXT_ROOT || (ext->inodes - 1) / ext->inodes_per_group >= groups)
        return fail(failure, what, "%u inodes do not fit in %lu groups of %u", ext->inodes, groups,
                    ext->inodes_per_group);
    return true;
}

bool ext_super_read(struct ext *ext, struct failure *failure)
{
    struct superblock super;

    if (ext->disk.replayed) {
        if (!ext_disk_read(&ext->disk, SUPER_AT, &super, sizeof(super), failure))
            return false;
    } else if (!checked_within(SUPER_AT, SUPER_SIZE, ext->disk.disk->size) || !ext_super_is(ext->disk.disk)) {
        return fail(failure, what, "it has no superblock");
    } else if (!ext->disk.disk->read(ext->disk.disk, SUPER_AT, &super, sizeof(super), failure)) {
        return false;
    }
    if (super.magic != MAGIC)
        return fail(failure, what, "it has no superblock");
    *ext = (struct ext){ .disk = ext->disk,
                         .inode_size = OLD_INODE_SIZE,
                         .descriptor_size = DESCRIPTOR_SMALL,
                         .first_meta_group = UINT32_MAX };
    memcpy(ext->uuid, super.uuid, sizeof(ext->uuid));
    memcpy(ext->label, super.volume_name, sizeof(super.volume_name));
    if (super.rev_level && !read_features(&super, ext, failure))
        return false;
    return read_fields(&super, ext, failure);
}

/* ---- group descriptors ---- */

static bool is_power_of(uint32_t value, uint32_t base)
{
    while (value > 1 && value % base == 0)
        value /= base;
    return value == 1;
}

/* "Super Block", its second paragraph: whether a group begins with a copy of it. */
static bool has_super(const struct ext *ext, uint32_t group)
{
    if (ext->compat & COMPAT_SPARSE_SUPER2)
        return !group || group == ext->backup_groups[0] || group == ext->backup_groups[1];
    return group <= 1 || !(ext->ro_compat & RO_COMPAT_SPARSE_SUPER) || is_power_of(group, 3) || is_power_of(group, 5) ||
           is_power_of(group, 7);
}

/* The block that the descriptors of a group are in. "Meta Block Groups": it may be in the first group of those. */
static uint64_t descriptor_block(const struct ext *ext, uint32_t group)
{
    uint32_t in_block = (1u << ext->disk.block_shift) / ext->descriptor_size;
    uint32_t index = group / in_block, first = index * in_block;
    uint32_t super_block = ext->disk.block_shift == BLOCK_LOG_MIN;

    if (index < ext->first_meta_group)
        return (uint64_t)super_block + 1 + index;
    /* Where clusters are larger than blocks of 1 KiB, groups count from block 0, but the first has its boot block. */
    return (uint64_t)first * ext->blocks_per_group + ext->first_block + has_super(ext, first) +
           (!first && super_block && !ext->first_block);
}

/* "Checksums": of the seed, the group's number, and the descriptor without the checksum. */
static bool is_intact(const struct ext *ext, uint32_t group, const struct descriptor *descriptor, uint32_t size)
{
    const uint8_t zeros[2] = { 0 }, *bytes = (const uint8_t *)descriptor;
    uint32_t behind = offsetof(struct descriptor, checksum) + sizeof(zeros), crc;

    if (!(ext->ro_compat & RO_COMPAT_METADATA_CSUM) || ext->descriptor_size > sizeof(*descriptor))
        return true;
    crc = ext_crc32c(ext->checksum_seed, &group, sizeof(group));
    crc = ext_crc32c(crc, bytes, offsetof(struct descriptor, checksum));
    crc = ext_crc32c(crc, zeros, sizeof(zeros));
    crc = ext_crc32c(crc, bytes + behind, size - behind);
    return descriptor->checksum == (uint16_t)crc;
}

bool ext_super_inode(const struct ext *ext, uint32_t number, uint64_t *at, struct failure *failure)
{
    struct descriptor descriptor = { 0 };
    uint32_t size = ext->descriptor_size < sizeof(descriptor) ? ext->descriptor_size : sizeof(descriptor);
    uint32_t group, in_block = (1u << ext->disk.block_shift) / ext->descriptor_size;
    uint64_t block, table, offset;

    if (!number || number > ext->inodes)
        return fail(failure, what, "there is no inode %u, they are 1 to %u", number, ext->inodes);
    group = (number - 1) / ext->inodes_per_group;
    offset = (uint64_t)((number - 1) % ext->inodes_per_group) * ext->inode_size;
    block = descriptor_block(ext, group);
    if (block >= ext->disk.blocks)
        return fail(failure, what, "the descriptor of group %u is in block %lu, outside it", group, block);
    if (!ext_disk_read(&ext->disk, (block << ext->disk.block_shift) + group % in_block * ext->descriptor_size,
                       &descriptor, size, failure))
        return false;
    if (!is_intact(ext, group, &descriptor, size))
        return fail(failure, what, "the checksum of the descriptor of group %u is wrong", group);
    table = descriptor.inode_table_lo;
    if (size == sizeof(descriptor))
        table |= (uint64_t)descriptor.inode_table_hi << 32;
    /* No wrap: 2^38 bytes at most behind a block of the disk. */
    if (!table || table >= ext->disk.blocks ||
        !checked_within((table << ext->disk.block_shift) + offset, ext->inode_size,
                        ext->disk.blocks << ext->disk.block_shift))
        return fail(failure, what, "inode %u is outside it: its group's begin at block %lu", number, table);
    *at = (table << ext->disk.block_shift) + offset;
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal (jbd2); see ext_journal.h. Linux, Documentation/filesystems/ext4: "Journal (jbd2)"; numbers there are
 * big-endian. A transaction counts when its commit block is there and all checksums hold; the first that does not is
 * the journal's end. Pure: compiled natively for tests as well.
 */
#include "storage/ext_journal.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"
#include "storage/ext_file.h"
#include "storage/ext_map.h"

#define MAGIC      0xc03b3998u
#define PIECE_SIZE 4096
#define LOG_MAX    (1ull << 30) /* bytes: the largest that mke2fs makes unasked; what is read of it is bounded by it */

static const char what[] = "journal";

/* "Block Header". */
struct header {
    uint32_t magic;
    uint32_t type;
    uint32_t sequence;
} __attribute__((packed));

enum { TYPE_DESCRIPTOR = 1, TYPE_COMMIT, TYPE_SUPER_1, TYPE_SUPER_2, TYPE_REVOKE };

/* "Super Block", struct journal_superblock_s. */
struct superblock {
    struct header header;
    uint32_t blocksize;
    uint32_t maxlen;
    uint32_t first;
    uint32_t sequence;
    uint32_t start; /* 0: there is nothing in it */
    uint32_t error;
    uint32_t feature_compat; /* from here on of TYPE_SUPER_2 */
    uint32_t feature_incompat;
    uint32_t feature_ro_compat;
    uint8_t uuid[16];
    uint8_t more[20];
    uint32_t fast_blocks;
    uint8_t rest[0xa4];
    uint32_t checksum;
    uint8_t users[768];
} __attribute__((packed));

#define INCOMPAT_REVOKE 0x1
#define INCOMPAT_64BIT  0x2
#define INCOMPAT_ASYNC  0x4
#define INCOMPAT_CSUM_2 0x8
#define INCOMPAT_CSUM_3 0x10
#define INCOMPAT_FAST   0x20
#define INCOMPAT_KNOWN  0x3f
#define FAST_BLOCKS     256 /* where fast_blocks is 0 */

_Static_assert(sizeof(struct superblock) == 1024, "Super Block");
_Static_assert(offsetof(struct superblock, uuid) == 0x30, "Super Block");
_Static_assert(offsetof(struct superblock, fast_blocks) == 0x54, "Super Block");
_Static_assert(offsetof(struct superblock, checksum) == 0xfc, "Super Block");

/* "Descriptor Block": what all forms of tags have at the same place, and what is behind that. */
struct tag {
    uint32_t block;
    uint16_t checksum; /* of version 2 */
    uint16_t flags;
    uint32_t block_high;
    uint32_t checksum_3;
} __attribute__((packed));

#define TAG_ESCAPED   0x1
#define TAG_SAME_UUID 0x2
#define TAG_LAST      0x8
#define UUID_SIZE     16
#define TAIL_SIZE     4    /* a block's checksum, at its end */
#define COMMIT_AT     0x10 /* that of a commit block */

_Static_assert(sizeof(struct tag) == 16, "Descriptor Block");

struct log {
    const struct ext *ext;
    struct ext_inode inode;
    uint32_t block_size;
    uint32_t first, end; /* blocks that it goes round in */
    uint32_t incompat;
    uint32_t tag_size;     /* bytes */
    uint32_t seed;         /* of checksums */
    uint32_t at, sequence; /* where the next transaction is, and its number */
};

/* What is done with a transaction. */
enum pass { PASS_LOOK, PASS_TAGS, PASS_REVOKES };

static NOINIT uint8_t piece[PIECE_SIZE];

static uint32_t be32(uint32_t value)
{
    return __builtin_bswap32(value);
}

static bool has_checksums(const struct log *log)
{
    return log->incompat & (INCOMPAT_CSUM_2 | INCOMPAT_CSUM_3);
}

static bool read_log(const struct log *log, uint32_t block, uint32_t offset, void *to, uint32_t size,
                     struct failure *failure)
{
    return ext_file_read(log->ext, &log->inode, (uint64_t)block * log->block_size + offset, to, size, failure);
}

static uint32_t behind(const struct log *log, uint32_t block)
{
    return block + 1 < log->end ? block + 1 : log->first;
}

/* The checksum of a block, in which four bytes count as zeros; UINT32_MAX: all of it as it is. */
static bool sum_block(const struct log *log, uint32_t block, uint32_t crc, uint32_t zeros_at, uint32_t *sum,
                      struct failure *failure)
{
    for (uint32_t done = 0; done < log->block_size;) {
        uint32_t size = log->block_size - done < PIECE_SIZE ? log->block_size - done : PIECE_SIZE;

        if (!read_log(log, block, done, piece, size, failure))
            return false;
        if (zeros_at >= done && zeros_at < done + size) /* both are multiples of four */
            memset(piece + (zeros_at - done), 0, 4);
        crc = ext_crc32c(crc, piece, size);
        done += size;
    }
    *sum = crc;
    return true;
}

/* Whether a block of the log itself is as it was written. */
static bool is_intact(const struct log *log, uint32_t block, uint32_t checksum_at, bool *intact,
                      struct failure *failure)
{
    uint32_t given, sum;

    *intact = true;
    if (!has_checksums(log))
        return true;
    if (!read_log(log, block, checksum_at, &given, sizeof(given), failure) ||
        !sum_block(log, block, log->seed, checksum_at, &sum, failure))
        return false;
    *intact = be32(given) == sum;
    return true;
}

/* A block that the file system has at another place. */
static bool take_tag(const struct log *log, const struct tag *tag, uint32_t block, struct failure *failure)
{
    uint64_t number = be32(tag->block);
    uint32_t flags = __builtin_bswap16(tag->flags), sequence = be32(log->sequence), sum;
    struct ext_run run;

    if (log->incompat & INCOMPAT_64BIT)
        number |= (uint64_t)be32(tag->block_high) << 32;
    if (number >= log->ext->disk.blocks)
        return fail(failure, what, "it has block %lu, which is not in the file system", number);
    if (has_checksums(log)) {
        if (!sum_block(log, block, ext_crc32c(log->seed, &sequence, sizeof(sequence)), UINT32_MAX, &sum, failure))
            return false;
        if (log->incompat & INCOMPAT_CSUM_3 ? sum != be32(tag->checksum_3)
                                            : (uint16_t)sum != __builtin_bswap16(tag->checksum))
            return fail(failure, what, "its block %u has a wrong checksum", block);
    }
    if (!ext_map(log->ext, &log->inode, block, 1, &run, failure))
        return false;
    if (!run.first)
        return fail(failure, what, "its block %u is not there", block);
    if (!ext_disk_put(number, run.first, flags & TAG_ESCAPED))
        return fail(failure, what, "it has too many blocks");
    return true;
}

/* Goes over the tags of a descriptor block; *at becomes the block behind what they tell of. */
static bool take_descriptor(const struct log *log, enum pass pass, uint32_t *at, uint32_t *left,
                            struct failure *failure)
{
    uint32_t room = log->block_size - (has_checksums(log) ? TAIL_SIZE : 0), block = *at;

    *at = behind(log, block);
    for (uint32_t offset = sizeof(struct header); offset <= room && room - offset >= log->tag_size;) {
        struct tag tag = { 0 };
        uint32_t flags;

        if (!read_log(log, block, offset, &tag, log->tag_size, failure))
            return false;
        if (!*left)
            return true;
        --*left;
        if (pass == PASS_TAGS && !take_tag(log, &tag, *at, failure))
            return false;
        *at = behind(log, *at);
        flags = __builtin_bswap16(tag.flags);
        if (flags & TAG_LAST)
            break;
        offset += log->tag_size + (flags & TAG_SAME_UUID ? 0 : UUID_SIZE);
    }
    return true;
}

/* "Revocation Block": what this transaction and those before it have of these blocks does not count. */
static bool take_revokes(const struct log *log, uint32_t block, struct failure *failure)
{
    uint32_t size = log->incompat & INCOMPAT_64BIT ? 8 : 4, count, offset, taken;

    if (!read_log(log, block, sizeof(struct header), &count, sizeof(count), failure))
        return false;
    count = be32(count);
    if (count > log->block_size - (has_checksums(log) ? TAIL_SIZE : 0))
        return fail(failure, what, "its block %u revokes too many", block);
    for (offset = sizeof(struct header) + sizeof(count); offset + size <= count; offset += taken) {
        taken = (count - offset) / size * size;
        if (taken > PIECE_SIZE)
            taken = PIECE_SIZE;
        if (!read_log(log, block, offset, piece, taken, failure))
            return false;
        for (uint32_t i = 0; i < taken; i += size) {
            uint32_t number[2];

            memcpy(number, piece + i, size);
            ext_disk_take_out(size == 8 ? (uint64_t)be32(number[0]) << 32 | be32(number[1]) : be32(number[0]));
        }
    }
    return true;
}

/*
 * Goes over the transaction at log->at. *left is how many blocks of the log may still be in it. *committed is false
 * where there is none that is whole; *next is then not set.
 */
static bool take_transaction(const struct log *log, enum pass pass, uint32_t *left, uint32_t *next, bool *committed,
                             struct failure *failure)
{
    uint32_t at = log->at;

    *committed = false;
    while (*left) {
        struct header header;
        uint32_t type;
        bool intact;

        --*left;
        if (!read_log(log, at, 0, &header, sizeof(header), failure))
            return false;
        type = be32(header.type);
        if (be32(header.magic) != MAGIC || be32(header.sequence) != log->sequence ||
            (type != TYPE_DESCRIPTOR && type != TYPE_COMMIT && type != TYPE_REVOKE))
            return true;
        if (pass == PASS_LOOK) {
            if (!is_intact(log, at, type == TYPE_COMMIT ? COMMIT_AT : log->block_size - TAIL_SIZE, &intact, failure))
                return false;
            if (!intact)
                return true;
        }
        if (type == TYPE_DESCRIPTOR) {
            if (!take_descriptor(log, pass, &at, left, failure))
                return false;
            continue;
        }
        if (type == TYPE_REVOKE && pass == PASS_REVOKES && !take_revokes(log, at, failure))
            return false;
        at = behind(log, at);
        if (type == TYPE_COMMIT) {
            *next = at;
            *committed = true;
            return true;
        }
    }
    return true;
}

static uint32_t tag_size(uint32_t incompat)
{
    uint32_t size = offsetof(struct tag, block_high);

    if (incompat & INCOMPAT_CSUM_3)
        return sizeof(struct tag);
    /* Of version 2 tags are two bytes longer than its fields, in what is written. */
    return size + (incompat & INCOMPAT_64BIT ? sizeof(uint32_t) : 0) + (incompat & INCOMPAT_CSUM_2 ? 2 : 0);
}

static bool read_features(const struct superblock *super, struct log *log, struct failure *failure)
{
    struct superblock copy = *super;
    uint32_t fast = be32(super->fast_blocks);

    log->incompat = be32(super->feature_incompat);
    if (log->incompat & ~(uint32_t)INCOMPAT_KNOWN)
        return fail(failure, what, "it needs features that are not known, incompat 0x%x", log->incompat);
    if (log->incompat & INCOMPAT_ASYNC && !has_checksums(log))
        return fail(failure, what, "it has asynchronous commits without checksums");
    log->seed = ext_crc32c(UINT32_MAX, super->uuid, sizeof(super->uuid));
    copy.checksum = 0;
    if (has_checksums(log) && be32(super->checksum) != ext_crc32c(UINT32_MAX, &copy, sizeof(copy)))
        return fail(failure, what, "the checksum of its superblock is wrong");
    if (!fast)
        fast = FAST_BLOCKS;
    if (log->incompat & INCOMPAT_FAST)
        log->end = log->end > fast ? log->end - fast : 0;
    return true;
}

/* *empty: there is nothing in it. */
static bool open_log(const struct ext *ext, struct log *log, bool *empty, struct failure *failure)
{
    struct superblock super;

    *log = (struct log){ .ext = ext, .block_size = 1u << ext->disk.block_shift };
    if (!ext->journal)
        return fail(failure, what, "it is on another disk");
    if (!ext_inode_read(ext, ext->journal, &log->inode, failure) ||
        !ext_file_read(ext, &log->inode, 0, &super, sizeof(super), failure))
        return false;
    if (be32(super.header.magic) != MAGIC ||
        (be32(super.header.type) != TYPE_SUPER_1 && be32(super.header.type) != TYPE_SUPER_2))
        return fail(failure, what, "it has no superblock");
    log->first = be32(super.first);
    log->end = be32(super.maxlen);
    log->at = be32(super.start);
    log->sequence = be32(super.sequence);
    if (be32(super.blocksize) != log->block_size || log->end > log->inode.size >> ext->disk.block_shift ||
        log->end > LOG_MAX >> ext->disk.block_shift)
        return fail(failure, what, "it has %u blocks of %u bytes", log->end, be32(super.blocksize));
    if (be32(super.header.type) == TYPE_SUPER_2 && !read_features(&super, log, failure))
        return false;
    *empty = !log->at;
    if (!*empty && (!log->first || log->at < log->first || log->at >= log->end))
        return fail(failure, what, "it begins at block %u, of %u to %u", log->at, log->first, log->end);
    log->tag_size = tag_size(log->incompat);
    return true;
}

bool ext_journal_read(const struct ext *ext, bool *whole, struct failure *failure)
{
    uint32_t left, next = 0;
    struct log log;
    bool empty;

    *whole = true;
    ext_disk_list(ext->disk.disk);
    if (ext->disk.blocks > EXT_DISK_BLOCKS_MAX)
        return fail(failure, what, "a file system of %lu blocks is too large", ext->disk.blocks);
    if (!open_log(ext, &log, &empty, failure))
        return false;
    *whole = !(log.incompat & INCOMPAT_FAST);
    for (left = log.end - log.first; !empty && left;) {
        for (enum pass pass = PASS_LOOK; pass <= PASS_REVOKES; pass++) {
            uint32_t in_pass = left;
            bool committed;

            if (!take_transaction(&log, pass, &in_pass, &next, &committed, failure))
                return false;
            if (!committed)
                return true;
            if (pass == PASS_REVOKES)
                left = in_pass;
        }
        log.at = next;
        log.sequence++;
    }
    return true;
}

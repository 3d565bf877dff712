/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folders of ext file systems; see ext_folder.h. Linux, Documentation/filesystems/ext4: "Directory Entries", "Inline
 * Directories". Those with a tree of hashes are read as if they had none, which is how that was made to be. What was
 * read last, and where the last names were found, is remembered. Pure: compiled natively for tests as well.
 */
#include "storage/ext_folder.h"

#include <stddef.h>

#include "common/noinit.h"
#include "common/string.h"
#include "storage/ext_file.h"

#define WINDOW_SIZE 4096
#define DEPTHS      4

static const char what[] = "ext file system";

/* "Directory Entries", struct ext4_dir_entry_2; its name follows. */
struct raw_entry {
    uint32_t inode;
    uint16_t rec_len;
    uint8_t name_len; /* the other byte of it in ext4_dir_entry is always 0 */
    uint8_t file_type;
} __attribute__((packed));

#define ENTRY_MIN   12 /* bytes, with a name of one to four */
#define WHOLE_BLOCK 0xffff
#define PARENT_SIZE 4 /* of an inline folder: it begins with its parent's number */

_Static_assert(sizeof(struct raw_entry) == 8, "Directory Entries");

/* Bytes of a folder. */
static NOINIT struct {
    uint64_t at, size;
    uint32_t inode;
    uint8_t bytes[WINDOW_SIZE];
} window;

static const struct disk *window_disk; /* NULL: nothing is in it */

/* By depth. */
static struct found {
    const struct disk *disk;
    uint32_t inode; /* of a folder */
    uint64_t at;    /* where in it a name was found */
} found_last[DEPTHS];

void ext_folder_forget(void)
{
    window_disk = NULL;
    for (unsigned i = 0; i < DEPTHS; i++)
        found_last[i].disk = NULL;
}

/* Has a few bytes, which lie before `end`, at hand until the next call. */
static bool peek(const struct ext_folder *folder, uint64_t at, uint64_t size, uint64_t end, const void **bytes,
                 struct failure *failure)
{
    const struct disk *disk = folder->ext->disk.disk;

    if (window_disk != disk || window.inode != folder->inode->number || at < window.at ||
        at + size > window.at + window.size) {
        window_disk = NULL;
        window.inode = folder->inode->number;
        window.at = at;
        window.size = end - at < WINDOW_SIZE ? end - at : WINDOW_SIZE;
        if (!ext_file_read(folder->ext, folder->inode, at, window.bytes, window.size, failure))
            return false;
        window_disk = disk;
    }
    *bytes = window.bytes + (at - window.at);
    return true;
}

/* Where the block of entries ends that a byte is in. */
static uint64_t block_end(const struct ext_folder *folder, uint64_t at)
{
    uint64_t size = folder->inode->size, end = ((at >> folder->ext->disk.block_shift) + 1)
                                               << folder->ext->disk.block_shift;

    if (folder->inode->flags & EXT_FLAG_INLINE)
        end = at < EXT_INODE_BLOCK_SIZE ? EXT_INODE_BLOCK_SIZE : size;
    return end < size ? end : size;
}

bool ext_folder_open(const struct ext *ext, const struct ext_inode *inode, struct ext_folder *folder,
                     struct failure *failure)
{
    *folder = (struct ext_folder){ .ext = ext, .inode = inode };
    if (inode->flags & EXT_FLAG_ENCRYPT)
        return fail(failure, what, "folder %u is encrypted", inode->number);
    if (inode->size > EXT_FOLDER_MAX || inode->size >> ext->disk.block_shift > ext->disk.blocks)
        return fail(failure, what, "folder %u has %lu bytes: too many", inode->number, inode->size);
    if (inode->flags & EXT_FLAG_INLINE)
        folder->at = PARENT_SIZE;
    return true;
}

static bool is_dots(const char *name, uint32_t length)
{
    return name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
}

bool ext_folder_next(struct ext_folder *folder, struct ext_entry *entry, bool *found, struct failure *failure)
{
    *found = false;
    while (folder->at < folder->inode->size) {
        uint64_t at = folder->at, end = block_end(folder, at), length;
        const void *bytes;
        struct raw_entry raw;

        if (end - at < sizeof(raw))
            return fail(failure, what, "folder %u: no room for an entry at %lu", folder->inode->number, at);
        if (!peek(folder, at, sizeof(raw), end, &bytes, failure))
            return false;
        memcpy(&raw, bytes, sizeof(raw));
        length = raw.rec_len;
        if (folder->ext->disk.block_shift == 16 && (!length || length == WHOLE_BLOCK))
            length = 1u << 16;
        if (length % 4 || length < ENTRY_MIN || length > end - at || sizeof(raw) + raw.name_len > length)
            return fail(failure, what, "folder %u: an entry at %lu has %lu bytes and a name of %u",
                        folder->inode->number, at, length, raw.name_len);
        folder->at += length;
        if (!raw.inode || !raw.name_len)
            continue;
        if (!peek(folder, at, sizeof(raw) + raw.name_len, end, &bytes, failure))
            return false;
        *entry = (struct ext_entry){ .at = at, .inode = raw.inode, .length = raw.name_len };
        memcpy(entry->name, (const uint8_t *)bytes + sizeof(raw), raw.name_len);
        if (is_dots(entry->name, entry->length))
            continue;
        *found = true;
        return true;
    }
    return true;
}

bool ext_folder_find(const struct ext *ext, const struct ext_inode *inode, unsigned depth, struct span name,
                     uint32_t *number, bool *found, uint64_t *left, struct failure *failure)
{
    struct found *last = &found_last[depth % DEPTHS];
    bool known = last->disk == ext->disk.disk && last->inode == inode->number && last->at < inode->size;
    struct ext_folder folder;
    struct ext_entry entry;

    if (!ext_folder_open(ext, inode, &folder, failure))
        return false;
    if (inode->size > *left)
        return fail(failure, what, "its folders are too long for one path");
    *left -= inode->size;
    for (unsigned round = known ? 0 : 1; round < 2; round++) {
        if (round)
            folder.at = inode->flags & EXT_FLAG_INLINE ? PARENT_SIZE : 0;
        else
            folder.at = last->at;
        for (;;) {
            if (!ext_folder_next(&folder, &entry, found, failure)) {
                if (round)
                    return false;
                known = false; /* it may be before what is broken */
                break;
            }
            if (!*found || (round && known && entry.at >= last->at))
                break;
            if (entry.length != name.size || memcmp(entry.name, name.data, name.size) != 0)
                continue;
            *last = (struct found){ ext->disk.disk, inode->number, entry.at };
            *number = entry.inode;
            return true;
        }
    }
    *found = false;
    return true;
}

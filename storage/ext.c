/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ext2, ext3 and ext4 as a tree; see ext.h. Linux, Documentation/filesystems/ext4. The superblock and the groups are in
 * ext_super.c, inodes in ext_inode.c, where their data are in ext_map.c, folders in ext_folder.c, the journal in
 * ext_journal.c; all read through ext_disk.c.
 *
 * Nothing is allocated, and nothing that is remembered is needed: another disk's may take its place at any time. Pure
 * but for warnings: compiled natively for tests as well.
 */
#include "storage/ext.h"

#include "common/checked.h"
#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "storage/ext_file.h"
#include "storage/ext_folder.h"
#include "storage/ext_journal.h"
#include "storage/path.h"

#define HOPS_MAX  40   /* links that are followed for one path, as in Linux */
#define LINK_MAX  4095 /* bytes of what a link says */
#define REST_SIZE 8192
#define DEPTH_MAX 64 /* folders in one another, those that links lead to included */

/* What only ext3 has, "Super Block": all further features are ext4's. */
#define COMPAT_HAS_JOURNAL  0x4
#define EXT3_INCOMPAT_KNOWN (EXT_INCOMPAT_FILETYPE | EXT_INCOMPAT_RECOVER | EXT_INCOMPAT_META_BG)
#define EXT3_RO_KNOWN       0x7

static const char what[] = "ext file system";

_Static_assert(sizeof(struct ext) <= sizeof(((struct tree *)NULL)->own), "kept in the tree");

/* ---- the file system ---- */

/* Has the list of what is to be read from the journal made, unless it is there. */
static bool replay(const struct ext *ext, bool *whole, struct failure *failure)
{
    struct ext plain = *ext;

    plain.disk.replayed = false;
    return ext_journal_read(&plain, whole, failure);
}

static bool ext_of(const struct tree *tree, struct ext *ext, struct failure *failure)
{
    bool whole;

    memcpy(ext, tree->own, sizeof(*ext));
    if (!ext->disk.replayed || ext_disk_listed(ext->disk.disk))
        return true;
    if (replay(ext, &whole, failure))
        return true;
    ext_disk_list(NULL);
    return false;
}

/* ---- paths ---- */

/* What is left of a path, at the end of its room, so that what a link says can be put before it. */
static NOINIT char rest[REST_SIZE];

struct walk {
    const struct ext *ext;
    const char *path;
    uint32_t at; /* in rest */
    uint32_t hops;
    uint64_t left; /* bytes of folders that may still be read */
    uint32_t depth;
    uint32_t folders[DEPTH_MAX]; /* inodes, from the root on */
};

static bool begin(struct walk *walk, const struct ext *ext, const char *path, struct failure *failure)
{
    uint32_t length = (uint32_t)strnlen(path, TREE_PATH_MAX);

    if (length == TREE_PATH_MAX)
        return fail(failure, what, "a path of %u bytes is too long", length);
    *walk = (struct walk){ .ext = ext, .path = path, .left = EXT_FOLDER_MAX, .depth = 1 };
    walk->folders[0] = EXT_ROOT;
    walk->at = REST_SIZE - 1 - length;
    memcpy(rest + walk->at, path, length);
    rest[REST_SIZE - 1] = '\0';
    return true;
}

static bool next_part(struct walk *walk, struct span *part)
{
    while (rest[walk->at] == '/')
        walk->at++;
    part->data = (const uint8_t *)rest + walk->at;
    while (rest[walk->at] && rest[walk->at] != '/')
        walk->at++;
    part->size = (uint64_t)((const uint8_t *)rest + walk->at - part->data);
    return part->size;
}

/* Puts what a link says before the rest of the path. */
static bool follow(struct walk *walk, const struct ext_inode *link, struct failure *failure)
{
    uint32_t size = (uint32_t)link->size;

    if (walk->hops++ == HOPS_MAX)
        return fail(failure, what, "%s: more than %u symbolic links", walk->path, HOPS_MAX);
    if (!link->size || link->size > LINK_MAX || size > walk->at)
        return fail(failure, what, "%s: a symbolic link of %lu bytes", walk->path, link->size);
    if (link->flags & EXT_FLAG_ENCRYPT)
        return fail(failure, what, "%s: a symbolic link is encrypted", walk->path);
    walk->at -= size; /* the rest begins with a slash, or ends here */
    if (size < EXT_INODE_BLOCK_SIZE && !(link->flags & EXT_FLAG_EXTENTS))
        memcpy(rest + walk->at, link->block.bytes, size);
    else if (!ext_file_read(walk->ext, link, 0, rest + walk->at, size, failure))
        return false;
    for (uint32_t i = 0; i < size; i++) {
        if (!rest[walk->at + i])
            return fail(failure, what, "%s: a symbolic link has a NUL", walk->path);
    }
    if (rest[walk->at] == '/')
        walk->depth = 1;
    return true;
}

static bool enter(struct walk *walk, uint32_t number, struct failure *failure)
{
    if (walk->depth == DEPTH_MAX)
        return fail(failure, what, "%s: more than %u folders", walk->path, DEPTH_MAX);
    for (uint32_t i = 0; i < walk->depth; i++) {
        if (walk->folders[i] == number)
            return fail(failure, what, "%s: a folder is in itself", walk->path);
    }
    walk->folders[walk->depth++] = number;
    return true;
}

/* Finds what a path names, links followed. */
static bool look_up(const struct ext *ext, const char *path, struct ext_inode *inode, bool *found,
                    struct failure *failure)
{
    struct walk walk;
    struct span part;
    uint32_t number;

    if (!begin(&walk, ext, path, failure) || !ext_inode_read(ext, EXT_ROOT, inode, failure))
        return false;
    if (inode->kind != EXT_FOLDER)
        return fail(failure, what, "its root is no folder");
    *found = true;
    while (next_part(&walk, &part)) {
        if (inode->kind != EXT_FOLDER) {
            *found = false;
            return true;
        }
        if (part.size <= 2 && part.data[0] == '.' && part.data[part.size - 1] == '.') {
            if (part.size == 2 && walk.depth > 1)
                walk.depth--;
        } else {
            if (!ext_folder_find(ext, inode, walk.depth, part, &number, found, &walk.left, failure))
                return false;
            if (!*found)
                return true;
            if (!ext_inode_read(ext, number, inode, failure))
                return false;
            if (inode->kind == EXT_DELETED)
                return fail(failure, what, "%s: inode %u was deleted", path, number);
            if (inode->kind == EXT_FOLDER && !enter(&walk, number, failure))
                return false;
            if (inode->kind == EXT_LINK && !follow(&walk, inode, failure))
                return false;
            if (inode->kind != EXT_LINK)
                continue;
        }
        if (!ext_inode_read(ext, walk.folders[walk.depth - 1], inode, failure))
            return false;
    }
    return true;
}

/* ---- the tree ---- */

static struct tree_node node_of(const struct ext *ext, const struct ext_inode *inode)
{
    struct tree_node node = { .kind = TREE_OTHER };

    if (inode->kind == EXT_FOLDER)
        node.kind = TREE_FOLDER;
    if (inode->kind != EXT_FILE || inode->flags & EXT_FLAG_ENCRYPT)
        return node;
    node.kind = TREE_FILE;
    node.size = inode->size;
    node.data = ext_file_in_memory(ext, inode);
    return node;
}

static bool find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    struct ext_inode inode;
    struct ext ext;
    bool found;

    *node = (struct tree_node){ .kind = TREE_ABSENT };
    if (!ext_of(tree, &ext, failure) || !look_up(&ext, path, &inode, &found, failure))
        return false;
    if (!found)
        return true;
    if (inode.flags & EXT_FLAG_ENCRYPT)
        return fail(failure, what, "%s is encrypted", path);
    *node = node_of(&ext, &inode);
    return true;
}

/* Whether it is one that a path can have. */
static bool is_name(const struct ext_entry *entry)
{
    struct span name = { (const uint8_t *)entry->name, entry->length };

    for (uint32_t i = 0; i < entry->length; i++) {
        if (entry->name[i] == '/' || entry->name[i] == '\0')
            return false;
    }
    return text_is_clean(name);
}

static bool list(const struct tree *tree, const char *path,
                 bool (*visit)(void *context, const char *name, const struct tree_node *node), void *context,
                 struct failure *failure)
{
    struct ext_inode inode, child;
    struct ext_folder folder;
    struct ext_entry entry;
    struct ext ext;
    bool found;

    if (!ext_of(tree, &ext, failure) || !look_up(&ext, path, &inode, &found, failure))
        return false;
    if (!found || inode.kind != EXT_FOLDER)
        return true;
    if (!ext_folder_open(&ext, &inode, &folder, failure))
        return false;
    for (;;) {
        struct tree_node node = { .kind = TREE_OTHER };

        if (!ext_of(tree, &ext, failure)) /* visit may have asked another tree */
            return false;
        if (!ext_folder_next(&folder, &entry, &found, failure))
            return false;
        if (!found)
            return true;
        if (!is_name(&entry))
            continue;
        if (entry.inode <= ext.inodes) { /* otherwise find will say what is wrong with it */
            if (!ext_inode_read(&ext, entry.inode, &child, failure))
                return false;
            node = node_of(&ext, &child);
        }
        if (!visit(context, entry.name, &node))
            return true;
    }
}

static bool read(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                 struct failure *failure)
{
    struct ext_inode inode;
    struct ext ext;
    bool found;

    if (!ext_of(tree, &ext, failure) || !look_up(&ext, path, &inode, &found, failure))
        return false;
    if (!found || inode.kind != EXT_FILE)
        return fail(failure, what, "%s is no file", path);
    if (inode.flags & EXT_FLAG_ENCRYPT)
        return fail(failure, what, "%s is encrypted", path);
    if (!checked_within(offset, size, inode.size))
        return fail(failure, what, "%s: %lu bytes at %lu are outside its %lu", path, size, offset, inode.size);
    return ext_file_read(&ext, &inode, offset, buffer, size, failure);
}

bool ext_is(const struct disk *disk)
{
    return ext_super_is(disk);
}

static unsigned generation(const struct ext *ext)
{
    if (ext->incompat & ~(uint32_t)EXT3_INCOMPAT_KNOWN || ext->ro_compat & ~(uint32_t)EXT3_RO_KNOWN)
        return 4;
    return ext->compat & COMPAT_HAS_JOURNAL ? 3 : 2;
}

static void describe(const struct ext *ext, struct tree *tree)
{
    struct span label = text_span(ext->label);
    uint64_t length = 0;

    for (unsigned i = 0; i < sizeof(ext->uuid); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            tree->uuid[length++] = '-';
        text_format(tree->uuid + length, sizeof(tree->uuid) - length, "%02x", ext->uuid[i]);
        length += 2;
    }
    if (text_is_clean(label))
        memcpy(tree->label, ext->label, label.size + 1);
    text_format(tree->name, sizeof(tree->name), "ext%u %.*s", generation(ext), 8, tree->uuid);
}

/* Reads as the journal says, which may change the superblock too; or warns. */
static bool open_replayed(struct ext *ext, struct tree *tree, struct failure *failure)
{
    const struct ext plain = *ext;
    struct failure why;
    bool whole;

    ext->disk.replayed = true;
    if (!replay(&plain, &whole, &why)) {
        ext_disk_list(NULL);
        *ext = plain;
        warn("%s: the journal was not replayed: %s: %s", tree->name, why.what, why.why);
        return true;
    }
    if (!whole)
        warn("%s: fast commits in the journal were not replayed", tree->name);
    if (!ext_super_read(ext, failure))
        return false;
    if (ext->disk.block_shift != plain.disk.block_shift)
        return fail(failure, what, "the superblock in its journal has blocks of another size");
    describe(ext, tree);
    return true;
}

bool ext_open(const struct disk *disk, struct tree *tree, struct failure *failure)
{
    struct ext ext = { .disk.disk = disk };

    *tree = (struct tree){ .find = find, .list = list, .read = read };
    ext_folder_forget();
    ext_disk_list(NULL);
    if (!ext_super_read(&ext, failure))
        return false;
    describe(&ext, tree);
    if (ext.incompat & EXT_INCOMPAT_RECOVER && !open_replayed(&ext, tree, failure))
        return false;
    ext_folder_forget();
    memcpy(tree->own, &ext, sizeof(ext));
    return true;
}

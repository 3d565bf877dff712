/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FAT12, FAT16 and FAT32 as a tree; see fat.h. Microsoft, "FAT: General Overview of On-Disk Format", 1.03; section
 * names below are its own. The boot sector is in fat_boot.c, names are in fat_names.c.
 *
 * Nothing is allocated. One static structure remembers blocks of a disk that is read, and where in folders and files
 * the last call was: so the next file of a folder and the next bytes of a file are found without starting again. It
 * belongs to the tree that was last asked. Pure: compiled natively for tests as well.
 */
#include "storage/fat.h"

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "storage/fat_boot.h"
#include "storage/fat_names.h"

#define BLOCK_SIZE   4096 /* of what is remembered; no less than a sector */
#define FOLDER_SLOTS 65536
#define FOUND        4

static const char what[] = "FAT file system";

_Static_assert(sizeof(struct fat) <= sizeof(((struct tree *)NULL)->own), "kept in the tree");

/* A place in a folder. */
struct place {
    uint32_t slot;
    uint32_t cluster;
};

enum use { USE_FAT, USE_FOLDER, USES };

static struct {
    const struct disk *disk;
    struct {
        uint64_t at, size; /* on the disk; no size: nothing */
    } block[USES];
    struct found {
        uint32_t folder;    /* its first cluster */
        struct place entry; /* the one that was found there last */
    } found[FOUND];         /* by depth */
    uint32_t file;          /* the first cluster of a file; 0: of none */
    uint32_t file_count;    /* so many clusters of it were checked */
    uint32_t index;         /* one cluster of it, counted from 0, */
    uint32_t cluster;       /* and its number */
} last;
static uint8_t blocks[USES][BLOCK_SIZE] NOINIT; /* what is in each block */

static void remember(const struct disk *disk)
{
    if (last.disk == disk)
        return;
    last.disk = disk;
    for (unsigned i = 0; i < USES; i++)
        last.block[i].size = 0;
    for (unsigned i = 0; i < FOUND; i++)
        last.found[i].folder = UINT32_MAX;
    last.file = 0;
}

/* ---- the disk ---- */

/* Has a few bytes, which lie in one block, at hand until the next call for the same use. */
static bool peek(const struct disk *disk, enum use use, uint64_t offset, uint64_t size, const uint8_t **bytes,
                 struct failure *failure)
{
    uint64_t start = align_down(offset, BLOCK_SIZE), whole = BLOCK_SIZE;

    if (!checked_within(offset, size, disk->size))
        return fail(failure, what, "%lu bytes at 0x%lx are outside the disk", size, offset);
    if (disk->data) {
        *bytes = disk->data + offset;
        return true;
    }
    if (last.block[use].size && last.block[use].at == start) {
        *bytes = blocks[use] + (offset - start);
        return true;
    }
    if (whole > disk->size - start)
        whole = disk->size - start;
    last.block[use].size = 0;
    if (!disk->read(disk, start, blocks[use], whole, failure))
        return false;
    last.block[use].at = start;
    last.block[use].size = whole;
    *bytes = blocks[use] + (offset - start);
    return true;
}

/* ---- chains ---- */

static bool check_cluster(const struct fat *fat, uint32_t cluster, struct failure *failure)
{
    if (cluster >= FAT_FIRST && cluster < fat->cluster_end)
        return true;
    return fail(failure, what, "cluster %u is not among 2 to %u", cluster, fat->cluster_end - 1);
}

static uint64_t cluster_at(const struct fat *fat, uint32_t cluster)
{
    return fat->data_at + ((uint64_t)(cluster - FAT_FIRST) << fat->cluster_shift);
}

/* "FAT Data Structure": what follows a cluster, which is one of ours; 0: nothing. */
static bool next_cluster(const struct fat *fat, uint32_t cluster, uint32_t *next, struct failure *failure)
{
    uint64_t at = fat->fat_at + (uint64_t)cluster * fat->bits / 8;
    uint32_t mask = fat->bits == 32 ? FAT32_CLUSTERS : (1u << fat->bits) - 1, value = 0;
    const uint8_t *byte;

    for (uint32_t i = 0; i < (fat->bits + 7) / 8; i++) { /* one by one: those of FAT12 may lie in two blocks */
        if (!peek(fat->disk, USE_FAT, at + i, 1, &byte, failure))
            return false;
        value |= (uint32_t)*byte << 8 * i;
    }
    if (fat->bits == 12 && cluster % 2)
        value >>= 4;
    value &= mask;
    if (value == (mask & ~8u))
        return fail(failure, what, "a bad cluster follows cluster %u", cluster);
    if (value >= (mask & ~7u))
        value = 0;
    else if (value < FAT_FIRST || value >= fat->cluster_end)
        return fail(failure, what, "cluster %u follows cluster %u: it is not among 2 to %u", value, cluster,
                    fat->cluster_end - 1);
    *next = value;
    return true;
}

/* Looks at the whole chain of a file: its clusters are there, enough of them, and it ends. */
static bool check_chain(const struct fat *fat, uint32_t first, uint32_t needed, struct failure *failure)
{
    uint32_t all = fat->cluster_end - FAT_FIRST, count = 0;

    if (!check_cluster(fat, first, failure))
        return false;
    for (uint32_t cluster = first; cluster; count++) {
        if (count == all)
            return fail(failure, what, "the chain from cluster %u on comes back to itself", first);
        if (!next_cluster(fat, cluster, &cluster, failure))
            return false;
    }
    if (count < needed)
        return fail(failure, what, "a chain of %u clusters is shorter than its file, which has %u", count, needed);
    return true;
}

/* Whether the clusters of a file, of which there is one at least, are there and each follows the one before. */
static bool is_contiguous(const struct fat *fat, uint32_t first, uint32_t count)
{
    uint32_t cluster = first, next;
    struct failure ignored;

    if (!check_cluster(fat, first, &ignored))
        return false;
    for (uint32_t i = 1; i < count; i++, cluster = next) {
        if (!next_cluster(fat, cluster, &next, &ignored) || next != cluster + 1)
            return false;
    }
    return true;
}

/* ---- folders ---- */

struct folder {
    uint32_t first; /* its first cluster; 0: the root of FAT12 and FAT16 */
    struct place place, entry;
    struct fat_long name;
};

/* Begins with a folder, of which the whole chain is looked at: it ends, and soon enough. */
static bool open_folder(const struct fat *fat, uint32_t first, struct folder *folder, struct failure *failure)
{
    uint64_t slots = 0;

    *folder = (struct folder){ .first = first, .place.cluster = first };
    if (!first)
        return true;
    if (!check_cluster(fat, first, failure))
        return false;
    for (uint32_t cluster = first; cluster;) {
        slots += (1u << fat->cluster_shift) / FAT_SLOT_SIZE;
        if (slots > FOLDER_SLOTS)
            return fail(failure, what, "a folder at cluster %u has more than %u entries, or its chain no end", first,
                        FOLDER_SLOTS);
        if (!next_cluster(fat, cluster, &cluster, failure))
            return false;
    }
    return true;
}

/* *slot is NULL behind the last one. */
static bool next_slot(const struct fat *fat, struct folder *folder, const uint8_t **slot, struct failure *failure)
{
    struct place *place = &folder->place;
    uint32_t in_cluster = (1u << fat->cluster_shift) / FAT_SLOT_SIZE;
    uint64_t at;

    *slot = NULL;
    if (!folder->first) {
        if (place->slot == fat->root_entries)
            return true;
        at = fat->root_at + (uint64_t)place->slot * FAT_SLOT_SIZE;
    } else {
        if (place->slot && place->slot % in_cluster == 0 &&
            !next_cluster(fat, place->cluster, &place->cluster, failure))
            return false;
        if (!place->cluster) {
            place->slot = 0; /* where a further call ends as well */
            return true;
        }
        at = cluster_at(fat, place->cluster) + (uint64_t)(place->slot % in_cluster) * FAT_SLOT_SIZE;
    }
    place->slot++;
    return peek(fat->disk, USE_FOLDER, at, FAT_SLOT_SIZE, slot, failure);
}

/* *found is false behind the last one. folder->entry is where the entry, or what is free before it, begins. */
static bool next_entry(const struct fat *fat, struct folder *folder, struct fat_entry *entry, bool *found,
                       struct failure *failure)
{
    const uint8_t *slot;

    *found = false;
    folder->entry = folder->place;
    while (next_slot(fat, folder, &slot, failure)) {
        enum fat_slot kind = slot ? fat_slot_read(slot, &folder->name, entry) : FAT_SLOT_END;

        if (kind == FAT_SLOT_OTHER)
            continue;
        *found = kind == FAT_SLOT_ENTRY;
        if (*found && fat->bits != 32)
            entry->cluster &= 0xffff;
        return true;
    }
    return false;
}

/* Finds a name in a folder, beginning where the last one was found. */
static bool search(const struct fat *fat, struct found *before, uint32_t first, struct span name,
                   struct fat_entry *entry, bool *found, struct failure *failure)
{
    const bool known =
        before->folder == first && fat->disk->data; /* looked at, and what lies in memory stays as it is */
    uint32_t limit = before->folder == first ? before->entry.slot : 0;
    struct folder folder = { .first = first, .place.cluster = first };

    if (!known && !open_folder(fat, first, &folder, failure))
        return false;
    if (limit)
        folder.place = before->entry;
    for (unsigned round = 0; round < 2; round++) {
        do {
            if (!next_entry(fat, &folder, entry, found, failure))
                return false;
            if (*found && fat_entry_is(entry, name)) {
                *before = (struct found){ first, folder.entry };
                return true;
            }
        } while (*found && (!round || folder.place.slot < limit));
        if (!limit)
            break;
        folder = (struct folder){ .first = first, .place.cluster = first };
    }
    *found = false;
    return true;
}

/* ---- paths ---- */

static bool next_part(const char **path, struct span *part)
{
    while (**path == '/')
        (*path)++;
    part->data = (const uint8_t *)*path;
    while (**path && **path != '/')
        (*path)++;
    part->size = (uint64_t)(*path - (const char *)part->data);
    return part->size;
}

static uint32_t clusters_of(const struct fat *fat, uint32_t size)
{
    return (uint32_t)(((uint64_t)size + (1u << fat->cluster_shift) - 1) >> fat->cluster_shift);
}

/* Finds what a path names. The root is a folder without a name. */
static bool look_up(const struct fat *fat, const char *path, struct fat_entry *entry, bool *found,
                    struct failure *failure)
{
    uint32_t above[TREE_DEPTH_MAX + 1];
    const char *rest = path;
    struct span part;

    remember(fat->disk);
    *entry = (struct fat_entry){ .is_folder = true, .cluster = fat->root_cluster };
    *found = true;
    for (unsigned depth = 0; next_part(&rest, &part); depth++) {
        if (!*found || !entry->is_folder) {
            *found = false;
            return true;
        }
        if (depth > TREE_DEPTH_MAX)
            return fail(failure, what, "%s: more than %u folders", path, TREE_DEPTH_MAX);
        above[depth] = entry->cluster;
        if (!search(fat, &last.found[depth % FOUND], above[depth], part, entry, found, failure))
            return false;
        if (!*found || !entry->is_folder)
            continue;
        if (!check_cluster(fat, entry->cluster, failure))
            return false;
        for (unsigned i = 0; i <= depth; i++) {
            if (above[i] == entry->cluster)
                return fail(failure, what, "%s: a folder is in itself", path);
        }
    }
    return true;
}

static struct fat fat_of(const struct tree *tree)
{
    struct fat fat;

    memcpy(&fat, tree->own, sizeof(fat));
    return fat;
}

/* ---- the tree ---- */

/* Whether a file is all there; that it was looked at is remembered. */
static bool check_file(const struct fat *fat, const char *path, const struct fat_entry *entry, struct failure *failure)
{
    uint32_t count = clusters_of(fat, entry->size);

    if (!count || (last.file && last.file == entry->cluster && last.file_count >= count))
        return true;
    if (count > fat->cluster_end - FAT_FIRST)
        return fail(failure, what, "%s: %u bytes are more than there are clusters for", path, entry->size);
    if (!check_chain(fat, entry->cluster, count, failure)) {
        text_format(failure->what, sizeof(failure->what), "%s", path);
        return false;
    }
    last.file = last.cluster = entry->cluster;
    last.file_count = count;
    last.index = 0;
    return true;
}

/* *steps: so many clusters may be looked at; what was is taken off. */
static struct tree_node node_of(const struct fat *fat, const struct fat_entry *entry, uint64_t *steps)
{
    struct tree_node node = { .kind = entry->is_folder ? TREE_FOLDER : TREE_FILE };
    uint32_t count = clusters_of(fat, entry->size);

    if (entry->is_folder)
        return node;
    node.size = entry->size;
    if (!fat->disk->data || count > *steps)
        return node;
    *steps -= count;
    if (!count)
        node.data = fat->disk->data;
    else if (is_contiguous(fat, entry->cluster, count))
        node.data = fat->disk->data + cluster_at(fat, entry->cluster);
    return node;
}

static bool find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    struct fat fat = fat_of(tree);
    struct fat_entry entry;
    uint64_t steps = fat.cluster_end;
    bool found;

    *node = (struct tree_node){ .kind = TREE_ABSENT };
    if (!look_up(&fat, path, &entry, &found, failure))
        return false;
    if (!found)
        return true;
    if (!entry.is_folder && !check_file(&fat, path, &entry, failure))
        return false;
    *node = node_of(&fat, &entry, &steps);
    return true;
}

static bool list(const struct tree *tree, const char *path,
                 bool (*visit)(void *context, const char *name, const struct tree_node *node), void *context,
                 struct failure *failure)
{
    struct fat fat = fat_of(tree);
    uint64_t steps = fat.cluster_end; /* files do not share clusters, so no more can be in their chains */
    struct fat_entry entry;
    struct folder folder;
    bool found;

    if (!look_up(&fat, path, &entry, &found, failure))
        return false;
    if (!found || !entry.is_folder)
        return true;
    if (!open_folder(&fat, entry.cluster, &folder, failure))
        return false;
    for (;;) {
        struct tree_node node;

        remember(fat.disk); /* visit may have asked another tree */
        if (!next_entry(&fat, &folder, &entry, &found, failure))
            return false;
        if (!found)
            return true;
        node = node_of(&fat, &entry, &steps);
        if (!visit(context, entry.name, &node))
            return true;
    }
}

/* Moves to a cluster of the file in `last`. */
static bool seek(const struct fat *fat, uint32_t index, struct failure *failure)
{
    if (index < last.index) {
        last.index = 0;
        last.cluster = last.file;
    }
    for (; last.index < index; last.index++) {
        uint32_t next;

        /* It was there when the file was checked; but disks can change. */
        if (!next_cluster(fat, last.cluster, &next, failure))
            return false;
        if (!next)
            return fail(failure, what, "the chain behind cluster %u is no longer there", last.cluster);
        last.cluster = next;
    }
    return true;
}

static bool read(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                 struct failure *failure)
{
    struct fat fat = fat_of(tree);
    struct fat_entry entry;
    uint64_t mask = (1ull << fat.cluster_shift) - 1;
    bool found;

    if (!look_up(&fat, path, &entry, &found, failure))
        return false;
    if (!found || entry.is_folder)
        return fail(failure, what, "%s is no file", path);
    if (!checked_within(offset, size, entry.size))
        return fail(failure, what, "%s: %lu bytes at %lu are outside its %u", path, size, offset, entry.size);
    if (!check_file(&fat, path, &entry, failure))
        return false;

    for (uint8_t *to = buffer; size;) {
        uint64_t at, piece = (mask + 1) - (offset & mask);
        uint32_t first;

        if (!seek(&fat, (uint32_t)(offset >> fat.cluster_shift), failure))
            return false;
        first = last.cluster;
        at = cluster_at(&fat, first) + (offset & mask);
        while (piece < size) { /* what follows on the disk as well is read in one piece */
            uint32_t before = last.cluster;

            if (!seek(&fat, last.index + 1, failure))
                return false;
            if (last.cluster != before + 1)
                break;
            piece += mask + 1;
        }
        if (piece > size)
            piece = size;
        if (!fat_disk_read(fat.disk, at, to, piece, failure))
            return false;
        to += piece;
        offset += piece;
        size -= piece;
    }
    return true;
}

bool fat_is(const struct disk *disk)
{
    return fat_boot_is(disk);
}

/* A volume's number as blkid shows it, in capitals. */
static void put_uuid(uint32_t serial, char *text)
{
    for (unsigned i = 0; i < 8; i++) {
        if (i == 4)
            *text++ = '-';
        *text++ = "0123456789ABCDEF"[serial >> (28 - 4 * i) & 15];
    }
    *text = '\0';
}

/* The volume's label: that in the root, which is what can be changed later, or else the boot sector's. */
static void read_label(const struct fat *fat, const struct fat_identity *identity, char *label)
{
    const uint8_t *slot, *own = identity->label;
    struct failure ignored; /* whoever looks for a file in that root will be told */
    struct folder root;

    if (open_folder(fat, fat->root_cluster, &root, &ignored)) {
        while (next_slot(fat, &root, &slot, &ignored) && slot && *slot) {
            if (fat_slot_is_label(slot)) {
                own = slot;
                break;
            }
        }
    }
    fat_label_read(own, label);
}

bool fat_open(const struct disk *disk, struct tree *tree, struct failure *failure)
{
    struct fat_identity identity;
    struct fat fat;

    *tree = (struct tree){ .find = find, .list = list, .read = read };
    last.disk = NULL;
    if (!fat_boot_read(disk, &fat, &identity, failure))
        return false;
    remember(disk);
    text_format(tree->name, sizeof(tree->name), "FAT%u %04x-%04x", fat.bits, identity.serial >> 16,
                identity.serial & 0xffff);
    if (identity.serial)
        put_uuid(identity.serial, tree->uuid);
    read_label(&fat, &identity, tree->label);
    memcpy(tree->own, &fat, sizeof(fat));
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISO 9660 as a tree; see iso9660.h. ECMA-119 (4th edition), to which sections below belong. What a folder's records
 * say is in iso_records.c.
 *
 * Nothing is allocated. One static structure remembers a sector of a folder, and where the last file was found, so that
 * the next one is found without starting again. Pure: compiled natively for tests as well.
 */
#include "storage/iso9660.h"

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "storage/iso_records.h"
#include "storage/path.h"

#define DESCRIPTORS_AT  16 /* in sectors */
#define DESCRIPTORS_MAX 64
#define FOLDER_MAX      (4u << 20) /* bytes: some 40000 names */
#define LINKS_MAX       16         /* in one path */
#define FOUND           4

static const char what[] = "ISO 9660";

/* 8.4 and 8.5: the primary one, and a supplementary one, which tells in another alphabet of the same files. */
struct descriptor {
    uint8_t type;
    uint8_t identifier[5];
    uint8_t version, flags;
    uint8_t system[32];
    uint8_t label[32];
    uint8_t unused[8];
    uint32_t blocks, blocks_big;
    uint8_t escapes[32]; /* which alphabet */
    uint8_t sets[8];
    uint16_t block_size, block_size_big;
    uint8_t path_tables[24];
    struct iso_record root;
    uint8_t root_name;
    uint8_t texts[623];
    uint8_t created[17], modified[17]; /* 8.4.26.1: YYYYMMDDHHMMSScc and a time zone */
    uint8_t more[1201];
} __attribute__((packed));

_Static_assert(sizeof(struct descriptor) == ISO_BLOCK, "ECMA-119, 8.4");
_Static_assert(offsetof(struct descriptor, block_size) == 128, "ECMA-119, 8.4");
_Static_assert(offsetof(struct descriptor, root) == 156, "ECMA-119, 8.4");
_Static_assert(offsetof(struct descriptor, created) == 813, "ECMA-119, 8.4");
_Static_assert(sizeof(struct iso) <= sizeof(((struct tree *)NULL)->own), "kept in the tree");

enum { TYPE_PRIMARY = 1, TYPE_SUPPLEMENTARY = 2, TYPE_END = 255 };

struct folder {
    uint64_t at, size; /* bytes on the disk */
    uint64_t offset;   /* of the next record */
};

static struct {
    const struct disk *disk;
    uint64_t at; /* of the sector, which is of a folder; 0: there is none */
    struct found {
        uint64_t folder, place; /* where the last name was found */
    } found[FOUND];             /* by depth */
} last;
static NOINIT uint8_t sector[ISO_BLOCK];

static void remember(const struct disk *disk)
{
    if (last.disk == disk)
        return;
    last.disk = disk;
    last.at = 0;
    memset(last.found, 0, sizeof(last.found));
}

/* ---- folders ---- */

static bool load(const struct iso *iso, uint64_t at, struct failure *failure)
{
    remember(iso->disk); /* whoever is told of a name may have asked another tree */
    if (last.at == at)
        return true;
    last.at = 0;
    if (!iso->disk->read(iso->disk, at, sector, ISO_BLOCK, failure))
        return false;
    last.at = at;
    return true;
}

static bool open_folder(const struct iso *iso, uint64_t at, uint64_t size, struct folder *folder,
                        struct failure *failure)
{
    *folder = (struct folder){ .at = at, .size = align_down(size, ISO_BLOCK) };
    if (size > FOLDER_MAX)
        return fail(failure, what, "a folder of %lu bytes is too long", size);
    return (at && checked_within(at, size, iso->disk->size)) ||
           fail(failure, what, "a folder, %lu bytes at 0x%lx, is outside the disk", size, at);
}

/* *bytes is NULL behind the last one. Sectors are padded with zeros: a record lies in one (6.8.1.1). */
static bool next_record(const struct iso *iso, struct folder *folder, const uint8_t **bytes, struct failure *failure)
{
    struct iso_record record;

    for (*bytes = NULL; folder->offset < folder->size;
         folder->offset = align_down(folder->offset, ISO_BLOCK) + ISO_BLOCK) {
        const uint64_t in = folder->offset % ISO_BLOCK;

        if (!load(iso, folder->at + folder->offset - in, failure))
            return false;
        if (!sector[in])
            continue;
        if (!checked_within(in, sizeof(record), ISO_BLOCK))
            return fail(failure, what, "a record at 0x%lx is cut off", folder->at + folder->offset);
        memcpy(&record, sector + in, sizeof(record));
        if (record.length < sizeof(record) + record.name_size || !checked_within(in, record.length, ISO_BLOCK))
            return fail(failure, what, "a record at 0x%lx of %u bytes with a name of %u", folder->at + folder->offset,
                        record.length, record.name_size);
        *bytes = sector + in;
        folder->offset += record.length;
        return true;
    }
    return true;
}

/* One of the pieces that a file lies in, of which each has a record. */
static bool next_section(const struct iso *iso, struct folder *folder, struct iso_record *record,
                         struct failure *failure)
{
    const uint8_t *bytes;

    if (!next_record(iso, folder, &bytes, failure))
        return false;
    if (!bytes)
        return fail(failure, what, "the last file of a folder goes on, but not there");
    memcpy(record, bytes, sizeof(*record));
    return true;
}

/* *found is false behind the last one. */
static bool next_entry(const struct iso *iso, struct folder *folder, struct iso_entry *entry, char *link, bool *found,
                       struct failure *failure)
{
    for (;;) {
        const uint8_t *bytes;
        struct iso_record record;

        *found = false;
        if (!next_record(iso, folder, &bytes, failure))
            return false;
        if (!bytes)
            return true;
        memcpy(&record, bytes, sizeof(record));
        entry->place = folder->offset - record.length;
        if (!iso_record_take(iso, bytes, entry, link, failure))
            return false;
        while (entry->kind == TREE_FILE && record.flags & ISO_CONTINUES) {
            if (!next_section(iso, folder, &record, failure))
                return false;
            entry->is_whole &= iso_data_at(&record) == entry->at + entry->size;
            entry->size += record.size; /* no wrap: a folder has not so many */
        }
        *found = true;
        if (entry->kind != TREE_ABSENT && entry->name[0])
            return true;
    }
}

static bool is_named(const struct iso *iso, const char *own, struct span name)
{
    if (strlen(own) != name.size)
        return false;
    for (uint64_t i = 0; i < name.size; i++) {
        const char a = own[i], b = (char)name.data[i];

        if (iso->names == ISO_ROCK_RIDGE ? a != b : text_lower(a) != text_lower(b))
            return false;
    }
    return true;
}

/*
 * Finds a name in a folder, beginning where the last one was found. What is broken behind that place does not keep a
 * name before it from being found, as it would not have at first.
 */
static bool search(const struct iso *iso, struct found *before, struct folder *folder, struct span name,
                   struct iso_entry *entry, char *link, bool *found, struct failure *failure)
{
    uint64_t begin;

    remember(iso->disk);
    begin = before->folder == folder->at ? before->place : 0;
    for (unsigned round = 0; round < 2; round++) {
        folder->offset = round ? 0 : begin;
        while (!round || folder->offset < begin) {
            if (!next_entry(iso, folder, entry, link, found, failure)) {
                if (round || !begin)
                    return false;
                begin = UINT64_MAX; /* so that it is met again where the name is not before it */
                break;
            }
            if (!*found)
                break;
            if (is_named(iso, entry->name, name)) {
                *before = (struct found){ folder->at, entry->place };
                return true;
            }
        }
    }
    *found = false;
    return true;
}

/* ---- paths ---- */

/* What is still to be walked: text at the end of its buffer, so that where a link leads is put before it. */
struct rest {
    uint32_t at;
    char text[2 * TREE_PATH_MAX];
};

static bool put_before(struct rest *rest, const char *text)
{
    const uint64_t length = strlen(text);

    if (length >= rest->at)
        return false;
    rest->text[--rest->at] = '/';
    rest->at -= (uint32_t)length;
    memcpy(rest->text + rest->at, text, length);
    return true;
}

static bool next_part(struct rest *rest, struct span *part)
{
    const uint32_t end = sizeof(rest->text);
    uint32_t from;

    while (rest->at < end && rest->text[rest->at] == '/')
        rest->at++;
    for (from = rest->at; rest->at < end && rest->text[rest->at] != '/';)
        rest->at++;
    *part = (struct span){ (const uint8_t *)rest->text + from, rest->at - from };
    return part->size;
}

static bool enter(const struct iso *iso, const char *path, const struct iso_entry *entry, struct folder *above,
                  unsigned *depth, struct failure *failure)
{
    if (*depth > TREE_DEPTH_MAX)
        return fail(failure, what, "%s: more than %u folders", path, TREE_DEPTH_MAX);
    for (unsigned i = 0; i <= *depth; i++) {
        if (above[i].at == entry->at)
            return fail(failure, what, "%s: a folder is in itself", path);
    }
    return open_folder(iso, entry->at, entry->size, &above[++*depth], failure);
}

/* Finds what a path names, links followed, and the folder that it is in. The root is a folder without a name. */
static bool look_up(const struct iso *iso, const char *path, struct iso_entry *entry, struct folder *in, bool *found,
                    struct failure *failure)
{
    static NOINIT struct rest rest;
    static NOINIT char link[TREE_PATH_MAX];
    struct folder above[TREE_DEPTH_MAX + 2];
    unsigned depth = 0, links = 0;
    struct span part;

    *entry = (struct iso_entry){ .kind = TREE_FOLDER, .at = iso->root_at, .size = iso->root_size };
    *found = true;
    rest.at = sizeof(rest.text);
    if (!put_before(&rest, path))
        return fail(failure, what, "%s: the path is too long", path);
    if (!open_folder(iso, entry->at, entry->size, &above[0], failure))
        return false;
    while (next_part(&rest, &part)) {
        if (*found && entry->kind == TREE_FOLDER && text_equals(part, ".")) /* such are in links */
            continue;
        if (*found && entry->kind == TREE_FOLDER && text_equals(part, "..")) {
            depth -= depth > 0;
            entry->at = above[depth].at;
            entry->size = above[depth].size;
            continue;
        }
        if (entry->kind != TREE_FOLDER)
            *found = false;
        if (!*found)
            return true;
        *in = above[depth];
        if (!search(iso, &last.found[depth % FOUND], in, part, entry, link, found, failure))
            return false;
        if (!*found)
            return true;
        if (entry->is_link) {
            if (++links > LINKS_MAX)
                return fail(failure, what, "%s: more than %u links", path, LINKS_MAX);
            *found = link[0] && put_before(&rest, link);
            if (!*found)
                return true;
            depth = link[0] == '/' ? 0 : depth;
            *entry = (struct iso_entry){ .kind = TREE_FOLDER, .at = above[depth].at, .size = above[depth].size };
        } else if (entry->kind == TREE_FOLDER && !enter(iso, path, entry, above, &depth, failure)) {
            return false;
        }
    }
    return true;
}

/* ---- the tree ---- */

static struct iso iso_of(const struct tree *tree)
{
    struct iso iso;

    memcpy(&iso, tree->own, sizeof(iso));
    return iso;
}

static struct tree_node node_of(const struct iso *iso, const struct iso_entry *entry)
{
    struct tree_node node = { .kind = entry->kind };

    if (entry->kind != TREE_FILE)
        return node;
    node.size = entry->size;
    if (iso->disk->data && entry->is_whole && checked_within(entry->at, entry->size, iso->disk->size))
        node.data = iso->disk->data + entry->at;
    return node;
}

/* Reads a part of the file whose first record is at `place`; or, with no buffer, sees that it is on the disk. */
static bool read_sections(const struct iso *iso, const char *path, struct folder *in, uint64_t place, uint64_t offset,
                          uint8_t *buffer, uint64_t size, struct failure *failure)
{
    struct iso_record record = { .flags = ISO_CONTINUES };

    in->offset = place;
    while (record.flags & ISO_CONTINUES) {
        uint64_t piece;

        if (!next_section(iso, in, &record, failure))
            return false;
        if (!checked_within(iso_data_at(&record), record.size, iso->disk->size))
            return fail(failure, what, "%s: %u bytes at 0x%lx are outside the disk", path, record.size,
                        iso_data_at(&record));
        if (offset >= record.size) {
            offset -= record.size;
            continue;
        }
        piece = record.size - offset < size ? record.size - offset : size;
        if (piece && buffer && !iso->disk->read(iso->disk, iso_data_at(&record) + offset, buffer, piece, failure))
            return false;
        if (buffer)
            buffer += piece;
        size -= piece;
        offset = 0;
    }
    return !size || fail(failure, what, "%s is no longer there", path);
}

static bool find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    struct iso iso = iso_of(tree);
    struct iso_entry entry;
    struct folder in;
    bool found;

    *node = (struct tree_node){ .kind = TREE_ABSENT };
    if (!look_up(&iso, path, &entry, &in, &found, failure))
        return false;
    if (!found)
        return true;
    /* All of it is looked at, and nothing read. */
    if (entry.kind == TREE_FILE && !read_sections(&iso, path, &in, entry.place, 0, NULL, entry.size, failure))
        return false;
    *node = node_of(&iso, &entry);
    return true;
}

static bool list(const struct tree *tree, const char *path,
                 bool (*visit)(void *context, const char *name, const struct tree_node *node), void *context,
                 struct failure *failure)
{
    struct iso iso = iso_of(tree);
    struct iso_entry entry;
    struct folder folder;
    bool found;

    if (!look_up(&iso, path, &entry, &folder, &found, failure))
        return false;
    if (!found || entry.kind != TREE_FOLDER)
        return true;
    if (!open_folder(&iso, entry.at, entry.size, &folder, failure))
        return false;
    for (;;) {
        struct tree_node node;

        if (!next_entry(&iso, &folder, &entry, NULL, &found, failure))
            return false;
        if (!found)
            return true;
        node = node_of(&iso, &entry);
        if (!visit(context, entry.name, &node))
            return true;
    }
}

static bool read(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                 struct failure *failure)
{
    struct iso iso = iso_of(tree);
    struct iso_entry entry;
    struct folder in;
    bool found;

    if (!look_up(&iso, path, &entry, &in, &found, failure))
        return false;
    if (!found || entry.kind != TREE_FILE)
        return fail(failure, what, "%s is no file", path);
    if (!checked_within(offset, size, entry.size))
        return fail(failure, what, "%s: %lu bytes at %lu are outside its %lu", path, size, offset, entry.size);
    return read_sections(&iso, path, &in, entry.place, offset, buffer, size, failure);
}

/* ---- descriptors ---- */

static bool has_identifier(const uint8_t *descriptor)
{
    return !memcmp(descriptor + offsetof(struct descriptor, identifier), "CD001", 5);
}

bool iso_is(const struct disk *disk)
{
    struct failure ignored;
    uint8_t start[8];

    return disk->size >= (DESCRIPTORS_AT + 1) * ISO_BLOCK &&
           disk->read(disk, DESCRIPTORS_AT * ISO_BLOCK, start, sizeof(start), &ignored) && has_identifier(start) &&
           start[0] != TYPE_END;
}

/* ISO/IEC 2022, as Joliet has it: UCS-2, level 1, 2 or 3. */
static bool is_joliet(const struct descriptor *descriptor)
{
    const uint8_t *escapes = descriptor->escapes;

    return descriptor->type == TYPE_SUPPLEMENTARY && escapes[0] == '%' && escapes[1] == '/' &&
           (escapes[2] == '@' || escapes[2] == 'C' || escapes[2] == 'E');
}

/* A date as blkid makes a uuid of it; false where it is not set. */
static bool put_date(const uint8_t *date, char *text)
{
    char *at = text;
    bool set = date[16];

    for (unsigned i = 0; i < 16; i++) {
        if (date[i] < '0' || date[i] > '9')
            return false;
        set |= date[i] != '0';
    }
    for (unsigned i = 0; i < 16 && set; i++) {
        if (i >= 4 && i % 2 == 0)
            *at++ = '-';
        *at++ = (char)date[i];
    }
    *at = '\0';
    return set;
}

static void identify(const struct descriptor *primary, struct tree *tree)
{
    uint32_t size = (uint32_t)strnlen((const char *)primary->label, sizeof(primary->label));

    while (size && primary->label[size - 1] == ' ')
        size--;
    if (text_is_clean((struct span){ primary->label, size }))
        memcpy(tree->label, primary->label, size);
    text_format(tree->name, sizeof(tree->name), tree->label[0] ? "ISO 9660 %s" : "ISO 9660", tree->label);
    if (!put_date(primary->modified, tree->uuid) && !put_date(primary->created, tree->uuid))
        tree->uuid[0] = '\0';
}

static bool choose_names(struct iso *iso, const struct iso_record *joliet, struct failure *failure)
{
    struct folder root;
    const uint8_t *bytes;
    bool has = false;

    if (!open_folder(iso, iso->root_at, iso->root_size, &root, failure) || !next_record(iso, &root, &bytes, failure) ||
        (bytes && !iso_has_rock_ridge(iso, bytes, &has, &iso->skipped, failure)))
        return false;
    if (has) {
        iso->names = ISO_ROCK_RIDGE;
    } else if (joliet->block) {
        iso->names = ISO_JOLIET;
        iso->root_at = iso_data_at(joliet);
        iso->root_size = joliet->size;
    }
    return true;
}

bool iso_open(const struct disk *disk, struct tree *tree, struct failure *failure)
{
    static NOINIT struct descriptor descriptor;
    struct iso iso = { .disk = disk };
    struct iso_record joliet = { .block = 0 };

    *tree = (struct tree){ .find = find, .list = list, .read = read };
    last.disk = NULL;
    for (uint64_t i = DESCRIPTORS_AT; i < DESCRIPTORS_AT + DESCRIPTORS_MAX; i++) {
        if (!checked_within(i * ISO_BLOCK, ISO_BLOCK, disk->size))
            break;
        if (!disk->read(disk, i * ISO_BLOCK, &descriptor, ISO_BLOCK, failure))
            return false;
        if (!has_identifier((const uint8_t *)&descriptor) || descriptor.type == TYPE_END)
            break;
        if (descriptor.type == TYPE_PRIMARY && !iso.root_at) {
            if (descriptor.block_size != ISO_BLOCK)
                return fail(failure, what, "blocks of %u bytes are not known", descriptor.block_size);
            iso.root_at = iso_data_at(&descriptor.root);
            iso.root_size = descriptor.root.size;
            identify(&descriptor, tree);
        } else if (is_joliet(&descriptor) && !joliet.block) {
            joliet = descriptor.root;
        }
    }
    if (!iso.root_at)
        return fail(failure, what, "it has no primary volume descriptor");
    if (!choose_names(&iso, &joliet, failure))
        return false;
    memcpy(tree->own, &iso, sizeof(iso));
    return true;
}

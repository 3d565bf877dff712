/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of ISO 9660's folders; see iso_records.h. Pure: compiled natively for tests as well. */
#include "storage/iso_records.h"

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "firmware/loader_texts.h"
#include "storage/path.h"

#define JOLIET_UNITS 128 /* more than a record has room for */

/* SUSP 1.12, section 4: each entry is two letters, its length, a version, and its data. */
#define ENTRY_HEADER 4
#define SP_SIZE      7  /* 5.3: 0xbe, 0xef, bytes to be skipped */
#define CE_SIZE      28 /* 5.1: block, offset, size, each of them twice */
#define AREAS_MAX    16 /* that one record may go on in */

/* RRIP 1.12, section 4.1. */
#define PX_MODE          4
#define NAME_FLAGS       4 /* of NM and SL */
#define NAME_TEXT        5
#define NAME_CURRENT     0x02
#define NAME_PARENT      0x04
#define LINK_CONTINUES   0x01 /* in a component: the next one is of the same name */
#define LINK_CURRENT     0x02
#define LINK_PARENT      0x04
#define LINK_ROOT        0x08
#define COMPONENT_HEADER 2

#define MODE_TYPE   0170000
#define MODE_FILE   0100000
#define MODE_FOLDER 0040000
#define MODE_LINK   0120000

static const char what[] = "ISO 9660";

static NOINIT uint8_t continuation[ISO_BLOCK];

/* What the entries of one record said. */
struct susp {
    bool begins; /* SP */
    uint8_t skipped;
    bool has_mode;
    uint32_t mode;
    uint32_t length; /* of the name, in name; more than fits: it is too long */
    char *name;      /* of TREE_NAME_MAX + 1 bytes, or NULL */
    bool continues;  /* the last component of a link does */
    bool too_long;   /* the link is */
    char *link;      /* of TREE_PATH_MAX bytes, or NULL */
    uint32_t child;  /* CL: a folder that lies elsewhere is meant; its block */
    bool is_moved;   /* RE: it is such a folder */
    bool is_packed;  /* ZF: zisofs */
};

static uint32_t number_at(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

/* ---- entries of SUSP ---- */

static bool is_entry(const uint8_t *entry, const char *signature, uint8_t size)
{
    return entry[0] == signature[0] && entry[1] == signature[1] && entry[2] >= size;
}

static void take_name(const uint8_t *entry, struct susp *susp)
{
    const uint32_t size = entry[2] - NAME_TEXT;

    if (!susp->name || entry[NAME_FLAGS] & (NAME_CURRENT | NAME_PARENT))
        return;
    if (susp->length + size <= TREE_NAME_MAX)
        memcpy(susp->name + susp->length, entry + NAME_TEXT, size);
    susp->length += size;
}

static void add_to_link(struct susp *susp, struct span text)
{
    const uint64_t length = strlen(susp->link);
    const bool slash = length && susp->link[length - 1] != '/' && !susp->continues;

    if (length + slash + text.size >= TREE_PATH_MAX) {
        susp->too_long = true;
        return;
    }
    if (slash)
        susp->link[length] = '/';
    memcpy(susp->link + length + slash, text.data, text.size);
    susp->link[length + slash + text.size] = '\0';
}

static void take_link(const uint8_t *entry, struct susp *susp)
{
    struct span rest = { entry + NAME_TEXT, entry[2] - NAME_TEXT };

    while (susp->link && rest.size >= COMPONENT_HEADER && rest.data[1] <= rest.size - COMPONENT_HEADER) {
        const uint8_t flags = rest.data[0], size = rest.data[1];
        const struct span text = { rest.data + COMPONENT_HEADER, size };

        if (flags & LINK_ROOT)
            memcpy(susp->link, "/", 2);
        else
            add_to_link(susp, flags & LINK_PARENT ? text_span("..") : flags & LINK_CURRENT ? text_span(".") : text);
        susp->continues = flags & LINK_CONTINUES;
        rest.data += COMPONENT_HEADER + size;
        rest.size -= COMPONENT_HEADER + size;
    }
}

static void take_entry(const uint8_t *entry, struct susp *susp)
{
    if (is_entry(entry, "SP", SP_SIZE) && entry[4] == 0xbe && entry[5] == 0xef) {
        susp->begins = true;
        susp->skipped = entry[6];
    } else if (is_entry(entry, "PX", PX_MODE + 4)) {
        susp->has_mode = true;
        susp->mode = number_at(entry + PX_MODE);
    } else if (is_entry(entry, "NM", NAME_TEXT)) {
        take_name(entry, susp);
    } else if (is_entry(entry, "SL", NAME_TEXT)) {
        take_link(entry, susp);
    } else if (is_entry(entry, "CL", 8)) {
        susp->child = number_at(entry + 4);
    } else if (is_entry(entry, "RE", ENTRY_HEADER)) {
        susp->is_moved = true;
    } else if (is_entry(entry, "ZF", ENTRY_HEADER)) {
        susp->is_packed = true;
    }
}

/* Takes the entries of an area, and of those where it goes on. */
static bool take_entries(const struct iso *iso, struct span area, struct susp *susp, struct failure *failure)
{
    for (unsigned areas = 0;; areas++) {
        uint32_t block = 0, offset = 0, size = 0;

        while (area.size >= ENTRY_HEADER && area.data[2] >= ENTRY_HEADER && area.data[2] <= area.size &&
               !is_entry(area.data, "ST", ENTRY_HEADER)) {
            if (is_entry(area.data, "CE", CE_SIZE)) {
                block = number_at(area.data + 4);
                offset = number_at(area.data + 12);
                size = number_at(area.data + 20);
            } else {
                take_entry(area.data, susp);
            }
            area.size -= area.data[2];
            area.data += area.data[2];
        }
        if (!size)
            return true;
        if (areas == AREAS_MAX)
            return fail(failure, what, "what Rock Ridge has of a file goes on and on");
        if (!checked_within(offset, size, ISO_BLOCK) ||
            !checked_within((uint64_t)block * ISO_BLOCK + offset, size, iso->disk->size))
            return fail(failure, what, "%u bytes of Rock Ridge at %u in block %u are out of place", size, offset,
                        block);
        if (!iso->disk->read(iso->disk, (uint64_t)block * ISO_BLOCK + offset, continuation, size, failure))
            return false;
        area = (struct span){ continuation, size };
    }
}

/* ---- names ---- */

/* Without its version (ECMA-119, 7.5.1), and without the dot that a name without an extension has. */
static uint64_t bare_size(struct span name, uint64_t unit)
{
    const uint64_t last = unit - 1; /* of a character's bytes, the one that tells it */
    uint64_t size = 0;

    while (size + unit <= name.size && (name.data[size + last] != ';' || (last && name.data[size])))
        size += unit;
    return size;
}

static void put_plain(struct span name, char *out)
{
    uint64_t size = bare_size(name, 1);

    if (size && name.data[size - 1] == '.')
        size--;
    for (uint64_t i = 0; i < size; i++)
        out[i] = text_lower((char)name.data[i]);
    out[size] = '\0';
}

static void put_joliet(struct span name, char *out)
{
    uint8_t units[2 * JOLIET_UNITS];
    const uint64_t size = bare_size(name, 2);

    for (uint64_t i = 0; i < size; i++)
        units[i] = name.data[i ^ 1];
    utf8_from_utf16((struct span){ units, size }, out, TREE_NAME_MAX + 1);
}

/* A record's name has at most 222 bytes (255 less its header), so that any one fits. */
_Static_assert(UINT8_MAX - sizeof(struct iso_record) <= sizeof(uint8_t[2 * JOLIET_UNITS]), "fits");
_Static_assert(UINT8_MAX - sizeof(struct iso_record) <= TREE_NAME_MAX, "fits");

static bool is_fit(const char *name)
{
    return strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/') && text_is_clean(text_span(name));
}

/* ---- records ---- */

/* A folder that lies elsewhere: how long it is, its own first record tells (RRIP 1.12, 4.1.5.1). */
static bool take_child(const struct iso *iso, uint32_t block, struct iso_entry *entry, struct failure *failure)
{
    const uint64_t at = (uint64_t)block * ISO_BLOCK;
    struct iso_record record;

    if (!checked_within(at, sizeof(record), iso->disk->size))
        return fail(failure, what, "a folder at block %u is outside the disk", block);
    if (!iso->disk->read(iso->disk, at, &record, sizeof(record), failure))
        return false;
    entry->kind = TREE_FOLDER;
    entry->at = at;
    entry->size = record.size;
    return true;
}

static struct span system_use(const uint8_t *bytes, const struct iso_record *record)
{
    uint64_t at = sizeof(*record) + record->name_size + !(record->name_size & 1);

    return (struct span){ bytes + at, at < record->length ? record->length - at : 0 };
}

static bool take_rock_ridge(const struct iso *iso, struct span area, struct iso_entry *entry, char *link,
                            struct failure *failure)
{
    struct susp susp = { .name = entry->name, .link = link };

    if (iso->skipped > area.size)
        return true;
    area.data += iso->skipped;
    area.size -= iso->skipped;
    if (!take_entries(iso, area, &susp, failure))
        return false;
    entry->name[susp.length <= TREE_NAME_MAX ? susp.length : 0] = '\0';
    if (strlen(entry->name) < susp.length)
        entry->name[0] = '\0'; /* too long, or with a NUL in it */
    if (susp.too_long)
        link[0] = '\0';
    if (susp.has_mode && (susp.mode & MODE_TYPE) != MODE_FILE && entry->kind == TREE_FILE)
        entry->kind = TREE_OTHER;
    entry->is_link = susp.has_mode && (susp.mode & MODE_TYPE) == MODE_LINK && entry->kind == TREE_OTHER;
    if (susp.is_packed && entry->kind == TREE_FILE)
        entry->kind = TREE_OTHER;
    if (susp.is_moved)
        entry->kind = TREE_ABSENT; /* here; it is found where it belongs */
    return !susp.child || take_child(iso, susp.child, entry, failure);
}

bool iso_record_take(const struct iso *iso, const uint8_t *bytes, struct iso_entry *entry, char *link,
                     struct failure *failure)
{
    struct iso_record record;
    struct span name;

    memcpy(&record, bytes, sizeof(record));
    name = (struct span){ bytes + sizeof(record), record.name_size };
    if (link)
        link[0] = '\0';
    entry->name[0] = '\0';
    entry->is_link = false;
    entry->is_whole = true;
    entry->kind = record.flags & ISO_FOLDER             ? TREE_FOLDER
                  : record.unit_size || record.gap_size ? TREE_OTHER
                                                        : TREE_FILE;
    entry->at = iso_data_at(&record);
    entry->size = record.size;
    if (record.flags & ISO_ASSOCIATED || (name.size == 1 && name.data[0] <= 1)) /* 6.8.2.2: itself, and the one above */
        entry->kind = TREE_ABSENT;
    if (entry->kind == TREE_ABSENT)
        return true;
    if (iso->names == ISO_ROCK_RIDGE && !take_rock_ridge(iso, system_use(bytes, &record), entry, link, failure))
        return false;
    if (iso->names == ISO_JOLIET)
        put_joliet(name, entry->name);
    else if (!entry->name[0])
        put_plain(name, entry->name);
    if (!is_fit(entry->name))
        entry->name[0] = '\0';
    return true;
}

bool iso_has_rock_ridge(const struct iso *iso, const uint8_t *bytes, bool *has, uint32_t *skipped,
                        struct failure *failure)
{
    struct susp susp = { .length = 0 };
    struct iso_record record;

    memcpy(&record, bytes, sizeof(record));
    if (!take_entries(iso, system_use(bytes, &record), &susp, failure))
        return false;
    *has = susp.begins && susp.has_mode;
    *skipped = susp.skipped;
    return true;
}

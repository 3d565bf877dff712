/* SPDX-License-Identifier: BSD-2-Clause */
/* The entries of FAT folders; see fat_names.h. Pure: compiled natively for tests as well. */
#include "storage/fat_names.h"

#include "common/string.h"
#include "common/text.h"

#define BASE_SIZE      8
#define EXTENSION_SIZE 3
#define SHORT_SIZE     FAT_NAME_SIZE

#define FREE            0xe5 /* in the first byte of a name */
#define FREE_AND_LAST   0x00
#define STANDS_FOR_FREE 0x05 /* a name that does begin with 0xe5 */

#define ATTRIBUTE_VOLUME 0x08
#define ATTRIBUTE_FOLDER 0x10
#define ATTRIBUTES_LONG  0x0f /* of those in 0x3f */
#define ATTRIBUTES       0x3f

#define LOWER_BASE      0x08 /* as Windows NT and Linux keep a short name's case */
#define LOWER_EXTENSION 0x10

#define LONG_LAST 0x40 /* in its number: the end of the name, which comes first */

_Static_assert(BASE_SIZE + EXTENSION_SIZE == SHORT_SIZE, "fatgen103");

struct short_slot {
    uint8_t name[SHORT_SIZE];
    uint8_t attributes;
    uint8_t lower;
    uint8_t created[7];
    uint16_t cluster_high;
    uint16_t written[2];
    uint16_t cluster_low;
    uint32_t size;
} __attribute__((packed));

struct long_slot {
    uint8_t number;
    uint16_t units_1[5];
    uint8_t attributes;
    uint8_t type;
    uint8_t checksum;
    uint16_t units_2[6];
    uint16_t cluster;
    uint16_t units_3[2];
} __attribute__((packed));

_Static_assert(sizeof(struct short_slot) == FAT_SLOT_SIZE, "fatgen103");
_Static_assert(offsetof(struct short_slot, cluster_high) == 20, "fatgen103");
_Static_assert(offsetof(struct short_slot, cluster_low) == 26, "fatgen103");
_Static_assert(sizeof(struct long_slot) == FAT_SLOT_SIZE, "fatgen103");
_Static_assert(offsetof(struct long_slot, units_2) == 14, "fatgen103");
_Static_assert(offsetof(struct long_slot, units_3) == 28, "fatgen103");

/* ---- long names ---- */

static uint8_t checksum_of(const uint8_t *name)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < SHORT_SIZE; i++)
        sum = (uint8_t)((sum & 1 ? 0x80 : 0) + (sum >> 1) + name[i]);
    return sum;
}

static void take_long(const struct long_slot *slot, struct fat_long *name)
{
    uint32_t number = slot->number & ~LONG_LAST;
    uint16_t *units;

    if (slot->number & LONG_LAST) {
        name->slots = name->missing = number <= FAT_LONG_SLOTS ? number : 0;
        name->checksum = slot->checksum;
    }
    if (!name->missing || number != name->missing || slot->checksum != name->checksum) {
        name->slots = name->missing = 0;
        return;
    }
    name->missing--;
    units = &name->units[name->missing * FAT_LONG_UNITS];
    memcpy(units, slot->units_1, sizeof(slot->units_1));
    memcpy(units + 5, slot->units_2, sizeof(slot->units_2));
    memcpy(units + 11, slot->units_3, sizeof(slot->units_3));
}

/* Whether a character can be in a name. */
static bool is_fit(uint32_t code)
{
    return code >= 0x20 && (code < 0x7f || code >= 0xa0) && !(code < 0x7f && strchr("\"*/:<>?\\|", (int)code));
}

/* Takes a character off UTF-16. False where it is none. */
static bool next_code(const uint16_t *units, uint32_t count, uint32_t *i, uint32_t *code)
{
    *code = units[(*i)++];
    if (*code < 0xd800 || *code > 0xdfff)
        return true;
    if (*code > 0xdbff || *i == count || units[*i] < 0xdc00 || units[*i] > 0xdfff)
        return false;
    *code = 0x10000 + ((*code - 0xd800) << 10) + (units[(*i)++] - 0xdc00u);
    return true;
}

static unsigned put_utf8(uint32_t code, char *out)
{
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };

    out[0] = (char)(first[more] | code >> 6 * more);
    for (unsigned i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    return more + 1;
}

/* Writes the long name, where it is whole and belongs to the entry. */
static bool put_long(const struct fat_long *name, const uint8_t *short_name, char *out)
{
    uint32_t count = 0, all = name->slots * FAT_LONG_UNITS, length = 0, code;

    if (!name->slots || name->missing || name->checksum != checksum_of(short_name))
        return false;
    while (count < all && name->units[count])
        count++;
    if (count + FAT_LONG_UNITS <= all)
        return false; /* its end is not in its last slot */
    for (uint32_t i = 0; i < count;) {
        char bytes[4];
        unsigned size;

        if (!next_code(name->units, count, &i, &code) || !is_fit(code))
            return false;
        size = put_utf8(code, bytes);
        if (length + size > TREE_NAME_MAX)
            return false;
        memcpy(out + length, bytes, size);
        length += size;
    }
    out[length] = '\0';
    return strcmp(out, ".") != 0 && strcmp(out, "..") != 0;
}

/* ---- short names ---- */

static uint32_t put_part(const uint8_t *part, uint32_t size, bool lower, char *out)
{
    while (size && part[size - 1] == ' ')
        size--;
    for (uint32_t i = 0; i < size; i++) {
        char character = (char)part[i];

        /* Which code page the others are of is not told. */
        if (part[i] >= 0x7f || !is_fit(part[i]))
            character = '_';
        out[i] = lower ? text_lower(character) : character;
    }
    return size;
}

static bool put_short(const struct short_slot *slot, char *out)
{
    uint32_t length = put_part(slot->name, BASE_SIZE, slot->lower & LOWER_BASE, out), more;

    if (!length || slot->name[0] == ' ')
        return false;
    out[length] = '.';
    more = put_part(slot->name + BASE_SIZE, EXTENSION_SIZE, slot->lower & LOWER_EXTENSION, out + length + 1);
    out[more ? length + 1 + more : length] = '\0';
    return strcmp(out, ".") != 0 && strcmp(out, "..") != 0;
}

enum fat_slot fat_slot_read(const uint8_t *bytes, struct fat_long *name, struct fat_entry *entry)
{
    struct short_slot slot;
    bool has_name;

    if (bytes[0] == FREE_AND_LAST)
        return FAT_SLOT_END;
    memcpy(&slot, bytes, sizeof(slot));
    if (slot.name[0] != FREE && (slot.attributes & ATTRIBUTES) == ATTRIBUTES_LONG) {
        struct long_slot part;

        memcpy(&part, bytes, sizeof(part));
        take_long(&part, name);
        return FAT_SLOT_OTHER;
    }
    if (slot.name[0] == FREE || slot.attributes & ATTRIBUTE_VOLUME || !put_short(&slot, entry->short_name)) {
        name->slots = 0;
        return FAT_SLOT_OTHER;
    }
    has_name = put_long(name, slot.name, entry->name);
    name->slots = 0;
    if (!has_name)
        memcpy(entry->name, entry->short_name, sizeof(entry->short_name));
    entry->is_folder = slot.attributes & ATTRIBUTE_FOLDER;
    entry->cluster = (uint32_t)slot.cluster_high << 16 | slot.cluster_low;
    entry->size = slot.size;
    return FAT_SLOT_ENTRY;
}

void fat_label_read(const uint8_t *label, char text[FAT_NAME_SIZE + 1])
{
    const uint32_t size = (uint32_t)strnlen((const char *)label, FAT_NAME_SIZE);

    text[put_part(label, size, false, text)] = '\0';
    if (!strcmp(text, "NO NAME"))
        text[0] = '\0';
}

bool fat_slot_is_label(const uint8_t *slot)
{
    const uint8_t attributes = slot[offsetof(struct short_slot, attributes)] & ATTRIBUTES;

    return slot[0] != FREE && slot[0] != FREE_AND_LAST && attributes != ATTRIBUTES_LONG &&
           (attributes & (ATTRIBUTE_VOLUME | ATTRIBUTE_FOLDER)) == ATTRIBUTE_VOLUME;
}

static bool is_named(const char *own, struct span name)
{
    if (strnlen(own, name.size + 1) != name.size)
        return false;
    for (uint64_t i = 0; i < name.size; i++) {
        if (text_lower(own[i]) != text_lower((char)name.data[i]))
            return false;
    }
    return true;
}

bool fat_entry_is(const struct fat_entry *entry, struct span name)
{
    return is_named(entry->name, name) || is_named(entry->short_name, name);
}

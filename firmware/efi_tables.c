/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading EFI's structures; see efi_tables.h. Pure: compiled natively for tests as well. */
#include "firmware/efi_tables.h"

#include <efi.h>

#include "common/checked.h"
#include "common/string.h"
#include "common/text.h"

#define PAGE                  4096
#define TABLES_MAX            1024
#define EFI_PERSISTENT_MEMORY 14 /* gnu-efi's list ends before it */
#define EFI_UNACCEPTED_MEMORY 15
#define EFI_MORE_RELIABLE     0x10000ull /* attributes; gnu-efi has neither */
#define EFI_SPECIFIC_PURPOSE  0x40000ull
#define BYTE_ORDER_MARK       0xfeff
#define REPLACEMENT           0xfffd

_Static_assert(sizeof(EFI_MEMORY_DESCRIPTOR) == 40, "UEFI 2.10, section 7.2.3");
_Static_assert(sizeof(EFI_CONFIGURATION_TABLE) == 24, "UEFI 2.10, section 4.6");

static uint32_t type_of(const EFI_MEMORY_DESCRIPTOR *descriptor, bool ended)
{
    bool runtime = descriptor->Attribute & EFI_MEMORY_RUNTIME;

    switch (descriptor->Type) {
    case EfiConventionalMemory:
        return runtime ? MAP_RESERVED : MAP_RAM;
    case EfiLoaderCode: /* a loader before us does not run again; what of it is still needed gets carved out */
    case EfiLoaderData:
    case EfiBootServicesCode:
    case EfiBootServicesData:
        return runtime ? MAP_RESERVED : ended ? MAP_RAM : MAP_FIRMWARE;
    case EfiUnusableMemory:
        return MAP_UNUSABLE;
    case EfiACPIReclaimMemory:
        return MAP_ACPI;
    case EfiACPIMemoryNVS:
        return MAP_NVS;
    case EFI_PERSISTENT_MEMORY:
        return MAP_PERSISTENT;
    default:
        return MAP_RESERVED;
    }
}

bool efi_add_map(struct memory_map *map, struct span descriptors, uint64_t descriptor_size, bool ended,
                 struct failure *failure)
{
    if (descriptor_size < sizeof(EFI_MEMORY_DESCRIPTOR))
        return fail(failure, "memory map", "EFI descriptors of %lu bytes", descriptor_size);
    for (uint64_t at = 0; checked_within(at, descriptor_size, descriptors.size); at += descriptor_size) {
        EFI_MEMORY_DESCRIPTOR descriptor;
        uint64_t size;

        memcpy(&descriptor, descriptors.data + at, sizeof(descriptor));
        if (!checked_multiply(descriptor.NumberOfPages, PAGE, &size))
            return fail(failure, "memory map", "%lu pages at 0x%lx", (uint64_t)descriptor.NumberOfPages,
                        (uint64_t)descriptor.PhysicalStart);
        if (!map_add(map, descriptor.PhysicalStart, size, type_of(&descriptor, ended),
                     descriptor.Attribute & EFI_MEMORY_RUNTIME ? MAP_RUNTIME : 0, failure))
            return false;
    }
    return true;
}

const char *efi_map_for_unpacker(struct span descriptors, uint64_t descriptor_size)
{
    for (uint64_t at = 0;
         descriptor_size >= sizeof(EFI_MEMORY_DESCRIPTOR) && checked_within(at, descriptor_size, descriptors.size);
         at += descriptor_size) {
        EFI_MEMORY_DESCRIPTOR descriptor;

        memcpy(&descriptor, descriptors.data + at, sizeof(descriptor));
        if (descriptor.Type == EFI_UNACCEPTED_MEMORY)
            return "some memory is not accepted yet";
        if (descriptor.Attribute & EFI_MORE_RELIABLE)
            return "some memory is more reliable than the rest";
        if (descriptor.Type == EfiConventionalMemory && descriptor.Attribute & EFI_SPECIFIC_PURPOSE)
            return "some memory is kept for a purpose";
    }
    return NULL;
}

static void keep(struct known_address *known, uint64_t address)
{
    if (!known->present)
        *known = (struct known_address){ true, address };
}

void efi_read_tables(struct handoff *handoff, const struct physical *physical)
{
    static const EFI_GUID acpi = { 0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
    static const EFI_GUID acpi2 = { 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } };
    static const EFI_GUID smbios = { 0xeb9d2d31, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
    static const EFI_GUID smbios3 = { 0xf2fd1544, 0x9794, 0x4a2c, { 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 } };
    static const EFI_GUID tree = { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };
    const void *given = physical_view(physical, handoff->efi.system_table, sizeof(EFI_SYSTEM_TABLE));
    struct known_address old_rsdp = { 0 };
    EFI_CONFIGURATION_TABLE table;
    EFI_SYSTEM_TABLE system;
    const uint8_t *tables;

    if (!given)
        return;
    memcpy(&system, given, sizeof(system)); /* another loader's word for it: it may lie anywhere */
    if (system.Hdr.Signature != EFI_SYSTEM_TABLE_SIGNATURE || system.NumberOfTableEntries > TABLES_MAX)
        return;
    tables = physical_view(physical, (uint64_t)system.ConfigurationTable, system.NumberOfTableEntries * sizeof(table));
    for (uint64_t i = 0; tables && i < system.NumberOfTableEntries; i++) {
        uint64_t address;

        memcpy(&table, tables + i * sizeof(table), sizeof(table));
        address = (uint64_t)table.VendorTable;

        if (!memcmp(&table.VendorGuid, &acpi2, sizeof(acpi2)))
            keep(&handoff->rsdp, address);
        else if (!memcmp(&table.VendorGuid, &acpi, sizeof(acpi)))
            keep(&old_rsdp, address);
        else if (!memcmp(&table.VendorGuid, &smbios, sizeof(smbios)))
            keep(&handoff->smbios, address);
        else if (!memcmp(&table.VendorGuid, &smbios3, sizeof(smbios3)))
            keep(&handoff->smbios3, address);
        else if (!memcmp(&table.VendorGuid, &tree, sizeof(tree)))
            keep(&handoff->device_tree, address);
    }
    if (old_rsdp.present)
        keep(&handoff->rsdp, old_rsdp.address);
}

/* Appends one code point in UTF-8. Returns its bytes; 0 where they do not fit. */
static unsigned put_utf8(uint32_t point, char *text, uint64_t room)
{
    if (point < 0x80 && room >= 1) {
        text[0] = (char)point;
        return 1;
    }
    if (point < 0x800 && room >= 2) {
        text[0] = (char)(0xc0 | point >> 6);
        text[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point >= 0x800 && point < 0x10000 && room >= 3) {
        text[0] = (char)(0xe0 | point >> 12);
        text[1] = (char)(0x80 | (point >> 6 & 0x3f));
        text[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    return 0;
}

/*
 * How many bytes at the start are the file's own name, as shells put it there: a word that ends in ".efi". One that has
 * a '=' is a parameter of that value ("qv.entry=linux.efi").
 */
static uint64_t own_name(const char *text, uint64_t length)
{
    static const char suffix[] = ".efi";
    struct span rest = { (const uint8_t *)text, length }, word;

    if (!text_next_word(&rest, &word))
        return 0;
    if (word.size && word.data[word.size - 1] == '"')
        word.size--;
    if (word.size < sizeof(suffix) - 1)
        return 0;
    for (uint64_t i = 0; i < word.size; i++) {
        if (word.data[i] == '=')
            return 0;
    }
    for (unsigned i = 0; i < sizeof(suffix) - 1; i++) {
        uint8_t byte = word.data[word.size - (sizeof(suffix) - 1) + i];

        if (byte != suffix[i] && byte + 0x20 != suffix[i])
            return 0;
    }
    return length - rest.size;
}

/* Whether it is ASCII text of one byte a character, as some boot managers give; in UCS-2 every second byte would be 0.
 */
static bool is_ascii(struct span options)
{
    uint64_t length = 0;

    while (length < options.size && options.data[length] >= 0x20 && options.data[length] < 0x7f)
        length++;
    return length > 1 && (length == options.size || !options.data[length]);
}

/* The text in UTF-8, as it is, and its length; 0 where it is none, or too long. */
static uint64_t convert(struct span options, char *text, uint64_t text_size)
{
    unsigned width = is_ascii(options) ? 1 : 2;
    uint64_t length = 0;

    for (uint64_t at = 0; at + width <= options.size; at += width) {
        uint32_t unit = options.data[at] | (width == 2 ? (uint32_t)options.data[at + 1] << 8 : 0);

        if (!unit)
            break;
        if (at == 0 && unit == BYTE_ORDER_MARK)
            continue;
        if (unit == '\t' || unit == '\r' || unit == '\n')
            unit = ' ';
        /* Control characters and surrogates: it is not UCS-2 text. */
        if (unit < 0x20 || unit == 0x7f || (unit >= 0xd800 && unit < 0xe000))
            return 0;

        unsigned bytes = put_utf8(unit, text + length, text_size - 1 - length);

        if (!bytes)
            return 0;
        length += bytes;
    }
    return length;
}

uint64_t efi_options_text(struct span options, char *text, uint64_t text_size)
{
    uint64_t length = convert(options, text, text_size);
    uint64_t skip = own_name(text, length);

    while (skip < length && text[skip] == ' ')
        skip++;
    length -= skip;
    memmove(text, text + skip, length);
    text[length] = '\0';
    return length;
}

/* The code point at *text, which moves behind it. */
static uint32_t take_utf8(const char **text)
{
    const uint8_t *bytes = (const uint8_t *)*text;
    uint32_t point = bytes[0];
    unsigned more = point < 0x80 ? 0 : point >= 0xc2 && point < 0xe0 ? 1 : point >= 0xe0 && point < 0xf0 ? 2 : 4;

    *text += 1;
    if (more > 2)
        return REPLACEMENT; /* not UTF-8, or beyond what two bytes of UCS-2 hold */
    if (more)
        point &= more == 1 ? 0x1f : 0x0f;
    for (unsigned i = 1; i <= more; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return REPLACEMENT;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    if (more == 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000)))
        return REPLACEMENT; /* RFC 3629, section 3: too long a form, or half a pair */
    *text += more;
    return point;
}

uint64_t efi_options_from_text(const char *text, uint16_t *options, uint64_t max)
{
    uint64_t count = 0;

    while (*text && count + 1 < max)
        options[count++] = (uint16_t)take_utf8(&text);
    options[count++] = 0;
    return count;
}

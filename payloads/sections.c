/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's own table of contents: PE section table, names of UAPI.5 (Unified Kernel Image, "UKI Components"). A pure
 * function over bytes; the bytes may be anyone's.
 */
#include "payloads/sections.h"

#include "common/checked.h"
#include "common/string.h"

_Static_assert(LAYOUT_PE >= LAYOUT_ENTRY32, "the boot.txt doors do not load page 0");
_Static_assert(LAYOUT_PE + sizeof(struct pe_headers) == LAYOUT_PE_SECTIONS, "the table follows the headers");
_Static_assert(LAYOUT_PE_SECTIONS + LAYOUT_PE_SECTIONS_MAX * sizeof(struct pe_section_header) <= LAYOUT_TEXT,
               "a full table ends before .text");
_Static_assert(LAYOUT_TEXT == LAYOUT_ENTRY32 + LAYOUT_PAGE, "all headers are in page 1");

static const char profile_name[] = ".profile";

/* .dtbauto, .efifw and .hwids are systemd-stub(7)'s; UAPI.5's own word for .efifw is .fwauto. .fitkey is ours. */
static const struct {
    char name[PE_SECTION_NAME_SIZE + 1];
    bool repeats; /* the others are there at most once in a profile */
} known_names[] = {
    { ".linux", false },  { ".osrel", false },  { ".cmdline", false }, { ".initrd", false }, { ".ucode", false },
    { ".splash", false }, { ".fwauto", true },  { ".efifw", true },    { ".dtb", true },     { ".dtbauto", true },
    { ".hwids", false },  { ".uname", false },  { ".sbat", false },    { ".pcrsig", false }, { ".pcrpkey", false },
    { ".profile", true }, { ".fitkey", false },
};

#define KNOWN_NAMES (sizeof(known_names) / sizeof(known_names[0]))

/* Every section of every PE file is looked up, in more than one table: names are compared as numbers. */
size_t section_name_find(const char *name, const void *names, size_t row, size_t count)
{
    const size_t length = strnlen(name, PE_SECTION_NAME_SIZE + 1);
    uint64_t wanted = 0, one;
    size_t i = 0;

    _Static_assert(sizeof(wanted) == PE_SECTION_NAME_SIZE, "a name is a number");
    if (length > PE_SECTION_NAME_SIZE)
        return count;
    memcpy(&wanted, name, length);
    for (; i < count; i++) {
        memcpy(&one, (const uint8_t *)names + i * row, sizeof(one));
        if (one == wanted)
            break;
    }
    return i;
}

static size_t find_known(const char *name)
{
    return section_name_find(name, known_names, sizeof(known_names[0]), KNOWN_NAMES);
}

bool section_name_known(const char *name)
{
    return find_known(name) < KNOWN_NAMES;
}

bool section_name_repeats(const char *name)
{
    const size_t found = find_known(name);

    return found < KNOWN_NAMES && known_names[found].repeats;
}

uint64_t sections_image_size(const uint8_t *image)
{
    struct pe_headers pe;

    memcpy(&pe, image + LAYOUT_PE, sizeof(pe));
    if (pe.Signature != PE_SIGNATURE || pe.optional.Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return 0;
    return pe.optional.SizeOfImage;
}

static bool headers_check(const struct pe_headers *pe, uint64_t size, struct failure *failure)
{
    if (pe->Signature != PE_SIGNATURE)
        return fail(failure, "image", "no PE signature at 0x%x", LAYOUT_PE);
    if (pe->file.Machine != IMAGE_FILE_MACHINE_AMD64)
        return fail(failure, "image", "PE machine 0x%x is not AMD64", pe->file.Machine);
    if (pe->file.SizeOfOptionalHeader != sizeof(pe->optional) || pe->optional.Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return fail(failure, "image", "the optional header is not a PE32+ one of %lu bytes", sizeof(pe->optional));
    if (pe->file.NumberOfSections > LAYOUT_PE_SECTIONS_MAX)
        return fail(failure, "image", "%u sections where the table has room for %u", pe->file.NumberOfSections,
                    LAYOUT_PE_SECTIONS_MAX);
    if (pe->optional.SizeOfImage < LAYOUT_TEXT || pe->optional.SizeOfImage % LAYOUT_PAGE != 0)
        return fail(failure, "image", "SizeOfImage 0x%x is impossible", pe->optional.SizeOfImage);
    if (pe->optional.SizeOfImage > size)
        return fail(failure, "image", "truncated: 0x%lx bytes of 0x%x", size, pe->optional.SizeOfImage);
    return true;
}

/* The PE specification wants sections in ascending order of address: that also rules out overlaps, in one pass. */
static bool place_check(const struct pe_section_header *header, const char *name, uint64_t *end, uint64_t image_size,
                        struct failure *failure)
{
    uint64_t size = header->VirtualSize > header->SizeOfRawData ? header->VirtualSize : header->SizeOfRawData;

    if (header->VirtualAddress % LAYOUT_PAGE != 0)
        return fail(failure, "image", "section %s at 0x%x is not page-aligned", name, header->VirtualAddress);
    if (header->VirtualAddress < *end)
        return fail(failure, "image", "section %s at 0x%x overlaps what ends at 0x%lx", name, header->VirtualAddress,
                    *end);
    if (!checked_within(header->VirtualAddress, size, image_size))
        return fail(failure, "image", "section %s, 0x%lx bytes at 0x%x, ends outside the image", name, size,
                    header->VirtualAddress);
    if (header->SizeOfRawData != 0 && header->PointerToRawData != header->VirtualAddress)
        return fail(failure, "image", "section %s is at 0x%x in the file but at 0x%x in memory", name,
                    header->PointerToRawData, header->VirtualAddress);
    *end = header->VirtualAddress + size;
    return true;
}

void section_name(const struct pe_section_header *header, char *name)
{
    memcpy(name, header->Name, PE_SECTION_NAME_SIZE);
    name[PE_SECTION_NAME_SIZE] = '\0';
}

bool sections_add(struct sections *sections, const char *what, const struct pe_section_header *header,
                  struct span content, struct failure *failure)
{
    struct section *section = &sections->section[sections->count];
    unsigned profile = sections->count ? section[-1].profile : SECTIONS_BASE_PROFILE;
    char name[PE_SECTION_NAME_SIZE + 1];

    section_name(header, name);
    if (!section_name_known(name))
        return true;
    if (sections->count == LAYOUT_PE_SECTIONS_MAX)
        return fail(failure, what, "section %s is one more than the %u that fit", name, LAYOUT_PE_SECTIONS_MAX);
    /* Zeroes that a loader may or may not have put behind the content are no content. */
    if (header->VirtualSize > header->SizeOfRawData)
        return fail(failure, what, "section %s has 0x%x bytes of which the file holds 0x%x", name, header->VirtualSize,
                    header->SizeOfRawData);
    if (strcmp(name, profile_name) == 0)
        profile++;
    if (!section_name_repeats(name))
        for (unsigned i = 0; i < sections->count; i++)
            if (sections->section[i].profile == profile && strcmp(sections->section[i].name, name) == 0)
                return fail(failure, what, "section %s is there twice", name);
    memcpy(section->name, name, sizeof(name));
    section->profile = profile;
    section->content = content;
    sections->count++;
    return true;
}

static bool parse(struct span image, struct sections *sections, struct failure *failure)
{
    struct pe_headers pe;
    uint64_t end = LAYOUT_TEXT;

    if (image.data == NULL || image.size < LAYOUT_TEXT)
        return fail(failure, "image", "%lu bytes are too few for its headers", image.size);
    memcpy(&pe, image.data + LAYOUT_PE, sizeof(pe));
    if (!headers_check(&pe, image.size, failure))
        return false;

    for (unsigned i = 0; i < pe.file.NumberOfSections; i++) {
        struct pe_section_header header;
        char name[PE_SECTION_NAME_SIZE + 1];

        memcpy(&header, image.data + LAYOUT_PE_SECTIONS + i * sizeof(header), sizeof(header));
        section_name(&header, name);
        if (!place_check(&header, name, &end, pe.optional.SizeOfImage, failure) ||
            !sections_add(sections, "image", &header,
                          (struct span){ image.data + header.VirtualAddress, header.VirtualSize }, failure))
            return false;
    }
    return true;
}

bool sections_parse(struct span image, struct sections *sections, struct failure *failure)
{
    sections->count = 0;
    if (parse(image, sections, failure))
        return true;
    sections->count = 0;
    return false;
}

static struct span find_own(const struct sections *sections, unsigned profile, const char *name)
{
    for (unsigned i = 0; i < sections->count; i++)
        if (sections->section[i].profile == profile && strcmp(sections->section[i].name, name) == 0)
            return sections->section[i].content;
    return (struct span){ NULL, 0 };
}

struct span section_find_in(const struct sections *sections, unsigned profile, const char *name)
{
    struct span own = find_own(sections, profile, name);

    return own.data != NULL ? own : find_own(sections, SECTIONS_BASE_PROFILE, name);
}

struct span section_find(const struct sections *sections, const char *name)
{
    return section_find_in(sections, SECTIONS_FIRST_PROFILE, name);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Editing quadrivium.efi and quadrivium.elf. Four headers tell four kinds of loaders how much of the file to load:
 *
 *   PE, section table            Microsoft "PE Format": Optional Header, Section Table
 *   ELF program header           System V gABI, chapter 5
 *   multiboot2 address tag       Multiboot2 Specification 2.0, 3.1.5 "The address tag of Multiboot2 header"
 *   Linux setup header           Documentation/arch/x86/boot.rst, "Details of Header Fields": syssize, init_size
 *
 * Both kinds of file hold all four, so nothing here depends on the kind once that is known.
 */
#include "tools/image.h"

#include <asm/bootparam.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "common/checked.h"
#include "common/layout.h"
#include "common/multiboot2.h"
#include "payloads/pe.h"
#include "payloads/sections.h"

#define SETUP_BOOT_FLAG  0xaa55
#define SETUP_HEADER     0x53726448 /* "HdrS" */
#define SETUP_SECTOR     512
#define SYSSIZE_UNIT     16 /* syssize counts paragraphs */
#define SECTION_CONTENTS (IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ)

_Static_assert(offsetof(struct boot_params, hdr) == LAYOUT_SETUP_HEADER, "setup header");
_Static_assert(offsetof(struct boot_params, hdr.syssize) == 0x1f4, "setup header");
_Static_assert(offsetof(struct boot_params, hdr.header) == 0x202, "setup header");
_Static_assert(offsetof(struct boot_params, hdr.init_size) == 0x260, "setup header");

/* The headers lie unaligned for some of these types, so they are copied out, and back. */
#define GET(image, offset, object) memcpy(object, (image)->data + (offset), sizeof(*(object)))
#define PUT(image, offset, object) memcpy((image)->data + (offset), object, sizeof(*(object)))

static bool kind_find(struct image *image, struct failure *failure)
{
    uint16_t dos_magic;
    uint32_t e_lfanew;
    Elf64_Ehdr elf;

    GET(image, 0, &dos_magic);
    GET(image, PE_DOS_E_LFANEW, &e_lfanew);
    GET(image, 0, &elf);
    if (dos_magic == PE_DOS_MAGIC && e_lfanew == LAYOUT_PE) {
        image->kind = IMAGE_EFI;
        return true;
    }
    if (memcmp(elf.e_ident, ELFMAG, SELFMAG) == 0 && elf.e_ident[EI_CLASS] == ELFCLASS64 &&
        elf.e_machine == EM_X86_64 && elf.e_phoff == LAYOUT_ELF_PHDRS && elf.e_phnum == LAYOUT_ELF_PHDR_COUNT &&
        elf.e_phentsize == sizeof(Elf64_Phdr)) {
        image->kind = IMAGE_ELF;
        return true;
    }
    return fail(failure, "image", "not a Quadrivium image: neither its MZ nor its ELF header");
}

static bool elf_check(const struct image *image, struct failure *failure)
{
    Elf64_Phdr load;

    GET(image, LAYOUT_ELF_PHDRS, &load);
    if (load.p_type != PT_LOAD || load.p_offset != 0 || load.p_paddr != LAYOUT_LINK_BASE)
        return fail(failure, "image", "not a Quadrivium image: the first program header does not load it all");
    return true;
}

static bool linux_check(const struct image *image, struct failure *failure)
{
    struct setup_header setup;

    GET(image, LAYOUT_SETUP_HEADER, &setup);
    if (setup.boot_flag != SETUP_BOOT_FLAG || (setup.setup_sects + 1) * SETUP_SECTOR != LAYOUT_ENTRY32)
        return fail(failure, "image", "not a Quadrivium image: no Linux setup header of one page");
    /* With "HdrS", QEMU's -kernel would take the .elf for a bzImage; without, nobody would take the .efi for one. */
    if ((setup.header == SETUP_HEADER) != (image->kind == IMAGE_EFI))
        return fail(failure, "image", "not a Quadrivium image: \"HdrS\" belongs in the .efi, and there only");
    return true;
}

/* The offset of the address tag in the image; 0: none. */
static uint64_t multiboot2_address_tag(const struct image *image)
{
    struct multiboot2_header header;
    uint64_t offset = LAYOUT_MULTIBOOT2 + sizeof(header);

    GET(image, LAYOUT_MULTIBOOT2, &header);
    if (header.magic != MULTIBOOT2_HEADER_MAGIC || header.architecture != MULTIBOOT2_ARCHITECTURE_I386 ||
        header.magic + header.architecture + header.header_length + header.checksum != 0 ||
        !checked_within(LAYOUT_MULTIBOOT2, header.header_length, LAYOUT_PE))
        return 0;

    uint64_t end = LAYOUT_MULTIBOOT2 + header.header_length;

    while (offset + sizeof(struct multiboot2_header_tag) <= end) {
        struct multiboot2_header_tag tag;
        uint64_t size;

        GET(image, offset, &tag);
        if (tag.type == MULTIBOOT2_HEADER_TAG_END || tag.size < sizeof(tag) ||
            !checked_align(tag.size, MULTIBOOT2_ALIGNMENT, &size) || !checked_within(offset, tag.size, end))
            return 0;
        if (tag.type == MULTIBOOT2_HEADER_TAG_ADDRESS)
            return tag.size == sizeof(struct multiboot2_header_tag_address) ? offset : 0;
        offset += size;
    }
    return 0;
}

static bool multiboot2_check(const struct image *image, struct failure *failure)
{
    uint64_t offset = multiboot2_address_tag(image);
    struct multiboot2_header_tag_address address;

    if (offset == 0)
        return fail(failure, "image", "not a Quadrivium image: no multiboot2 header with an address tag");
    GET(image, offset, &address);
    if (address.load_addr != LAYOUT_LINK_BASE || address.header_addr != LAYOUT_LINK_BASE + LAYOUT_MULTIBOOT2)
        return fail(failure, "image", "not a Quadrivium image: the multiboot2 address tag is for another address");
    return true;
}

static bool pe_check(const struct image *image, struct failure *failure)
{
    struct pe_headers pe;

    GET(image, LAYOUT_PE, &pe);
    if (pe.Signature != PE_SIGNATURE)
        return fail(failure, "image", "not a Quadrivium image: no PE header at 0x%x", LAYOUT_PE);
    if (pe.optional.SectionAlignment != LAYOUT_PAGE || pe.optional.FileAlignment != LAYOUT_PAGE)
        return fail(failure, "image", "not a Quadrivium image: its sections are not aligned to pages");
    /* A signature would follow the last section, and would no longer hold. */
    if (pe.optional.DataDirectory[PE_DIRECTORY_CERTIFICATE_TABLE].Size != 0)
        return fail(failure, "image", "it is signed: pack first, sign then");
    if (pe.optional.SizeOfImage > IMAGE_SIZE_MAX)
        return fail(failure, "image", "SizeOfImage 0x%x is too large", pe.optional.SizeOfImage);
    if (image->size > pe.optional.SizeOfImage)
        return fail(failure, "image", "the file is longer than SizeOfImage, 0x%x", pe.optional.SizeOfImage);
    return true;
}

/* New bytes are zero. */
static bool image_grow(struct image *image, uint64_t size, struct failure *failure)
{
    uint8_t *data = realloc(image->data, size);

    if (!data)
        return fail(failure, "image", "no memory for %lu bytes", size);
    memset(data + image->size, 0, size - image->size);
    image->data = data;
    image->size = size;
    return true;
}

static bool table_parse(const struct image *image, struct sections *sections, struct failure *failure)
{
    return sections_parse((struct span){ image->data, image->size }, sections, failure);
}

bool image_open(struct image *image, struct failure *failure)
{
    struct sections sections;

    if (image->size < LAYOUT_TEXT)
        return fail(failure, "image", "not a Quadrivium image: %lu bytes are too few", image->size);
    if (!kind_find(image, failure) || !elf_check(image, failure) || !linux_check(image, failure) ||
        !multiboot2_check(image, failure) || !pe_check(image, failure))
        return false;
    return image_grow(image, sections_image_size(image->data), failure) && table_parse(image, &sections, failure);
}

static bool name_check(const char *name, struct failure *failure)
{
    size_t length = strlen(name);

    if (name[0] != '.' || length < 2 || length > PE_SECTION_NAME_SIZE)
        return fail(failure, "section", "%s is not a name: a dot and one to seven characters", name);
    for (const char *c = name; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return fail(failure, "section", "%s is not a name: its characters are not all printable ASCII", name);
    return true;
}

/* UAPI.5: what follows a .profile section is that profile's, where a name of the base profile may come again. */
static bool name_is_new(const struct image *image, const struct pe_headers *pe, const char *name)
{
    bool new = true;

    if (section_name_repeats(name))
        return true;
    for (unsigned i = 0; i < pe->file.NumberOfSections; i++) {
        struct pe_section_header header;

        GET(image, LAYOUT_PE_SECTIONS + i * sizeof(header), &header);
        if (strncmp(header.Name, name, sizeof(header.Name)) == 0)
            new = false;
        else if (strncmp(header.Name, ".profile", sizeof(header.Name)) == 0 && section_name_known(name))
            new = true;
    }
    return new;
}

/*
 * .bss, which is in the file now, belongs to the section before it: what no section covers is in no signature, and
 * tools do not agree on the hash of a file with such gaps.
 */
static void close_gap(struct image *image, struct pe_headers *pe)
{
    uint64_t at = LAYOUT_PE_SECTIONS + (pe->file.NumberOfSections - 1ull) * sizeof(struct pe_section_header);
    struct pe_section_header last;
    uint32_t size;

    GET(image, at, &last);
    if (last.VirtualAddress >= image->size)
        return;
    size = (uint32_t)(image->size - last.VirtualAddress);
    pe->optional.SizeOfInitializedData += size - last.SizeOfRawData;
    last.PointerToRawData = last.VirtualAddress; /* as everywhere here; a .bss has none */
    last.SizeOfRawData = size;
    PUT(image, at, &last);
}

bool image_append(struct image *image, const char *name, struct span content, struct failure *failure)
{
    struct pe_headers pe;
    struct pe_section_header header = { .Characteristics = SECTION_CONTENTS };
    uint64_t start = image->size;
    uint64_t end;

    if (!name_check(name, failure))
        return false;
    GET(image, LAYOUT_PE, &pe);
    if (!name_is_new(image, &pe, name))
        return fail(failure, "section", "%s is in the image already", name);
    if (pe.file.NumberOfSections >= LAYOUT_PE_SECTIONS_MAX)
        return fail(failure, "section", "no room for %s: the table holds %u", name, LAYOUT_PE_SECTIONS_MAX);
    if (!checked_add(start, content.size, &end) || !checked_align(end, LAYOUT_PAGE, &end) || end > IMAGE_SIZE_MAX)
        return fail(failure, "section", "%s, %lu bytes, would make the image larger than 2 GiB", name, content.size);
    if (pe.file.NumberOfSections)
        close_gap(image, &pe);
    if (!image_grow(image, end, failure))
        return false;
    memcpy(image->data + start, content.data, content.size);

    memcpy(header.Name, name, strlen(name));
    header.VirtualSize = content.size;
    header.VirtualAddress = start;
    header.SizeOfRawData = end - start;
    header.PointerToRawData = start;
    PUT(image, LAYOUT_PE_SECTIONS + pe.file.NumberOfSections * sizeof(header), &header);

    pe.file.NumberOfSections++;
    pe.optional.SizeOfInitializedData += header.SizeOfRawData;
    pe.optional.SizeOfImage = end;
    /* UEFI firmware does not look at it, Authenticode leaves it out, and sbsign fills it in: 0 says "not computed". */
    pe.optional.CheckSum = 0;
    PUT(image, LAYOUT_PE, &pe);
    return true;
}

void image_seal(struct image *image)
{
    Elf64_Phdr load;
    struct setup_header setup;
    struct multiboot2_header_tag_address address;
    uint64_t tag = multiboot2_address_tag(image);
    uint64_t protected_size = image->size - LAYOUT_ENTRY32;

    GET(image, LAYOUT_ELF_PHDRS, &load);
    load.p_filesz = image->size;
    load.p_memsz = image->size;
    PUT(image, LAYOUT_ELF_PHDRS, &load);

    GET(image, LAYOUT_SETUP_HEADER, &setup);
    setup.syssize = (protected_size + SYSSIZE_UNIT - 1) / SYSSIZE_UNIT;
    if (setup.init_size < protected_size)
        setup.init_size = protected_size;
    PUT(image, LAYOUT_SETUP_HEADER, &setup);

    /* .bss is in the file now, so it ends with the data; 0 would mean the same but leaves a reader to know that. */
    GET(image, tag, &address);
    address.load_end_addr = LAYOUT_LINK_BASE + image->size;
    address.bss_end_addr = address.load_end_addr;
    PUT(image, tag, &address);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking a PE file apart; see uki.h. Microsoft's "PE Format", chapters "MS-DOS Stub", "COFF File Header", "Optional
 * Header", "Section Table" and "The Attribute Certificate Table"; UAPI.5, "UKI Components". What UEFI firmware (EDK
 * II's BasePeCoffLib) refuses to load is refused here, too, so that nobody reads the same file in two ways. Pure:
 * compiled natively for tests.
 */
#include "payloads/uki.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define DOS_HEADER_SIZE 0x40

/* The optional header up to its data directories, of which NumberOfRvaAndSizes, its last field, says how many follow.
 */
#define PE32_FIXED_SIZE      96
#define PE32_PLUS_FIXED_SIZE offsetof(struct pe_optional_header, DataDirectory)

/* The fields that we read of the others lie at the same offsets in PE32 and PE32+: they differ in ImageBase and behind
 * DllCharacteristics only. */
_Static_assert(offsetof(struct pe_optional_header, SizeOfHeaders) == 60, "PE32 and PE32+");
_Static_assert(PE32_PLUS_FIXED_SIZE == 112, "PE32+");

#define IMAGE_SUBSYSTEM_EFI_BOOT_SERVICE_DRIVER 11
#define IMAGE_SUBSYSTEM_EFI_RUNTIME_DRIVER      12

#define SECTIONS_LIMIT    96 /* "COFF File Header": Windows' loader takes no more; comparing all pairs stays cheap */
#define CERTIFICATE_ALIGN 8  /* "The Attribute Certificate Table": entries are quadword-aligned */
#define SYMBOL_SIZE       18 /* "COFF Symbol Table" */

/* What linkers and the stubs that we know of name their own sections, cut to eight characters where they are longer. */
static const char plain_names[][PE_SECTION_NAME_SIZE + 1] = {
    ".text",    ".init",    ".fini",    ".plt",     ".data",    ".rodata", ".rdata",   ".bss",     ".tls",    ".got",
    ".got.plt", ".ctors",   ".dtors",   ".reloc",   ".rela",    ".rel",    ".rela.dy", ".dynamic", ".dynsym", ".dynstr",
    ".dynrelr", ".hash",    ".gnu.has", ".eh_fram", ".edata",   ".idata",  ".pdata",   ".xdata",   ".rsrc",   ".note",
    ".note.gn", ".buildid", ".build-i", ".comment", ".symtab",  ".strtab", ".shstrta", ".sdmagic", ".setup",  ".compat",
    ".sbatlev", ".vendor_", ".init.te", ".init.da", ".data.re", ".pad",    "mods",
};

#define PLAIN_NAMES (sizeof(plain_names) / sizeof(plain_names[0]))

/* The headers of a file, copied out: e_lfanew may be unaligned. */
struct headers {
    struct pe_file_header file;
    struct pe_optional_header optional; /* of PE32: the fields up to DllCharacteristics; DataDirectory is never read */
    struct pe_data_directory certificates; /* Size is 0 where there are none */
    uint64_t table;                        /* file offset of the section table */
};

static uint32_t read_e_lfanew(struct span file)
{
    uint32_t e_lfanew;

    memcpy(&e_lfanew, file.data + PE_DOS_E_LFANEW, sizeof(e_lfanew));
    return e_lfanew;
}

static bool has_dos_header(struct span file)
{
    return file.data && file.size >= DOS_HEADER_SIZE && memcmp(file.data, "MZ", 2) == 0;
}

static bool has_signature(struct span file, uint32_t e_lfanew)
{
    return checked_within(e_lfanew, 4, file.size) && memcmp(file.data + e_lfanew, "PE\0", 4) == 0;
}

bool pe_is(struct span file)
{
    return has_dos_header(file) && has_signature(file, read_e_lfanew(file));
}

static bool read_optional(struct span head, uint64_t at, struct headers *headers, struct failure *failure)
{
    uint64_t size = headers->file.SizeOfOptionalHeader;
    struct pe_optional_header *optional = &headers->optional;
    uint64_t fixed = PE32_PLUS_FIXED_SIZE;
    uint32_t directories;

    if (!checked_within(at, size, head.size))
        return fail(failure, "kernel", "its optional header, %lu bytes at 0x%lx, ends outside its %lu bytes", size, at,
                    head.size);
    memcpy(optional, head.data + at, size < sizeof(*optional) ? size : sizeof(*optional));
    if (optional->Magic == IMAGE_NT_OPTIONAL_HDR32_MAGIC)
        fixed = PE32_FIXED_SIZE;
    else if (optional->Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return fail(failure, "kernel", "its optional header, 0x%x, is neither PE32 nor PE32+", optional->Magic);
    if (size < fixed)
        return fail(failure, "kernel", "SizeOfOptionalHeader, %lu, is too small", size);
    memcpy(&directories, head.data + at + fixed - sizeof(directories), sizeof(directories));
    if (directories > PE_DIRECTORIES || size != fixed + directories * sizeof(struct pe_data_directory))
        return fail(failure, "kernel", "SizeOfOptionalHeader, %lu, is not that of %u directories", size, directories);
    if (directories > PE_DIRECTORY_CERTIFICATE_TABLE)
        memcpy(&headers->certificates,
               head.data + at + fixed + PE_DIRECTORY_CERTIFICATE_TABLE * sizeof(struct pe_data_directory),
               sizeof(headers->certificates));
    return true;
}

static bool read_headers(struct span file, uint64_t head_size, struct headers *headers, struct failure *failure)
{
    const struct span head = { file.data, head_size };

    *headers = (struct headers){ 0 };
    if (!has_dos_header(head))
        return fail(failure, "kernel", "it is no PE file: no MZ header");

    uint32_t e_lfanew = read_e_lfanew(head);
    uint64_t at = (uint64_t)e_lfanew + 4;

    if (e_lfanew < DOS_HEADER_SIZE)
        return fail(failure, "kernel", "e_lfanew, 0x%x, lies in the MZ header", e_lfanew);
    if (!checked_within(at, sizeof(headers->file), head.size))
        return fail(failure, "kernel", "e_lfanew, 0x%x, lies outside its %lu bytes", e_lfanew, head.size);
    if (!has_signature(head, e_lfanew))
        return fail(failure, "kernel", "it is no PE file: no signature at e_lfanew, 0x%x", e_lfanew);
    memcpy(&headers->file, head.data + at, sizeof(headers->file));
    at += sizeof(headers->file);
    if (!read_optional(head, at, headers, failure))
        return false;

    uint64_t sections = headers->file.NumberOfSections;
    uint64_t table_size = sections * sizeof(struct pe_section_header);
    uint32_t all = headers->optional.SizeOfHeaders;

    headers->table = at + headers->file.SizeOfOptionalHeader;
    if (sections == 0 || sections > SECTIONS_LIMIT)
        return fail(failure, "kernel", "NumberOfSections, %lu, is not one of 1 to %u", sections, SECTIONS_LIMIT);
    if (!checked_within(headers->table, table_size, head.size))
        return fail(failure, "kernel", "its section table, 0x%lx bytes at 0x%lx, ends outside its %lu bytes",
                    table_size, headers->table, head.size);
    if (!checked_within(headers->table, table_size, all) || all > file.size)
        return fail(failure, "kernel", "SizeOfHeaders, 0x%x, does not fit: they end at 0x%lx, the file at 0x%lx", all,
                    headers->table + table_size, file.size);
    return true;
}

static void read_section(struct span file, const struct headers *headers, unsigned index,
                         struct pe_section_header *section, char *name)
{
    memcpy(section, file.data + headers->table + index * sizeof(*section), sizeof(*section));
    section_name(section, name);
}

/* Whether two places in the file, which do not wrap, have a byte in common. */
static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a_size && b_size && a < b + b_size && b < a + a_size;
}

static void extend(uint64_t *size, uint64_t end)
{
    if (*size < end)
        *size = end;
}

static bool check_certificates(struct span file, const struct headers *headers, uint64_t *size, struct failure *failure)
{
    uint64_t at = headers->certificates.VirtualAddress; /* of all the directories the one that is a file offset */
    uint64_t length = headers->certificates.Size;

    if (!length)
        return true;
    if (at % CERTIFICATE_ALIGN != 0)
        return fail(failure, "kernel", "its certificates at 0x%lx are not aligned to %u bytes", at, CERTIFICATE_ALIGN);
    if (!checked_within(at, length, file.size))
        return fail(failure, "kernel", "its certificates, 0x%lx bytes at 0x%lx, end outside its %lu bytes", length, at,
                    file.size);
    if (at < headers->optional.SizeOfHeaders)
        return fail(failure, "kernel", "its certificates at 0x%lx overlap the headers", at);
    extend(size, at + length);
    return true;
}

/* A section in the file: inside it, and apart from the headers, the certificates, and the sections before it. */
static bool check_section(struct span file, const struct headers *headers, unsigned index, uint64_t *size,
                          struct failure *failure)
{
    struct pe_section_header section, other;
    char name[PE_SECTION_NAME_SIZE + 1], other_name[PE_SECTION_NAME_SIZE + 1];

    read_section(file, headers, index, &section, name);

    uint64_t at = section.PointerToRawData, length = section.SizeOfRawData;

    if (!length) /* as .bss; PointerToRawData means nothing */
        return true;
    if (!checked_within(at, length, file.size))
        return fail(failure, "kernel", "section %s, 0x%lx bytes at 0x%lx, ends outside its %lu bytes", name, length, at,
                    file.size);
    if (at < headers->optional.SizeOfHeaders)
        return fail(failure, "kernel", "section %s at 0x%lx overlaps the headers", name, at);
    if (overlap(at, length, headers->certificates.VirtualAddress, headers->certificates.Size))
        return fail(failure, "kernel", "section %s at 0x%lx overlaps the certificates", name, at);
    for (unsigned i = 0; i < index; i++) {
        read_section(file, headers, i, &other, other_name);
        if (overlap(at, length, other.PointerToRawData, other.SizeOfRawData))
            return fail(failure, "kernel", "section %s at 0x%lx overlaps section %s", name, at, other_name);
    }
    extend(size, at + length);
    return true;
}

/*
 * The COFF symbols, and the strings behind them, that some (xen.efi) have behind their sections. They are deprecated in
 * images and nobody needs them, so that those which do not fit the file are as good as none.
 */
static void extend_by_symbols(struct span file, const struct headers *headers, uint64_t *size)
{
    uint64_t at = headers->file.PointerToSymbolTable;
    uint64_t length = (uint64_t)headers->file.NumberOfSymbols * SYMBOL_SIZE;
    uint32_t strings;

    if (!at || !checked_within(at, length + sizeof(strings), file.size))
        return;
    at += length;
    memcpy(&strings, file.data + at, sizeof(strings)); /* its first word counts itself */
    if (strings >= sizeof(strings) && checked_within(at, strings, file.size))
        extend(size, at + strings);
}

static bool is_plain(const char *name)
{
    /* "/4" is a name that stands in the string table, because it is too long: UAPI.5 has none such, debuggers have. */
    if (name[0] == '/' || strncmp(name, ".debug", 6) == 0)
        return true;
    return section_name_find(name, plain_names, sizeof(plain_names[0]), PLAIN_NAMES) < PLAIN_NAMES;
}

/* UAPI.5, "PE Addons": the sections that one may have. */
static bool adds(const char *name)
{
    static const char names[][PE_SECTION_NAME_SIZE + 1] = { ".cmdline", ".dtb", ".ucode", ".initrd" };

    return section_name_find(name, names, sizeof(names[0]), sizeof(names) / sizeof(names[0])) <
           sizeof(names) / sizeof(names[0]);
}

static void classify(struct span file, const struct headers *headers, struct pe *pe)
{
    uint16_t subsystem = headers->optional.Subsystem;

    pe->is_efi_x64 =
        headers->file.Machine == IMAGE_FILE_MACHINE_AMD64 && headers->optional.Magic == IMAGE_NT_OPTIONAL_HDR64_MAGIC &&
        (subsystem == IMAGE_SUBSYSTEM_EFI_APPLICATION || subsystem == IMAGE_SUBSYSTEM_EFI_BOOT_SERVICE_DRIVER ||
         subsystem == IMAGE_SUBSYSTEM_EFI_RUNTIME_DRIVER);
    for (unsigned i = 0; i < headers->file.NumberOfSections; i++) {
        struct pe_section_header section;
        char name[PE_SECTION_NAME_SIZE + 1];

        read_section(file, headers, i, &section, name);
        if (strcmp(name, ".linux") == 0)
            pe->is_uki = true;
        if (adds(name))
            pe->is_addon = true;
        if (section_name_known(name) || is_plain(name))
            continue;
        if (!pe->unknown_count++)
            memcpy(pe->unknown_first, name, sizeof(name));
    }
    if (pe->is_uki)
        pe->is_addon = false;
}

/* Only the first `head` bytes of the file are there to be read. */
static bool parse(struct span file, uint64_t head, struct pe *pe, struct failure *failure)
{
    struct headers headers;

    if (!read_headers(file, head, &headers, failure))
        return false;
    pe->size = headers.optional.SizeOfHeaders;
    if (!check_certificates(file, &headers, &pe->size, failure))
        return false;
    for (unsigned i = 0; i < headers.file.NumberOfSections; i++)
        if (!check_section(file, &headers, i, &pe->size, failure))
            return false;
    if (head == file.size)
        extend_by_symbols(file, &headers, &pe->size);
    classify(file, &headers, pe);

    for (unsigned i = 0; (pe->is_uki || pe->is_addon) && i < headers.file.NumberOfSections; i++) {
        struct pe_section_header section;
        struct span content = { file.data, 0 };
        char name[PE_SECTION_NAME_SIZE + 1];

        read_section(file, &headers, i, &section, name);
        /* Old versions of objcopy leave VirtualSize 0. sections_add refuses one that is more than SizeOfRawData. */
        if (section.SizeOfRawData)
            content = (struct span){ file.data + section.PointerToRawData,
                                     section.VirtualSize ? section.VirtualSize : section.SizeOfRawData };
        if (!sections_add(&pe->sections, "kernel", &section, content, failure))
            return false;
    }
    return true;
}

bool pe_parse(struct span file, struct pe *pe, struct failure *failure)
{
    *pe = (struct pe){ 0 };
    if (parse(file, file.size, pe, failure))
        return true;
    *pe = (struct pe){ 0 };
    return false;
}

bool pe_parse_head(struct span head, uint64_t size, struct pe *pe, struct failure *failure)
{
    *pe = (struct pe){ 0 };
    if (parse((struct span){ head.data, size }, head.size < size ? head.size : size, pe, failure))
        return true;
    *pe = (struct pe){ 0 };
    return false;
}

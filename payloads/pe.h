/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PE/COFF structures that we read and write, with the names of Microsoft's "PE Format" specification: chapters
 * "COFF File Header", "Optional Header (Image Only)" for PE32+, and "Section Table (Section Headers)". All numbers are
 * little-endian. Every structure has its natural alignment, but a file need not put it there: copy one out before use.
 *
 *   0x00  "MZ" ... 0x3c: e_lfanew, the file offset of
 *     +0x00  "PE\0\0"
 *     +0x04  struct pe_file_header
 *     +0x18  struct pe_optional_header, of SizeOfOptionalHeader bytes, and behind those
 *            struct pe_section_header, NumberOfSections times
 */
#ifndef PAYLOADS_PE_H
#define PAYLOADS_PE_H

#include <stddef.h>
#include <stdint.h>

#define PE_DOS_MAGIC    0x5a4d /* "MZ", at offset 0 */
#define PE_DOS_E_LFANEW 0x3c   /* the offset of the u32 that says where the signature is */

#define PE_SIGNATURE 0x00004550 /* "PE\0\0" */

#define IMAGE_FILE_MACHINE_I386  0x014c
#define IMAGE_FILE_MACHINE_AMD64 0x8664
#define IMAGE_FILE_MACHINE_ARM64 0xaa64

struct pe_file_header {
    uint16_t Machine;
    uint16_t NumberOfSections;
    uint32_t TimeDateStamp;
    uint32_t PointerToSymbolTable;
    uint32_t NumberOfSymbols;
    uint16_t SizeOfOptionalHeader;
    uint16_t Characteristics;
};

_Static_assert(sizeof(struct pe_file_header) == 20, "COFF file header");
_Static_assert(offsetof(struct pe_file_header, NumberOfSections) == 2, "COFF file header");
_Static_assert(offsetof(struct pe_file_header, SizeOfOptionalHeader) == 16, "COFF file header");

struct pe_data_directory {
    uint32_t VirtualAddress; /* but a file offset in the certificate table's entry */
    uint32_t Size;
};

enum pe_directory {
    PE_DIRECTORY_CERTIFICATE_TABLE = 4,
    PE_DIRECTORY_BASE_RELOCATION_TABLE = 5,
    PE_DIRECTORIES = 16,
};

#define IMAGE_NT_OPTIONAL_HDR32_MAGIC 0x10b
#define IMAGE_NT_OPTIONAL_HDR64_MAGIC 0x20b

#define IMAGE_SUBSYSTEM_EFI_APPLICATION 10

#define IMAGE_DLLCHARACTERISTICS_NX_COMPAT 0x0100

/* PE32+ with all of its data directories; a file has NumberOfRvaAndSizes of them. */
struct pe_optional_header {
    uint16_t Magic;
    uint8_t MajorLinkerVersion;
    uint8_t MinorLinkerVersion;
    uint32_t SizeOfCode;
    uint32_t SizeOfInitializedData;
    uint32_t SizeOfUninitializedData;
    uint32_t AddressOfEntryPoint;
    uint32_t BaseOfCode;
    uint64_t ImageBase;
    uint32_t SectionAlignment;
    uint32_t FileAlignment;
    uint16_t MajorOperatingSystemVersion;
    uint16_t MinorOperatingSystemVersion;
    uint16_t MajorImageVersion;
    uint16_t MinorImageVersion;
    uint16_t MajorSubsystemVersion;
    uint16_t MinorSubsystemVersion;
    uint32_t Win32VersionValue;
    uint32_t SizeOfImage;
    uint32_t SizeOfHeaders;
    uint32_t CheckSum;
    uint16_t Subsystem;
    uint16_t DllCharacteristics;
    uint64_t SizeOfStackReserve;
    uint64_t SizeOfStackCommit;
    uint64_t SizeOfHeapReserve;
    uint64_t SizeOfHeapCommit;
    uint32_t LoaderFlags;
    uint32_t NumberOfRvaAndSizes;
    struct pe_data_directory DataDirectory[PE_DIRECTORIES];
};

_Static_assert(sizeof(struct pe_optional_header) == 240, "optional header");
_Static_assert(offsetof(struct pe_optional_header, SizeOfInitializedData) == 8, "optional header");
_Static_assert(offsetof(struct pe_optional_header, AddressOfEntryPoint) == 16, "optional header");
_Static_assert(offsetof(struct pe_optional_header, ImageBase) == 24, "optional header");
_Static_assert(offsetof(struct pe_optional_header, SectionAlignment) == 32, "optional header");
_Static_assert(offsetof(struct pe_optional_header, SizeOfImage) == 56, "optional header");
_Static_assert(offsetof(struct pe_optional_header, CheckSum) == 64, "optional header");
_Static_assert(offsetof(struct pe_optional_header, Subsystem) == 68, "optional header");
_Static_assert(offsetof(struct pe_optional_header, DllCharacteristics) == 70, "optional header");
_Static_assert(offsetof(struct pe_optional_header, NumberOfRvaAndSizes) == 108, "optional header");
_Static_assert(offsetof(struct pe_optional_header, DataDirectory) == 112, "optional header");

/* What lies at e_lfanew, as long as SizeOfOptionalHeader is that of the whole structure. */
struct pe_headers {
    uint32_t Signature;
    struct pe_file_header file;
    struct pe_optional_header optional;
};

_Static_assert(offsetof(struct pe_headers, file) == 4, "PE headers");
_Static_assert(offsetof(struct pe_headers, optional) == 24, "PE headers");
_Static_assert(sizeof(struct pe_headers) == 264, "PE headers");

#define PE_SECTION_NAME_SIZE 8

#define IMAGE_SCN_CNT_CODE               0x00000020
#define IMAGE_SCN_CNT_INITIALIZED_DATA   0x00000040
#define IMAGE_SCN_CNT_UNINITIALIZED_DATA 0x00000080
#define IMAGE_SCN_MEM_DISCARDABLE        0x02000000
#define IMAGE_SCN_MEM_EXECUTE            0x20000000
#define IMAGE_SCN_MEM_READ               0x40000000
#define IMAGE_SCN_MEM_WRITE              0x80000000u

struct pe_section_header {
    char Name[PE_SECTION_NAME_SIZE]; /* padded with NULs; a name of eight characters has none */
    uint32_t VirtualSize;
    uint32_t VirtualAddress;
    uint32_t SizeOfRawData;
    uint32_t PointerToRawData;
    uint32_t PointerToRelocations;
    uint32_t PointerToLinenumbers;
    uint16_t NumberOfRelocations;
    uint16_t NumberOfLinenumbers;
    uint32_t Characteristics;
};

_Static_assert(sizeof(struct pe_section_header) == 40, "section header");
_Static_assert(offsetof(struct pe_section_header, VirtualSize) == 8, "section header");
_Static_assert(offsetof(struct pe_section_header, VirtualAddress) == 12, "section header");
_Static_assert(offsetof(struct pe_section_header, SizeOfRawData) == 16, "section header");
_Static_assert(offsetof(struct pe_section_header, PointerToRawData) == 20, "section header");
_Static_assert(offsetof(struct pe_section_header, Characteristics) == 36, "section header");

#endif

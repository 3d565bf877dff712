/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/uki.c payloads/sections.c common/text.c common/failure.c */
/*
 * PE files built field by field, broken in one place a test. What the parser sees is a copy of just that size, so that
 * the sanitizer sees every byte read behind it. With the name of a file as its argument this program says what it finds
 * in that; test_uki_real.py compares that with what other tools say.
 */
#include "payloads/uki.h"
#include "tests/unit/content_of.h"
#include "tests/unit/kernel_file.h"

#define HEADERS      0x1400 /* SizeOfHeaders */
#define ALIGNMENT    0x200  /* FileAlignment */
#define FILE_MAX     0x20000
#define SECTIONS_MAX 97 /* one too many */
#define SYMBOL_SIZE  18
#define PE32_FIXED   96

/* Written into bytes by build(). */
static struct made {
    uint16_t magic;
    uint32_t e_lfanew;
    uint32_t signature;
    struct pe_file_header file;
    struct pe_optional_header optional;
    struct pe_section_header section[SECTIONS_MAX];
    uint64_t size;
    bool pe32;
    uint8_t bytes[FILE_MAX];
} made;

enum { TEXT, BSS, OSREL, CMDLINE, INITRD, LINUX }; /* the sections of the UKI that setup() makes */

static struct pe pe;

static struct pe_section_header *add(const char *name, uint32_t size)
{
    struct pe_section_header *section = &made.section[made.file.NumberOfSections++];

    memset(section, 0, sizeof(*section));
    memcpy(section->Name, name, strnlen(name, sizeof(section->Name)));
    section->VirtualSize = size;
    section->SizeOfRawData = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    section->PointerToRawData = (uint32_t)made.size;
    section->VirtualAddress = 0x10000 + (uint32_t)made.size;
    made.size += section->SizeOfRawData;
    return section;
}

static int setup(void **state)
{
    (void)state;
    memset(&made, 0, sizeof(made));
    for (size_t i = 0; i < FILE_MAX; i++)
        made.bytes[i] = (uint8_t)(i / ALIGNMENT);
    made.magic = PE_DOS_MAGIC;
    made.e_lfanew = 0x80;
    made.signature = PE_SIGNATURE;
    made.file.Machine = IMAGE_FILE_MACHINE_AMD64;
    made.file.SizeOfOptionalHeader = sizeof(made.optional);
    made.optional.Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    made.optional.SizeOfHeaders = HEADERS;
    made.optional.Subsystem = IMAGE_SUBSYSTEM_EFI_APPLICATION;
    made.optional.NumberOfRvaAndSizes = PE_DIRECTORIES;
    made.size = HEADERS;
    add(".text", 0x321);
    add(".bss", 0x5000);
    made.section[BSS].SizeOfRawData = made.section[BSS].PointerToRawData = 0;
    made.size = HEADERS + 2 * ALIGNMENT;
    add(".osrel", 0x30);
    add(".cmdline", 0x25);
    add(".initrd", 0x201);
    add(".linux", 0x400);
    return 0;
}

/* PE32 has BaseOfData and a short ImageBase, and four sizes of 4 bytes each where PE32+ has them of 8. */
static size_t write_optional(uint8_t *at)
{
    const uint8_t *from = (const uint8_t *)&made.optional;

    if (!made.pe32) {
        memcpy(at, from, sizeof(made.optional));
        return sizeof(made.optional);
    }
    memcpy(at, from, offsetof(struct pe_optional_header, SizeOfStackReserve));
    memset(at + offsetof(struct pe_optional_header, SizeOfStackReserve), 0, 20);
    memcpy(at + PE32_FIXED - 4, from + offsetof(struct pe_optional_header, NumberOfRvaAndSizes),
           4 + sizeof(made.optional.DataDirectory));
    return PE32_FIXED + sizeof(made.optional.DataDirectory);
}

static void build(void)
{
    uint8_t *at = made.bytes + made.e_lfanew;

    memcpy(made.bytes, &made.magic, sizeof(made.magic));
    memcpy(made.bytes + PE_DOS_E_LFANEW, &made.e_lfanew, sizeof(made.e_lfanew));
    if (made.e_lfanew < 0x40 || made.e_lfanew > HEADERS)
        return; /* nothing is there */
    memcpy(at, &made.signature, sizeof(made.signature));
    memcpy(at + 4, &made.file, sizeof(made.file));
    at += 4 + sizeof(made.file);
    at += write_optional(at);
    memcpy(at, made.section, sizeof(made.section));
}

static bool parse_bytes(uint64_t size)
{
    memset(&pe, 0xee, sizeof(pe));
    return pe_parse(file_of(made.bytes, size), &pe, &failure);
}

static void assert_parses(void)
{
    build();
    if (!parse_bytes(made.size))
        fail_msg("%s: %s", failure.what, failure.why);
    assert_true(pe_is(file));
}

static void assert_refused(const char *why)
{
    static const struct pe nothing;

    build();
    assert_false(parse_bytes(made.size));
    assert_says(why);
    assert_memory_equal(&pe, &nothing, sizeof(pe));
}

static void assert_content(const char *name, unsigned index, uint64_t size)
{
    struct span content = section_find(&pe.sections, name);

    assert_ptr_equal(content.data, file.data + made.section[index].PointerToRawData);
    assert_int_equal(content.size, size);
}

static void unified_kernel_image(void **state)
{
    (void)state;
    assert_parses();
    assert_true(pe.is_efi_x64 && pe.is_uki && !pe.is_addon);
    assert_int_equal(pe.size, made.size);
    assert_int_equal(pe.sections.count, 4);
    assert_content(".osrel", OSREL, 0x30);
    assert_content(".cmdline", CMDLINE, 0x25); /* eight characters, no NUL; the padding is none of it */
    assert_content(".initrd", INITRD, 0x201);
    assert_content(".linux", LINUX, 0x400);
    assert_null(section_find(&pe.sections, ".text").data);
    assert_int_equal(pe.unknown_count, 0);
    assert_string_equal(pe.unknown_first, "");
}

/* An addon has such sections without a kernel (UAPI.5, "PE Addons"), and is none of our payloads. */
static void no_unified_kernel_image(void **state)
{
    (void)state;
    memcpy(made.section[LINUX].Name, ".data\0", 6);
    memcpy(made.section[INITRD].Name, ".osrel\0", 7); /* twice, which is nobody's business here */
    memcpy(made.section[CMDLINE].Name, ".uname\0\0", 8);
    made.section[CMDLINE].VirtualSize = 0x5000;
    assert_parses();
    assert_true(pe.is_efi_x64);
    assert_false(pe.is_uki || pe.is_addon);
    assert_int_equal(pe.sections.count, 0);
}

/* Without .linux, but with something for one that has it: then its sections must be sound. */
static void addon(void **state)
{
    (void)state;
    memcpy(made.section[LINUX].Name, ".data\0", 6);
    assert_parses();
    assert_true(pe.is_addon && !pe.is_uki);
    assert_content(".cmdline", CMDLINE, 0x25);
    assert_content(".initrd", INITRD, 0x201);
    made.section[CMDLINE].VirtualSize = 0x5000;
    assert_refused("section .cmdline has 0x5000 bytes of which the file holds 0x200");
}

static void what_can_be_started(void **state)
{
    static const struct {
        uint16_t machine, subsystem;
        bool pe32, can;
    } kinds[] = {
        { IMAGE_FILE_MACHINE_AMD64, 10, false, true },  { IMAGE_FILE_MACHINE_AMD64, 11, false, true },
        { IMAGE_FILE_MACHINE_AMD64, 12, false, true },  { IMAGE_FILE_MACHINE_AMD64, 13, false, false },
        { IMAGE_FILE_MACHINE_AMD64, 3, false, false },  { IMAGE_FILE_MACHINE_AMD64, 0, false, false },
        { IMAGE_FILE_MACHINE_ARM64, 10, false, false }, { IMAGE_FILE_MACHINE_I386, 10, true, false },
        { IMAGE_FILE_MACHINE_AMD64, 10, true, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        made.file.Machine = kinds[i].machine;
        made.optional.Subsystem = kinds[i].subsystem;
        made.pe32 = kinds[i].pe32;
        made.optional.Magic = made.pe32 ? IMAGE_NT_OPTIONAL_HDR32_MAGIC : IMAGE_NT_OPTIONAL_HDR64_MAGIC;
        made.file.SizeOfOptionalHeader = (uint16_t)(sizeof(made.optional) - (made.pe32 ? 16 : 0));
        assert_parses();
        assert_int_equal(pe.is_efi_x64, kinds[i].can);
        assert_true(pe.is_uki);
        assert_content(".linux", LINUX, 0x400);
    }
}

static void headers_anywhere(void **state)
{
    (void)state;
    for (made.e_lfanew = 0x40; made.e_lfanew < 0x90; made.e_lfanew++) { /* also unaligned, as Linux 6.1's */
        assert_parses();
        assert_content(".linux", LINUX, 0x400);
    }
}

static void few_directories(void **state)
{
    uint8_t table[sizeof(made.section)];

    (void)state;
    memcpy(table, made.section, sizeof(table));
    made.optional.DataDirectory[PE_DIRECTORY_CERTIFICATE_TABLE] = (struct pe_data_directory){ 1, 1 };
    for (unsigned count = 0; count <= PE_DIRECTORY_CERTIFICATE_TABLE; count++) {
        made.optional.NumberOfRvaAndSizes = count;
        made.file.SizeOfOptionalHeader = (uint16_t)(112 + 8 * count);
        build();
        memcpy(made.bytes + made.e_lfanew + 24 + made.file.SizeOfOptionalHeader, table, sizeof(table));
        assert_true(parse_bytes(made.size)); /* what stands where the certificates would be is a section header */
        assert_int_equal(pe.sections.count, 4);
    }
}

static void sizes_as_old_objcopy_wrote(void **state)
{
    (void)state;
    made.section[LINUX].VirtualSize = 0;
    made.section[OSREL].VirtualSize = made.section[OSREL].SizeOfRawData = 0;
    made.section[OSREL].PointerToRawData = UINT32_MAX; /* of nothing */
    assert_parses();
    assert_content(".linux", LINUX, 0x400);
    assert_non_null(section_find(&pe.sections, ".osrel").data);
    assert_int_equal(section_find(&pe.sections, ".osrel").size, 0);
}

static void size_ends_with_the_last_part(void **state)
{
    struct pe_data_directory *certificates = &made.optional.DataDirectory[PE_DIRECTORY_CERTIFICATE_TABLE];
    uint64_t end = made.size;

    (void)state;
    made.size += 0x1000; /* another file */
    assert_parses();
    assert_int_equal(pe.size, end);
    *certificates = (struct pe_data_directory){ (uint32_t)end + 8, 0x123 };
    assert_parses();
    assert_int_equal(pe.size, end + 8 + 0x123);
    *certificates = (struct pe_data_directory){ (uint32_t)end, (uint32_t)(made.size - end) };
    assert_parses();
    assert_int_equal(pe.size, made.size);
    *certificates = (struct pe_data_directory){ UINT32_MAX, 0 }; /* none */
    assert_parses();
    assert_int_equal(pe.size, end);
    made.file.NumberOfSections = 1; /* and in any order */
    made.section[0].SizeOfRawData = 0;
    assert_parses();
    assert_int_equal(pe.size, HEADERS);
}

/* systemd-boot-efi 252's stub has them; so has xen.efi. */
static void symbols_belong_to_it(void **state)
{
    uint64_t end = made.size;
    uint32_t length = 0x21;

    (void)state;
    made.file.PointerToSymbolTable = (uint32_t)end + 3;
    made.file.NumberOfSymbols = 2;
    memcpy(made.bytes + end + 3 + 2 * SYMBOL_SIZE, &length, sizeof(length));
    made.size += 0x1000;
    assert_parses();
    assert_int_equal(pe.size, end + 3 + 2 * SYMBOL_SIZE + length);

    made.size = pe.size - 1; /* its strings are cut: it is as good as none */
    assert_parses();
    assert_int_equal(pe.size, end);
    made.file.NumberOfSymbols = UINT32_MAX;
    assert_parses();
    made.file.PointerToSymbolTable = UINT32_MAX;
    assert_parses();
    assert_int_equal(pe.size, end);
    made.file.PointerToSymbolTable = 0; /* Linux says so, of one symbol */
    made.file.NumberOfSymbols = 1;
    assert_parses();
    assert_int_equal(pe.size, end);
}

static void profiles(void **state)
{
    (void)state;
    add(".profile", 8);
    add(".cmdline", 9);
    add(".profile", 8);
    add(".cmdline", 10);
    add(".uname", 10);
    add(".dtb", 20);
    add(".dtb", 21);
    assert_parses();
    assert_content(".cmdline", LINUX + 2, 9);
    assert_content(".linux", LINUX, 0x400);
    assert_null(section_find(&pe.sections, ".uname").data);
    assert_int_equal(section_find_in(&pe.sections, SECTIONS_FIRST_PROFILE + 1, ".cmdline").size, 10);
    assert_int_equal(section_find_in(&pe.sections, SECTIONS_FIRST_PROFILE + 1, ".dtb").size, 20);
    assert_int_equal(section_find_in(&pe.sections, SECTIONS_BASE_PROFILE, ".cmdline").size, 0x25);
    add(".uname", 10);
    assert_refused("section .uname is there twice");
}

static void names(void **state)
{
    (void)state;
    add(".sbat", 4);
    add(".sdmagic", 4);
    add(".mine\x1b\n", 4);
    add("/4", 4);
    add(".debug_i", 4);
    add(".linux.x", 4);
    add("", 0);
    assert_parses();
    assert_int_equal(pe.unknown_count, 3);
    assert_string_equal(pe.unknown_first, ".mine\x1b\n");
    assert_int_equal(pe.sections.count, 5);
}

static void many_sections(void **state)
{
    (void)state;
    while (made.file.NumberOfSections < 96)
        add(".other", 1);
    assert_parses();
    assert_int_equal(pe.unknown_count, 90);
    add(".other", 1);
    assert_refused("NumberOfSections, 97,");
    made.file.NumberOfSections = UINT16_MAX;
    assert_refused("NumberOfSections, 65535,");
    made.file.NumberOfSections = 0;
    assert_refused("NumberOfSections, 0,");

    made.file.NumberOfSections = LINUX + 1;
    for (unsigned i = 4; i < LAYOUT_PE_SECTIONS_MAX; i++)
        add(".efifw", 1);
    assert_parses();
    assert_int_equal(pe.sections.count, LAYOUT_PE_SECTIONS_MAX);
    add(".efifw", 1);
    assert_refused(".efifw is one more than the 63 that fit");
}

#define FIELD(member) offsetof(struct made, member), sizeof(made.member)
#define CERTIFICATES  optional.DataDirectory[PE_DIRECTORY_CERTIFICATE_TABLE]

/* The size of the file that setup() makes: two blocks of .text, none of .bss, one, one, two and two. */
#define END (HEADERS + 8 * ALIGNMENT)

static const struct broken {
    size_t offset, size; /* of the field in struct made */
    uint64_t value;
    const char *why;
} broken[] = {
    { FIELD(magic), 0x5a4c, "no MZ header" },
    { FIELD(e_lfanew), 0, "e_lfanew, 0x0, lies in the MZ header" },
    { FIELD(e_lfanew), 4, "e_lfanew, 0x4, lies in the MZ header" },
    { FIELD(e_lfanew), 0x3f, "e_lfanew, 0x3f, lies in the MZ header" },
    { FIELD(e_lfanew), END - 23, "lies outside its 9216 bytes" },
    { FIELD(e_lfanew), END - 24, "no signature at e_lfanew" },
    { FIELD(e_lfanew), END, "lies outside its" },
    { FIELD(e_lfanew), 0x7fffffff, "lies outside its" },
    { FIELD(e_lfanew), UINT32_MAX, "e_lfanew, 0xffffffff, lies outside its" },
    { FIELD(e_lfanew), UINT32_MAX - 23, "lies outside its" }, /* wraps to 0 with the headers */
    { FIELD(signature), 0x50450000, "no signature at e_lfanew, 0x80" },
    { FIELD(signature), 0x01004550, "no signature" },
    { FIELD(file.SizeOfOptionalHeader), 0, "0x0, is neither PE32 nor PE32+" },
    { FIELD(file.SizeOfOptionalHeader), 1, "is neither PE32 nor PE32+" },
    { FIELD(file.SizeOfOptionalHeader), 2, "SizeOfOptionalHeader, 2, is too small" },
    { FIELD(file.SizeOfOptionalHeader), 111, "SizeOfOptionalHeader, 111, is too small" },
    { FIELD(file.SizeOfOptionalHeader), 112, "112, is not that of 16 directories" },
    { FIELD(file.SizeOfOptionalHeader), 239, "239, is not that of 16 directories" },
    { FIELD(file.SizeOfOptionalHeader), 241, "241, is not that of 16 directories" },
    { FIELD(file.SizeOfOptionalHeader), 248, "248, is not that of 16 directories" },
    { FIELD(file.SizeOfOptionalHeader), END - 0x80 - 24, "is not that of" },
    { FIELD(file.SizeOfOptionalHeader), END - 0x80 - 23, "its optional header, 9065 bytes at 0x98, ends outside" },
    { FIELD(file.SizeOfOptionalHeader), UINT16_MAX, "ends outside its 9216 bytes" },
    { FIELD(optional.Magic), IMAGE_NT_OPTIONAL_HDR32_MAGIC, "is not that of 0 directories" },
    { FIELD(optional.Magic), 0x107, "0x107, is neither PE32 nor PE32+" },
    { FIELD(optional.NumberOfRvaAndSizes), 15, "is not that of 15 directories" },
    { FIELD(optional.NumberOfRvaAndSizes), 17, "240, is not that of 17 directories" },
    { FIELD(optional.NumberOfRvaAndSizes), 0x20000010, "is not that of 536870928" }, /* times 8 wraps to 16's */
    { FIELD(optional.NumberOfRvaAndSizes), UINT32_MAX, "is not that of 4294967295 directories" },
    { FIELD(optional.SizeOfHeaders), 0, "SizeOfHeaders, 0x0, does not fit" },
    { FIELD(optional.SizeOfHeaders), 0x80 + 264 + 6 * 40 - 1, "does not fit: they end at 0x278, the file at 0x2400" },
    { FIELD(optional.SizeOfHeaders), END + 1, "SizeOfHeaders, 0x2401, does not fit" },
    { FIELD(optional.SizeOfHeaders), UINT32_MAX, "does not fit" },
    { FIELD(optional.SizeOfHeaders), HEADERS + 1, "section .text at 0x1400 overlaps the headers" },
    { FIELD(section[TEXT].PointerToRawData), 0, "section .text at 0x0 overlaps the headers" },
    { FIELD(section[LINUX].PointerToRawData), HEADERS - 1, ".linux at 0x13ff overlaps the headers" },
    { FIELD(section[LINUX].PointerToRawData), HEADERS, ".linux at 0x1400 overlaps section .text" },
    { FIELD(section[LINUX].PointerToRawData), END - 0x3ff, ".linux, 0x400 bytes at 0x2001, ends outside" },
    { FIELD(section[LINUX].PointerToRawData), END - 0x401, ".linux at 0x1fff overlaps section .initrd" },
    { FIELD(section[LINUX].PointerToRawData), UINT32_MAX - 0x3ff, ".linux, 0x400 bytes at 0xfffffc00, ends outside" },
    { FIELD(section[LINUX].SizeOfRawData), 0x401, "section .linux, 0x401 bytes at 0x2000, ends outside its 9216" },
    { FIELD(section[LINUX].SizeOfRawData), UINT32_MAX - END + 0x401, "ends outside" }, /* wraps to 0 */
    { FIELD(section[LINUX].SizeOfRawData), UINT32_MAX, "ends outside" },
    { FIELD(section[LINUX].SizeOfRawData), 0x3ff, ".linux has 0x400 bytes of which the file holds 0x3ff" },
    { FIELD(section[LINUX].SizeOfRawData), 0, ".linux has 0x400 bytes of which the file holds 0x0" },
    { FIELD(section[LINUX].VirtualSize), 0x401, ".linux has 0x401 bytes of which the file holds 0x400" },
    { FIELD(section[CMDLINE].VirtualSize), UINT32_MAX, ".cmdline has 0xffffffff bytes" },
    { FIELD(section[TEXT].SizeOfRawData), 0x401, "section .osrel at 0x1800 overlaps section .text" },
    { FIELD(section[BSS].SizeOfRawData), 1, "section .bss at 0x0 overlaps the headers" },
    { FIELD(section[INITRD].Name), 0x0078756e696c2e, "section .linux is there twice" }, /* ".linux" */
    { FIELD(CERTIFICATES), 0x0000000100001ffful, "its certificates at 0x1fff are not aligned" },
    { FIELD(CERTIFICATES), 0x0000000800002000ul, "section .linux at 0x2000 overlaps the certificates" },
    { FIELD(CERTIFICATES), 0x0000000100002400ul, "its certificates, 0x1 bytes at 0x2400, end outside" },
    { FIELD(CERTIFICATES), 0x0000001000fffff8ul, "end outside" },
    { FIELD(CERTIFICATES), 0x00000008fffffff8ul, "end outside" }, /* wraps to 0 */
    { FIELD(CERTIFICATES), 0xffffffff00000008ul, "end outside" },
    { FIELD(CERTIFICATES), 0x0000000800000000ul, "its certificates at 0x0 overlap the headers" },
    { FIELD(CERTIFICATES), 0x00000008000013f8ul, "its certificates at 0x13f8 overlap the headers" },
};

static void broken_fields(void **state)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        setup(state);
        assert_int_equal(made.size, END);
        memcpy((uint8_t *)&made + broken[i].offset, &broken[i].value, broken[i].size);
        assert_refused(broken[i].why);
    }
}

/* In the last bytes of a file there may be room for the signature alone. */
static void truncated(void **state)
{
    (void)state;
    build();
    for (uint64_t size = 0; size < END; size++) {
        assert_false(parse_bytes(size));
        assert_int_equal(pe_is(file), size >= made.e_lfanew + 4);
    }
    assert_true(parse_bytes(END));
    assert_false(pe_is((struct span){ NULL, END }));
    assert_false(pe_parse((struct span){ NULL, END }, &pe, &failure));
}

static void names_are_escaped(void **state)
{
    (void)state;
    memcpy(made.section[TEXT].Name, "\x1b[2J\x80\0\0", 8);
    made.section[TEXT].PointerToRawData = 0;
    assert_refused("\\x1b[2J\\x80");
}

static int describe(const char *path)
{
    file = content_of(path);
    if (!file.data)
        return perror(path), EXIT_FAILURE;
    if (!pe_parse(file, &pe, &failure)) {
        printf("error %s: %s\n", failure.what, failure.why);
    } else {
        printf("size %lu\nefi-x64 %d\nuki %d\nunknown %u %s\n", pe.size, pe.is_efi_x64, pe.is_uki, pe.unknown_count,
               pe.unknown_first);
        for (unsigned i = 0; i < pe.sections.count; i++)
            printf("section %s %u %td %lu\n", pe.sections.section[i].name, pe.sections.section[i].profile,
                   pe.sections.section[i].content.data - file.data, pe.sections.section[i].content.size);
    }
    return teardown(NULL);
}

int main(int count, char **arguments)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(unified_kernel_image),
        TEST(no_unified_kernel_image),
        TEST(addon),
        TEST(what_can_be_started),
        TEST(headers_anywhere),
        TEST(few_directories),
        TEST(sizes_as_old_objcopy_wrote),
        TEST(size_ends_with_the_last_part),
        TEST(symbols_belong_to_it),
        TEST(profiles),
        TEST(names),
        TEST(many_sections),
        TEST(broken_fields),
        TEST(truncated),
        TEST(names_are_escaped),
    };

    if (count == 2)
        return describe(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

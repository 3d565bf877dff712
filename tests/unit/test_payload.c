/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/payload.c payloads/bzimage.c payloads/sections.c payloads/uki.c payloads/elf.c */
/* sources: payloads/multiboot.c payloads/multiboot2.c payloads/vmlinux.c payloads/unpack.c payloads/unpack_gzip.c */
/* sources: payloads/unpack_zstd.c payloads/unpack_lz4.c payloads/unpack_xz.c tests/unit/packers.c */
/* sources: payloads/unpack_lzma.c */
/* sources: common/text.c common/failure.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a */
/* What a run of bytes is, by its beginning, compressed or not; and which faces a payload has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/multiboot.h"
#include "common/multiboot2.h"
#include "payloads/payload.h"
#include "payloads/pe.h"
#include "tests/unit/packers.h"
#include "tests/unit/synthetic_elf.h"
#include "tests/unit/synthetic_kernel.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

static struct boot boot;
static struct failure failure;

/* Recognises a copy of just that size, so that the sanitizer sees what is read behind it. */
static enum payload_kind recognise(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    enum payload_kind kind;

    memcpy(copy, bytes, size);
    kind = payload_recognise((struct span){ copy, size });
    free(copy);
    return kind;
}

static void nothing(void **state)
{
    (void)state;
    assert_int_equal(payload_recognise((struct span){ NULL, 0 }), PAYLOAD_DATA);
    assert_int_equal(recognise("", 0), PAYLOAD_DATA);
}

static void data(void **state)
{
    static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0 };

    (void)state;
    assert_int_equal(recognise("070701", 6), PAYLOAD_DATA);
    assert_int_equal(recognise(gzip, sizeof(gzip)), PAYLOAD_DATA);
}

/* A PE header at 0x40 of a file that begins with MZ. */
static void put_pe(uint8_t *bytes, uint16_t machine, uint32_t sections_end)
{
    static const uint32_t pe_at = 0x40;
    struct pe_headers pe = {
        .Signature = PE_SIGNATURE,
        .file = { .Machine = machine, .NumberOfSections = 1, .SizeOfOptionalHeader = sizeof(pe.optional) },
        .optional = { .Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC,
                      .SizeOfHeaders = sections_end,
                      .Subsystem = IMAGE_SUBSYSTEM_EFI_APPLICATION,
                      .NumberOfRvaAndSizes = PE_DIRECTORIES }
    };

    memcpy(bytes, "MZ", 2);
    memcpy(bytes + PE_DOS_E_LFANEW, &pe_at, sizeof(pe_at));
    memcpy(bytes + pe_at, &pe, sizeof(pe));
    memset(bytes + pe_at + sizeof(pe), 0, sizeof(struct pe_section_header));
    memcpy(bytes + pe_at + sizeof(pe), ".bss", 4);
}

static void bzimage(void **state)
{
    static struct synthetic_kernel kernel;

    (void)state;
    synthetic_start(&kernel, 0x020f);
    struct span file = synthetic_file(&kernel, KERNEL_SIZE);

    assert_int_equal(recognise(file.data, file.size), PAYLOAD_BZIMAGE);
    assert_int_equal(recognise(file.data, 0x206), PAYLOAD_BZIMAGE);
    assert_int_equal(recognise(file.data, 0x205), PAYLOAD_DATA);
    put_pe(kernel.bytes, IMAGE_FILE_MACHINE_AMD64, 0x200); /* with an EFI stub it is a bzImage all the same */
    assert_int_equal(recognise(file.data, file.size), PAYLOAD_BZIMAGE);
    assert_int_equal(recognise(file.data, 0x205), PAYLOAD_PE);
    memcpy(kernel.bytes, "\x7f\x45LF", 4); /* both at once: whoever made that wants boot.txt */
    assert_int_equal(recognise(file.data, file.size), PAYLOAD_BZIMAGE);
}

static void elf(void **state)
{
    (void)state;
    assert_int_equal(recognise("\x7f\x45LF", 4), PAYLOAD_ELF);
    assert_int_equal(recognise("\x7f\x45LF", 3), PAYLOAD_DATA);
    assert_int_equal(recognise("\x7f\x45Lf", 4), PAYLOAD_DATA);
}

static void pe(void **state)
{
    uint8_t bytes[0x44] = { 'M', 'Z' };

    (void)state;
    bytes[PE_DOS_E_LFANEW] = 0x40;
    memcpy(bytes + 0x40, "PE\0", 4);
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_PE);
    assert_int_equal(recognise(bytes, sizeof(bytes) - 1), PAYLOAD_DATA); /* no room for the signature */
    assert_int_equal(recognise(bytes, 0x3f), PAYLOAD_DATA);              /* nor for e_lfanew */
    bytes[0x40] = 'p';
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_DATA); /* DOS programs are none */
    bytes[0x40] = 'P';
    bytes[1] = 'z';
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_DATA);
}

static const uint32_t header1[] = { MULTIBOOT_HEADER_MAGIC,
                                    MULTIBOOT_HEADER_ADDRESSES,
                                    -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_HEADER_ADDRESSES),
                                    0x100010,
                                    0x100000,
                                    0,
                                    0,
                                    0x100040 };
/* An address tag, which resolves the load address, an entry tag, and the end. */
static const uint32_t header2[] = { MULTIBOOT2_HEADER_MAGIC,
                                    0,
                                    64,
                                    -(MULTIBOOT2_HEADER_MAGIC + 64),
                                    2,
                                    24,
                                    0x100000,
                                    0x100000,
                                    0,
                                    0,
                                    3,
                                    12,
                                    0x100050,
                                    0,
                                    0,
                                    8 };

static void flat(void **state)
{
    uint8_t bytes[0x100] = { 0 };

    (void)state;
    memcpy(bytes + 16, header1, sizeof(header1));
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_FLAT);
    assert_int_equal(recognise(bytes, 27), PAYLOAD_DATA); /* cut off */
    memcpy(bytes, "070701", 6);                           /* an archive is one, whatever is in it */
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_DATA);
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, header2, sizeof(header2));
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_FLAT);
}

static void in_streams(void **state)
{
    static struct synthetic_kernel kernel;
    static struct synthetic_elf made;
    uint8_t program[0x44] = { 'M', 'Z' };

    (void)state;
    synthetic_start(&kernel, 0x020f);
    synthetic_elf_start(&made, true);
    synthetic_elf_write(&made);
    program[PE_DOS_E_LFANEW] = 0x40;
    memcpy(program + 0x40, "PE\0", 4);

    const struct {
        struct span content;
        enum payload_kind kind;
    } cases[] = { { synthetic_file(&kernel, KERNEL_SIZE), PAYLOAD_BZIMAGE },
                  { { made.bytes, ELF_END }, PAYLOAD_ELF },
                  { { program, sizeof(program) }, PAYLOAD_PE },
                  { { (const uint8_t *)header1, sizeof(header1) }, PAYLOAD_FLAT },
                  { { (const uint8_t *)"070701", 6 }, PAYLOAD_DATA } };

    for (unsigned i = 0; i < PACKERS; i++) {
        for (unsigned j = 0; j < sizeof(cases) / sizeof(*cases); j++) {
            struct packed packed = { 0 };

            packers[i].pack(&packed, cases[j].content, 1);
            assert_int_equal(recognise(packed.data, packed.size), cases[j].kind);
            assert_true(payload_is_archive((struct span){ packed.data, packed.size }));
            free(packed.data);
        }
    }
}

static void archives(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        bool is;
    } cases[] = {
        { "070701", 6, true },  { "0707", 4, true },        { "070", 3, false },          { "BZh9", 4, true },
        { "BZ", 2, false },     { "\x5d\0\0\1", 4, true },  { "\x5d\0", 2, false },       { "\x89LZO", 4, true },
        { "\x89LZ", 3, false }, { "\x7f\x45LF", 4, false }, { "relocations", 11, false }, { "", 0, false },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(payload_is_archive((struct span){ (const uint8_t *)cases[i].bytes, cases[i].size }),
                         cases[i].is);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(payload_kind_name(PAYLOAD_DATA), "data");
    assert_string_equal(payload_kind_name(PAYLOAD_BZIMAGE), "bzImage");
    assert_string_equal(payload_kind_name(PAYLOAD_ELF), "ELF");
    assert_string_equal(payload_kind_name(PAYLOAD_PE), "PE");
    assert_string_equal(payload_kind_name(PAYLOAD_FLAT), "flat binary");
}

/* ---- taken apart ---- */

static struct synthetic_elf made;

static int setup_elf(void **state)
{
    (void)state;
    memset(&boot, 0xaa, sizeof(boot)); /* nothing is taken for granted */
    synthetic_elf_start(&made, true);
    return 0;
}

/* The file may go on behind what is taken apart. */
static bool take(const uint8_t *bytes, uint64_t size)
{
    static uint8_t *copy;

    free(copy); /* of the time before: boot points into it */
    copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    return payload_take_apart((struct span){ copy, size }, &boot, &failure);
}

static bool take_elf(void)
{
    synthetic_elf_write(&made);
    return take(made.bytes, ELF_END + 100);
}

static void pvh_note(uint32_t entry)
{
    synthetic_elf_note(&made, 4, "Xen", 18, &entry, sizeof(entry));
}

static void assert_refusal(enum face face, const char *why)
{
    const struct failure *refusal = &boot.refusals[__builtin_ctz(face)];

    assert_true(boot.broken & face);
    assert_false(boot.faces & face);
    assert_failure(refusal, "kernel", why);
}

static void elf_without_a_face(void **state)
{
    (void)state;
    assert_false(take_elf());
    assert_string_equal(failure.what, "kernel");
    assert_string_equal(failure.why, "an ELF without a PVH note or a multiboot header, and not Linux");
}

static void elf_faces(void **state)
{
    (void)state;
    pvh_note(ELF_LINKED + 8);
    assert_true(take_elf());
    assert_string_equal(boot.kind, "ELF");
    assert_int_equal(boot.faces, FACE_PVH);
    assert_int_equal(boot.broken, 0);
    assert_int_equal(boot.file.size, ELF_END); /* without what lies behind it */
    assert_int_equal(boot.as_pvh.entry, ELF_LINKED + 8);
    assert_int_equal(boot.as_pvh.program.start, ELF_LINKED);
    assert_int_equal(boot.as_pvh.program.end, ELF_LINKED_END);
    assert_false(boot.as_pvh.relocatable);

    memcpy(made.bytes + 0x1800, header1, sizeof(header1));
    memcpy(made.bytes + 0x1c00,
           (const uint32_t[]){ MULTIBOOT2_HEADER_MAGIC, 0, 24, -(MULTIBOOT2_HEADER_MAGIC + 24), 0, 8 }, 24);
    made.header.e_entry = ELF_VIRTUAL + ELF_LINKED;
    synthetic_elf_note(&made, 4, "Linux", 0, "6.1", 4);
    assert_true(take_elf());
    assert_true(boot.faces & FACE_LINUX);
    assert_ptr_equal(boot.as_linux.program, &boot.vmlinux);
    assert_int_equal(boot.as_linux.entry, ELF_LINKED);
    assert_int_equal(boot.vmlinux.count, 2);
    assert_true(boot.faces & FACE_PVH);
    /* Nobody looks for these where there is Linux, but for who asks. */
    assert_false((boot.faces | boot.broken) & (FACE_MULTIBOOT2 | FACE_MULTIBOOT));
    payload_find_multiboot(&boot);
    assert_true(boot.faces & FACE_MULTIBOOT2);
    assert_int_equal(boot.as_multiboot2.entry, ELF_LINKED);
    assert_true((boot.faces | boot.broken) & FACE_MULTIBOOT);
    assert_false((boot.faces | boot.broken) & FACE_EFI);
}

/* Each face by itself: what is wrong with one does not hide another. */
static void broken_faces(void **state)
{
    (void)state;
    pvh_note(ELF_LINKED - 1);
    assert_true(take_elf());
    assert_int_equal(boot.faces, 0);
    assert_int_equal(boot.broken, FACE_PVH);
    assert_refusal(FACE_PVH, "its PVH entry, 0x1fffff, is in none of its segments");

    synthetic_elf_note(&made, 4, "Linux", 0, "6.1", 4);
    assert_true(take_elf());
    assert_int_equal(boot.faces, FACE_LINUX);
    assert_refusal(FACE_PVH, "PVH entry");
    made.header.e_entry = ELF_VIRTUAL + ELF_LINKED_END;
    assert_true(take_elf());
    assert_int_equal(boot.faces, 0);
    assert_refusal(FACE_LINUX, "is outside what is loaded");
    assert_refusal(FACE_PVH, "PVH entry");
}

/* A 32-bit Linux ELF is no vmlinux that we start. */
static void elf32_linux(void **state)
{
    (void)state;
    synthetic_elf_start(&made, false);
    synthetic_elf_note(&made, 4, "Linux", 0, "6.1", 4);
    assert_false(take_elf());
    pvh_note(ELF_LINKED);
    assert_true(take_elf());
    assert_int_equal(boot.faces, FACE_PVH);
}

static void bzimage_faces(void **state)
{
    static struct synthetic_kernel kernel;
    struct span file;

    (void)state;
    synthetic_start(&kernel, 0x020f);
    file = synthetic_file(&kernel, KERNEL_SIZE + 50);
    assert_true(take(file.data, file.size));
    assert_string_equal(boot.kind, "bzImage");
    assert_int_equal(boot.faces, FACE_LINUX);
    assert_int_equal(boot.broken, 0);
    assert_int_equal(boot.file.size, KERNEL_SIZE);
    assert_null(boot.as_linux.program);
    assert_int_equal(boot.sections.count, 0);
    put_pe(kernel.bytes, IMAGE_FILE_MACHINE_AMD64, 0x200);
    assert_true(take(file.data, file.size));
    assert_int_equal(boot.faces, FACE_LINUX | FACE_EFI);
    assert_int_equal(boot.file.size, KERNEL_SIZE);
    put_pe(kernel.bytes, IMAGE_FILE_MACHINE_AMD64, KERNEL_SIZE + 20); /* it goes on behind the kernel */
    assert_true(take(file.data, file.size));
    assert_int_equal(boot.file.size, KERNEL_SIZE + 20);
    put_pe(kernel.bytes, 0xaa64, 0x200);
    assert_true(take(file.data, file.size));
    assert_int_equal(boot.faces, FACE_LINUX);
    assert_refusal(FACE_EFI, "its PE is none for x86-64 EFI");
    assert_false(take(file.data, KERNEL_SIZE - 1));
}

static void pe_faces(void **state)
{
    static uint8_t bytes[0x400];

    (void)state;
    put_pe(bytes, IMAGE_FILE_MACHINE_AMD64, 0x200);
    assert_true(take(bytes, sizeof(bytes)));
    assert_string_equal(boot.kind, "PE");
    assert_int_equal(boot.faces, FACE_EFI);
    assert_int_equal(boot.file.size, 0x200);
    memcpy(bytes + 0x180, header1, sizeof(header1)); /* of a multiboot kernel that is a PE as well */
    assert_true(take(bytes, sizeof(bytes)));
    assert_int_equal(boot.faces, FACE_EFI | FACE_MULTIBOOT);
    memset(bytes + 0x180 + 7 * 4, 0, 4); /* its entry */
    assert_true(take(bytes, sizeof(bytes)));
    assert_int_equal(boot.faces, FACE_EFI);
    assert_int_equal(boot.broken, FACE_MULTIBOOT);
}

static void flat_faces(void **state)
{
    static uint8_t bytes[0x200];

    (void)state;
    memcpy(bytes + 16, header1, sizeof(header1));
    assert_true(take(bytes, sizeof(bytes)));
    assert_string_equal(boot.kind, "flat binary");
    assert_int_equal(boot.faces, FACE_MULTIBOOT);
    assert_int_equal(boot.as_multiboot.entry, 0x100040);
    assert_int_equal(boot.file.size, sizeof(bytes));
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, header2, sizeof(header2));
    assert_true(take(bytes, sizeof(bytes)));
    assert_int_equal(boot.faces, FACE_MULTIBOOT2);
    assert_int_equal(boot.as_multiboot2.entry, 0x100050);
    bytes[12 * 4 + 3] = 0x77; /* the entry tag's address */
    assert_true(take(bytes, sizeof(bytes)));
    assert_int_equal(boot.faces, 0);
    assert_int_equal(boot.broken, FACE_MULTIBOOT2);
}

static void no_kernel(void **state)
{
    (void)state;
    assert_false(take((const uint8_t *)"070701", 6));
    assert_string_equal(failure.why, "6 bytes that are no kernel of any kind");
    assert_false(take((const uint8_t *)"", 0));
    assert_false(take((const uint8_t *)"\x1f\x8b\x08", 3)); /* compressed ones are to be unpacked first */
    assert_int_equal(boot.faces | boot.broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(data),
        cmocka_unit_test(bzimage),
        cmocka_unit_test(elf),
        cmocka_unit_test(pe),
        cmocka_unit_test(flat),
        cmocka_unit_test(in_streams),
        cmocka_unit_test(archives),
        cmocka_unit_test(names),
        cmocka_unit_test_setup(elf_without_a_face, setup_elf),
        cmocka_unit_test_setup(elf_faces, setup_elf),
        cmocka_unit_test_setup(broken_faces, setup_elf),
        cmocka_unit_test_setup(elf32_linux, setup_elf),
        cmocka_unit_test_setup(bzimage_faces, setup_elf),
        cmocka_unit_test_setup(pe_faces, setup_elf),
        cmocka_unit_test_setup(flat_faces, setup_elf),
        cmocka_unit_test_setup(no_kernel, setup_elf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

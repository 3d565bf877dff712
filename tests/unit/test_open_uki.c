/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/carried.c menu/parts.c menu/open.c storage/cpio.c storage/disk.c storage/path.c */
/* sources: storage/partitions.c storage/gpt.c storage/mbr.c storage/filesystems.c */
/* sources: storage/ext.c storage/ext_disk.c storage/ext_super.c storage/ext_inode.c storage/ext_map.c */
/* sources: storage/ext_file.c storage/ext_folder.c storage/ext_journal.c */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/iso9660.c storage/iso_records.c */
/* sources: firmware/loader_texts.c common/console.c */
/* sources: payloads/fit.c payloads/fit_tree.c payloads/fit_verify.c */
/* sources: payloads/payload.c payloads/expand.c payloads/bzimage.c payloads/sections.c payloads/uki.c */
/* sources: payloads/elf.c payloads/multiboot.c payloads/multiboot2.c payloads/vmlinux.c payloads/unpack.c */
/* sources: payloads/unpack_gzip.c payloads/unpack_zstd.c payloads/unpack_lz4.c payloads/unpack_xz.c */
/* sources: payloads/unpack_lzma.c */
/* sources: handoff/handoff.c common/arena.c common/physical.c common/map.c common/text.c common/failure.c */
/* sources: tests/unit/packers.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a -l:libfdt.a -l:libmbedcrypto.a */
/* Opening an entry that is a UKI: whole, or its parts. */
#include "tests/unit/open_fixture.h"

#define HDRS_AT      0x202 /* boot.rst: the setup header's signature, and what it needs to be one */
#define BOOT_FLAG_AT 0x1fe

struct part {
    const char *name;
    struct span content;
};

/* PE format; UAPI.5. Headers of 0x400 bytes, and the sections behind one another. */
static void join_uki(const struct part *parts, uint16_t count)
{
    const uint32_t start = (uint32_t)blob_size, pe_at = 0x40;
    struct pe_headers pe = { .Signature = PE_SIGNATURE,
                             .file = { .Machine = IMAGE_FILE_MACHINE_AMD64,
                                       .NumberOfSections = count,
                                       .SizeOfOptionalHeader = sizeof(pe.optional) },
                             .optional = { .Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC,
                                           .SizeOfHeaders = 0x400,
                                           .Subsystem = IMAGE_SUBSYSTEM_EFI_APPLICATION,
                                           .NumberOfRvaAndSizes = PE_DIRECTORIES } };
    struct pe_section_header section;
    uint8_t *at = blob + start;

    memset(at, 0, 0x400);
    memcpy(at, "MZ", 2);
    memcpy(at + PE_DOS_E_LFANEW, &pe_at, 4);
    memcpy(at + pe_at, &pe, sizeof(pe));
    blob_size += 0x400;
    for (uint16_t i = 0; i < count; i++) {
        section = (struct pe_section_header){ .VirtualSize = (uint32_t)parts[i].content.size,
                                              .SizeOfRawData = (uint32_t)parts[i].content.size,
                                              .PointerToRawData = (uint32_t)(blob_size - start) };
        memcpy(section.Name, parts[i].name, strnlen(parts[i].name, sizeof(section.Name)));
        memcpy(at + pe_at + sizeof(pe) + i * sizeof(section), &section, sizeof(section));
        memcpy(blob + blob_size, parts[i].content.data, parts[i].content.size);
        blob_size += parts[i].content.size;
    }
}

static void uki(struct span linux_file)
{
    const struct part parts[] = {
        { ".text", text_span("code") }, { ".osrel", text_span("ID=x") }, { ".cmdline", text_span("root=uki") },
        { ".initrd", initrd('a', 12) }, { ".ucode", initrd('u', 8) },    { ".dtb", text_span("tree") },
        { ".linux", linux_file }
    };

    join_uki(parts, sizeof(parts) / sizeof(*parts));
}

static void uki_taken_apart(void **state)
{
    (void)state;
    uki(kernel_file());
    blob_module("/uki.efi more");
    module("070701 overlay", 14, "/overlay");
    opens(false);
    assert_string_equal(boot.kind, "bzImage");
    assert_bytes(boot.file, kernel_file());
    assert_bytes(entry.uki, (struct span){ blob, blob_size });
    assert_int_equal(boot.faces, FACE_LINUX);
    assert_int_equal(boot.module_count, 3);
    assert_module(0, initrd('u', 8), "");
    assert_module(1, initrd('a', 12), "");
    assert_module(2, (struct span){ (const uint8_t *)"070701 overlay", 14 }, "/overlay");
    assert_bytes(boot.device_tree, text_span("tree"));
    assert_bytes(entry.os_release, text_span("ID=x"));
    assert_command_line("root=uki");
    entry.command_line = entry.string;
    assert_command_line("more"); /* behind its own */
    assert_false(boot.verified);
}

/* Our own image, packed, is a bzImage with the sections of a UKI: what its entry says of it holds. */
static void uki_that_is_a_bzimage(void **state)
{
    const struct part parts[] = { { ".text", text_span("code") },
                                  { ".cmdline", text_span("root=uki") },
                                  { ".linux", kernel_file() } };

    (void)state;
    join_uki(parts, sizeof(parts) / sizeof(*parts));
    memcpy(blob + BOOT_FLAG_AT, "\x55\xaa", 2);
    memcpy(blob + HDRS_AT, "HdrS", 4);
    blob_module("");
    assert_true(select_it());
    assert_int_equal(payload_recognise(entry.content), PAYLOAD_BZIMAGE);
    entry.is_uki = true;
    assert_true(parts_open(&entry, &expander, &boot, &failure));
    assert_bytes(boot.file, kernel_file());
    assert_command_line("root=uki");
}

static void uki_whole(void **state)
{
    (void)state;
    uki(kernel_file());
    blob_module("/uki.efi more");
    opens(true);
    assert_string_equal(boot.kind, "UKI");
    assert_int_equal(boot.faces, FACE_EFI);
    assert_bytes(boot.file, (struct span){ blob, blob_size });
    assert_int_equal(entry.uki.size, 0);
    assert_int_equal(boot.module_count, 0);
    module("070701", 6, "");
    assert_closed(true, "modules", "a UKI that is started by its own stub takes no further initrds");
}

static void uki_compressed(void **state)
{
    struct span content;

    (void)state;
    uki(kernel_file());
    content = (struct span){ blob, blob_size };
    packed_module("zstd", content, "");
    opens(true);
    assert_bytes(boot.file, content);
    opens(false);
    assert_bytes(boot.file, kernel_file());
    assert_int_equal(boot.module_count, 2);
}

/* A UKI's own kernel may be compressed, and be no Linux. */
static void uki_of_compressed_xen(void **state)
{
    struct packed packed = { 0 };

    (void)state;
    packer_named("xz crc64")->pack(&packed, xen_file(), 1);
    uki((struct span){ packed.data, packed.size });
    free(packed.data);
    blob_module("");
    opens(false);
    assert_bytes(boot.file, xen_file());
    assert_int_equal(boot.faces, FACE_MULTIBOOT);
    assert_int_equal(boot.module_count, 2);
}

/* In one piece with initrds: they go behind those of its own. */
static void uki_with_initrd_behind(void **state)
{
    (void)state;
    handoff.door = DOOR_LINUX64;
    uki(kernel_file());
    join(initrd('z', 22));
    blob_module("");
    opens(false);
    assert_bytes(boot.file, kernel_file());
    assert_int_equal(boot.module_count, 3);
    assert_module(2, initrd('z', 22), "");
    assert_closed(true, "modules", "takes no further initrds");
}

static void uki_packed(void **state)
{
    (void)state;
    uki(kernel_file());
    pack(".linux", (struct span){ blob, blob_size });
    pack(".cmdline", text_span("quiet"));
    opens(false);
    assert_bytes(boot.file, kernel_file());
    assert_true(boot.verified);
    assert_command_line("root=uki");
    entry.command_line = entry.options;
    assert_command_line("quiet");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup_open)
    const struct CMUnitTest tests[] = {
        TEST(uki_taken_apart),        TEST(uki_whole),  TEST(uki_compressed),        TEST(uki_of_compressed_xen),
        TEST(uki_with_initrd_behind), TEST(uki_packed), TEST(uki_that_is_a_bzimage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

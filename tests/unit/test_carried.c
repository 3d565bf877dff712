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
/* Which entry: kernel, modules and command line from packed sections, and from modules in a window of memory. */
#include "tests/unit/carried_fixture.h"
#include "tests/unit/partition_fixture.h"

static uint8_t packed[0x100];

static void nothing(void **state)
{
    (void)state;
    assert_refused("payload", "nothing is packed into the image, and no module is a kernel");
    module("initrd", 6, "/initrd");
    assert_refused("payload", "no module is a kernel");
}

static void kernel_alone(void **state)
{
    const uint8_t *at = kernel_module("");

    (void)state;
    assert_true(select_it());
    assert_string_equal(entry.source, "modules");
    assert_span(entry.content, at, KERNEL_SIZE);
    assert_int_equal(entry.module_count, 0);
    assert_command_line("");
}

static void kernel_and_initrds(void **state)
{
    const uint8_t *first, *second;

    (void)state;
    kernel_module("/boot/vmlinuz root=/dev/sda1 ro");
    first = module("microcode", 9, "/boot/ucode quiet");
    module("", 0, "/boot/empty");
    second = module("initrd", 6, "");
    assert_true(select_it());
    assert_int_equal(entry.module_count, 2);
    assert_span(entry.modules[0].content, first, 9);
    assert_span(entry.modules[1].content, second, 6);
    assert_command_line("root=/dev/sda1 ro"); /* and not an initrd's string */
}

/* The first word of a module's string may or may not be its file name. */
static void path_word(void **state)
{
    static const char *const cases[][2] = {
        { "/boot/vmlinuz root=/dev/sda1", "root=/dev/sda1" },
        { "(hd0,msdos1)/vmlinuz quiet splash", "quiet splash" },
        { "/vmlinuz", "" },
        { "  /vmlinuz   quiet", "quiet" },
        { "root=/dev/sda1 quiet", "root=/dev/sda1 quiet" },
        { "vmlinuz quiet", "vmlinuz quiet" }, /* no path: it may be a word for the kernel */
        { "quiet /sbin/init", "quiet /sbin/init" },
        { "/a /b", "/b" }, /* one word only */
        { "", "" },
        { "   ", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(NULL);
        kernel_module(cases[i][0]);
        assert_true(select_it());
        assert_command_line(cases[i][1]);
    }
}

static void initrd_first(void **state)
{
    (void)state;
    module("initrd", 6, "");
    kernel_module("");
    assert_refused("modules", "module 1 is a kernel, but comes after an initrd");
}

/* Whatever comes behind the first is its module: Xen has Linux for one. */
static void two_kernels(void **state)
{
    const uint8_t *first = kernel_module("/one"), *second = kernel_module("/two quiet");

    (void)state;
    assert_true(select_it());
    assert_span(entry.content, first, KERNEL_SIZE);
    assert_int_equal(entry.module_count, 1);
    assert_span(entry.modules[0].content, second, KERNEL_SIZE);
    assert_string_equal(entry.modules[0].string, "/two quiet");
    assert_command_line("");
}

/* Each kind is one, by its magic number; whether it is sound is seen when it is opened. */
static void other_kinds(void **state)
{
    uint8_t pe[0x60] = { 'M', 'Z' };
    const uint8_t *at = module("\x7f\x45LF and more", 14, "/xen dom0=pvh");

    (void)state;
    assert_true(select_it());
    assert_span(entry.content, at, 14);
    assert_command_line("dom0=pvh");
    setup(NULL);
    pe[PE_DOS_E_LFANEW] = 0x40;
    memcpy(pe + 0x40, "PE\0", 4);
    at = module(pe, sizeof(pe), "");
    assert_true(select_it());
    assert_span(entry.content, at, sizeof(pe));
    setup(NULL);
    module("initrd", 6, "");
    module(pe, sizeof(pe), "");
    assert_refused("modules", "module 1 is a kernel, but comes after an initrd");
}

static void compressed_kernels(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PACKERS; i++) {
        const uint8_t *at, *second;
        struct span file;

        setup(NULL);
        file = synthetic_file(&kernel, KERNEL_SIZE);
        at = packed_module(packers[i].name, file, "/vmlinuz.packed quiet");
        second = packed_module(packers[i].name, (struct span){ (const uint8_t *)"070701", 6 }, "");
        assert_true(select_it());
        assert_ptr_equal(entry.content.data, at);
        assert_int_equal(entry.content.size, handoff.modules[0].size); /* as it came */
        assert_command_line("quiet");
        assert_int_equal(entry.module_count, 1);
        assert_ptr_equal(entry.modules[0].content.data, second);
        assert_int_equal(expander_map.count, 1); /* nothing was kept for having looked */
    }
    setup(NULL);
    packed_module("gzip", (struct span){ (const uint8_t *)"070701", 6 }, "");
    assert_refused("payload", "no module is a kernel");
}

/* Only where each file comes as itself can nothing lie behind it. */
static void exact_and_joined(void **state)
{
    (void)state;
    for (enum door door = DOOR_PVH; door < DOOR_COUNT; door++) {
        bool exact = door == DOOR_MULTIBOOT2 || door == DOOR_MULTIBOOT2_EFI;

        setup(NULL);
        handoff.door = door;
        kernel_module("");
        module("initrd", 6, "");
        assert_true(select_it());
        assert_int_equal(entry.exact, exact);
        assert_int_equal(entry.modules[0].joined, !exact);
        assert_false(entry.packed);
    }
}

static void module_out_of_reach(void **state)
{
    (void)state;
    kernel_module("");
    handoff.modules[0].start = MEMORY + MEMORY_SIZE - 16;
    assert_refused("modules", "is out of our reach");
}

static void too_many_modules(void **state)
{
    (void)state;
    pack(".linux", synthetic_file(&kernel, KERNEL_SIZE));
    for (unsigned i = 0; i < BOOT_MODULES_MAX; i++)
        module("initrd", 6, "");
    assert_true(select_it());
    assert_int_equal(entry.module_count, BOOT_MODULES_MAX);
    pack(".initrd", (struct span){ (const uint8_t *)"070701", 6 });
    assert_refused("modules", "more than 64");
}

/* ---- packed ---- */

static void packed_before_modules(void **state)
{
    struct span file = synthetic_file(&kernel, KERNEL_SIZE);
    const uint8_t *at, *second;

    (void)state;
    pack(".linux", file);
    pack(".initrd", (struct span){ packed, 16 });
    pack(".cmdline", text_span("/sbin/init quiet"));
    pack(".ucode", (struct span){ packed + 32, 8 });
    pack(".dtb", (struct span){ packed + 48, 9 });
    pack(".osrel", text_span("ID=x"));
    pack(".uname", text_span("6.1"));
    assert_true(select_it());
    assert_string_equal(entry.source, "packed");
    assert_true(entry.packed);
    assert_span(entry.content, file.data, file.size);
    assert_int_equal(entry.module_count, 2);
    assert_span(entry.modules[0].content, packed + 32, 8); /* microcode first, wherever it stands */
    assert_span(entry.modules[1].content, packed, 16);
    assert_true(entry.modules[1].joined); /* it may be several files, padded */
    assert_span(entry.device_tree, packed + 48, 9);
    assert_int_equal(entry.os_release.size, 4);
    assert_int_equal(entry.uname.size, 3);
    assert_command_line("/sbin/init quiet"); /* no path to be stripped: nobody put one there */

    at = module("overlay", 7, "/overlay"); /* what the loader before us has is a further one */
    second = kernel_module("/two");
    assert_true(select_it());
    assert_int_equal(entry.module_count, 4);
    assert_span(entry.modules[2].content, at, 7);
    assert_string_equal(entry.modules[2].string, "/overlay");
    assert_span(entry.modules[3].content, second, KERNEL_SIZE);
    assert_span(entry.content, file.data, file.size);
}

static void packed_kernel_alone(void **state)
{
    (void)state;
    pack(".linux", synthetic_file(&kernel, KERNEL_SIZE));
    assert_true(select_it());
    assert_int_equal(entry.module_count, 0);
    assert_null(entry.command_line.data);
    pack(".initrd", (struct span){ packed, 0 }); /* empty */
    assert_true(select_it());
    assert_int_equal(entry.module_count, 0);
}

/* Without a kernel, what else is packed belongs to nothing. */
static void packed_initrd_alone(void **state)
{
    const uint8_t *at;

    (void)state;
    pack(".initrd", (struct span){ packed, 16 });
    assert_refused("payload", "nothing is packed");
    at = kernel_module("quiet");
    assert_true(select_it());
    assert_string_equal(entry.source, "modules");
    assert_span(entry.content, at, KERNEL_SIZE);
}

/* ---- disk images ---- */

#define BLOCK     512
#define DISK_SIZE (192 * BLOCK)
#define FAT_SIZE  (32 * BLOCK)

static uint8_t image[DISK_SIZE];

/* A FAT12 of FAT_SIZE bytes; its root has a folder of that name. */
static void put_fat(uint8_t *at, uint8_t serial, const char *folder)
{
    static const uint8_t boot[] = { 0xeb, 0x3c, 0x90, 'm', 'k', 'f', 's', '.', 'f', 'a',  't', 0,
                                    2,    1,    1,    0,   1,   16,  0,   32,  0,   0xf8, 1,   0 };
    static const uint8_t fat[] = { 0xf8, 0xff, 0xff, 0xff, 0x0f };

    memset(at, 0, FAT_SIZE);
    memcpy(at, boot, sizeof(boot));
    at[38] = 0x29;
    at[39] = serial;
    at[510] = 0x55;
    at[511] = 0xaa;
    memcpy(at + BLOCK, fat, sizeof(fat));
    memcpy(at + 2 * BLOCK, folder, 11);
    at[2 * BLOCK + 11] = 0x10;
    at[2 * BLOCK + 26] = 2;
}

/* An ISO 9660: a descriptor, in block 64, and a root of zeros, without files; or with a boot tree. */
static void put_iso(bool boots)
{
    uint8_t *descriptor = image + 64 * BLOCK, *record = image + 44 * 4 * BLOCK;

    memset(descriptor, 0, 4 * BLOCK);
    memcpy(descriptor, "\1CD001\1", 7);
    memcpy(descriptor + 40, "LABEL   ", 8);
    descriptor[129] = 8;  /* blocks of 2048 bytes */
    descriptor[158] = 44; /* the root: a block of zeros */
    descriptor[167] = 8;
    memset(record, 0, 4 * BLOCK);
    if (!boots)
        return;
    record[0] = 34 + 6;
    record[2] = 45; /* where it lies, and its size */
    record[11] = 8;
    record[25] = 2; /* a folder */
    record[32] = 6;
    memcpy(record + 33, "LOADER", 6);
}

static void assert_tree(const char *name)
{
    struct tree_node node;

    assert_true(select_it());
    assert_int_equal(carried.kind, CARRIED_TREE);
    assert_string_equal(carried.tree.name, name);
    assert_true(carried.tree.find(&carried.tree, "/", &node, &failure));
    assert_int_equal(node.kind, TREE_FOLDER);
}

/* The image as a module, as it is and compressed. */
static void assert_each_way(const char *name)
{
    setup(NULL);
    module(image, sizeof(image), "/disk.img quiet");
    assert_tree(name);
    assert_ptr_equal(carried.disk.data, memory);
    assert_command_line("quiet");
    for (unsigned i = 0; i < PACKERS; i++) {
        setup(NULL);
        packed_module(packers[i].name, (struct span){ image, sizeof(image) }, "");
        assert_tree(name);
    }
}

/* The image is no more than data. */
static void assert_no_tree(void)
{
    setup(NULL);
    module(image, sizeof(image), "");
    assert_refused("payload", "no module is a kernel");
}

static void whole_disks(void **state)
{
    (void)state;
    memset(image, 0, sizeof(image));
    put_fat(image, 1, "LOADER     ");
    assert_each_way("FAT12 0000-0001");
    put_fat(image, 1, "NOTHING    ");
    assert_no_tree();
    memset(image, 0, sizeof(image));
    put_iso(true);
    assert_each_way("ISO 9660 LABEL");
    put_iso(false);
    assert_no_tree();
}

static void partitioned_disks(void **state)
{
    struct made_gpt gpt;

    (void)state;
    memset(image, 0, sizeof(image));
    gpt = made_gpt_start(image, sizeof(image), BLOCK);
    put_fat(image + 40 * BLOCK, 1, "LOADER     ");
    put_fat(image + 72 * BLOCK, 2, "LOADER     ");
    put_fat(image + 104 * BLOCK, 3, "NOTHING    ");
    made_partition(&gpt, 1, made_linux, 40, 71, "other");
    made_partition(&gpt, 2, made_xbootldr, 72, 103, "xbootldr");
    made_partition(&gpt, 3, made_esp, 104, 135, "esp");
    made_partition(&gpt, 4, made_esp, 136, 137, "zeros");
    assert_each_way("FAT12 0000-0002"); /* it has a boot tree */
    assert_ptr_equal(carried.disk.data + 72 * BLOCK, carried.part.data);
    image[74 * BLOCK] = 'X';
    assert_each_way("FAT12 0000-0001");
    image[42 * BLOCK] = 'X';
    assert_no_tree();
    put_fat(image + 104 * BLOCK, 3, "LOADER     ");
    image[104 * BLOCK + 16] = 255; /* broken */
    image[74 * BLOCK] = 'L';
    assert_each_way("FAT12 0000-0002");
    image[74 * BLOCK] = 'X';

    put_iso(true); /* beside the partitions */
    assert_each_way("ISO 9660 LABEL");
    image[42 * BLOCK] = 'L';
    assert_each_way("FAT12 0000-0001");

    memset(image, 0, sizeof(image));
    put_fat(image + 40 * BLOCK, 1, "LOADER     ");
    put_fat(image + 72 * BLOCK, 2, "LOADER     ");
    made_record(image, 0, 0x0c, 72, 32);
    made_record(image, 1, 0xef, 40, 32);
    assert_each_way("FAT12 0000-0001");
    put_fat(image, 3, "LOADER     "); /* what was left of a former file system, and is broken */
    image[16] = 255;
    made_record(image, 0, 0x0c, 72, 32);
    made_record(image, 1, 0xef, 40, 32);
    image[42 * BLOCK] = image[74 * BLOCK] = 'X';
    assert_no_tree();
}

static void broken_disks(void **state)
{
    struct made_gpt gpt;

    (void)state;
    memset(image, 0, sizeof(image));
    gpt = made_gpt_start(image, sizeof(image), BLOCK);
    made_header(&gpt, 1)->my_lba = made_header(&gpt, made_last(&gpt))->my_lba = 7;
    module(image, sizeof(image), "");
    assert_refused("GPT", "the checksum of its header at block 1 is wrong");
    setup(NULL);
    packed_module("gzip", (struct span){ image, sizeof(image) }, "");
    assert_refused("GPT", "the checksum of its header at block 1 is wrong");
    setup(NULL);
    memset(image, 0, sizeof(image));
    put_fat(image, 1, "LOADER     ");
    image[16] = 255; /* FATs */
    module(image, sizeof(image), "");
    assert_refused("FAT file system", "leave nothing");
}

/* Data that ends its first sector as a disk does, or begins with zeros: memory for a look goes back. */
static void no_disks(void **state)
{
    (void)state;
    for (unsigned pass = 0; pass < 3; pass++) {
        memset(image, pass ? 0x5a : 0, sizeof(image));
        if (pass == 2)
            memset(image, 0, BLOCK);
        image[510] = pass ? 0x55 : 0;
        image[511] = pass ? 0xaa : 0;
        if (pass == 2)
            made_record(image, 0, 0x83, 10, 20);
        for (unsigned i = 0; i <= PACKERS; i++) {
            setup(NULL);
            if (i < PACKERS)
                packed_module(packers[i].name, (struct span){ image, sizeof(image) }, "");
            else
                module(image, sizeof(image), "");
            assert_refused("payload", "no module is a kernel");
            assert_int_equal(expander_map.count, 1);
        }
    }
}

/* A kernel has a boot sector's signature, too, and where a table would be, anything. */
static void kernel_with_a_table(void **state)
{
    uint8_t *at = (uint8_t *)kernel_module("quiet");

    (void)state;
    made_record(at, 0, 0xee, 1, 10);
    assert_true(select_it());
    assert_int_equal(carried.kind, CARRIED_KERNEL);
    assert_span(entry.content, at, KERNEL_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing, setup),
        cmocka_unit_test_setup(kernel_alone, setup),
        cmocka_unit_test_setup(kernel_and_initrds, setup),
        cmocka_unit_test_setup(path_word, setup),
        cmocka_unit_test_setup(initrd_first, setup),
        cmocka_unit_test_setup(two_kernels, setup),
        cmocka_unit_test_setup(other_kinds, setup),
        cmocka_unit_test_setup(module_out_of_reach, setup),
        cmocka_unit_test_setup(too_many_modules, setup),
        cmocka_unit_test_setup(compressed_kernels, setup),
        cmocka_unit_test_setup(exact_and_joined, setup),
        cmocka_unit_test_setup(packed_before_modules, setup),
        cmocka_unit_test_setup(packed_kernel_alone, setup),
        cmocka_unit_test_setup(packed_initrd_alone, setup),
        cmocka_unit_test_setup(whole_disks, setup),
        cmocka_unit_test_setup(partitioned_disks, setup),
        cmocka_unit_test_setup(broken_disks, setup),
        cmocka_unit_test_setup(no_disks, setup),
        cmocka_unit_test_setup(kernel_with_a_table, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

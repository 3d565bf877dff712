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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

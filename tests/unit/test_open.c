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
/* Opening an entry: compressed payloads and modules, and what lies behind a payload in one piece with it. */
#include "tests/unit/open_fixture.h"

/* ---- one file each ---- */

static void kernel_and_modules(void **state)
{
    const uint8_t *at = kernel_module("/vmlinuz quiet"), *second = module("070701 and so on", 16, "/initrd x");

    (void)state;
    opens(false);
    assert_string_equal(boot.kind, "bzImage");
    assert_int_equal(boot.faces, FACE_LINUX);
    assert_span(boot.file, at, KERNEL_SIZE);
    assert_int_equal(boot.module_count, 1);
    assert_span(boot.modules[0].content, second, 16);
    assert_string_equal(boot.modules[0].string, "/initrd x");
    assert_false(boot.verified);
    assert_null(boot.device_tree.data);
}

static void compressed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PACKERS; i++) {
        setup_open(NULL);
        packed_module(packers[i].name, kernel_file(), "");
        packed_module("gzip", initrd('a', 60), "");
        opens(false);
        assert_bytes(boot.file, kernel_file());
        assert_true(expander_holds(boot.file));
        assert_int_equal(boot.module_count, 1);
        assert_span(boot.modules[0].content, memory + (handoff.modules[1].start - MEMORY), handoff.modules[1].size);
        assert_true(expander_map.count <= 3); /* what was lent beyond the need went back */
    }
}

static void compressed_and_broken(void **state)
{
    const uint8_t *at = packed_module("gzip", kernel_file(), "");

    (void)state;
    memory[at - memory + handoff.modules[0].size - 8] ^= 1; /* its checksum */
    assert_closed(false, "payload", "");
    assert_int_equal(expander_map.count, 1);
    assert_int_equal(expander_map.ranges[0].type, MAP_RAM);
}

static void no_memory_to_unpack(void **state)
{
    (void)state;
    packed_module("gzip", kernel_file(), "");
    expander_map.count = 0;
    assert_closed(false, "payload", "no free memory to unpack it");
    assert_true(map_add(&expander_map, EXPANDER_START, MAP_PAGE, MAP_RAM, 0, &failure));
    assert_closed(false, "payload", "no free memory");
    setup_open(NULL);
    packed_module("zstd", kernel_file(), "");
    expander_map.count = 0;
    assert_closed(false, "payload", "no free memory");
}

static void broken_kernel(void **state)
{
    (void)state;
    kernel_module("");
    handoff.modules[0].size--;
    assert_closed(false, "kernel", "truncated");
    setup_open(NULL);
    module("\x7f\x45LF and more", 14, "");
    assert_closed(false, "kernel", "");
}

/* ---- what a payload makes of its modules ---- */

/* Linux is given compressed for an initrd, were it one, but unpacked for a kernel of Xen's. */
static void modules_of_xen(void **state)
{
    struct span file = xen_file();

    (void)state;
    module(file.data, file.size, "/xen dom0_mem=1G");
    packed_module("xz crc32", kernel_file(), "/vmlinuz root=/dev/sda");
    packed_module("gzip", initrd('b', 50), "/initrd");
    opens(false);
    assert_string_equal(boot.kind, "ELF");
    assert_int_equal(boot.faces, FACE_MULTIBOOT);
    assert_int_equal(boot.module_count, 2);
    assert_module(0, kernel_file(), "/vmlinuz root=/dev/sda");
    assert_true(expander_holds(boot.modules[0].content));
    assert_span(boot.modules[1].content, memory + (handoff.modules[2].start - MEMORY), handoff.modules[2].size);
}

static void modules_of_linux(void **state)
{
    const uint8_t *second;

    (void)state;
    kernel_module("");
    second = packed_module("gzip", kernel_file(), ""); /* no business of ours what an initrd is */
    opens(false);
    assert_int_equal(boot.module_count, 1);
    assert_span(boot.modules[0].content, second, handoff.modules[1].size);
}

/* ---- several in one piece ---- */

static void kernel_with_initrd_behind(void **state)
{
    const uint8_t *at, *second;

    (void)state;
    memcpy(kernel.bytes + KERNEL_SIZE, "initrd", 6);
    at = module(synthetic_file(&kernel, KERNEL_SIZE + 6).data, KERNEL_SIZE + 6, "");
    second = module("more", 4, "");
    opens(false);
    assert_span(boot.file, at, KERNEL_SIZE);
    assert_int_equal(boot.module_count, 2);
    assert_span(boot.modules[0].content, at + KERNEL_SIZE, 6);
    assert_span(boot.modules[1].content, second, 4);
}

/* A signed kernel ends where its signature does, and the next file begins at a multiple of 4. */
static void padding_behind_a_signature(void **state)
{
    static const uint32_t pe_at = 0x40;

    (void)state;
    for (uint32_t size = 10; size < 14; size++) {
        struct pe_headers pe = { .Signature = PE_SIGNATURE };
        const uint64_t end = KERNEL_SIZE + size, next = (end + 3) & ~3ull;
        const uint8_t *at;

        setup_open(NULL);
        pe.optional.DataDirectory[PE_DIRECTORY_CERTIFICATE_TABLE] = (struct pe_data_directory){ KERNEL_SIZE, size };
        memcpy(kernel.bytes, "MZ", 2);
        memcpy(kernel.bytes + PE_DOS_E_LFANEW, &pe_at, sizeof(pe_at));
        memcpy(kernel.bytes + pe_at, &pe, sizeof(pe));
        at = module(synthetic_file(&kernel, next + 5).data, next + 5, "");
        opens(false);
        assert_span(boot.file, at, end);
        assert_int_equal(boot.module_count, 1);
        assert_span(boot.modules[0].content, at + next, 5);

        handoff.modules[0].size = next; /* the padding alone is no initrd */
        opens(false);
        assert_int_equal(boot.module_count, 0);
        handoff.modules[0].size = end;
        opens(false);
        assert_int_equal(boot.module_count, 0);
    }
}

/* One ramdisk of a boot.txt loader: the stream ends where it says, and the rest is one initrd, whatever it holds. */
static void compressed_with_initrds_behind(void **state)
{
    uint64_t first;

    (void)state;
    for (unsigned i = 0; i < PACKERS; i++) {
        if (packers[i].packing == PACKING_LZ4_LEGACY)
            continue; /* has no end of its own */
        setup_open(NULL);
        handoff.door = DOOR_LINUX64;
        join_packed(packers[i].name, kernel_file());
        first = join(initrd('a', 13));
        join(initrd('b', 20));
        blob_module("");
        opens(false);
        assert_bytes(boot.file, kernel_file());
        assert_int_equal(boot.module_count, 1);
        assert_bytes(boot.modules[0].content, (struct span){ blob + first, blob_size - first });
    }
}

/* Each kernel at the front of what is left is a module, and what is left then is one. */
static void blob_of_xen(void **state)
{
    uint64_t last;

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        setup_open(NULL);
        handoff.door = DOOR_LINUX32;
        if (kind & 1)
            join_packed("gzip", xen_file());
        else
            join(xen_file());
        if (kind & 2)
            join_packed("zstd", kernel_file());
        else
            join(kernel_file());
        last = join(initrd('a', 13));
        join(initrd('b', 10));
        blob_module("");
        opens(false);
        assert_bytes(boot.file, xen_file());
        assert_int_equal(boot.module_count, 2);
        assert_module(0, kernel_file(), "");
        assert_module(1, (struct span){ blob + last, blob_size - last }, "");
    }
}

/* The same behind Xen in a module of its own, whose string is the first one's. */
static void blob_among_modules(void **state)
{
    struct span file = xen_file();
    uint64_t last;

    (void)state;
    handoff.door = DOOR_PVH;
    module(file.data, file.size, "");
    join(kernel_file());
    join_packed("xz none", xen_file());
    last = join(initrd('c', 30));
    blob_module("root=/dev/sda");
    opens(false);
    assert_int_equal(boot.module_count, 3);
    assert_module(0, kernel_file(), "root=/dev/sda");
    assert_module(1, xen_file(), "");
    assert_module(2, (struct span){ blob + last, blob_size - last }, "");
    setup_open(NULL); /* by a door that gives each file as itself, it is one */
    handoff.door = DOOR_MULTIBOOT2;
    module(file.data, file.size, "");
    join(kernel_file());
    join(initrd('c', 30));
    blob_module("root=/dev/sda");
    opens(false);
    assert_int_equal(boot.module_count, 1);
    assert_module(0, (struct span){ blob, blob_size }, "root=/dev/sda");
}

static void blob_of_too_many(void **state)
{
    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        setup_open(NULL);
        handoff.door = DOOR_LINUX64;
        join(xen_file());
        for (unsigned i = 0; i < 10; i++)
            join(kernel_file());
        blob_module("");
        for (unsigned i = 0; i < BOOT_MODULES_MAX - 10 + extra; i++)
            module("070701", 6, "");
        if (extra) {
            assert_closed(false, "modules", "more than 64");
            continue;
        }
        opens(false);
        assert_int_equal(boot.module_count, BOOT_MODULES_MAX);
    }
}

/* Bytes behind an ELF that are nothing: its own, where it came as itself, and not to be guessed where it did not. */
static void unknown_rest(void **state)
{
    static const uint8_t relocations[64] = "relocations of a vmlinux";
    struct span rest = { relocations, sizeof(relocations) };

    (void)state;
    join(xen_file());
    join(rest);
    blob_module("");
    opens(false); /* multiboot2 */
    assert_int_equal(boot.module_count, 0);
    handoff.door = DOOR_LINUX64;
    assert_closed(false, "modules", "the 64 bytes behind the kernel are neither another one nor an archive");
    handoff.modules[0].size--; /* so few are nobody's */
    opens(false);
    assert_int_equal(boot.module_count, 0);
    assert_int_equal(boot.file.size, ELF_END);
    handoff.module_count = 0;
    pack(".linux", (struct span){ blob, blob_size });
    opens(false);
    assert_int_equal(boot.module_count, 0);
    assert_int_equal(boot.file.size, ELF_END);
}

/* Xen has a few bytes more than its headers tell; what comes behind them is found all the same. */
static void tail_before_the_next(void **state)
{
    for (unsigned tail = 0; tail <= 64; tail += 4) {
        static const uint8_t more[64] = { 1, 2, 3 };
        uint64_t next;

        setup_open(state);
        handoff.door = DOOR_LINUX64;
        join(xen_file());
        join((struct span){ more, tail });
        if (tail & 4)
            next = join(initrd('a', 50));
        else
            next = join_packed("gzip", kernel_file());
        blob_module("");
        if (tail == 64) {
            assert_closed(false, "modules", "are neither another one nor an archive");
            continue;
        }
        opens(false);
        assert_int_equal(boot.module_count, 1);
        assert_module(0, tail & 4 ? (struct span){ blob + next, 50 } : kernel_file(), "");
    }
}

/* ---- packed ---- */

static void packed_entry(void **state)
{
    struct span tree = { (const uint8_t *)"\xd0\x0d\xfe\xed", 4 };

    (void)state;
    join(initrd('a', 5));
    join(initrd('b', 9));
    pack(".linux", kernel_file());
    pack(".initrd", (struct span){ blob, blob_size });
    pack(".dtb", tree);
    opens(false);
    assert_true(boot.verified);
    assert_span(boot.device_tree, tree.data, 4);
    assert_int_equal(boot.module_count, 1);
    assert_module(0, (struct span){ blob, blob_size }, "");
}

/* quadrivium-pack puts Xen's modules into the one .initrd. */
static void packed_xen(void **state)
{
    uint64_t last;

    (void)state;
    join_packed("gzip", kernel_file());
    last = join(initrd('b', 9));
    pack(".linux", xen_file());
    pack(".initrd", (struct span){ blob, blob_size });
    opens(false);
    assert_int_equal(boot.module_count, 2);
    assert_module(0, kernel_file(), "");
    assert_module(1, (struct span){ blob + last, blob_size - last }, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup_open)
    const struct CMUnitTest tests[] = {
        TEST(kernel_and_modules),
        TEST(compressed),
        TEST(compressed_and_broken),
        TEST(no_memory_to_unpack),
        TEST(broken_kernel),
        TEST(modules_of_xen),
        TEST(modules_of_linux),
        TEST(kernel_with_initrd_behind),
        TEST(padding_behind_a_signature),
        TEST(compressed_with_initrds_behind),
        TEST(blob_of_xen),
        TEST(blob_among_modules),
        TEST(blob_of_too_many),
        TEST(unknown_rest),
        TEST(tail_before_the_next),
        TEST(packed_entry),
        TEST(packed_xen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

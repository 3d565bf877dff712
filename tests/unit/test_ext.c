/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/ext.c storage/ext_disk.c storage/ext_super.c storage/ext_inode.c storage/ext_map.c */
/* sources: storage/ext_file.c storage/ext_folder.c storage/ext_journal.c storage/disk.c storage/path.c */
/* sources: common/console.c common/text.c common/failure.c */
/*
 * ext2, ext3 and ext4. With the name of an image this prints what is in it, for test_ext_real.py, which has them made
 * by mke2fs; without, it breaks small images of that kind, the fuzzer's seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "storage/ext.h"
#include "tests/unit/tree_walk.h"

#include "common/console.h"
#include "tests/unit/assert_failure.h"
#include "tests/unit/content_of.h"

static uint8_t *made;
static uint64_t made_size;
static struct disk disks[2]; /* in memory, and read */
static struct tree trees[2];
static struct failure failure;
static unsigned read_calls, read_large;
static bool read_fails;
static const char *warned; /* the last warning; NULL: none since it was opened */

static bool read_made(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *why)
{
    (void)disk;
    if (read_fails)
        return (fail)(why, "disk", "it is gone");
    if (!size || offset > made_size || size > made_size - offset)
        abort();
    memcpy(buffer, made + offset, size);
    read_calls++;
    read_large += size >= 4096;
    return true;
}

static bool open_made(void)
{
    uint32_t before = warnings(&warned);
    bool opened;

    disk_in_memory((struct span){ made, made_size }, &disks[0]);
    disks[1] = (struct disk){ .size = made_size, .read = read_made, .block = 512 };
    opened = ext_open(&disks[0], &trees[0], &failure) && ext_open(&disks[1], &trees[1], &failure);
    if (warnings(&warned) == before)
        warned = NULL;
    return opened;
}

/* ---- for test_ext_real.py ---- */

/* A line of what a path leads to; its content is read whole, in pieces that nothing is aligned to, and once more. */
static bool describe_path(const struct tree *tree, const char *path, bool is_link)
{
    static const char *const kinds[] = { "absent", "file", "folder", "other" };
    const uint64_t piece = 123457;
    struct tree_node node;
    uint8_t *content, *again;
    uint32_t crc;
    unsigned calls, large;

    if (!tree->find(tree, path, &node, &failure))
        return printf("broken %s: %s: %s\n", path, failure.what, failure.why), true;
    content = malloc(node.size + 1);
    again = malloc(node.size + 1);
    read_calls = read_large = 0;
    if (node.kind == TREE_FILE && !tree->read(tree, path, 0, content, node.size, &failure))
        return printf("broken %s: %s: %s\n", path, failure.what, failure.why), true;
    calls = read_calls;
    large = read_large;
    for (uint64_t at = 0; at < node.size; at += piece) {
        uint64_t size = node.size - at < piece ? node.size - at : piece;

        if (!tree->read(tree, path, at, again + at, size, &failure))
            return false;
    }
    if (memcmp(content, again, node.size) != 0 || (node.data && memcmp(content, node.data, node.size) != 0))
        return (fail)(&failure, path, "differs");
    crc = crc32_of(0, content, node.size);
    free(content);
    free(again);
    printf("%s %s %lu %08x %s %u %u %s\n", is_link ? "link" : "name", kinds[node.kind], node.size, crc,
           node.data ? "data" : "-", calls, large, path);
    return true;
}

static bool describe_tree(const struct tree *tree)
{
    printf("tree %s|%s|%s|%s\n", tree->name, tree->uuid, tree->label, warned ? warned : "");
    if (!walk_tree(tree, &failure))
        return false;
    for (unsigned i = 1; i < walked_count; i++) {
        if (!describe_path(tree, walked[i].path, walked[i].node.kind == TREE_OTHER))
            return false;
    }
    return true;
}

static int describe(const char *path)
{
    struct span content = content_of(path);

    made = (uint8_t *)content.data;
    made_size = content.size;
    if (!open_made() || !describe_tree(&trees[0]) || !describe_tree(&trees[1]))
        return printf("error %s: %s\n", failure.what, failure.why), EXIT_FAILURE;
    free(made);
    return EXIT_SUCCESS;
}

/* ---- broken ones ---- */

#define SEED_SIZE (130u << 10)
#define BLOCK     1024u

/* Inodes of the seeds, as seeds_trees.py has them made. */
enum { ROOT = 2, EFI = 12, HOLES = 18, LOADER = 19, ENTRIES = 20, SOFT = 48, VMLINUZ = 49, JOURNAL = 50 };

static void load(const char *name)
{
    char path[128];
    struct span content;

    free(made);
    snprintf(path, sizeof(path), "tests/fuzz/seeds/ext/%s", name);
    content = content_of(path);
    assert_non_null(content.data);
    assert_true(content.size <= SEED_SIZE);
    made_size = SEED_SIZE;
    made = calloc(1, SEED_SIZE);
    memcpy(made, content.data, content.size);
    free((void *)content.data);
    read_fails = false;
}

static int teardown(void **state)
{
    (void)state;
    free(made);
    made = NULL;
    return 0;
}

static uint32_t get(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static void put(uint8_t *at, uint32_t value, unsigned size)
{
    memcpy(at, &value, size);
}

/* Where an inode is; all are in the first group. */
static uint8_t *inode(unsigned number)
{
    uint16_t size;

    memcpy(&size, made + BLOCK + 0x58, sizeof(size));
    return made + get(made + 2 * BLOCK + 8) * BLOCK + (number - 1) * size;
}

/* What is in i_block, with extents: their header. */
static uint8_t *data_of(unsigned number)
{
    return inode(number) + 0x28;
}

/* The block that the first extent or number in an inode is of. */
static uint8_t *first_block(unsigned number)
{
    uint32_t flags = get(inode(number) + 0x20);

    return made + get(data_of(number) + (flags & 0x80000 ? 12 + 8 : 0)) * BLOCK;
}

static void assert_not_found(const char *path, const char *why)
{
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].find(&trees[i], path, &node, &failure));
        assert_failure(&failure, "ext file system", why);
    }
}

static void assert_not_read(const char *path, uint64_t offset, uint64_t size, const char *why)
{
    uint8_t buffer[32768];

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].read(&trees[i], path, offset, buffer, size, &failure));
        assert_failure(&failure, "ext file system", why);
    }
}

static bool count_names(void *context, const char *name, const struct tree_node *node)
{
    (void)name;
    (void)node;
    ++*(unsigned *)context;
    return true;
}

static void assert_names(const char *path, unsigned wanted)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned count = 0;

        assert_true(trees[i].list(&trees[i], path, count_names, &count, &failure));
        assert_int_equal(count, wanted);
    }
}

static void assert_not_listed(const char *path, const char *why)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned count = 0;

        assert_false(trees[i].list(&trees[i], path, count_names, &count, &failure));
        assert_failure(&failure, "ext file system", why);
    }
}

static void whole_ones(void **state)
{
    static const char *const names[] = { "ext2", "ext3", "ext4", "ext4-2k", "ext4-checksums" };

    (void)state;
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct tree_node node;
        char content[1200], name[16];

        load(names[i]);
        assert_true(open_made());
        assert_true(ext_is(&disks[0]) && ext_is(&disks[1]));
        assert_null(warned);
        snprintf(name, sizeof(name), "%.4s 8d2a6bd3", names[i]);
        assert_string_equal(trees[0].name, name);
        assert_null(trees[0].rename);
        assert_null(trees[0].write);
        assert_names("/EFI/slow", 26);
        assert_names("/vmlinuz", 0);
        assert_names("/nothing/there", 0);
        for (unsigned k = 0; k < 4; k++) {
            const struct tree *tree = &trees[k & 1]; /* by turns */

            assert_true(tree->find(tree, "/EFI/../soft", &node, &failure));
            assert_int_equal(node.kind, TREE_FILE);
            assert_true(tree->read(tree, "/vmlinuz", 0, content, sizeof(content), &failure));
            assert_memory_equal(content, i == 1 ? "changedchanged" : "kernelkernel", 12);
            assert_memory_equal(content + 1194, "kernel", 6);
        }
        assert_not_read("/vmlinuz", 1200, 1, "are outside its 1200");
        assert_not_read("/vmlinuz", UINT64_MAX, 2, "are outside its 1200");
        assert_not_read("/EFI", 0, 1, "/EFI is no file");
        assert_not_read("/loop", 0, 1, "more than 40 symbolic links");
    }
}

static void broken_superblocks(void **state)
{
    static const struct {
        uint32_t at, size, value;
        const char *why;
    } breaks[] = {
        { 0x38, 2, 0xef52, "it has no superblock" },
        { 0x18, 4, 7, "it has no superblock" },
        { 0x18, 4, UINT32_MAX, "it has no superblock" },
        { 0x18, 4, 6, "it has 130 blocks of 65536 bytes, the disk has 133120 bytes" },
        { 0x04, 4, 131, "it has 131 blocks of 1024 bytes" },
        { 0x04, 4, 0, "blocks and 56 inodes in a group, blocks from 1 on" },
        { 0x14, 4, 130, "blocks from 130 on" },
        { 0x20, 4, 0, "it has no superblock" },
        { 0x28, 4, 0, "and 0 inodes in a group" },
        { 0x00, 4, 0, "it has no superblock" },
        { 0x00, 4, 1, "1 inodes do not fit" },
        { 0x00, 4, 57, "57 inodes do not fit in 1 groups of 56" },
        { 0x58, 2, 0, "its inodes have 0 bytes" },
        { 0x58, 2, 192, "its inodes have 192 bytes" },
        { 0x58, 2, 2048, "its inodes have 2048 bytes" },
        { 0xfe, 2, 0, "its group descriptors have 0 bytes" },
        { 0xfe, 2, 48, "its group descriptors have 48 bytes" },
        { 0xfe, 2, 2048, "its group descriptors have 2048 bytes" },
        { 0x150, 4, 1, "it has 4294967426 blocks" },
        { 0x60, 4, 0x1000 | 0x2c2, "it needs a feature that is not known, incompat 0x1000" },
        { 0x60, 4, 0x80000001, "incompat 0x1" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
        load("ext4");
        put(made + BLOCK + breaks[i].at, breaks[i].value, breaks[i].size);
        assert_false(open_made());
        assert_failure(&failure, "ext file system", breaks[i].why);
    }
    load("ext4-checksums");
    made[BLOCK + 0x78] = 'x';
    assert_false(open_made());
    assert_failure(&failure, "ext file system", "the checksum of its superblock is wrong");
    load("ext4");
    put(made + BLOCK + 0x60, 0x8, 4); /* a journal's device */
    made_size = BLOCK + 1023;
    assert_false(open_made());
    assert_false(ext_is(&disks[0]));
    made_size = SEED_SIZE;
    assert_false(open_made());
    assert_false(ext_is(&disks[0]));
}

static void broken_groups(void **state)
{
    (void)state;
    load("ext4-checksums");
    made[2 * BLOCK]++;
    assert_true(open_made());
    assert_not_found("/", "the checksum of the descriptor of group 0 is wrong");
    load("ext4");
    put(made + 2 * BLOCK + 8, 0, 4);
    assert_true(open_made());
    assert_not_found("/", "inode 2 is outside it: its group's begin at block 0");
    put(made + 2 * BLOCK + 8, 130, 4);
    assert_not_found("/loader", "inode 2 is outside it: its group's begin at block 130");
    put(made + 2 * BLOCK + 0x28, UINT32_MAX, 4);
    assert_not_found("/loader", "inode 2 is outside it");
    load("ext4-2k");
    put(made + BLOCK + 0x04, 0, 4); /* meta_bg: the descriptors of the second group are in it */
    put(made + BLOCK + 0x04, 65, 4);
    put(made + BLOCK + 0x20, 32, 4);
    put(made + BLOCK + 0x28, 1, 4);
    put(made + BLOCK + 0x00, 3, 4);
    assert_true(open_made());
    assert_not_found("/", "inode 2 is outside it");
}

static void broken_inodes(void **state)
{
    (void)state;
    load("ext4");
    put(inode(ROOT), 0x81a4, 2);
    assert_true(open_made());
    assert_not_found("/", "its root is no folder");
    load("ext4");
    put(inode(VMLINUZ) + 0x6c, 0x500, 4);
    assert_true(open_made());
    assert_not_found("/vmlinuz", "inode 49 has 5497558140080 bytes, more than any can");
    assert_not_listed("/", "more than any can");
    put(inode(VMLINUZ) + 0x1a, 0, 2);
    assert_not_found("/vmlinuz", "/vmlinuz: inode 49 was deleted");
    assert_names("/", 9);
    load("ext4");
    put(inode(EFI) + 0x80, 129, 2);
    assert_true(open_made());
    assert_not_found("/EFI", "inode 12 has 129 bytes more than 128");
    put(inode(EFI) + 0x80, 132, 2);
    assert_not_found("/EFI", "inode 12 has 132 bytes more than 128");
    put(inode(EFI) + 0x80, 32, 2);
    put(inode(EFI) + 128 + 32 + 4 + 8, 100, 4);
    assert_not_found("/EFI", "inode 12: its inline data end outside it");
    put(inode(EFI) + 128 + 32 + 4, 0x07c8, 2);
    assert_not_found("/EFI", "inode 12: an attribute ends outside it");
}

static void broken_folders(void **state)
{
    static const struct {
        unsigned at, value;
        const char *why;
    } breaks[] = {
        { 4, 0, "folder 2: an entry at 0 has 0 bytes and a name of 1" },
        { 4, 8, "an entry at 0 has 8 bytes" },
        { 4, 14, "an entry at 0 has 14 bytes" },
        { 4, 0xffff, "an entry at 0 has 65535 bytes" },
        { 4, 1028, "an entry at 0 has 1028 bytes" },
        { 4, 1020, "folder 2: no room for an entry at 1020" },
        { 6, 5, "an entry at 0 has 12 bytes and a name of 5" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
        load("ext4");
        put(first_block(ROOT) + breaks[i].at, breaks[i].value, 2);
        assert_true(open_made());
        assert_not_found("/vmlinuz", breaks[i].why);
        assert_not_listed("/", breaks[i].why);
    }
    load("ext4");
    put(inode(ROOT) + 4, 17u << 20, 4);
    assert_true(open_made());
    assert_not_listed("/", "folder 2 has 17825792 bytes: too many");
    load("ext4");
    put(inode(ROOT) + 4, 131 * BLOCK, 4);
    assert_true(open_made());
    assert_not_listed("/", "folder 2 has 134144 bytes: too many");
    put(inode(ROOT) + 4, 2 * BLOCK, 4); /* a hole follows */
    assert_not_listed("/", "an entry at 1024 has 0 bytes");
}

/* Entries that lead to inodes which are not there, or to a folder that they are in. */
static void broken_entries(void **state)
{
    static const uint8_t unclean[] = { '/', '\0', 0x07, 0xff }; /* a name's first byte */
    struct tree_node node;
    uint8_t *entry;

    (void)state;
    load("ext4");
    entry = first_block(ROOT) + 24;
    assert_memory_equal(entry + 8, "lost+found", 10);
    put(entry, 57, 4);
    assert_true(open_made());
    assert_names("/", 9);
    assert_not_found("/lost+found", "there is no inode 57, they are 1 to 56");
    put(entry, ROOT, 4);
    assert_not_found("/lost+found", "/lost+found: a folder is in itself");
    assert_true(trees[0].find(&trees[0], "/vmlinuz", &node, &failure));
    for (unsigned i = 0; i < sizeof(unclean); i++) {
        put(entry + 8, unclean[i], 1);
        assert_true(open_made());
        assert_names("/", 8);
    }
    put(entry + 8, 'l', 1);
    assert_true(open_made());
    assert_names("/", 9);
}

static void broken_extents(void **state)
{
    uint8_t *header, *leaf;

    (void)state;
    load("ext4");
    assert_true(open_made());
    header = data_of(HOLES);
    leaf = made + get(header + 12 + 4) * BLOCK;
    assert_int_equal(get(header) >> 16, 1); /* one entry */
    assert_int_equal(get(header + 4) >> 16, 1);

    put(header, 0xf30b, 2);
    assert_not_read("/holes", 0, 1, "inode 18 has no extents at block 0");
    put(header, 0xf30a, 2);
    put(header + 2, 5, 2);
    assert_not_read("/holes", 0, 1, "inode 18 has 5 extents at block 0, which do not fit there");
    put(header + 2, 1, 2);
    put(header + 6, 6, 2);
    assert_not_read("/holes", 0, 1, "inode 18 has extents of depth 6");
    put(header + 6, 2, 2);
    assert_not_read("/holes", 0, 1, "inode 18 has extents of depth 0 in those of depth 2");
    put(header + 6, 1, 2);
    put(header + 12 + 4, 130, 4);
    assert_not_read("/holes", 0, 1, "inode 18 has 1 blocks from 130 on, which are not in it");
    put(header + 12 + 4, 0, 4);
    assert_not_read("/holes", 0, 1, "inode 18 has 1 blocks from 0 on");
    put(header + 12 + 4, (uint32_t)((leaf - made) / BLOCK), 4);
    put(header + 12 + 8, 1, 2);
    assert_not_read("/holes", 0, 1, "which are not in it");
    put(header + 12 + 8, 0, 2);

    put(leaf + 2, 85, 2);
    assert_not_read("/holes", 0, 1, "has 85 extents at block");
    put(leaf + 2, 6, 2);
    put(leaf + 6, 1, 2); /* a cycle: its first entry leads to itself */
    put(leaf + 12 + 4, (uint32_t)((leaf - made) / BLOCK), 4);
    assert_not_read("/holes", 0, 1, "inode 18 has extents of depth 1 in those of depth 1");
    put(leaf + 6, 0, 2);
    put(leaf + 12 + 4, 5, 2);
    assert_not_read("/holes", 0, 20484, "inode 18 has extents that overlap, at block 4");
    put(leaf + 12 + 4, 0, 2);
    assert_not_read("/holes", 0, 1, "inode 18 has 0 blocks from");
    put(leaf + 12 + 4, 4, 2);
    put(leaf + 12 + 8, 127, 4);
    assert_not_read("/holes", 0, 1, "inode 18 has 4 blocks from 127 on");
    put(leaf + 12 + 8, 126, 4);
    put(leaf + 24, 0, 4);
    assert_not_read("/holes", 0, 20484, "inode 18 has extents that overlap, at block 0");
}

static void broken_block_maps(void **state)
{
    uint8_t *numbers, *indirect;

    (void)state;
    load("ext2");
    assert_true(open_made());
    numbers = data_of(HOLES);
    indirect = made + get(numbers + 12 * 4) * BLOCK;
    put(indirect + 4 * 4, 130, 4);
    assert_not_read("/holes", 0, 20484, "inode 18 has 1 blocks from 130 on, which are not in it");
    put(numbers, UINT32_MAX, 4);
    assert_not_read("/holes", 0, 1, "from 4294967295 on");
    put(numbers + 12 * 4, 130, 4);
    assert_not_read("/holes", 12288, 1, "from 130 on");
    put(inode(HOLES) + 4, UINT32_MAX, 4);
    put(inode(HOLES) + 0x6c, 4, 4);
    assert_not_read("/holes", 17247252480, 1, "inode 18 is longer than block maps can tell");
    put(numbers + 14 * 4, (uint32_t)((indirect - made) / BLOCK), 4);
    put(indirect + 4 * 4, 0, 4);
    memset(indirect, 0xff, BLOCK);
    assert_not_read("/holes", 1073741824, 1, "from 4294967295 on");
    memset(indirect, 0, BLOCK);
    for (unsigned i = 0; i < BLOCK; i += 4) /* a cycle, in which it is just read as often as there are levels */
        put(indirect + i, (uint32_t)((indirect - made) / BLOCK), 4);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t number = 0;

        assert_true(trees[i].read(&trees[i], "/holes", 1073741824, &number, sizeof(number), &failure));
        assert_int_equal(number, (indirect - made) / BLOCK);
    }
}

static void broken_links(void **state)
{
    (void)state;
    load("ext4");
    assert_true(open_made());
    put(data_of(SOFT) + 3, 0, 1);
    assert_not_found("/soft", "/soft: a symbolic link has a NUL");
    put(inode(SOFT) + 4, 0, 4);
    assert_not_found("/soft", "/soft: a symbolic link of 0 bytes");
    put(inode(SOFT) + 4, 4096, 4);
    assert_not_found("/soft", "/soft: a symbolic link of 4096 bytes");
    put(inode(SOFT) + 4, 14, 4);
    put(inode(SOFT) + 0x20, 0x800, 4);
    assert_not_found("/soft", "/soft: a symbolic link is encrypted");
}

/* Each time it is said, and the file system read as it is; or the journal ends where it is no longer one. */
static void broken_journals(void **state)
{
    static const struct {
        uint32_t block, at, size, value;
        const char *why; /* NULL: it ends, with nothing that counts */
    } breaks[] = {
        { 0, 0, 1, 0, "it has no superblock" },
        { 0, 7, 1, 5, "it has no superblock" },
        { 0, 12, 4, 2048, "it has 16 blocks of 524288 bytes" },
        { 0, 16, 1, 1, "it has 16777232 blocks of 1024 bytes" },
        { 0, 19, 1, 17, "it has 17 blocks of 1024 bytes" },
        { 0, 23, 1, 2, "it begins at block 1, of 2 to 16" },
        { 0, 23, 1, 0, "it begins at block 1, of 0 to 16" },
        { 0, 31, 1, 16, "it begins at block 16, of 1 to 16" },
        { 0, 31, 1, 0, NULL },
        { 0, 31, 1, 2, NULL },
        { 0, 27, 1, 6, NULL },
        { 0, 0x2b, 1, 0x41, "it needs features that are not known, incompat 0x41" },
        { 0, 0x2b, 1, 0x09, "the checksum of its superblock is wrong" },
        { 0, 0x2b, 1, 0x21, "it begins at block 1, of 1 to 0" },
        { 1, 0, 1, 0, NULL },
        { 1, 11, 1, 6, NULL },
        { 1, 15, 1, 130, "it has block 130, which is not in the file system" },
        { 1, 12, 1, 0xff, "which is not in the file system" },
        { 1, 19, 1, 0, NULL }, /* its last tag is not the last: what it then tells of goes round */
        { 3, 14, 1, 0xff, "its block 3 revokes too many" },
        { 3, 7, 1, 4, NULL },
        { 4, 11, 1, 6, NULL },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
        char content[1200], wanted[200];

        load("ext3");
        put(made + get(data_of(JOURNAL) + 4 * breaks[i].block) * BLOCK + breaks[i].at, breaks[i].value, breaks[i].size);
        assert_true(open_made());
        snprintf(wanted, sizeof(wanted), "ext3 8d2a6bd3: the journal was not replayed: journal: %s", breaks[i].why);
        assert_true(!breaks[i].why == !warned);
        if (warned && !strstr(breaks[i].why, "which is not"))
            assert_string_equal(warned, wanted);
        for (unsigned k = 0; k < 2; k++) {
            assert_true(trees[k].read(&trees[k], "/vmlinuz", 0, content, sizeof(content), &failure));
            assert_memory_equal(content, "kernelkernel", 12);
        }
    }
}

/* What a journal revokes is as many numbers as there is room for: they are not read one by one. */
static void many_revokes(void **state)
{
    unsigned calls[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *revokes;

        load("ext3");
        revokes = made + get(data_of(JOURNAL) + 4 * 3) * BLOCK;
        if (i) {
            memset(revokes + 20, 0, BLOCK - 20);
            put(revokes + 14, BLOCK >> 8, 1); /* big-endian, and so with a low byte of 0 */
            put(revokes + 15, 0, 1);
        }
        read_calls = 0;
        assert_true(open_made());
        assert_null(warned);
        assert_names("/", 10);
        calls[i] = read_calls;
    }
    assert_int_equal(calls[1], calls[0]);
}

/* Where the disk can no longer be read, all calls fail; nothing that was remembered goes wrong afterwards. */
static void pulled_out(void **state)
{
    struct tree_node node;
    unsigned count = 0;

    (void)state;
    load("ext3");
    assert_true(open_made());
    assert_true(trees[0].find(&trees[0], "/vmlinuz", &node, &failure));
    read_fails = true;
    assert_false(trees[1].find(&trees[1], "/vmlinuz", &node, &failure));
    assert_failure(&failure, "disk", "it is gone");
    assert_false(trees[1].list(&trees[1], "/", count_names, &count, &failure));
    assert_failure(&failure, "disk", "it is gone");
    read_fails = false;
    assert_true(trees[1].find(&trees[1], "/vmlinuz", &node, &failure));
    assert_names("/", 10);
    read_fails = true;
    assert_false(trees[1].list(&trees[1], "/", count_names, &count, &failure));
    read_fails = false;
    disks[1].size = 0;
    assert_false(ext_open(&disks[1], &trees[1], &failure));
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_ones),     TEST(broken_superblocks), TEST(broken_groups),  TEST(broken_inodes),
        TEST(broken_folders), TEST(broken_entries),     TEST(broken_extents), TEST(broken_block_maps),
        TEST(broken_links),   TEST(broken_journals),    TEST(many_revokes),   TEST(pulled_out),
    };

    if (count == 2)
        return describe(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

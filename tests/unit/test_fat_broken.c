/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/disk.c storage/path.c */
/* sources: common/text.c common/failure.c */
/* FAT file systems that are broken: their boot sectors, chains and entries, folders without an end, disks that fail. */
#include "tests/unit/fat_fixture.h"

static void broken_chains(void **state)
{
    static const unsigned all[] = { 12, 16, 32 };
    static const struct {
        uint32_t cluster, next;
        const char *why;
    } breaks[] = {
        { 12, 0x0fffffff, "a chain of 3 clusters is shorter than its file, which has 5" },
        { 12, 0x0ffffff8, "is shorter than its file" },
        { 12, 0x0ffffff7, "a bad cluster follows cluster 12" },
        { 12, 0, "cluster 0 follows cluster 12: it is not among 2 to" },
        { 12, 1, "cluster 1 follows" },
        { 12, 4095, NULL }, /* outside of FAT12 and FAT32 here; see below */
        { 12, 10, "the chain from cluster 10 on comes back to itself" },
        { 12, 12, "the chain from cluster 10 on comes back" },
        { 14, 12, "the chain from cluster 10 on comes back" },
        { 13, 11, "the chain from cluster 10 on comes back" },
    };

    (void)state;
    for (unsigned i = 0; i < 3 * sizeof(breaks) / sizeof(*breaks); i++) {
        unsigned k = i / 3;
        uint32_t next = breaks[k].next;

        make(all[i % 3]);
        put_entry(put_entry(root(), "BROKEN     ", 0, 10, 5 * SECTOR), "GOOD       ", 0, 20, 5 * SECTOR);
        put_chain(20, 5);
        put_chain(10, 5);
        if (!breaks[k].why)
            next = (uint32_t)((made_size - data_at) / SECTOR) + 2;
        set_next(breaks[k].cluster, next);
        assert_true(open_made());
        assert_string_equal(names_in("/"), "BROKEN GOOD");
        assert_not_found("/BROKEN", breaks[k].why ? breaks[k].why : "it is not among 2 to");
        assert_string_equal(failure.what, "/BROKEN");
        assert_not_read("/BROKEN", 0, 1, "");
        assert_content("/GOOD", cluster_bytes(20), 5 * SECTOR);
        assert_true(walk_tree(&trees[0], &failure));
        assert_true(!walked[1].node.data || breaks[k].cluster == 14);
        assert_ptr_equal(walked[2].node.data, cluster_bytes(20));
    }
}

static void broken_entries(void **state)
{
    (void)state;
    make(12);
    put_entry(root(), "NOWHERE    ", 0, 0, 5);
    put_entry(root() + 32, "ONE        ", 0, 1, 5);
    put_entry(root() + 64, "BEHIND     ", 0, 64, 5);
    put_entry(root() + 96, "HUGE       ", 0, 10, UINT32_MAX);
    put_entry(root() + 128, "FOLDER     ", FOLDER, 0, 0);
    put_entry(root() + 160, "FOLDER2    ", FOLDER, 64, 0);
    put_entry(root() + 192, "FREE       ", FOLDER, 20, 0);
    put_entry(root() + 224, "LONGER     ", 0, 10, 512); /* than its size: allowed */
    put_chain(10, 5);
    assert_true(open_made());
    assert_not_found("/NOWHERE", "cluster 0 is not among 2 to 62");
    assert_not_found("/ONE", "cluster 1 is not among");
    assert_not_found("/BEHIND", "cluster 64 is not among");
    assert_not_found("/HUGE", "more than there are clusters for");
    assert_not_found("/FOLDER", "cluster 0 is not among");
    assert_not_found("/FOLDER/x", "cluster 0 is not among");
    assert_not_found("/FOLDER2/x", "cluster 64 is not among");
    assert_not_found("/FREE/x", "cluster 0 follows cluster 20");
    assert_kind("/FREE", TREE_FOLDER);
    assert_content("/LONGER", cluster_bytes(10), 512);
    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].list(&trees[i], "/FREE", visit, NULL, &failure));
        assert_false(trees[i].list(&trees[i], "/FOLDER2", visit, NULL, &failure));
    }
}

static void folder_loops(void **state)
{
    (void)state;
    make(32);
    put_entry(root(), "A          ", FOLDER, 10, 0);
    put_entry(root() + 32, "ROOT       ", FOLDER, 2, 0);
    put_entry(cluster_bytes(10), "B          ", FOLDER, 11, 0);
    put_entry(cluster_bytes(11), "A          ", FOLDER, 10, 0);
    put_entry(cluster_bytes(11) + 32, "F          ", 0, 0, 0);
    end_chain(10);
    end_chain(11);
    assert_true(open_made());
    assert_kind("/A/B/F", TREE_FILE);
    assert_string_equal(names_in("/A/B"), "A/ F");
    assert_not_found("/A/B/A", "/A/B/A: a folder is in itself");
    assert_not_found("/A/B/A/B/F", "a folder is in itself");
    assert_not_found("/root", "a folder is in itself");
    assert_false(walk_tree(&trees[0], &failure));
    assert_int_equal(walked_count, 6);
    set_next(11, 11); /* a folder whose chain is a circle */
    assert_true(open_made());
    assert_not_found("/A/B/G", "or its chain no end");
}

static void deep_folders(void **state)
{
    char path[200] = "";

    (void)state;
    make(12);
    put_entry(root(), "D          ", FOLDER, 2, 0);
    for (uint32_t i = 2; i < 40; i++) {
        put_entry(cluster_bytes(i), "D          ", FOLDER, i + 1, 0);
        end_chain(i);
    }
    assert_true(open_made());
    for (unsigned i = 0; i < 33; i++)
        strcat(path, "/D");
    assert_kind(path, TREE_FOLDER);
    strcat(path, "/D");
    assert_not_found(path, "more than 32 folders");
}

static void boot_sectors(void **state)
{
    static const struct {
        unsigned kind, offset;
        uint64_t value;
        unsigned size;
        const char *why;
    } cases[] = {
        { 12, 510, 0, 2, "does not begin with a boot sector" },
        { 12, 0, 0, 1, "does not begin" },
        { 12, 11, 0, 2, "does not begin" }, /* bytes in a sector */
        { 12, 11, 256, 2, "does not begin" },
        { 12, 11, 513, 2, "does not begin" },
        { 12, 11, 8192, 2, "does not begin" },
        { 12, 13, 0, 1, "does not begin" }, /* sectors in a cluster */
        { 12, 13, 3, 1, "does not begin" },
        { 12, 14, 0, 2, "does not begin" }, /* reserved */
        { 12, 14, 62, 2, "leave nothing of its 64 sectors" },
        { 12, 14, 0xffff, 2, "leave nothing" },
        { 12, 16, 0, 1, "does not begin" }, /* FATs */
        { 12, 16, 255, 1, "leave nothing" },
        { 12, 17, 0, 2, "it has no root" },
        { 12, 17, 0xffff, 2, "leave nothing" },
        { 12, 19, 65, 2, "it has 65 sectors of 512 bytes, the disk has 32768" },
        { 12, 19, 0, 2, "leave nothing of its 0 sectors" }, /* and none of 32 bits */
        { 12, 21, 0xf1, 1, "does not begin" },              /* media */
        { 12, 22, 0xffff, 2, "leave nothing" },
        { 12, 22, 0, 2, "leave nothing" }, /* none of FAT32 either */
        { 12, 13, 128, 1, "it has no cluster" },
        { 32, 32, 0xffffffff, 4, "it has 4294967295 sectors" },
        { 32, 36, 0, 4, "leave nothing" },
        { 32, 36, 0xffffffff, 4, "leave nothing" },
        { 32, 17, 16, 2, "FAT32 with a root of 16 entries" },
        { 32, 40, 0x81, 2, "FAT 1 of 1 is the active one" },
        { 32, 42, 0x100, 2, "version 1.0 is not known" },
        { 32, 44, 0, 4, "its root is at cluster 0" },
        { 32, 44, 64, 4, "its root is at cluster 64" },
        { 32, 44, 0xffffffff, 4, "its root is at cluster 4294967295" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        make(cases[i].kind);
        assert_true(open_made());
        put(cases[i].offset, cases[i].value, cases[i].size);
        assert_refused(cases[i].why);
    }
}

static void more_than_the_fat_has(void **state)
{
    (void)state;
    make(16); /* of which one sector of FAT is for 256 clusters */
    put(22, 1, 2);
    put_entry(made + 2 * SECTOR, "F          ", 0, 256, 1);
    assert_true(open_made());
    assert_not_found("/F", "cluster 256 is not among 2 to 255");
    made_size = 70000ull * SECTOR;
    made = realloc(made, made_size);
    put(19, 0, 2);
    put(32, 70000, 4);
    assert_refused("clusters are too many for FAT16");
}

static void cut(void **state)
{
    uint64_t whole;

    (void)state;
    make(12);
    fill();
    whole = made_size;
    for (made_size = 0; made_size < whole; made_size += made_size % 512 ? 1 : 511)
        assert_false(open_made());
}

static bool fail_to_read(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *why)
{
    return offset >= data_at ? (snprintf(why->why, sizeof(why->why), "it does not turn"), false)
                             : read_made(disk, offset, buffer, size, why);
}

static void disks_fail(void **state)
{
    (void)state;
    make(16);
    fill();
    assert_true(open_made());
    disks[1].read = fail_to_read;
    failure.why[0] = '\0';
    assert_true(trees[1].list(&trees[1], "/", visit, NULL, &failure));
    assert_false(trees[1].list(&trees[1], "/EFI", visit, NULL, &failure));
    assert_said("it does not turn");
    disks[1].read = read_made;
    assert_content("/README.TXT", cluster_bytes(10), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(broken_chains), TEST(broken_entries),        TEST(folder_loops), TEST(deep_folders),
        TEST(boot_sectors),  TEST(more_than_the_fat_has), TEST(cut),          TEST(disks_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

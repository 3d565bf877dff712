/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/disk.c storage/path.c */
/* sources: common/text.c common/failure.c */
/*
 * Files, folders and their names on FAT file systems that are made here. What is broken is in test_fat_broken.c; what
 * real tools make is in test_trees.py: with the name of a file this prints what is in that image.
 */
#include "tests/unit/content_of.h"
#include "tests/unit/fat_fixture.h"

static void kinds(void **state)
{
    static const unsigned all[] = { 12, 16, 32 };
    char name[32];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t split[513];

        make(all[i]);
        fill();
        assert_true(open_made());
        snprintf(name, sizeof(name), "FAT%u abcd-1234", all[i]);
        assert_string_equal(trees[0].name, name);
        assert_string_equal(names_in("/"), "README.TXT A long name.conf EFI/ EMPTY");
        assert_string_equal(names_in("/EFI"), "_BC LINUX/");
        assert_string_equal(names_in("/EFI/LINUX"), "x.efi");
        assert_string_equal(names_in("/README.TXT"), "");
        assert_string_equal(names_in("/nothing/there"), "");
        assert_content("/README.TXT", cluster_bytes(10), 1000);
        assert_ptr_equal(found("/readme.txt").data, cluster_bytes(10));
        memcpy(split, cluster_bytes(20), 512);
        split[512] = *cluster_bytes(25);
        assert_content("/A LONG name.CONF", split, 513);
        assert_content("/alongn~1.con", split, 513);
        assert_null(found("/A LONG name.CONF").data);
        assert_content("/efi/linux/X.EFI", cluster_bytes(33), 512);
        assert_content("/EMPTY", (const uint8_t *)"", 0);
        assert_kind("/", TREE_FOLDER);
        assert_kind("/EFI/Linux", TREE_FOLDER);
        assert_kind("/EFI/.", TREE_ABSENT);
        assert_kind("/EFI/..", TREE_ABSENT);
        assert_kind("/README.TXT/x", TREE_ABSENT);
        assert_kind("/readme.tx", TREE_ABSENT);
        assert_kind("/readme.txtt", TREE_ABSENT);
        assert_kind("/MY VOLUME", TREE_ABSENT);
        assert_null(trees[0].rename);
        assert_null(trees[0].write);
    }
}

static void reads_outside(void **state)
{
    (void)state;
    make(12);
    fill();
    assert_true(open_made());
    assert_not_read("/README.TXT", 1000, 1, "are outside its 1000");
    assert_not_read("/README.TXT", 0, 1001, "are outside its 1000");
    assert_not_read("/README.TXT", UINT64_MAX, 2, "are outside its 1000");
    assert_not_read("/README.TXT", 2, UINT64_MAX, "are outside its 1000");
    assert_not_read("/EFI", 0, 1, "is no file");
    assert_not_read("/EFI/none", 0, 1, "is no file");
}

static void large_reads_are_one(void **state)
{
    uint8_t buffer[20 * SECTOR];

    (void)state;
    make(16);
    put_entry(root(), "BIG        ", 0, 100, sizeof(buffer));
    put_chain(100, 20);
    assert_true(open_made());
    read_most = 0;
    assert_true(trees[1].read(&trees[1], "/BIG", 0, buffer, sizeof(buffer), &failure));
    assert_int_equal(read_most, sizeof(buffer));
    assert_memory_equal(buffer, cluster_bytes(100), sizeof(buffer));
    read_calls = 0; /* from here on only the file itself is read */
    for (unsigned i = 0; i < 20; i++)
        assert_true(trees[1].read(&trees[1], "/BIG", i * SECTOR, buffer, SECTOR, &failure));
    assert_int_equal(read_calls, 20);
}

static void two_trees(void **state)
{
    uint8_t buffer[512];

    (void)state;
    make(12);
    fill();
    assert_true(open_made());
    for (unsigned i = 0; i < 100; i++) {
        assert_true(trees[i % 2].read(&trees[i % 2], "/README.TXT", i * 10, buffer, 10, &failure));
        assert_memory_equal(buffer, cluster_bytes(10) + i * 10, 10);
    }
}

static void folders_of_many_clusters(void **state)
{
    const unsigned clusters = 40;
    uint32_t cluster = 3;
    unsigned count = 0;

    (void)state;
    make(12);
    put_entry(root(), "MANY       ", FOLDER, cluster, 0);
    for (unsigned i = 0; i < clusters; i++) { /* backwards, but for the first */
        uint32_t next = i + 1 < clusters ? 3 + clusters - i : 0;

        for (uint8_t *slot = cluster_bytes(cluster); slot < cluster_bytes(cluster) + SECTOR; count++) {
            char name[12], long_name[40];

            snprintf(name, sizeof(name), "E%-7uCON", count);
            snprintf(long_name, sizeof(long_name), "an-entry-that-has-%u.conf", count);
            slot = put_entry(put_long_text(slot, long_name, name), name, 0, 0, count);
            slot[-4] = slot[-3] = 0;
            slot = put_entry(slot,
                             "\xe5"
                             "          ",
                             0, 0, 0);
        }
        if (next)
            set_next(cluster, next);
        else
            end_chain(cluster);
        cluster = next;
    }
    assert_true(open_made());
    assert_true(walk_tree(&trees[1], &failure));
    assert_int_equal(walked_count, 2 + 4 * clusters);
    for (unsigned i = 0; i < count; i++) { /* forwards, then as it comes */
        char path[64];

        snprintf(path, sizeof(path), "/Many/AN-entry-that-has-%u.conf", i % 3 ? i : i * 7 % count);
        assert_kind(path, TREE_FILE);
        assert_kind("/many/none", TREE_ABSENT);
        snprintf(path, sizeof(path), "/many/e%u.con", i);
        assert_kind(path, TREE_FILE);
    }
}

static void active_fat(void **state)
{
    (void)state;
    make(32);
    put(16, 2, 1);
    put(40, 0x81, 2);
    fat_at += SECTOR;
    root_at += SECTOR;
    data_at += SECTOR;
    end_chain(2);
    fill();
    assert_true(open_made());
    assert_content("/README.TXT", cluster_bytes(10), 1000);
}

static void assert_label(const char *label)
{
    assert_true(open_made());
    for (unsigned i = 0; i < 2; i++)
        assert_string_equal(trees[i].label, label);
}

static void identity(void **state)
{
    static const unsigned all[] = { 12, 16, 32 };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const unsigned at = all[i] == 32 ? 71 : 43;

        make(all[i]);
        assert_label("");
        assert_string_equal(trees[0].uuid, "ABCD-1234");
        memcpy(made + at, "BOOT LABEL ", 11);
        assert_label("BOOT LABEL");
        memcpy(made + at, "NO NAME    ", 11);
        assert_label("");
        memcpy(made + at, "A\x80\n/       ", 11);
        assert_label("A___");
        memcpy(made + at, "BOOT LABEL ", 11);
        put_entry(root(), "README  TXT", 0x20, 0, 0);
        put_entry(root() + 32, "\xe5OOT      ", 0x08, 0, 0); /* deleted */
        put_long_text(root() + 64, "not a label", "X          ");
        put_entry(root() + 96, "A FOLDER   ", FOLDER | 0x08, 0, 0);
        assert_label("BOOT LABEL");
        put_entry(root() + 128, "efi system ", 0x08, 0, 0);
        put_entry(root() + 160, "SECOND     ", 0x08, 0, 0);
        assert_label("efi system");
        put_entry(root() + 128, "NO NAME    ", 0x28, 0, 0);
        assert_label("");
        root()[64] = 0; /* the end of the folder */
        assert_label("BOOT LABEL");
        put(at - 4, 0, 4);
        assert_true(open_made());
        assert_string_equal(trees[0].uuid, "");
        put(at - 4, 0x9ff, 4);
        assert_true(open_made());
        assert_string_equal(trees[0].uuid, "0000-09FF");
        put(at - 5, 0x28, 1); /* it tells of neither */
        assert_label("");
        assert_string_equal(trees[0].uuid, "");
    }
    make(12); /* a root that fills its place */
    for (unsigned i = 0; i < ROOT; i++)
        put_entry(root() + 32 * i, "A          ", 0, 0, 0);
    assert_label("");
    make(32); /* and one without an end */
    set_next(2, 2);
    assert_label("");
}

/* ---- names ---- */

static void assert_name(const char *name)
{
    assert_true(open_made());
    assert_string_equal(names_in("/"), name);
    if (name[0]) {
        char path[300] = "/";

        strcat(path, name);
        assert_kind(path, TREE_FILE);
    }
}

static void short_names(void **state)
{
    static const struct {
        const char *name, *is;
        uint8_t lower;
    } cases[] = {
        { "A          ", "A", 0 },       { "A       B  ", "A.B", 0 },      { "ABCDEFGHIJK", "ABCDEFGH.IJK", 0 },
        { "ABC     TXT", "abc.TXT", 8 }, { "ABC     TXT", "ABC.txt", 16 }, { "ABC     TXT", "abc.txt", 24 },
        { "A B     C D", "A B.C D", 0 }, { "A/B     T\\T", "A_B.T_T", 0 }, { "A\x1b\x80\xff    \x7f  ", "A___._", 0 },
        { "        TXT", "", 0 },        { " A      TXT", "", 0 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        make(12);
        put_entry(root(), cases[i].name, 0, 0, 0);
        root()[12] = cases[i].lower;
        assert_name(cases[i].is);
    }
}

static void long_names(void **state)
{
    static const struct {
        uint16_t units[16];
        const char *is;
    } cases[] = {
        { { 'a', 0xe4, 0x20ac, 0xd83d, 0xde00, '.', 'x' }, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.x" },
        { { '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '1', '2', '3' }, "1234567890123" },
        { { 0xffff, 0x7ff, 0x800 }, "\xef\xbf\xbf\xdf\xbf\xe0\xa0\x80" },
        { { 0xdbff, 0xdfff }, "\xf4\x8f\xbf\xbf" },
        { { 'a', 0xd83d }, "SHORT" },
        { { 'a', 0xd83d, 'b' }, "SHORT" },
        { { 0xde00, 0xd83d }, "SHORT" },
        { { 'a', '/', 'b' }, "SHORT" },
        { { 'a', '\\', 'b' }, "SHORT" },
        { { 'a', '\n' }, "SHORT" },
        { { 'a', 0x7f }, "SHORT" },
        { { 'a', 0x85 }, "SHORT" },
        { { '.' }, "SHORT" },
        { { '.', '.' }, "SHORT" },
        { { '.', '.', '.' }, "..." },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        unsigned count = 0;

        make(12);
        while (cases[i].units[count])
            count++;
        put_entry(put_long(root(), cases[i].units, count, "SHORT      "), "SHORT      ", 0, 0, 0);
        assert_name(cases[i].is);
    }
}

static void longest_names(void **state)
{
    char name[257];
    uint16_t units[256];

    (void)state;
    for (unsigned length = 240; length <= 256; length++) {
        memset(name, 'n', length);
        name[length] = '\0';
        make(32);
        set_next(2, 3); /* the root has 16 slots in a cluster */
        end_chain(3);
        put_entry(put_long_text(root(), name, "SHORT      "), "SHORT      ", 0, 0, 0);
        assert_name(length < 256 ? name : "SHORT");
    }
    for (unsigned i = 0; i < 128; i++) /* 256 bytes of UTF-8 */
        units[i] = 0xe4;
    make(32);
    set_next(2, 3);
    end_chain(3);
    put_entry(put_long(root(), units, 128, "SHORT      "), "SHORT      ", 0, 0, 0);
    assert_name("SHORT");
    put_entry(put_long(root(), units, 127, "SHORT      "), "SHORT      ", 0, 0, 0);
    assert_true(open_made());
    assert_int_equal(strlen(names_in("/")), 254);
}

static void orphans(void **state)
{
    static const struct {
        unsigned offset;
        uint8_t value;
    } breaks[] = {
        { 13, 0 },           /* another checksum in the first slot */
        { 32 + 13, 0 },      /* in the second */
        { 0, 0x43 },         /* three slots */
        { 0, 0x42 & ~0x40 }, /* no beginning */
        { 0, 0x40 },         /* no slots */
        { 0, 0x40 | 21 },    /* too many */
        { 32, 2 },           /* the first again */
        { 32, 0x41 },        /* another begins */
        { 64, 'T' },         /* of another file */
        { 32, 0xe5 },        /* half of it was deleted */
        { 32 + 11, 8 },      /* a volume label in between */
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
        make(12);
        put_entry(put_long_text(root(), "a name of two slots", "SHORT      "), "SHORT      ", 0, 0, 0);
        assert_name("a name of two slots");
        root()[breaks[i].offset] = breaks[i].value;
        assert_true(open_made());
        names_in("/");
        if (breaks[i].value == 0x41 && breaks[i].offset == 32)
            assert_string_equal(listed, "a name of two"); /* which is whole */
        else
            assert_string_equal(listed, breaks[i].value == 'T' ? "THORT" : "SHORT");
    }
    make(12); /* at the very end */
    put_entry(root(), "A          ", 0, 0, 0);
    put_long_text(root() + 32, "orphan", "B          ");
    assert_name("A");
    make(12); /* a terminator before the last slot */
    put_entry(put_long_text(root(), "a name of two slots", "SHORT      "), "SHORT      ", 0, 0, 0);
    memset(root() + 32 + 5, 0, 2);
    assert_name("SHORT");
}

/* ---- for test_trees.py ---- */

static int describe(const char *path)
{
    struct span content = content_of(path);
    int result = EXIT_FAILURE;

    made = (uint8_t *)content.data;
    made_size = content.size;
    if (!made || !open_made()) {
        printf("error %s: %s\n", failure.what, failure.why);
    } else {
        printf("name %s, uuid %s, label %s\n", trees[0].name, trees[0].uuid, trees[0].label);
        result = print_tree(&trees[0]) + print_tree(&trees[1]);
    }
    return teardown(NULL) + result;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        TEST(kinds),
        TEST(reads_outside),
        TEST(large_reads_are_one),
        TEST(two_trees),
        TEST(folders_of_many_clusters),
        TEST(active_fat),
        TEST(identity),
        TEST(short_names),
        TEST(long_names),
        TEST(longest_names),
        TEST(orphans),
    };

    if (count == 2)
        return describe(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

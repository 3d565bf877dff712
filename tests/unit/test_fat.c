/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/disk.c storage/path.c */
/* sources: common/text.c common/failure.c */
/*
 * Trees on FAT file systems that are made here byte by byte: FAT12, FAT16 and FAT32, in memory and read. What real
 * tools make is in test_trees.py: with the name of a file this prints what is in that image.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "storage/fat.h"
#include "tests/unit/tree_walk.h"

#include <cmocka.h>

#define SECTOR 512
#define ROOT   16 /* entries of the root of FAT12 and FAT16 */
#define FOLDER 0x10
#define LONG   0x0f

static uint8_t *made;
static uint64_t made_size;
static unsigned bits;
static uint64_t fat_at, root_at, data_at;
static struct disk disks[2]; /* in memory, and read */
static struct tree trees[2];
static struct failure failure;
static unsigned read_calls;
static uint64_t read_most;

static bool read_made(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *why)
{
    (void)disk;
    (void)why;
    assert_true(size && offset <= made_size && size <= made_size - offset);
    memcpy(buffer, made + offset, size);
    read_calls++;
    if (size > read_most)
        read_most = size;
    return true;
}

/* ---- making one ---- */

static void put(uint64_t at, uint64_t value, unsigned size)
{
    assert_true(at + size <= made_size);
    memcpy(made + at, &value, size);
}

static void set_next(uint32_t cluster, uint32_t value)
{
    uint64_t at = fat_at + cluster * bits / 8;
    uint16_t pair;

    if (bits == 12) {
        memcpy(&pair, made + at, 2);
        value = cluster % 2 ? (pair & 0x00fu) | (value & 0xfff) << 4 : (pair & 0xf000u) | (value & 0xfff);
    }
    put(at, value, bits == 32 ? 4 : 2);
}

static void end_chain(uint32_t cluster)
{
    set_next(cluster, 0x0fffffff);
}

static uint8_t *cluster_bytes(uint32_t cluster)
{
    return made + data_at + (cluster - 2ull) * SECTOR;
}

/* The root of FAT32 is cluster 2. */
static uint8_t *root(void)
{
    return made + root_at;
}

static void make(unsigned kind)
{
    unsigned fat_sectors = kind == 16 ? 17 : 1, sectors = kind == 16 ? 4200 : 64;

    bits = kind;
    free(made);
    made_size = sectors * SECTOR;
    made = calloc(1, made_size);
    put(0, 0x903ceb, 3);
    put(11, SECTOR, 2);
    put(13, 1, 1);                     /* sectors in a cluster */
    put(14, 1, 2);                     /* reserved */
    put(16, 1, 1);                     /* FATs */
    put(17, kind == 32 ? 0 : ROOT, 2); /* entries of the root */
    put(kind == 32 ? 32 : 19, sectors, 2);
    put(21, 0xf8, 1);
    put(kind == 32 ? 36 : 22, fat_sectors, 2);
    put(kind == 32 ? 66 : 38, 0x29, 1);
    put(kind == 32 ? 67 : 39, 0xabcd1234, 4);
    put(510, 0xaa55, 2);
    fat_at = SECTOR;
    root_at = data_at = fat_at + fat_sectors * SECTOR;
    if (kind == 32)
        put(44, 2, 4);
    else
        data_at += SECTOR;
    set_next(0, 0x0ffffff8);
    set_next(1, 0x0fffffff);
    if (kind == 32)
        end_chain(2);
}

static uint8_t *put_entry(uint8_t *slot, const char *name, uint8_t attributes, uint32_t cluster, uint32_t size)
{
    uint16_t high = (uint16_t)(cluster >> 16), low = (uint16_t)cluster;

    memcpy(slot, name, 11);
    slot[11] = attributes;
    memcpy(slot + 20, &high, 2);
    memcpy(slot + 26, &low, 2);
    memcpy(slot + 28, &size, 4);
    return slot + 32;
}

static uint8_t checksum(const char *name)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < 11; i++)
        sum = (uint8_t)((sum >> 1 | sum << 7) + (uint8_t)name[i]);
    return sum;
}

static uint8_t *put_long(uint8_t *slot, const uint16_t *units, unsigned count, const char *short_name)
{
    static const uint8_t places[] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
    unsigned slots = (count + 12) / 13;

    for (unsigned number = slots; number; number--, slot += 32) {
        memset(slot, 0, 32);
        slot[0] = (uint8_t)(number | (number == slots ? 0x40 : 0));
        slot[11] = LONG;
        slot[13] = checksum(short_name);
        for (unsigned i = 0; i < 13; i++) {
            unsigned at = (number - 1) * 13 + i;
            uint16_t unit = at < count ? units[at] : at == count ? 0 : 0xffff;

            memcpy(slot + places[i], &unit, 2);
        }
    }
    return slot;
}

static uint8_t *put_long_text(uint8_t *slot, const char *text, const char *short_name)
{
    uint16_t units[260];
    unsigned count = 0;

    for (; text[count]; count++)
        units[count] = (uint8_t)text[count];
    return put_long(slot, units, count, short_name);
}

/* Clusters that follow each other, each with other bytes. */
static void put_chain(uint32_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned byte = 0; byte < SECTOR; byte++)
            cluster_bytes(first + i)[byte] = (uint8_t)((first + i) * 3 + byte);
        if (i + 1 < count)
            set_next(first + i, first + i + 1);
        else
            end_chain(first + i);
    }
}

/* ---- looking at it ---- */

static int setup(void **state)
{
    (void)state;
    made = NULL;
    memset(&failure, 0, sizeof(failure));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(made);
    return 0;
}

static bool open_made(void)
{
    bool opened, again;

    disk_in_memory((struct span){ made, made_size }, &disks[0]);
    disks[1] = (struct disk){ .size = made_size, .read = read_made };
    opened = fat_open(&disks[0], &trees[0], &failure);
    again = fat_open(&disks[1], &trees[1], &failure);
    assert_int_equal(opened, again);
    assert_true(!opened || fat_is(&disks[0]));
    assert_int_equal(fat_is(&disks[0]), fat_is(&disks[1]));
    return opened;
}

static void assert_said(const char *why)
{
    if (!strstr(failure.why, why))
        fail_msg("\"%s\" is not in \"%s: %s\"", why, failure.what, failure.why);
    failure.why[0] = '\0';
}

static void assert_refused(const char *why)
{
    assert_false(open_made());
    assert_said(why);
}

static struct tree_node found(const char *path)
{
    struct tree_node node, other;

    if (!trees[0].find(&trees[0], path, &node, &failure) || !trees[1].find(&trees[1], path, &other, &failure))
        fail_msg("%s: %s", failure.what, failure.why);
    assert_int_equal(node.kind, other.kind);
    assert_int_equal(node.size, other.size);
    assert_null(other.data);
    return node;
}

static void assert_kind(const char *path, enum tree_kind kind)
{
    assert_int_equal(found(path).kind, kind);
}

static void assert_not_found(const char *path, const char *why)
{
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].find(&trees[i], path, &node, &failure));
        assert_said(why);
    }
}

static void assert_not_read(const char *path, uint64_t offset, uint64_t size, const char *why)
{
    static uint8_t buffer[1 << 16];

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].read(&trees[i], path, offset, buffer, size, &failure));
        assert_said(why);
    }
}

static char listed[8192];

static bool visit(void *context, const char *name, const struct tree_node *node)
{
    (void)context;
    strcat(listed, listed[0] ? " " : "");
    strcat(listed, name);
    strcat(listed, node->kind == TREE_FOLDER ? "/" : "");
    return true;
}

static const char *names_in(const char *path)
{
    static char first[sizeof(listed)];

    for (unsigned i = 0; i < 2; i++) {
        strcpy(first, listed);
        listed[0] = '\0';
        if (!trees[i].list(&trees[i], path, visit, NULL, &failure))
            fail_msg("%s: %s", failure.what, failure.why);
    }
    assert_string_equal(first, listed);
    return listed;
}

/* Reads a file in pieces of each of some sizes. */
static void assert_content(const char *path, const uint8_t *content, uint64_t size)
{
    static const uint64_t sizes[] = { 1, 7, 511, 512, 513, 1024, 5000, 1 << 16 };
    static uint8_t buffer[1 << 16];

    assert_int_equal(found(path).kind, TREE_FILE);
    assert_int_equal(found(path).size, size);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
            memset(buffer, 0xee, sizeof(buffer));
            for (uint64_t at = 0; at < size; at += sizes[k]) {
                uint64_t piece = size - at < sizes[k] ? size - at : sizes[k];

                if (!trees[i].read(&trees[i], path, at, buffer + at, piece, &failure))
                    fail_msg("%s: %s", failure.what, failure.why);
            }
            assert_memory_equal(buffer, content, size);
        }
        /* backwards, as nobody reads */
        for (uint64_t at = size; at-- > 0; at -= at > 300 ? 300 : at) {
            assert_true(trees[i].read(&trees[i], path, at, buffer, 1, &failure));
            assert_int_equal(buffer[0], content[at]);
        }
    }
}

/* ---- what is right ---- */

static void fill(void)
{
    uint8_t *slot = root();

    if (bits == 32)
        slot = put_entry(slot, "MY VOLUME  ", 0x08, 0, 0);
    slot = put_entry(slot, "README  TXT", 0x20, 10, 1000);
    slot = put_entry(slot,
                     "\xe5"
                     "ELETED TXT",
                     0x20, 10, 1000);
    slot = put_long_text(slot, "A long name.conf", "ALONGN~1CON");
    slot = put_entry(slot, "ALONGN~1CON", 0x20, 20, 513);
    slot = put_entry(slot, "EFI        ", FOLDER, 30, 0);
    slot = put_entry(slot, "EMPTY      ", 0, 0, 0);
    put_chain(10, 2);
    put_chain(20, 1);
    set_next(20, 25);
    put_chain(25, 1);
    end_chain(30);
    slot = put_entry(cluster_bytes(30), ".          ", FOLDER, 30, 0);
    slot = put_entry(slot, "..         ", FOLDER, 0, 0);
    slot = put_entry(slot,
                     "\x05"
                     "BC        ",
                     0x01, 0, 0);
    slot = put_entry(slot, "LINUX      ", FOLDER, 31, 0);
    end_chain(31);
    slot = put_entry(cluster_bytes(31), "X       EFI", 0x21, 33, 512);
    slot[-32 + 12] = 0x18;
    put_chain(33, 1);
}

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

/* ---- what is wrong ---- */

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

static int describe(const char *path)
{
    struct span content = content_of(path);
    int result = EXIT_FAILURE;

    made = (uint8_t *)content.data;
    made_size = content.size;
    if (!made || !open_made()) {
        printf("error %s: %s\n", failure.what, failure.why);
    } else {
        printf("name %s\n", trees[0].name);
        result = print_tree(&trees[0]) + print_tree(&trees[1]);
    }
    return teardown(NULL) + result;
}

int main(int count, char **arguments)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(kinds),
        TEST(reads_outside),
        TEST(large_reads_are_one),
        TEST(two_trees),
        TEST(folders_of_many_clusters),
        TEST(short_names),
        TEST(long_names),
        TEST(longest_names),
        TEST(orphans),
        TEST(broken_chains),
        TEST(broken_entries),
        TEST(folder_loops),
        TEST(deep_folders),
        TEST(boot_sectors),
        TEST(more_than_the_fat_has),
        TEST(cut),
        TEST(active_fat),
        TEST(disks_fail),
    };

    if (count == 2)
        return describe(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

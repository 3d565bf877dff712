/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/iso9660.c storage/iso_records.c storage/disk.c storage/path.c firmware/loader_texts.c */
/* sources: common/text.c common/failure.c */
/*
 * ISO 9660 file systems that are made here, broken ones too. What real tools make is in test_trees.py: with the name of
 * a file this prints what is in that image.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/checked.h"
#include "storage/iso9660.h"
#include "tests/unit/content_of.h"
#include "tests/unit/tree_walk.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define BLOCK  2048u
#define BLOCKS 64u
#define ROOT   20u
#define FOLDER 0x02
#define MORE   0x80

static uint8_t *image;
static uint64_t image_size;
static struct disk disks[2]; /* in memory, and read */
static struct tree trees[2];
static struct failure failure;

static bool read_image(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *why)
{
    (void)disk;
    (void)why;
    assert_true(size && checked_within(offset, size, image_size));
    memcpy(buffer, image + offset, size);
    return true;
}

/* ---- making one ---- */

static void put(uint64_t at, uint64_t value, unsigned size)
{
    memcpy(image + at, &value, size);
}

static uint8_t *block(uint32_t number)
{
    return image + (uint64_t)number * BLOCK;
}

/* Adds a record; what SUSP has of it is put behind by the functions below, which make it longer. */
static uint8_t *record(uint8_t *at, const char *name, uint8_t name_size, uint8_t flags, uint32_t first, uint32_t size)
{
    memset(at, 0, 34);
    at[0] = (uint8_t)(33 + name_size + !(name_size & 1));
    memcpy(at + 2, &first, 4);
    memcpy(at + 10, &size, 4);
    at[25] = flags;
    at[32] = name_size;
    memcpy(at + 33, name, name_size);
    return at;
}

/* An entry of SUSP, where it is to be; returns what is behind it. */
static uint8_t *put_entry(uint8_t *to, const char *signature, const void *data, uint8_t size)
{
    memcpy(to, signature, 2);
    to[2] = (uint8_t)(size + 4);
    to[3] = 1;
    memcpy(to + 4, data, size);
    return to + to[2];
}

/* Adds one to a record. */
static uint8_t *entry(uint8_t *at, const char *signature, const void *data, uint8_t size)
{
    at[0] = (uint8_t)(put_entry(at + at[0], signature, data, size) - at);
    return at;
}

static uint8_t *mode(uint8_t *at, uint32_t value)
{
    return entry(at, "PX", &value, 4);
}

static uint8_t *named(uint8_t *at, const char *name)
{
    char data[200] = "";

    memcpy(data + 1, name, strlen(name));
    return entry(at, "NM", data, (uint8_t)(strlen(name) + 1));
}

static uint8_t *put_goes_on(uint8_t *to, uint32_t in, uint32_t offset, uint32_t size)
{
    const uint32_t data[6] = { in, 0, offset, 0, size, 0 };

    return put_entry(to, "CE", data, sizeof(data));
}

static uint8_t *goes_on(uint8_t *at, uint32_t in, uint32_t offset, uint32_t size)
{
    at[0] = (uint8_t)(put_goes_on(at + at[0], in, offset, size) - at);
    return at;
}

static uint8_t *behind(uint8_t *at)
{
    return at + at[0];
}

static void descriptor(uint32_t at, uint8_t type, uint32_t root)
{
    memset(block(at), 0, BLOCK);
    block(at)[0] = type;
    memcpy(block(at) + 1, "CD001\1", 6);
    memset(block(at) + 40, ' ', 32);
    put(at * BLOCK + 128, BLOCK, 2);
    record(block(at) + 156, "", 1, FOLDER, root, BLOCK);
}

/* The two records that each folder begins with; returns where the next one goes. */
static uint8_t *folder(uint32_t at, bool rock_ridge)
{
    uint8_t *self = record(block(at), "\0", 1, FOLDER, at, BLOCK);

    memset(behind(self), 0, BLOCK - self[0]);
    if (rock_ridge)
        mode(at == ROOT ? entry(self, "SP", "\xbe\xef", 3) : self, 0040755);
    return behind(record(behind(self), "\1", 1, FOLDER, ROOT, BLOCK));
}

/* Returns where the root's first name goes. */
static uint8_t *make(bool rock_ridge)
{
    free(image);
    image_size = BLOCK * BLOCKS;
    image = calloc(1, image_size);
    descriptor(16, 1, ROOT);
    descriptor(17, 255, 0);
    for (unsigned i = 40 * BLOCK; i < image_size; i++)
        image[i] = (uint8_t)(i * 7 + i / 2048);
    return folder(ROOT, rock_ridge);
}

/* ---- looking at it ---- */

static bool open_made(void)
{
    bool opened;

    disk_in_memory((struct span){ image, image_size }, &disks[0]);
    disks[1] = (struct disk){ .size = image_size, .read = read_image };
    opened = iso_open(&disks[0], &trees[0], &failure);
    assert_int_equal(iso_open(&disks[1], &trees[1], &failure), opened);
    assert_int_equal(iso_is(&disks[0]), iso_is(&disks[1]));
    assert_true(!opened || iso_is(&disks[0]));
    return opened;
}

static void must_open(void)
{
    if (!open_made())
        fail_msg("%s: %s", failure.what, failure.why);
}

static char listed[8192];

static bool visit(void *context, const char *name, const struct tree_node *node)
{
    struct tree_node other;

    (void)context;
    strcat(listed, listed[0] ? " " : "");
    strcat(listed, name);
    strcat(listed, node->kind == TREE_FOLDER ? "/" : node->kind == TREE_OTHER ? "!" : "");
    assert_true(trees[0].find(&trees[0], "/", &other, &failure)); /* others may be asked meanwhile */
    return true;
}

static void assert_names(const char *path, const char *names)
{
    for (unsigned i = 0; i < 2; i++) {
        listed[0] = '\0';
        if (!trees[i].list(&trees[i], path, visit, NULL, &failure))
            fail_msg("%s: %s", failure.what, failure.why);
        assert_string_equal(listed, names);
    }
}

static void assert_kind(const char *path, enum tree_kind kind)
{
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        if (!trees[i].find(&trees[i], path, &node, &failure))
            fail_msg("%s: %s", failure.what, failure.why);
        assert_int_equal(node.kind, kind);
    }
}

/* `data`: where it lies in one piece; NULL: it does not. */
static void assert_content(const char *path, const uint8_t *data, const void *content, uint64_t size)
{
    static uint8_t buffer[BLOCKS * BLOCK];
    static const uint64_t pieces[] = { 1, 100, 2048, 5000, sizeof(buffer) };
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        assert_true(trees[i].find(&trees[i], path, &node, &failure));
        assert_int_equal(node.kind, TREE_FILE);
        assert_int_equal(node.size, size);
        assert_ptr_equal(node.data, i ? NULL : data);
        for (unsigned k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
            for (uint64_t at = 0; at < size; at += pieces[k]) {
                const uint64_t piece = size - at < pieces[k] ? size - at : pieces[k];

                assert_true(trees[i].read(&trees[i], path, at, buffer + at, piece, &failure));
            }
            assert_memory_equal(buffer, content, size);
        }
        assert_false(trees[i].read(&trees[i], path, size, buffer, 1, &failure));
        assert_failure(&failure, "ISO 9660", "are outside its");
        assert_false(trees[i].read(&trees[i], path, 1, buffer, UINT64_MAX, &failure));
        assert_true(trees[i].read(&trees[i], path, size, buffer, 0, &failure));
    }
}

static void assert_not_found(const char *path, const char *why)
{
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].find(&trees[i], path, &node, &failure));
        assert_failure(&failure, "ISO 9660", why);
    }
}

static void assert_not_listed(const char *path, const char *why)
{
    for (unsigned i = 0; i < 2; i++) {
        if (trees[i].list(&trees[i], path, visit, NULL, &failure))
            fail_msg("it is not said: %s", why);
        assert_failure(&failure, "ISO 9660", why);
    }
}

static void assert_refused(const char *why)
{
    assert_false(open_made());
    assert_failure(&failure, "ISO 9660", why);
}

/* ---- whole ones ---- */

static void plain(void **state)
{
    uint8_t *at = make(false);

    (void)state;
    at = behind(record(at, "README.TXT;1", 12, 0, 40, 3000));
    at = behind(record(at, "NOEXT.;12", 9, 0, 42, 1));
    at = behind(record(at, "EFI", 3, FOLDER, 21, BLOCK));
    at = behind(record(at, "ASSOC.;1", 8, 0x04, 42, 1));
    at = behind(record(at, "HIDDEN.A;1", 10, 0x01, 0, 0));
    at = behind(record(at, "BAD/NAME", 8, 0, 42, 1));
    at = behind(record(at, ";1", 2, 0, 42, 1));
    at = record(at, "WOVEN", 5, 0, 42, 1);
    at[26] = 1;
    at = behind(at);
    at = behind(record(folder(21, false), "LINUX", 5, FOLDER, 22, BLOCK));
    folder(22, false);
    must_open();
    assert_names("/", "readme.txt noext efi/ hidden.a woven!");
    assert_names("/EFI", "linux/");
    assert_names("/efi/Linux", "");
    assert_names("/readme.txt", "");
    assert_content("/readme.TXT", block(40), block(40), 3000);
    assert_kind("/noext.", TREE_ABSENT);
    assert_kind("/readme.tx", TREE_ABSENT);
    assert_kind("/readme.txt/x", TREE_ABSENT);
    assert_kind("/woven", TREE_OTHER);
    assert_kind("/assoc", TREE_ABSENT);
    assert_kind("/efi/linux/none/none", TREE_ABSENT);
    assert_false(trees[0].read(&trees[0], "/efi", 0, listed, 1, &failure));
    assert_failure(&failure, "ISO 9660", "/efi is no file");
    assert_null(trees[0].write);
    assert_null(trees[0].rename);
}

static void identity(void **state)
{
    const uint64_t created = 16 * BLOCK + 813, modified = 16 * BLOCK + 830;

    (void)state;
    make(false);
    must_open();
    assert_string_equal(trees[0].uuid, "");
    assert_string_equal(trees[0].label, "");
    assert_string_equal(trees[0].name, "ISO 9660");
    memcpy(image + created, "2023123123595999", 17);
    memcpy(image + modified, "0000000000000000", 17);
    memcpy(block(16) + 40, "A LABEL", 7);
    must_open();
    assert_string_equal(trees[0].uuid, "2023-12-31-23-59-59-99");
    assert_string_equal(trees[0].label, "A LABEL");
    assert_string_equal(trees[0].name, "ISO 9660 A LABEL");
    memcpy(image + modified, "2024013112000000", 17);
    memset(block(16) + 40, 'L', 32);
    must_open();
    assert_string_equal(trees[0].uuid, "2024-01-31-12-00-00-00");
    assert_string_equal(trees[0].label, "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL");
    image[modified + 3] = 'x';
    image[created] = '\n';
    block(16)[50] = '\n';
    must_open();
    assert_string_equal(trees[0].uuid, "");
    assert_string_equal(trees[0].label, "");
}

static void joliet(void **state)
{
    uint8_t *at = make(false);

    (void)state;
    record(at, "PLAIN.;1", 8, 0, 40, 1);
    descriptor(18, 255, 0);
    descriptor(17, 2, 21);
    must_open();
    assert_names("/", "plain"); /* another alphabet */
    memcpy(block(17) + 88, "%/E", 3);
    at = behind(record(folder(21, false), "\0G\0r\0\xf6\0\xdf\0e\x20\xac\0;\0001", 16, 0, 40, 1));
    at = behind(record(at, "\xd8\x3d\xde\0\0.\0x", 8, 0, 40, 1));
    at = behind(record(at, "\xd8\x3d\0x", 4, 0, 40, 1)); /* half a character */
    at = behind(record(at, "\0a\0", 3, 0, 40, 1));
    at = behind(record(at, "\x3b\1\0;\0001", 6, 0, 40, 1)); /* a semicolon's byte alone ends nothing */
    must_open();
    assert_names("/", "Gr\xc3\xb6\xc3\x9f"
                      "e\xe2\x82\xac \xf0\x9f\x98\x80.x a \xe3\xac\x81");
    assert_kind("/gR\xc3\xb6\xc3\x9f"
                "E\xe2\x82\xac",
                TREE_FILE);
    mode(entry(record(block(ROOT), "\0", 1, FOLDER, ROOT, BLOCK), "SP", "\xbe\xef", 3), 0040755);
    record(behind(block(ROOT)), "PLAIN.;1", 8, 0, 40, 1);
    must_open();
    assert_names("/", "plain"); /* Rock Ridge is preferred, where a name of it is missing, too */
}

static void rock_ridge(void **state)
{
    static const char longer[152] = "\0n";
    char longest[256], names[400];
    uint8_t *at = make(true);

    (void)state;
    memset(longest, 'n', 255);
    longest[255] = '\0';
    at = behind(named(mode(record(at, "FILE.;1", 7, 0, 40, 10), 0100644), "A File"));
    at = behind(named(mode(record(at, "FILF.;1", 7, 0, 40, 10), 0100644), "a file"));
    at = behind(mode(record(at, "NONAME.;1", 9, 0, 40, 10), 0100644));
    at = behind(named(mode(record(at, "FIFO.;1", 7, 0, 40, 0), 0010644), "fifo"));
    at = behind(named(mode(record(at, "BROKEN.;1", 9, 0, 40, 0), 0100644), "a/b"));
    at = behind(named(mode(record(at, "LATIN.;1", 8, 0, 40, 0), 0100644), "gr\xf6\xdf"));
    at = behind(entry(named(mode(record(at, "PACKED.;1", 9, 0, 40, 0), 0100644), "packed"), "ZF", "pz\2\17", 4));
    at = behind(named(record(at, "MODELESS.;1", 11, 0, 40, 10), "modeless"));
    /* A name in three areas, of 5, 100 and 150 bytes. */
    at = behind(goes_on(entry(mode(record(at, "LONG.;1", 7, 0, 40, 10), 0100644), "NM", "\1nnnnn", 6), 30, 0, 133));
    longest[0] = 1;
    put_goes_on(put_entry(block(30), "NM", longest, 101), 30, 200, 155);
    longest[0] = 0;
    put_entry(block(30) + 200, "NM", longest, 151);
    longest[0] = 'n';
    must_open();
    snprintf(names, sizeof(names), "A File a file noname fifo! packed! modeless %s", longest);
    assert_names("/", names);
    put_entry(block(30) + 200, "NM", longer, 152); /* a byte too many */
    put_goes_on(block(30) + 105, 30, 200, 156);
    snprintf(names, sizeof(names), "A File a file noname fifo! packed! modeless long");
    must_open();
    assert_names("/", names);
    assert_kind("/A FILE", TREE_ABSENT);
    assert_content("/a file", block(40), block(40), 10);
}

static uint8_t *link_to(uint8_t *at, const char *name, const char *components, uint8_t size)
{
    char data[200] = "";

    memcpy(data + 1, components, size);
    return entry(named(mode(record(at, "LINK.;1", 7, 0, 0, 0), 0120777), name), "SL", data, (uint8_t)(size + 1));
}

static void links(void **state)
{
    uint8_t *at = make(true);

    (void)state;
    at = behind(named(mode(record(at, "VMLINUZ.;1", 10, 0, 40, 10), 0100644), "vmlinuz"));
    at = behind(named(mode(record(at, "BOOT", 4, FOLDER, 21, BLOCK), 0040755), "boot"));
    at = behind(link_to(at, "direct", "\0\7vmlinuz", 9));
    at = behind(link_to(at, "split", "\1\4vmli\0\3nuz", 11));
    at = behind(link_to(at, "inside", "\0\4boot\0\4real", 12));
    at = behind(link_to(at, "folder", "\2\0\0\4boot", 8));
    at = behind(link_to(at, "nowhere", "\0\4none\0\4none", 12));
    at = behind(link_to(at, "itself", "\0\6itself", 8));
    at = behind(link_to(at, "above", "\4\0\4\0\0\7vmlinuz", 13));
    at = behind(link_to(at, "empty", "", 0));
    at = behind(link_to(at, "through", "\0\7vmlinuz\0\1x", 12));
    at = behind(link_to(at, "cut", "\0\50vmlinuz", 9));
    at = folder(21, true);
    at = behind(named(mode(record(at, "REAL.;1", 7, 0, 41, 20), 0100644), "real"));
    at = behind(link_to(at, "up", "\4\0\0\7vmlinuz", 11));
    at = behind(link_to(at, "root", "\10\0\0\4boot\0\2up", 12));
    must_open();
    assert_names("/boot", "real up! root!");
    assert_content("/direct", block(40), block(40), 10);
    assert_content("/split", block(40), block(40), 10);
    assert_content("/inside", block(41), block(41), 20);
    assert_content("/folder/real", block(41), block(41), 20);
    assert_content("/above", block(40), block(40), 10);
    assert_content("/boot/up", block(40), block(40), 10);
    assert_content("/folder/root", block(40), block(40), 10);
    assert_names("/folder", "real up! root!");
    assert_kind("/folder", TREE_FOLDER);
    assert_kind("/nowhere", TREE_ABSENT);
    assert_kind("/empty", TREE_ABSENT);
    assert_kind("/cut", TREE_ABSENT);
    assert_kind("/through", TREE_ABSENT);
    assert_kind("/direct/x", TREE_ABSENT);
    assert_not_found("/itself", "/itself: more than 16 links");
}

static void moved_folders(void **state)
{
    const uint32_t child = 22;
    uint8_t *at = make(true);

    (void)state;
    at = behind(named(mode(record(at, "RR_MOVED", 8, FOLDER, 21, BLOCK), 0040755), "rr_moved"));
    at = behind(entry(named(mode(record(at, "DEEP.;1", 7, 0, 0, 0), 0040755), "deep"), "CL", &child, 4));
    entry(named(mode(record(folder(21, true), "DEEP", 4, FOLDER, 22, BLOCK), 0040755), "deep"), "RE", "", 0);
    at = folder(22, true);
    at = behind(named(mode(record(at, "FILE.;1", 7, 0, 40, 10), 0100644), "file"));
    must_open();
    assert_names("/", "rr_moved/ deep/");
    assert_names("/rr_moved", "");
    assert_names("/deep", "file");
    assert_content("/deep/file", block(40), block(40), 10);
    put(22 * BLOCK + 10, BLOCK * BLOCKS, 4);
    must_open();
    assert_not_found("/deep/file", "is outside the disk");
}

static void several_sections(void **state)
{
    static uint8_t split[3 * BLOCK];
    uint8_t *at = make(false);

    (void)state;
    at = behind(record(at, "WHOLE.;1", 8, MORE, 40, BLOCK));
    at = behind(record(at, "WHOLE.;1", 8, MORE, 41, BLOCK));
    at = behind(record(at, "WHOLE.;1", 8, 0, 42, 100));
    at = behind(record(at, "SPLIT.;1", 8, MORE, 50, BLOCK));
    at = behind(record(at, "SPLIT.;1", 8, MORE, 42, 0));
    at = behind(record(at, "SPLIT.;1", 8, 0, 45, BLOCK + 1));
    at = behind(record(at, "END.;1", 6, 0, 46, 1));
    memcpy(split, block(50), BLOCK);
    memcpy(split + BLOCK, block(45), BLOCK + 1);
    must_open();
    assert_names("/", "whole split end");
    assert_content("/whole", block(40), block(40), 2 * BLOCK + 100);
    assert_content("/split", NULL, split, 2 * BLOCK + 1);
    assert_content("/end", block(46), block(46), 1);
    record(at, "LAST.;1", 7, MORE, 46, 1);
    must_open();
    assert_not_listed("/", "the last file of a folder goes on, but not there");
}

static void many_names(void **state)
{
    uint8_t *at = make(false);
    char name[40];

    (void)state;
    put(16 * BLOCK + 156 + 10, 8 * BLOCK, 4);
    for (unsigned i = 0; i < 8 * 40; i++) {
        if (i && i % 40 == 0)
            at = block(ROOT + i / 40);
        snprintf(name, sizeof(name), "NAME%04u.;1", i);
        at = behind(record(at, name, (uint8_t)strlen(name), 0, 40, i));
    }
    must_open();
    assert_true(walk_tree(&trees[1], &failure));
    assert_int_equal(walked_count, 1 + 8 * 40);
    for (unsigned i = 0; i < 8 * 40; i++) { /* in any order */
        struct tree_node node;

        snprintf(name, sizeof(name), "/name%04u", i % 3 ? i : i * 7 % 320);
        assert_true(trees[1].find(&trees[1], name, &node, &failure));
        assert_int_equal(node.size, i % 3 ? i : i * 7 % 320);
        assert_kind("/none", TREE_ABSENT);
    }
}

/* ---- broken ones ---- */

static void no_descriptor(void **state)
{
    (void)state;
    make(false);
    block(16)[1] = 'c';
    assert_refused("it has no primary volume descriptor");
    assert_false(iso_is(&disks[0]));
    make(false);
    block(16)[0] = 0; /* a boot record is one of them */
    descriptor(17, 1, ROOT);
    must_open();
    block(17)[0] = 255;
    assert_refused("it has no primary volume descriptor");
    make(false);
    put(16 * BLOCK + 128, 512, 2);
    assert_refused("blocks of 512 bytes are not known");
    make(false);
    image_size = 17 * BLOCK;
    assert_refused("is outside the disk");
    image_size--;
    assert_refused("it has no primary volume descriptor");
    assert_false(iso_is(&disks[0]));
    image_size = 0;
    assert_refused("it has no primary volume descriptor");
}

static void broken_roots(void **state)
{
    (void)state;
    make(false);
    put(16 * BLOCK + 156 + 10, 4 * 1024 * 1024 + 1, 4);
    assert_refused("a folder of 4194305 bytes is too long");
    put(16 * BLOCK + 156 + 10, (BLOCKS - ROOT + 1) * BLOCK, 4);
    assert_refused("a folder, 92160 bytes at 0xa000, is outside the disk");
    put(16 * BLOCK + 156 + 10, BLOCK, 4);
    put(16 * BLOCK + 156 + 2, 0xffffffff, 4);
    assert_refused("is outside the disk");
    put(16 * BLOCK + 156 + 2, BLOCKS, 4);
    assert_refused("is outside the disk");
    put(16 * BLOCK + 156 + 2, ROOT, 4);
    put(16 * BLOCK + 156 + 1, 255, 1);
    assert_refused("is outside the disk");
    put(16 * BLOCK + 156 + 1, 0, 1);
    put(16 * BLOCK + 156 + 10, 100, 4); /* less than a sector: it is empty */
    must_open();
    assert_names("/", "");
}

static void broken_records(void **state)
{
    uint8_t *at = make(false);

    (void)state;
    record(at, "FILE.;1", 7, 0, 40, 10);
    must_open();
    for (unsigned length = 1; length < 33 + 7; length++) {
        at[0] = (uint8_t)length;
        assert_not_listed("/", "with a name of 7");
        assert_not_found("/file", "with a name of 7");
    }
    at[0] = 42;
    at[32] = 10;
    assert_not_listed("/", "of 42 bytes with a name of 10");
    for (unsigned left = 20; left <= 40; left += 20) { /* of the sector, where a record begins */
        at = make(false);
        for (unsigned i = 0; i < 10; i++, at = behind(at))
            record(at, "F", 1, 0, 40, 10)[0] = (uint8_t)((BLOCK - left - 68) / 10);
        assert_ptr_equal(at, block(ROOT + 1) - left);
        *at = 42;
        must_open();
        assert_not_listed("/", left < 33 ? "is cut off" : "of 42 bytes with a name of 0");
        *at = 0;
        must_open();
        assert_names("/", "f f f f f f f f f f");
    }

    at = make(false);
    at = behind(record(at, "OUT.;1", 6, 0, BLOCKS - 1, BLOCK + 1));
    at = behind(record(at, "FAR.;1", 6, 0, 0xffffffff, 0xffffffff));
    at = behind(record(at, "LOOP", 4, FOLDER, ROOT, BLOCK));
    at = behind(record(at, "DIR", 3, FOLDER, 0, BLOCK));
    must_open();
    assert_names("/", "out far loop/ dir/");
    assert_not_found("/out", "/out: 2049 bytes at 0x1f800 are outside the disk");
    assert_not_found("/far", "are outside the disk");
    assert_not_found("/loop", "/loop: a folder is in itself");
    assert_not_found("/dir/x", "is outside the disk");
    assert_false(trees[0].read(&trees[0], "/out", 2048, listed, 1, &failure));
}

static void broken_rock_ridge(void **state)
{
    static const struct {
        uint32_t block, offset, size;
        const char *why;
    } areas[] = {
        { BLOCKS, 0, 10, "10 bytes of Rock Ridge at 0 in block 64 are out of place" },
        { 30, 2047, 2, "2 bytes of Rock Ridge at 2047 in block 30 are out of place" },
        { 30, 0, 2049, "are out of place" },
        { 0xffffffff, 0xffffffff, 0xffffffff, "are out of place" },
        { 30, 0, 28, "goes on and on" }, /* there */
    };
    const uint32_t child = BLOCKS;
    uint8_t *at;

    (void)state;
    for (unsigned i = 0; i < sizeof(areas) / sizeof(*areas); i++) {
        at = make(true);
        put_goes_on(block(30), 30, 0, 28);
        goes_on(record(at, "FILE.;1", 7, 0, 40, 10), areas[i].block, areas[i].offset, areas[i].size);
        must_open();
        assert_not_listed("/", areas[i].why);
        assert_not_found("/x", areas[i].why);
        make(true);
        put_goes_on(block(30), 30, 0, 28);
        goes_on(block(ROOT), areas[i].block, areas[i].offset, areas[i].size);
        memset(behind(block(ROOT)), 0, 8);
        assert_refused(areas[i].why);
    }
    entry(record(make(true), "FILE.;1", 7, 0, 40, 10), "CL", &child, 4);
    must_open();
    assert_not_listed("/", "a folder at block 64 is outside the disk");
    at = make(true);
    at = named(mode(record(at, "FILE.;1", 7, 0, 40, 10), 0100644), "long");
    at[0] -= 2; /* the last entry is cut off: the name is the other one */
    must_open();
    assert_names("/", "file");
    block(ROOT)[34 + 6] = 200; /* more is to be skipped than there is */
    must_open();
    assert_names("/", "file");
}

static void deep_folders(void **state)
{
    char path[200] = "";

    (void)state;
    free(image);
    make(false);
    for (uint32_t i = ROOT; i < ROOT + 36; i++)
        record(folder(i, false), "D", 1, FOLDER, i + 1, BLOCK);
    must_open();
    for (unsigned i = 0; i < 33; i++)
        strcat(path, "/d");
    assert_kind(path, TREE_FOLDER);
    strcat(path, "/d");
    assert_not_found(path, "more than 32 folders");
}

/* ---- for test_trees.py ---- */

static int describe(const char *path)
{
    struct span content = content_of(path);
    int result = EXIT_FAILURE;

    image = (uint8_t *)content.data;
    image_size = content.size;
    if (!image || !open_made()) {
        printf("error %s: %s\n", failure.what, failure.why);
    } else {
        printf("name %s, uuid %s, label %s\n", trees[0].name, trees[0].uuid, trees[0].label);
        result = print_tree(&trees[0]) + print_tree(&trees[1]);
    }
    free(image);
    return result;
}

static int setup(void **state)
{
    (void)state;
    image = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(image);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        TEST(plain),          TEST(identity),          TEST(joliet),       TEST(rock_ridge),    TEST(links),
        TEST(moved_folders),  TEST(several_sections),  TEST(many_names),   TEST(no_descriptor), TEST(broken_roots),
        TEST(broken_records), TEST(broken_rock_ridge), TEST(deep_folders),
    };

    if (count == 2)
        return describe(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

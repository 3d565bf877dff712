/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/iso9660.c storage/iso_records.c storage/disk.c storage/path.c firmware/loader_texts.c */
/* sources: common/text.c common/failure.c */
/*
 * ISO 9660 file systems that are made here. What real tools make is in test_trees.py: with the name of a file this
 * prints what is in that image. Broken ones are in test_iso9660_broken.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iso_fixture.h"

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

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        TEST(plain), TEST(identity),      TEST(joliet),           TEST(rock_ridge),
        TEST(links), TEST(moved_folders), TEST(several_sections), TEST(many_names),
    };

    if (count == 2)
        return describe(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

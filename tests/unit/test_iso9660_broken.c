/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/iso9660.c storage/iso_records.c storage/disk.c storage/path.c firmware/loader_texts.c */
/* sources: common/text.c common/failure.c */
/* ISO 9660 file systems that contradict themselves: a failure, in bounded time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iso_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_descriptor), TEST(broken_roots), TEST(broken_records), TEST(broken_rock_ridge), TEST(deep_folders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

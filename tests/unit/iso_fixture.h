/* SPDX-License-Identifier: BSD-2-Clause */
/* ISO 9660 file systems, made block by block, and a look at what is in them. For one .c file of a program. */
#ifndef TESTS_UNIT_ISO_FIXTURE_H
#define TESTS_UNIT_ISO_FIXTURE_H

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

static inline bool read_image(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size,
                              struct failure *why)
{
    (void)disk;
    (void)why;
    assert_true(size && checked_within(offset, size, image_size));
    memcpy(buffer, image + offset, size);
    return true;
}

/* ---- making one ---- */

static inline void put(uint64_t at, uint64_t value, unsigned size)
{
    memcpy(image + at, &value, size);
}

static inline uint8_t *block(uint32_t number)
{
    return image + (uint64_t)number * BLOCK;
}

/* Adds a record; what SUSP has of it is put behind by the functions below, which make it longer. */
static inline uint8_t *record(uint8_t *at, const char *name, uint8_t name_size, uint8_t flags, uint32_t first,
                              uint32_t size)
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
static inline uint8_t *put_entry(uint8_t *to, const char *signature, const void *data, uint8_t size)
{
    memcpy(to, signature, 2);
    to[2] = (uint8_t)(size + 4);
    to[3] = 1;
    memcpy(to + 4, data, size);
    return to + to[2];
}

/* Adds one to a record. */
static inline uint8_t *entry(uint8_t *at, const char *signature, const void *data, uint8_t size)
{
    at[0] = (uint8_t)(put_entry(at + at[0], signature, data, size) - at);
    return at;
}

static inline uint8_t *mode(uint8_t *at, uint32_t value)
{
    return entry(at, "PX", &value, 4);
}

static inline uint8_t *named(uint8_t *at, const char *name)
{
    char data[200] = "";

    memcpy(data + 1, name, strlen(name));
    return entry(at, "NM", data, (uint8_t)(strlen(name) + 1));
}

static inline uint8_t *put_goes_on(uint8_t *to, uint32_t in, uint32_t offset, uint32_t size)
{
    const uint32_t data[6] = { in, 0, offset, 0, size, 0 };

    return put_entry(to, "CE", data, sizeof(data));
}

static inline uint8_t *goes_on(uint8_t *at, uint32_t in, uint32_t offset, uint32_t size)
{
    at[0] = (uint8_t)(put_goes_on(at + at[0], in, offset, size) - at);
    return at;
}

static inline uint8_t *behind(uint8_t *at)
{
    return at + at[0];
}

static inline void descriptor(uint32_t at, uint8_t type, uint32_t root)
{
    memset(block(at), 0, BLOCK);
    block(at)[0] = type;
    memcpy(block(at) + 1, "CD001\1", 6);
    memset(block(at) + 40, ' ', 32);
    put(at * BLOCK + 128, BLOCK, 2);
    record(block(at) + 156, "", 1, FOLDER, root, BLOCK);
}

/* The two records that each folder begins with; returns where the next one goes. */
static inline uint8_t *folder(uint32_t at, bool rock_ridge)
{
    uint8_t *self = record(block(at), "\0", 1, FOLDER, at, BLOCK);

    memset(behind(self), 0, BLOCK - self[0]);
    if (rock_ridge)
        mode(at == ROOT ? entry(self, "SP", "\xbe\xef", 3) : self, 0040755);
    return behind(record(behind(self), "\1", 1, FOLDER, ROOT, BLOCK));
}

/* Returns where the root's first name goes. */
static inline uint8_t *make(bool rock_ridge)
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

static inline bool open_made(void)
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

static inline void must_open(void)
{
    if (!open_made())
        fail_msg("%s: %s", failure.what, failure.why);
}

static char listed[8192];

static inline bool visit(void *context, const char *name, const struct tree_node *node)
{
    struct tree_node other;

    (void)context;
    strcat(listed, listed[0] ? " " : "");
    strcat(listed, name);
    strcat(listed, node->kind == TREE_FOLDER ? "/" : node->kind == TREE_OTHER ? "!" : "");
    assert_true(trees[0].find(&trees[0], "/", &other, &failure)); /* others may be asked meanwhile */
    return true;
}

static inline void assert_names(const char *path, const char *names)
{
    for (unsigned i = 0; i < 2; i++) {
        listed[0] = '\0';
        if (!trees[i].list(&trees[i], path, visit, NULL, &failure))
            fail_msg("%s: %s", failure.what, failure.why);
        assert_string_equal(listed, names);
    }
}

static inline void assert_kind(const char *path, enum tree_kind kind)
{
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        if (!trees[i].find(&trees[i], path, &node, &failure))
            fail_msg("%s: %s", failure.what, failure.why);
        assert_int_equal(node.kind, kind);
    }
}

/* `data`: where it lies in one piece; NULL: it does not. */
static inline void assert_content(const char *path, const uint8_t *data, const void *content, uint64_t size)
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

static inline void assert_not_found(const char *path, const char *why)
{
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].find(&trees[i], path, &node, &failure));
        assert_failure(&failure, "ISO 9660", why);
    }
}

static inline void assert_not_listed(const char *path, const char *why)
{
    for (unsigned i = 0; i < 2; i++) {
        if (trees[i].list(&trees[i], path, visit, NULL, &failure))
            fail_msg("it is not said: %s", why);
        assert_failure(&failure, "ISO 9660", why);
    }
}

static inline void assert_refused(const char *why)
{
    assert_false(open_made());
    assert_failure(&failure, "ISO 9660", why);
}

static inline int setup(void **state)
{
    (void)state;
    image = NULL;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    free(image);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FAT file systems that are made here byte by byte: FAT12, FAT16 and FAT32, each opened twice, in memory and to be
 * read. For tests of storage/fat.c; for one .c file of a program.
 */
#ifndef TESTS_UNIT_FAT_FIXTURE_H
#define TESTS_UNIT_FAT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "storage/fat.h"
#include "tests/unit/tree_walk.h"

#include "tests/unit/assert_failure.h"
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

static inline bool read_made(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *why)
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

static inline void put(uint64_t at, uint64_t value, unsigned size)
{
    assert_true(at + size <= made_size);
    memcpy(made + at, &value, size);
}

static inline void set_next(uint32_t cluster, uint32_t value)
{
    uint64_t at = fat_at + cluster * bits / 8;
    uint16_t pair;

    if (bits == 12) {
        memcpy(&pair, made + at, 2);
        value = cluster % 2 ? (pair & 0x00fu) | (value & 0xfff) << 4 : (pair & 0xf000u) | (value & 0xfff);
    }
    put(at, value, bits == 32 ? 4 : 2);
}

static inline void end_chain(uint32_t cluster)
{
    set_next(cluster, 0x0fffffff);
}

static inline uint8_t *cluster_bytes(uint32_t cluster)
{
    return made + data_at + (cluster - 2ull) * SECTOR;
}

/* The root of FAT32 is cluster 2. */
static inline uint8_t *root(void)
{
    return made + root_at;
}

static inline void make(unsigned kind)
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

static inline uint8_t *put_entry(uint8_t *slot, const char *name, uint8_t attributes, uint32_t cluster, uint32_t size)
{
    uint16_t high = (uint16_t)(cluster >> 16), low = (uint16_t)cluster;

    memcpy(slot, name, 11);
    slot[11] = attributes;
    memcpy(slot + 20, &high, 2);
    memcpy(slot + 26, &low, 2);
    memcpy(slot + 28, &size, 4);
    return slot + 32;
}

static inline uint8_t checksum(const char *name)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < 11; i++)
        sum = (uint8_t)((sum >> 1 | sum << 7) + (uint8_t)name[i]);
    return sum;
}

static inline uint8_t *put_long(uint8_t *slot, const uint16_t *units, unsigned count, const char *short_name)
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

static inline uint8_t *put_long_text(uint8_t *slot, const char *text, const char *short_name)
{
    uint16_t units[260];
    unsigned count = 0;

    for (; text[count]; count++)
        units[count] = (uint8_t)text[count];
    return put_long(slot, units, count, short_name);
}

/* Clusters that follow each other, each with other bytes. */
static inline void put_chain(uint32_t first, unsigned count)
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

static inline int setup(void **state)
{
    (void)state;
    made = NULL;
    memset(&failure, 0, sizeof(failure));
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    free(made);
    return 0;
}

static inline bool open_made(void)
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

static inline void assert_said(const char *why)
{
    assert_failure(&failure, NULL, why);
    failure.why[0] = '\0';
}

static inline void assert_refused(const char *why)
{
    assert_false(open_made());
    assert_said(why);
}

static inline struct tree_node found(const char *path)
{
    struct tree_node node, other;

    if (!trees[0].find(&trees[0], path, &node, &failure) || !trees[1].find(&trees[1], path, &other, &failure))
        fail_msg("%s: %s", failure.what, failure.why);
    assert_int_equal(node.kind, other.kind);
    assert_int_equal(node.size, other.size);
    assert_null(other.data);
    return node;
}

static inline void assert_kind(const char *path, enum tree_kind kind)
{
    assert_int_equal(found(path).kind, kind);
}

static inline void assert_not_found(const char *path, const char *why)
{
    struct tree_node node;

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].find(&trees[i], path, &node, &failure));
        assert_said(why);
    }
}

static inline void assert_not_read(const char *path, uint64_t offset, uint64_t size, const char *why)
{
    static uint8_t buffer[1 << 16];

    for (unsigned i = 0; i < 2; i++) {
        assert_false(trees[i].read(&trees[i], path, offset, buffer, size, &failure));
        assert_said(why);
    }
}

static char listed[8192];

static inline bool visit(void *context, const char *name, const struct tree_node *node)
{
    (void)context;
    strcat(listed, listed[0] ? " " : "");
    strcat(listed, name);
    strcat(listed, node->kind == TREE_FOLDER ? "/" : "");
    return true;
}

static inline const char *names_in(const char *path)
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
static inline void assert_content(const char *path, const uint8_t *content, uint64_t size)
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

/* Some files and folders, of each kind of name. */
static inline void fill(void)
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

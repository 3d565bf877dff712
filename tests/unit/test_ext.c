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
static const char *warned; /* the last warning; NULL: none since it was opened */

static bool read_made(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *why)
{
    (void)disk;
    (void)why;
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

int main(int count, char **arguments)
{
    if (count == 2)
        return describe(arguments[1]);
    return 0;
}

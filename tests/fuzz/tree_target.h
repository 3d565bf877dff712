/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of every file system as a tree. The disk is opened twice, in memory and with a function that reads it:
 * by both the same is listed, found and read; the data of files lies on the disk and is what is read. One call reads
 * what is asked of it and what leads there, however the disk refers to itself.
 */
#ifndef TESTS_TREE_TARGET_H
#define TESTS_TREE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WALKED_MAX 200

#include "common/text.h"
#include "storage/disk.h"
#include "tests/unit/tree_walk.h"

#define READ_MAX  65536
#define CALL_MAX  (64ull << 20) /* bytes of the disk for one call */
#define OTHER_MIN 16384         /* bytes that change where the disk becomes another one, and all that was given */

struct tree_target {
    bool (*is)(const struct disk *disk);
    bool (*open)(const struct disk *disk, struct tree *tree, struct failure *failure);
    void (*forget)(const struct tree *tree); /* where the tree's names were found the last time */
    bool strict;                             /* what is listed is found, and a file that is found is read */
    uint64_t first;                          /* byte of the disk that the file system looks at */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *image;
static uint64_t image_size, given_end, was_read; /* behind given_end the disk is zeros */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool read_image(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    (void)failure;
    require(!disk->data && size && offset <= image_size && size <= image_size - offset);
    memcpy(buffer, image + offset, size);
    was_read += size;
    require(was_read < CALL_MAX);
    return true;
}

/* Where a node says where its data is, that is on the disk. */
static void check_place(const struct tree_node *node)
{
    require(!node->data || (node->data >= image && node->data + node->size <= image + image_size));
}

static bool find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    was_read = 0;
    return tree->find(tree, path, node, failure);
}

static bool read_at(const struct tree *tree, const char *path, uint64_t offset, uint8_t *buffer, uint64_t size,
                    struct failure *failure)
{
    was_read = 0;
    return tree->read(tree, path, offset, buffer, size, failure);
}

/* `size` bytes of a file, in one piece and in three. */
static void check_content(const struct tree_target *target, const struct tree trees[2], const char *path,
                          const struct tree_node *node, uint64_t at, uint64_t size)
{
    static uint8_t buffers[2][READ_MAX];
    struct failure failure;
    bool whole = read_at(&trees[0], path, at, buffers[0], size, &failure), pieces = true;

    for (uint64_t piece = size / 3 + 1, from = 0; from < size && pieces; from += piece) {
        if (piece > size - from)
            piece = size - from;
        pieces = read_at(&trees[1], path, at + from, buffers[1] + from, piece, &failure);
    }
    require(whole == pieces && (whole || !target->strict));
    require(!whole || memcmp(buffers[0], buffers[1], size) == 0);
    require(!node->data || (whole && memcmp(node->data + at, buffers[0], size) == 0));
    require(!read_at(&trees[0], path, node->size, buffers[0], 1, &failure));
    require(!read_at(&trees[1], path, node->size, buffers[1], 1, &failure));
}

static void check_path(const struct tree_target *target, const struct tree trees[2], const struct walked *walk)
{
    struct failure failures[2] = { 0 };
    struct tree_node node, other;
    uint64_t size;
    bool found;

    if (target->forget)
        target->forget(&trees[1]);
    found = find(&trees[0], walk->path, &node, &failures[0]);
    require(find(&trees[1], walk->path, &other, &failures[1]) == found);
    if (!found)
        return require(failures[0].why[0] && strcmp(failures[0].why, failures[1].why) == 0);
    /* Where two have one name, another of them may be found; a link may lead nowhere. */
    require(node.kind == other.kind && node.size == other.size && !other.data);
    require(node.kind != TREE_ABSENT || walk->node.kind == TREE_OTHER || !target->strict);
    check_place(&node);
    if (node.kind != TREE_FILE)
        return;
    size = node.size < READ_MAX ? node.size : READ_MAX;
    check_content(target, trees, walk->path, &node, 0, size);
    check_content(target, trees, walk->path, &node, node.size - size, size);
}

/* Of all that was walked, in whatever order. */
static unsigned walked_sum(void)
{
    unsigned sum = walked_count;

    for (unsigned i = 0; i < walked_count; i++)
        sum += (unsigned)(walked[i].node.kind + walked[i].node.size + strlen(walked[i].path));
    return sum;
}

static void check_trees(const struct tree_target *target, const struct tree trees[2])
{
    struct failure failure;
    bool whole;
    unsigned sum;

    was_read = 0;
    whole = walk_tree(&trees[1], &failure);
    sum = walked_sum();
    for (unsigned i = 0; i < walked_count; i++)
        require(!walked[i].node.data);
    require(walk_tree(&trees[0], &failure) == whole && walked_sum() == sum);
    for (unsigned i = 0; i < walked_count; i++) {
        require(text_is_clean((struct span){ (const uint8_t *)walked[i].path, strlen(walked[i].path) }));
        check_place(&walked[i].node);
        check_path(target, trees, &walked[i]);
    }
}

/* A disk that is another one all at once: whatever is found there, nothing outside it is read. */
static void use_changed_disk(const struct tree_target *target, const struct tree *tree)
{
    static uint8_t buffer[700];
    struct failure failure;
    struct tree_node node;

    for (uint64_t i = target->first; i < image_size && (i < given_end || i < target->first + OTHER_MIN); i += 3)
        image[i] = (uint8_t)(image[i] * 5 + 2);
    for (unsigned i = walked_count; i-- > 0;) {
        (void)read_at(tree, walked[i].path, walked[i].node.size / 2, buffer, sizeof(buffer), &failure);
        (void)find(tree, walked[i].path, &node, &failure);
        (void)read_at(tree, walked[i].path, 0, buffer, sizeof(buffer), &failure);
    }
    was_read = 0;
    walk_tree(tree, &failure);
}

/* The disk: `size` bytes in all, zeros but for `data` from byte `at` on. */
static void check_disk(const struct tree_target *target, struct span data, uint64_t at, uint64_t size)
{
    struct failure failures[2] = { 0 };
    struct disk disks[2];
    struct tree trees[2];
    bool opened;

    image_size = size;
    given_end = at + data.size;
    image = calloc(1, size + !size);
    if (data.size)
        memcpy(image + at, data.data, data.size);
    disk_in_memory((struct span){ image, size }, &disks[0]);
    disks[1] = (struct disk){ .size = size, .read = read_image };
    was_read = 0;
    opened = target->open(&disks[0], &trees[0], &failures[0]);
    require(target->open(&disks[1], &trees[1], &failures[1]) == opened);
    require(opened ? target->is(&disks[0]) && target->is(&disks[1]) : failures[0].why[0] != '\0');
    if (opened) {
        require(strnlen(trees[0].label, sizeof(trees[0].label)) < sizeof(trees[0].label));
        check_trees(target, trees);
        use_changed_disk(target, &trees[1]);
    }
    free(image);
}

#endif

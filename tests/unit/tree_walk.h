/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests: all that is in a tree, folder after folder, in a list that is its own queue; and the same printed, one
 * line for each name, so that Python can compare. A symbolic link is told of with what it leads to.
 */
#ifndef TESTS_TREE_WALK_H
#define TESTS_TREE_WALK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/path.h"
#include "storage/tree.h"

#ifndef WALKED_MAX
#define WALKED_MAX 8192
#endif

struct walked {
    char path[TREE_PATH_MAX];
    struct tree_node node;
};

static struct walked walked[WALKED_MAX];
static unsigned walked_count, walked_folder;

static bool walk_visit(void *context, const char *name, const struct tree_node *node)
{
    (void)context;
    if (walked_count == WALKED_MAX)
        return false;
    if (path_join(walked[walked_folder].path, name, walked[walked_count].path))
        walked[walked_count++].node = *node;
    return true;
}

static unsigned path_depth(const char *path)
{
    unsigned depth = 0;

    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

/* Fills walked; the root is the first. False where a folder could not be listed; the others are. */
static bool walk_tree(const struct tree *tree, struct failure *failure)
{
    bool whole = true;

    strcpy(walked[0].path, "/");
    walked[0].node = (struct tree_node){ .kind = TREE_FOLDER };
    walked_count = 1;
    for (walked_folder = 0; walked_folder < walked_count; walked_folder++) {
        const struct walked *folder = &walked[walked_folder];

        if (folder->node.kind == TREE_FOLDER && path_depth(folder->path) <= TREE_DEPTH_MAX)
            whole &= tree->list(tree, folder->path, walk_visit, NULL, failure);
    }
    return whole;
}

/* CRC-32 as in zlib; begins with 0. */
__attribute__((unused)) static uint32_t crc32_of(uint32_t crc, const uint8_t *data, uint64_t size)
{
    crc = ~crc;
    for (uint64_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Prints what is in a tree; files are read in pieces of an odd size. */
__attribute__((unused)) static int print_tree(const struct tree *tree)
{
    static uint8_t piece[12347];
    struct failure failure;

    if (!walk_tree(tree, &failure))
        return printf("error %s: %s\n", failure.what, failure.why), EXIT_FAILURE;
    for (unsigned i = 1; i < walked_count; i++) {
        const struct walked *this = &walked[i];
        struct tree_node node = { 0 };
        uint32_t crc = 0;
        bool is_found = tree->find(tree, this->path, &node, &failure);
        bool is_link = is_found && this->node.kind == TREE_OTHER && node.kind != TREE_OTHER;

        if (!is_found || (!is_link && (node.kind != this->node.kind || node.size != this->node.size ||
                                       node.data != this->node.data)))
            return printf("error %s is not found as it is listed\n", this->path), EXIT_FAILURE;
        for (uint64_t at = 0; node.kind == TREE_FILE && at < node.size; at += sizeof(piece)) {
            uint64_t size = node.size - at < sizeof(piece) ? node.size - at : sizeof(piece);

            if (!tree->read(tree, this->path, at, piece, size, &failure))
                return printf("error %s: %s\n", failure.what, failure.why), EXIT_FAILURE;
            if (node.data && memcmp(piece, node.data + at, size) != 0)
                return printf("error %s differs\n", this->path), EXIT_FAILURE;
            crc = crc32_of(crc, piece, size);
        }
        printf("%s %lu %08x %s %s\n",
               is_link                    ? "link"
               : node.kind == TREE_FILE   ? "file"
               : node.kind == TREE_FOLDER ? "folder"
                                          : "other",
               node.size, crc, node.data ? "data" : "-", this->path);
    }
    return EXIT_SUCCESS;
}

#endif

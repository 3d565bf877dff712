/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/cpio.c storage/path.c common/text.c common/failure.c */
/*
 * cpio archives as trees. Whatever is listed is found, and the same; the data of files lies in the archive and is what
 * is read; no name is listed twice.
 */
#include <stddef.h>
#include <stdint.h>

#define WALKED_MAX 300

#include "storage/cpio.h"
#include "tests/unit/tree_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink; /* so that no read is optimised away */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_file(const struct tree *tree, const struct walked *file, struct span archive)
{
    static uint8_t buffer[65536];
    struct failure failure;
    uint64_t size = file->node.size < sizeof(buffer) ? file->node.size : sizeof(buffer);

    require(file->node.data >= archive.data && file->node.size <= archive.size);
    require(file->node.data + file->node.size <= archive.data + archive.size);
    for (uint64_t i = 0; i < file->node.size; i++)
        sink = file->node.data[i];
    require(tree->read(tree, file->path, file->node.size - size, buffer, size, &failure));
    require(memcmp(buffer, file->node.data + file->node.size - size, size) == 0);
    require(!tree->read(tree, file->path, file->node.size, buffer, 1, &failure));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span archive = { data, size };
    struct failure failure = { { 0 }, { 0 } };
    struct tree tree;

    if (!cpio_open(archive, &tree, &failure)) {
        require(failure.why[0]);
        return 0;
    }
    require(cpio_is(archive));
    require(walk_tree(&tree, &failure) || walked_count == WALKED_MAX || strstr(failure.why, "too many"));
    for (unsigned i = 0; i < walked_count; i++) {
        struct tree_node node;

        require(text_is_clean((struct span){ (const uint8_t *)walked[i].path, strlen(walked[i].path) }));
        require(tree.find(&tree, walked[i].path, &node, &failure));
        require(node.kind == walked[i].node.kind && node.kind != TREE_ABSENT);
        require(node.size == walked[i].node.size && node.data == walked[i].node.data);
        if (node.kind == TREE_FILE)
            check_file(&tree, &walked[i], archive);
        else
            require(!node.size && !node.data);
        for (unsigned k = 0; k < i; k++)
            require(strcmp(walked[i].path, walked[k].path) != 0);
    }
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/iso9660.c storage/iso_records.c storage/disk.c storage/path.c firmware/loader_texts.c */
/* sources: common/text.c common/failure.c */
/*
 * ISO 9660 file systems as trees. The input is a disk without the 16 sectors that it begins with, which are not looked
 * at. In memory and read, the same is listed, found and read; the data of files lies on the disk and is what is read.
 */
#include <stddef.h>
#include <stdint.h>

#define WALKED_MAX 200

#include "storage/iso9660.h"
#include "tests/unit/tree_walk.h"

#define SYSTEM_AREA 32768
#define READ_MAX    65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *image;
static uint64_t image_size;

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
    return true;
}

static bool stop(void *context, const char *name, const struct tree_node *node)
{
    (void)context;
    (void)name;
    (void)node;
    return false;
}

static void check_path(const struct tree trees[2], const struct walked *walk)
{
    static uint8_t buffers[2][READ_MAX];
    struct failure failures[2] = { 0 };
    struct tree_node node, other;
    uint64_t size, at = 0;
    bool found;

    require(text_is_clean((struct span){ (const uint8_t *)walk->path, strlen(walk->path) }));
    /* Forgets where the first tree's names were found, which may be behind a record that is broken. */
    (void)trees[1].list(&trees[1], "/", stop, NULL, &failures[1]);
    found = trees[0].find(&trees[0], walk->path, &node, &failures[0]);
    require(trees[1].find(&trees[1], walk->path, &other, &failures[1]) == found);
    if (!found)
        return require(failures[0].why[0] && strcmp(failures[0].why, failures[1].why) == 0);
    /* Where two have one name, another of them may be found; a link may lead nowhere. */
    require(node.kind == other.kind && node.size == other.size && !other.data);
    require(node.kind != TREE_ABSENT || walk->node.kind == TREE_OTHER);
    require(!node.data || (node.data >= image && node.data + node.size <= image + image_size));
    if (node.kind != TREE_FILE)
        return;
    size = node.size < READ_MAX ? node.size : READ_MAX;
    for (unsigned pass = 0; pass < 2; pass++, at = node.size - size) {
        require(trees[0].read(&trees[0], walk->path, at, buffers[0], size, &failures[0]));
        for (uint64_t piece = size / 3 + 1, done = 0; done < size; done += piece) {
            if (piece > size - done)
                piece = size - done;
            require(trees[1].read(&trees[1], walk->path, at + done, buffers[1] + done, piece, &failures[1]));
        }
        require(memcmp(buffers[0], buffers[1], size) == 0);
        require(!node.data || memcmp(node.data + at, buffers[0], size) == 0);
    }
    require(!trees[0].read(&trees[0], walk->path, node.size, buffers[0], 1, &failures[0]));
}

/* A disk that is another one all at once: whatever is found there, nothing outside it is read. */
static void use_changed_disk(const struct tree *tree, unsigned count)
{
    static uint8_t buffer[READ_MAX];
    struct failure failure;
    struct tree_node node;

    for (uint64_t i = SYSTEM_AREA + 2048; i < image_size; i += 3)
        image[i] = (uint8_t)(image[i] * 5 + 2);
    for (unsigned i = count; i-- > 0;) {
        (void)tree->read(tree, walked[i].path, walked[i].node.size / 2, buffer, 700, &failure);
        (void)tree->find(tree, walked[i].path, &node, &failure);
    }
    walk_tree(tree, &failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct failure failures[2] = { 0 };
    struct disk disks[2];
    struct tree trees[2];
    bool opened, whole;
    unsigned count;

    image_size = SYSTEM_AREA + size;
    image = calloc(1, image_size);
    if (size)
        memcpy(image + SYSTEM_AREA, data, size);
    disk_in_memory((struct span){ image, image_size }, &disks[0]);
    disks[1] = (struct disk){ .size = image_size, .read = read_image };
    opened = iso_open(&disks[0], &trees[0], &failures[0]);
    require(iso_open(&disks[1], &trees[1], &failures[1]) == opened);
    require(opened ? iso_is(&disks[0]) && iso_is(&disks[1]) : failures[0].why[0] != '\0');
    if (opened) {
        require(strnlen(trees[0].label, sizeof(trees[0].label)) < sizeof(trees[0].label));
        whole = walk_tree(&trees[1], &failures[1]);
        count = walked_count;
        require(walk_tree(&trees[0], &failures[0]) == whole && walked_count == count);
        for (unsigned i = 0; i < count; i++)
            check_path(trees, &walked[i]);
        use_changed_disk(&trees[1], count);
    }
    free(image);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/disk.c storage/path.c */
/* sources: common/text.c common/failure.c */
/*
 * FAT file systems as trees. The input is a disk, with zeros behind it where its boot sector tells of more (the first
 * sectors of a FAT16 are enough of a seed). In memory and read, the same is listed, found and read; the data of files
 * lies on the disk and is what is read.
 */
#include <stddef.h>
#include <stdint.h>

#define WALKED_MAX 200

#include "storage/fat.h"
#include "tests/unit/tree_walk.h"

#define DISK_MAX (5ull << 20)
#define READ_MAX 65536

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

static uint64_t disk_size(const uint8_t *data, size_t size)
{
    uint16_t sector, sectors_16;
    uint32_t sectors;
    uint64_t whole;

    if (size < 512)
        return size;
    memcpy(&sector, data + 11, 2);
    memcpy(&sectors_16, data + 19, 2);
    memcpy(&sectors, data + 32, 4);
    whole = (uint64_t)sector * (sectors_16 ? sectors_16 : sectors);
    return whole > size && whole <= DISK_MAX ? whole : size;
}

static void check_file(const struct tree trees[2], const struct walked *file)
{
    static uint8_t buffers[2][READ_MAX];
    uint64_t all = file->node.size, size = all < READ_MAX ? all : READ_MAX, at = 0;
    struct tree_node node, other;
    struct failure failures[2];
    bool found[2];

    found[0] = trees[0].find(&trees[0], file->path, &node, &failures[0]);
    found[1] = trees[1].find(&trees[1], file->path, &other, &failures[1]);
    require(found[0] == found[1]);
    if (!found[0])
        return require(strcmp(failures[0].why, failures[1].why) == 0);
    /* Where two have one name, another of them may be found. */
    require(node.kind == other.kind && node.size == other.size && node.kind != TREE_ABSENT && !other.data);
    if (node.kind != TREE_FILE)
        return;
    all = node.size;
    size = all < READ_MAX ? all : READ_MAX;
    for (unsigned pass = 0; pass < 2; pass++, at = all - size) {
        require(trees[0].read(&trees[0], file->path, at, buffers[0], size, &failures[0]));
        for (uint64_t piece = size / 3 + 1, done = 0; done < size; done += piece) {
            if (piece > size - done)
                piece = size - done;
            require(trees[1].read(&trees[1], file->path, at + done, buffers[1] + done, piece, &failures[1]));
        }
        require(memcmp(buffers[0], buffers[1], size) == 0);
        if (node.data)
            require(node.data >= image && node.data + all <= image + image_size &&
                    memcmp(node.data + at, buffers[0], size) == 0);
    }
    require(!trees[0].read(&trees[0], file->path, all, buffers[0], 1, &failures[0]));
    require(!trees[1].read(&trees[1], file->path, all, buffers[1], 1, &failures[1]));
}

/* A disk that is another one all at once: whatever is found there, nothing outside it is read. */
static void use_changed_disk(const struct tree *tree, unsigned count)
{
    static uint8_t buffer[READ_MAX];
    struct failure failure;
    struct tree_node node;

    for (uint64_t i = 512; i < image_size && i < 8192; i += 3)
        image[i] = (uint8_t)(image[i] * 5 + 2);
    for (unsigned i = count; i-- > 0;) {
        (void)tree->read(tree, walked[i].path, walked[i].node.size / 2, buffer, 700, &failure);
        (void)tree->find(tree, walked[i].path, &node, &failure);
        (void)tree->read(tree, walked[i].path, 0, buffer, 700, &failure);
    }
    walk_tree(tree, &failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct failure failures[2] = { 0 };
    struct disk disks[2];
    struct tree trees[2];
    unsigned count, sum = 0;
    bool opened, whole;

    image_size = disk_size(data, size);
    image = calloc(1, image_size + !image_size);
    memcpy(image, data, size);
    disk_in_memory((struct span){ image, image_size }, &disks[0]);
    disks[1] = (struct disk){ .size = image_size, .read = read_image };
    opened = fat_open(&disks[0], &trees[0], &failures[0]);
    require(fat_open(&disks[1], &trees[1], &failures[1]) == opened);
    require(opened ? fat_is(&disks[0]) && fat_is(&disks[1]) : failures[0].why[0] != '\0');
    if (opened) {
        whole = walk_tree(&trees[1], &failures[1]);
        count = walked_count;
        for (unsigned i = 0; i < count; i++) {
            require(!walked[i].node.data);
            sum += (unsigned)(walked[i].node.kind + walked[i].node.size + strlen(walked[i].path));
        }
        require(walk_tree(&trees[0], &failures[0]) == whole && walked_count == count);
        for (unsigned i = 0; i < count; i++) {
            const struct tree_node *node = &walked[i].node;

            sum -= (unsigned)(node->kind + node->size + strlen(walked[i].path));
            require(text_is_clean((struct span){ (const uint8_t *)walked[i].path, strlen(walked[i].path) }));
            require(!node->data || (node->data >= image && node->data + node->size <= image + image_size));
            check_file(trees, &walked[i]);
        }
        require(!sum);
        use_changed_disk(&trees[1], count);
    }
    free(image);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/ext.c storage/ext_disk.c storage/ext_super.c storage/ext_inode.c storage/ext_map.c */
/* sources: storage/ext_file.c storage/ext_folder.c storage/ext_journal.c storage/disk.c storage/path.c */
/* sources: common/console.c common/text.c common/failure.c */
/*
 * ext2, ext3 and ext4 as trees. The input is a disk, with zeros behind it where its superblock tells of more. In memory
 * and read, the same is listed, found and read; the data of files lies on the disk and is what is read. What one call
 * reads is bounded by what is asked of it, and the folders on the way.
 */
#include <stddef.h>
#include <stdint.h>

#define WALKED_MAX 200

#include "common/console.h"
#include "storage/ext.h"
#include "storage/ext_folder.h"
#include "tests/unit/tree_walk.h"

#define DISK_MAX (2ull << 20)
#define READ_MAX 65536
#define CALL_MAX (64ull << 20) /* bytes of the disk for one call */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *image;
static uint64_t image_size, was_read;

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

static uint64_t disk_size(const uint8_t *data, size_t size)
{
    uint32_t blocks, log;
    uint64_t whole;

    if (size < 2048)
        return size;
    memcpy(&blocks, data + 1024 + 4, 4);
    memcpy(&log, data + 1024 + 24, 4);
    if (log > 6)
        return size;
    whole = (uint64_t)blocks << (10 + log);
    return whole > size && whole <= DISK_MAX ? whole : size;
}

static void check_file(const struct tree trees[2], const struct walked *file)
{
    static uint8_t buffers[2][READ_MAX];
    struct tree_node node, other;
    struct failure failures[2];
    uint64_t all, size, at = 0;
    bool done[2];

    was_read = 0;
    ext_folder_forget(); /* where two have one name, it is the first for both */
    done[0] = trees[0].find(&trees[0], file->path, &node, &failures[0]);
    done[1] = trees[1].find(&trees[1], file->path, &other, &failures[1]);
    require(done[0] == done[1]);
    if (!done[0])
        return require(strcmp(failures[0].why, failures[1].why) == 0);
    require(node.kind == other.kind && node.size == other.size && !other.data);
    if (node.kind != TREE_FILE)
        return;
    all = node.size;
    size = all < READ_MAX ? all : READ_MAX;
    for (unsigned pass = 0; pass < 2; pass++, at = all - size) {
        was_read = 0;
        done[0] = trees[0].read(&trees[0], file->path, at, buffers[0], size, &failures[0]);
        done[1] = true;
        for (uint64_t piece = size / 3 + 1, from = 0; from < size && done[1]; from += piece) {
            was_read = 0;
            if (piece > size - from)
                piece = size - from;
            done[1] = trees[1].read(&trees[1], file->path, at + from, buffers[1] + from, piece, &failures[1]);
        }
        require(done[0] == done[1]);
        require(!done[0] || memcmp(buffers[0], buffers[1], size) == 0);
        if (node.data)
            require(done[0] && node.data >= image && node.data + all <= image + image_size &&
                    memcmp(node.data + at, buffers[0], size) == 0);
    }
    was_read = 0;
    require(!trees[0].read(&trees[0], file->path, all, buffers[0], 1, &failures[0]));
    require(!trees[1].read(&trees[1], file->path, all, buffers[1], 1, &failures[1]));
}

/* A disk that is another one all at once: whatever is found there, nothing outside it is read. */
static void use_changed_disk(const struct tree *tree, unsigned count)
{
    static uint8_t buffer[READ_MAX];
    struct failure failure;
    struct tree_node node;

    for (uint64_t i = 1024; i < image_size && i < 16384; i += 7)
        image[i] = (uint8_t)(image[i] * 5 + 2);
    for (unsigned i = count; i-- > 0;) {
        was_read = 0;
        (void)tree->read(tree, walked[i].path, walked[i].node.size / 2, buffer, 700, &failure);
        (void)tree->find(tree, walked[i].path, &node, &failure);
        (void)tree->read(tree, walked[i].path, 0, buffer, 700, &failure);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct failure failures[2] = { 0 };
    struct disk disks[2];
    struct tree trees[2];
    unsigned count, sum = 0;
    const char *warning;
    uint32_t warned;
    bool opened, whole;

    was_read = 0;
    image_size = disk_size(data, size);
    image = calloc(1, image_size + !image_size);
    memcpy(image, data, size);
    disk_in_memory((struct span){ image, image_size }, &disks[0]);
    disks[1] = (struct disk){ .size = image_size, .read = read_image };
    warned = warnings(&warning);
    opened = ext_open(&disks[0], &trees[0], &failures[0]);
    warned = warnings(&warning) - warned;
    require(ext_open(&disks[1], &trees[1], &failures[1]) == opened);
    require(opened ? ext_is(&disks[0]) && ext_is(&disks[1]) && warned < 2 : failures[0].why[0] != '\0');
    if (opened) {
        was_read = 0;
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

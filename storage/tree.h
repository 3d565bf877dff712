/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree of files, wherever it lies: an archive or a disk image in memory, an EFI volume. A kind of tree is one file
 * that fills this structure. Paths are absolute, with `/`, as path_normalise makes them.
 */
#ifndef STORAGE_TREE_H
#define STORAGE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

#define TREE_NAME_MAX  255  /* bytes of one name */
#define TREE_PATH_MAX  1024 /* bytes of a path, its NUL included */
#define TREE_DEPTH_MAX 32   /* folders in one another */

enum tree_kind { TREE_ABSENT, TREE_FILE, TREE_FOLDER, TREE_OTHER /* a device, a socket: not to be read */ };

struct tree_node {
    enum tree_kind kind;
    uint64_t size;       /* of a file, bytes */
    const uint8_t *data; /* where a file lies in memory in one piece; NULL: it must be read */
};

struct tree {
    char name[48];  /* for people: "module 0", "esp 1234-ABCD" */
    char uuid[40];  /* of the file system, as blkid shows it: "1234-ABCD", "2b1a…"; "": it has none */
    char label[68]; /* of the file system; "": it has none */

    /*
     * Fills *node; what is not there is TREE_ABSENT, not a failure. A failure: the tree contradicts itself. Symbolic
     * links are followed, here and below; one that leads nowhere is absent. A list tells of the link: TREE_OTHER.
     */
    bool (*find)(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure);

    /*
     * Calls visit for each name in a folder, in any order, without "." and ".."; `name` is NUL-terminated UTF-8 and
     * lives until visit returns. visit returns false to end it early. A folder that is not there has no names.
     */
    bool (*list)(const struct tree *tree, const char *path,
                 bool (*visit)(void *context, const char *name, const struct tree_node *node), void *context,
                 struct failure *failure);

    /* Reads `size` bytes from `offset` on, all of them or a failure. */
    bool (*read)(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                 struct failure *failure);

    /* Gives a file another name in the same folder. NULL: the tree cannot be written. */
    bool (*rename)(const struct tree *tree, const char *path, const char *name, struct failure *failure);

    /* Overwrites a file that is there, from its beginning, and makes it last. NULL: the tree cannot be written. */
    bool (*write)(const struct tree *tree, const char *path, struct span content, struct failure *failure);

    /* EFI: the volume, for an application that asks where it came from; NULL elsewhere. */
    void *efi_volume;

    /* What its kind keeps: the kind's own, at most this much. */
    uint64_t own[24];
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of fit.c: the nodes of a FIT that was found to be sound, and what fit_verify.c does with them. */
#ifndef PAYLOADS_FIT_VERIFY_H
#define PAYLOADS_FIT_VERIFY_H

#include "payloads/fit.h"

#define FIT_NODES_MAX 1024 /* 64 configurations and their images, with hashes and signatures, are some 500 */
#define FIT_NAME_MAX  127  /* characters; the Devicetree Specification allows 31 */
#define FIT_USED_MAX  (1 + FIT_RAMDISKS_MAX + 1)

struct fit_node {
    const char *name; /* points into the tree */
    int offset;       /* in the structure block, as libfdt wants it */
    uint32_t parent;  /* index */
};

/*
 * All nodes in the order of the structure block, the root first; no two of one parent have the same name. libfdt takes
 * "name" for "name@1" too (fdt_subnode_offset), so that names are compared here.
 */
struct fit_tree {
    const void *fdt;
    uint32_t count;
    struct fit_node nodes[FIT_NODES_MAX];
};

/* What a configuration uses: images' nodes. */
struct fit_used {
    uint32_t count;
    uint32_t images[FIT_USED_MAX];
};

/* The index of a node's child; 0, the root's, where there is none. */
uint32_t fit_child(const struct fit_tree *tree, uint32_t parent, struct span name);

/* The text of a property that is one string. *text is NULL where the node does not have it; a failure where it is none.
 */
bool fit_string(const struct fit_tree *tree, uint32_t node, const char *property, const char **text,
                struct failure *failure);

/* Whether it is one of an image's hash nodes, by its name. */
bool fit_is_hash(const struct fit_tree *tree, uint32_t node);

/*
 * Checks all hashes of an image whose bytes are `data`. strong: one of them has to be such that nobody can make other
 * bytes with the same hash.
 */
bool fit_hashes_check(const struct fit_tree *tree, uint32_t image, struct span data, bool strong,
                      struct failure *failure);

/*
 * Looks for a signature of the configuration that is by one of the keys, and covers the root, the configuration, the
 * images that it uses, and all of their hashes. Takes memory from malloc.
 */
bool fit_signature_check(const struct fit_tree *tree, uint32_t configuration, const struct fit_used *used,
                         const struct fit_key *keys, uint32_t key_count, struct failure *failure);

#endif

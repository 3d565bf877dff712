/* SPDX-License-Identifier: BSD-2-Clause */
/* The nodes of a FIT: its tree, read once and found to be sound. For fit.c and fit_verify.c. Pure. */
#ifndef PAYLOADS_FIT_TREE_H
#define PAYLOADS_FIT_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

#define FIT_NODES_MAX  1024 /* 64 configurations and their images, with hashes and signatures, are some 500 */
#define FIT_NAME_MAX   127  /* characters; the Devicetree Specification allows 31 */
#define FIT_TREE_ALIGN 8    /* what libfdt wants */

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
    uint32_t images, configurations; /* the nodes of that name below the root: indices */
    uint32_t count;
    struct fit_node nodes[FIT_NODES_MAX];
};

/*
 * Reads the nodes of the flattened device tree that `content` begins with, FIT_TREE_ALIGN-aligned, which the tree then
 * points into. A failure where it is broken or truncated, has a second root, two nodes of one name in one place, a name
 * with
 * '@' or '/', or has no /images or /configurations.
 */
bool fit_tree_read(struct span content, struct fit_tree *tree, struct failure *failure);

/* The index of a node's child; 0, the root's, where there is none. */
uint32_t fit_child(const struct fit_tree *tree, uint32_t parent, struct span name);

/* The text of a property that is one string. *text is NULL where the node does not have it; a failure where it is none.
 */
bool fit_string(const struct fit_tree *tree, uint32_t node, const char *property, const char **text,
                struct failure *failure);

/* A property of one cell; *present: the node has it. A failure where it is not one cell. */
bool fit_number(const struct fit_tree *tree, uint32_t node, const char *property, bool *present, uint32_t *value,
                struct failure *failure);

#endif

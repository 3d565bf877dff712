/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nodes of a FIT; see fit_tree.h. U-Boot's faults CVE-2021-27097 and CVE-2021-27138 came from node names with '@'
 * and from a second root: neither is allowed here. Pure: compiled natively for tests.
 */
#include "payloads/fit_tree.h"

#include <libfdt.h>

#include "common/string.h"
#include "common/text.h"

#define DEPTH_MAX 8

uint32_t fit_child(const struct fit_tree *tree, uint32_t parent, struct span name)
{
    for (uint32_t i = 1; i < tree->count; i++) {
        if (tree->nodes[i].parent == parent && text_equals(name, tree->nodes[i].name))
            return i;
    }
    return 0;
}

static uint32_t child(const struct fit_tree *tree, uint32_t parent, const char *name)
{
    return fit_child(tree, parent, text_span(name));
}

bool fit_string(const struct fit_tree *tree, uint32_t node, const char *property, const char **text,
                struct failure *failure)
{
    int offset = tree->nodes[node].offset, length;

    *text = NULL;
    if (!fdt_getprop(tree->fdt, offset, property, &length))
        return true;
    if (fdt_stringlist_count(tree->fdt, offset, property) != 1)
        return fail(failure, "FIT", "%s of %s is not one string", property, tree->nodes[node].name);
    *text = fdt_stringlist_get(tree->fdt, offset, property, 0, &length);
    return true;
}

bool fit_number(const struct fit_tree *tree, uint32_t node, const char *property, bool *present, uint32_t *value,
                struct failure *failure)
{
    int length;
    const fdt32_t *cell = fdt_getprop(tree->fdt, tree->nodes[node].offset, property, &length);

    *present = cell != NULL;
    if (!cell)
        return true;
    if (length != sizeof(*cell))
        return fail(failure, "FIT", "%s of %s is not a 32-bit number", property, tree->nodes[node].name);
    *value = fdt32_ld(cell);
    return true;
}

static bool add_node(struct fit_tree *tree, int offset, uint32_t parent, struct failure *failure)
{
    int length;
    const char *name = fdt_get_name(tree->fdt, offset, &length);

    if (!name)
        return fail(failure, "FIT", "its tree is broken: %s", fdt_strerror(length));
    if (tree->count == FIT_NODES_MAX)
        return fail(failure, "FIT", "its tree has more than %u nodes", FIT_NODES_MAX);
    if (length > FIT_NAME_MAX)
        return fail(failure, "FIT", "a node's name has %d characters", length);
    if (!tree->count != !length)
        return fail(failure, "FIT", "%s", length ? "its root has a name" : "a node has no name");
    if (strchr(name, '@') || strchr(name, '/'))
        return fail(failure, "FIT", "the node name %s has a '@' or a '/' in it", name);
    if (tree->count && child(tree, parent, name))
        return fail(failure, "FIT", "there are two nodes %s in one place", name);
    tree->nodes[tree->count++] = (struct fit_node){ name, offset, parent };
    return true;
}

/* Fills the table of nodes, and sees that nothing follows the root. */
static bool read_nodes(struct fit_tree *tree, struct failure *failure)
{
    uint32_t parent = 0, depth = 0, tag;
    int offset, next = 0;

    do {
        offset = next;
        tag = fdt_next_tag(tree->fdt, offset, &next);
        if (next < 0)
            return fail(failure, "FIT", "its tree is broken: %s", fdt_strerror(next));
        if (tree->count && !depth && tag != FDT_END)
            return fail(failure, "FIT", "there is something behind its root node");
        if (tag == FDT_BEGIN_NODE) {
            if (depth++ == DEPTH_MAX)
                return fail(failure, "FIT", "its nodes are nested deeper than %u", DEPTH_MAX);
            if (!add_node(tree, offset, parent, failure))
                return false;
            parent = tree->count - 1;
        } else if (tag == FDT_END_NODE) {
            depth--;
            parent = tree->nodes[parent].parent;
        }
    } while (tag != FDT_END); /* which lies further on each time */
    if (!tree->count || (uint32_t)next != fdt_size_dt_struct(tree->fdt))
        return fail(failure, "FIT", "its tree does not end where its header says");
    return true;
}

bool fit_tree_read(struct span content, struct fit_tree *tree, struct failure *failure)
{
    int error;

    tree->fdt = content.data;
    tree->count = 0;
    if ((uintptr_t)content.data % FIT_TREE_ALIGN)
        return fail(failure, "FIT", "its place is not aligned to %u bytes", FIT_TREE_ALIGN);
    if (content.size < sizeof(struct fdt_header))
        return fail(failure, "FIT", "%lu bytes are too few for a tree", content.size);
    error = fdt_check_header(tree->fdt);
    if (error)
        return fail(failure, "FIT", "its tree's header is broken: %s", fdt_strerror(error));
    if (fdt_totalsize(tree->fdt) > content.size)
        return fail(failure, "FIT", "truncated: %lu bytes of %u", content.size, fdt_totalsize(tree->fdt));
    if (fdt_version(tree->fdt) < FDT_LAST_SUPPORTED_VERSION)
        return fail(failure, "FIT", "its tree has the old version %u", fdt_version(tree->fdt));
    if (!read_nodes(tree, failure))
        return false;
    error = fdt_check_full(tree->fdt, content.size);
    if (error)
        return fail(failure, "FIT", "its tree is broken: %s", fdt_strerror(error));
    tree->images = child(tree, 0, "images");
    tree->configurations = child(tree, 0, "configurations");
    return (tree->images && tree->configurations) ||
           fail(failure, "FIT", "it has no /%s", tree->images ? "configurations" : "images");
}

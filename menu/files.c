/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a tree, and small ones; see files.h. Pure. */
#include "menu/files.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "storage/path.h"

struct search {
    const char *suffix;
    struct entries *entries;
    struct file_name **end; /* where the next one is put: a tree finds them best in its own order */
    uint32_t count;
    bool failed;
    struct failure *failure;
};

static bool add_name(void *context, const char *name, const struct tree_node *node)
{
    struct search *search = context;
    struct file_name *file;

    /* Names that begin with a dot are nobody's entries: editors and other systems leave such ("._debian.conf"). */
    if (node->kind != TREE_FILE || name[0] == '.' || !text_ends_with(name, search->suffix))
        return true;
    if (search->count++ == ENTRIES_MAX) {
        search->failed = !fail(search->failure, "entries", "more than %u files", ENTRIES_MAX);
        return false;
    }
    file = entries_take(search->entries, sizeof(*file), search->failure);
    if (file) {
        *file = (struct file_name){ NULL, entries_text(search->entries, text_span(name), search->failure), *node };
        *search->end = file;
        search->end = &file->next;
    }
    search->failed = !file || !file->name;
    return !search->failed;
}

bool files_in(const struct tree *tree, const char *folder, const char *suffix, struct entries *entries,
              struct file_name **first, struct failure *failure)
{
    struct search search = { .suffix = suffix, .entries = entries, .end = first, .failure = failure };

    *first = NULL;
    return tree->list(tree, folder, add_name, &search, failure) && !search.failed;
}

bool files_each(const struct tree *tree, const char *folder, const char *suffix,
                bool (*add)(const struct tree *tree, const struct file_name *file, struct entries *entries,
                            struct failure *failure),
                struct entries *entries, struct failure *failure)
{
    struct file_name *file;

    if (!files_in(tree, folder, suffix, entries, &file, failure))
        return false;
    for (; file; file = file->next) {
        if (!add(tree, file, entries, failure))
            return false;
    }
    return true;
}

bool file_find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    if (!tree->find(tree, path, node, failure))
        return false;
    if (node->kind == TREE_FOLDER)
        return fail(failure, path_name(path), "%s is a folder", path);
    if (node->kind == TREE_OTHER)
        return fail(failure, path_name(path), "%s is no plain file", path);
    return true;
}

bool file_text(const struct tree *tree, const char *path, uint64_t limit, struct entries *entries, struct span *content,
               struct failure *failure)
{
    struct tree_node node;
    void *buffer;

    *content = (struct span){ NULL, 0 };
    if (!file_find(tree, path, &node, failure))
        return false;
    if (node.kind == TREE_ABSENT)
        return true;
    if (node.size > limit)
        return fail(failure, path_name(path), "%lu bytes, and it may have %lu", node.size, limit);
    if (node.data) {
        *content = (struct span){ node.data, node.size };
        return true;
    }
    buffer = entries_take(entries, node.size ? node.size : 1, failure);
    if (!buffer || !tree->read(tree, path, 0, buffer, node.size, failure))
        return false;
    *content = (struct span){ buffer, node.size };
    return true;
}

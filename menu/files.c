/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the files of a tree; see files.h. Pure, but for the progress that it shows. */
#include "menu/files.h"

#include <stddef.h>

#include "common/progress.h"
#include "common/string.h"
#include "common/text.h"
#include "storage/path.h"

#define PIECE    (4096ull * 1024) /* bytes read between two signs of progress: a device does better with more */
#define BELOW_4G 0xffffffffull

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

/* What is at a path must be a file. */
static bool find_file(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
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
    if (!find_file(tree, path, &node, failure))
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

static bool read_pieces(const struct tree *tree, const char *path, uint8_t *buffer, uint64_t size,
                        struct failure *failure)
{
    for (uint64_t done = 0; done < size;) {
        const uint64_t piece = size - done < PIECE ? size - done : PIECE;

        if (!tree->read(tree, path, done, buffer + done, piece, failure))
            return false;
        done += piece;
        progress(done);
    }
    return true;
}

bool file_load(const struct tree *tree, const char *path, const struct expander *expander, struct span *content,
               struct failure *failure)
{
    struct map_request request = { .maximum = BELOW_4G, .high = true };
    struct failure ignored;
    struct tree_node node;
    uint64_t address;
    bool done;

    if (!find_file(tree, path, &node, failure))
        return false;
    if (node.kind == TREE_ABSENT)
        return fail(failure, path_name(path), "%s: there is no %s", tree->name, path);
    if (!node.size)
        return fail(failure, path_name(path), "%s: %s is empty", tree->name, path);
    *content = (struct span){ node.data, node.size };
    if (node.data)
        return true;
    request.size = node.size;
    if (!map_allocate(expander->map, &request, MAP_WORK, &address, path_name(path), &ignored)) {
        request.maximum = 0;
        if (!map_allocate(expander->map, &request, MAP_WORK, &address, path_name(path), failure))
            return false;
    }
    done = expander->reach(address, node.size) ||
           fail(failure, path_name(path), "its place at 0x%lx is out of our reach", address);
    progress_start(path, node.size);
    done = done && read_pieces(tree, path, (uint8_t *)address, node.size, failure);
    progress_end();
    *content = (struct span){ (const uint8_t *)address, node.size };
    if (!done)
        map_release(expander->map, address, (node.size + MAP_PAGE - 1) & ~(MAP_PAGE - 1), &ignored);
    return done;
}

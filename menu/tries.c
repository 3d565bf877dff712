/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting tries; see tries.h. */
#include "menu/tries.h"

#include "common/string.h"
#include "common/text.h"
#include "storage/path.h"

/* The profiles of a UKI are several entries of one file. */
static void move(struct entries *entries, const struct tree *tree, const char *from, const char *to, const char *suffix)
{
    char ignored[TREE_NAME_MAX + 1];

    for (uint32_t i = 0; i < entries->count; i++) {
        struct entry *entry = &entries->entry[i];

        if (entry->tree != tree || strcmp(entry->path, from) != 0)
            continue;
        entry->path = to;
        counter_read(path_name(to), suffix, &entry->counter, ignored);
    }
}

static bool beside(const char *path, const char *name, char *result, struct failure *failure)
{
    const uint64_t folder = (uint64_t)(path_name(path) - path);

    memcpy(result, path, folder);
    result[folder] = '\0';
    return text_append(result, TREE_PATH_MAX, name) || fail(failure, name, "its path would be too long");
}

static bool rename_it(struct entries *entries, const struct entry *entry, const char *suffix, const char *name,
                      const char *path, struct failure *failure)
{
    const char *before = entry->path, *after = entries_text(entries, text_span(path), failure);

    if (!after || !entry->tree->rename(entry->tree, before, name, failure))
        return false;
    move(entries, entry->tree, before, after, suffix);
    return true;
}

bool entries_count_try(struct entries *entries, const struct entry *entry, char *path, struct failure *failure)
{
    const char *suffix = entry->kind == ENTRY_UKI ? ".efi" : ".conf";
    char name[TREE_NAME_MAX + 1];

    path[0] = '\0';
    if (!entry->counter.counted || !entry->tree || !entry->tree->rename)
        return true;
    if (!counter_next(path_name(entry->path), suffix, name))
        return text_append(path, TREE_PATH_MAX, entry->path);
    if (beside(entry->path, name, path, failure) && rename_it(entries, entry, suffix, name, path, failure))
        return true;
    path[0] = '\0';
    return false;
}

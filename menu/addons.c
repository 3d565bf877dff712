/* SPDX-License-Identifier: BSD-2-Clause */
/* PE addons; see addons.h. */
#include "menu/addons.h"

#include <stddef.h>

#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/file_load.h"
#include "menu/files.h"
#include "menu/version.h"
#include "payloads/uki.h"
#include "storage/path.h"

#define SHARED_FOLDER "/loader/addons"
#define SUFFIX        ".addon.efi"
#define ADDONS_MAX    64

/* Behind what other addons said. */
static bool add_words(struct span words, struct entries *entries, struct parts *parts, struct failure *failure)
{
    char *both;

    if (!words.size)
        return true;
    words.size = strnlen((const char *)words.data, words.size);
    both = entries_take(entries, parts->addons.size + 1 + words.size, failure);
    if (!both)
        return false;
    if (parts->addons.size)
        memcpy(both, parts->addons.data, parts->addons.size);
    both[parts->addons.size] = ' ';
    memcpy(both + parts->addons.size + 1, words.data, words.size);
    parts->addons = (struct span){ (uint8_t *)both, parts->addons.size + 1 + words.size };
    return true;
}

static bool add(struct span file, const char *name, struct entries *entries, struct parts *parts,
                struct failure *failure)
{
    static struct pe pe NOINIT;
    struct span tree;

    if (!pe_parse(file, &pe, failure))
        return false;
    if (!pe.is_addon)
        return fail(failure, name, "it is no addon: it has %s", pe.is_uki ? "a .linux section" : "nothing to add");
    parts->addon_count++;
    tree = section_find(&pe.sections, ".dtb");
    if (tree.data)
        parts->device_tree = tree;
    return parts_add_microcode(parts, section_find(&pe.sections, ".ucode"), failure) &&
           parts_add_module(parts, section_find(&pe.sections, ".initrd"), "", true, failure) &&
           add_words(section_find(&pe.sections, ".cmdline"), entries, parts, failure);
}

/* The names in their order: few, so that each is put where it belongs. False where they are more. */
static bool sort_names(const struct file_name *file, const char **names, uint32_t *count)
{
    for (*count = 0; file; file = file->next, ++*count) {
        uint32_t at = *count;

        if (at == ADDONS_MAX)
            return false;

        for (; at > 0 && version_compare(names[at - 1], file->name) > 0; at--)
            names[at] = names[at - 1];
        names[at] = file->name;
    }
    return true;
}

static bool add_folder(const struct tree *tree, const char *folder,
                       bool (*verify)(struct span file, struct failure *failure), const struct expander *expander,
                       struct entries *entries, struct parts *parts, struct failure *failure)
{
    const char *names[ADDONS_MAX];
    struct file_name *first;
    uint32_t count;

    if (!files_in(tree, folder, SUFFIX, entries, &first, failure))
        return false;
    if (!sort_names(first, names, &count))
        return fail(failure, path_name(folder), "more than %u addons", ADDONS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        char path[TREE_PATH_MAX];
        struct failure reason;
        struct span file;

        if (!path_join(folder, names[i], path))
            return fail(failure, names[i], "its path is too long");
        if (!file_load(tree, path, expander, &file, failure))
            return false;
        if ((verify && !verify(file, &reason)) || !add(file, names[i], entries, parts, &reason))
            return fail(failure, names[i], "%s", reason.why);
    }
    return true;
}

bool addons_add(const struct tree *tree, const char *path, bool (*verify)(struct span file, struct failure *failure),
                const struct expander *expander, struct entries *entries, struct parts *parts, struct failure *failure)
{
    char beside[TREE_PATH_MAX] = "";

    if (!text_append(beside, sizeof(beside), path) || !text_append(beside, sizeof(beside), ".extra.d"))
        return fail(failure, path_name(path), "its path is too long");
    return add_folder(tree, SHARED_FOLDER, verify, expander, entries, parts, failure) &&
           add_folder(tree, beside, verify, expander, entries, parts, failure);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of type #1; see conf_entries.h. Their files are small, and stay in memory: `content` of the entry. */
#include "menu/conf_entries.h"

#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/text.h"
#include "menu/files.h"
#include "storage/path.h"

#define FOLDER     "/loader/entries"
#define SUFFIX     ".conf"
#define SREL       "/loader/entries.srel"
#define SREL_LIMIT 4096

static struct bls bls NOINIT; /* too large for the stack */

void conf_entry_read(const struct entry *entry, struct bls *parsed)
{
    struct failure ignored; /* said when the list was made */

    bls_parse(entry->content, entry->id, parsed, &ignored);
}

static bool fill_file(struct span path, struct span string, const struct tree *tree, struct entries *entries,
                      struct recipe_file *file, struct failure *failure)
{
    char normal[TREE_PATH_MAX];

    if (!path_normalise(path, normal, failure))
        return false;
    file->tree = tree;
    file->path = entries_text(entries, text_span(normal), failure);
    file->string = entries_text(entries, string, failure);
    return file->path && file->string;
}

bool conf_recipe(const struct bls *parsed, const struct tree *tree, struct entries *entries,
                 const struct recipe **recipe, struct failure *failure)
{
    const struct span none = { NULL, 0 };
    struct recipe *made = entries_recipe(entries, parsed->module_count, failure);

    *recipe = made;
    if (!made)
        return false;
    if (parsed->kernel_kind == BLS_MULTIBOOT2)
        made->exit = "multiboot2";
    if (parsed->kernel_kind == BLS_PVH)
        made->exit = "pvh";
    made->options = entries_join(entries, parsed->options, parsed->options_count, failure);
    if (!made->options || !fill_file(parsed->kernel, none, tree, entries, &made->kernel, failure) ||
        (parsed->devicetree.data && !fill_file(parsed->devicetree, none, tree, entries, &made->device_tree, failure)))
        return false;
    for (uint32_t i = 0; i < parsed->module_count; i++) {
        const struct bls_module *module = &parsed->modules[i];

        if (!fill_file(module->path, module->string, tree, entries, &made->modules[i], failure))
            return false;
    }
    return true;
}

static const char *problem_text(struct entries *entries, const struct failure *problem, struct failure *failure)
{
    char text[sizeof(problem->what) + sizeof(problem->why) + 4];

    text_format(text, sizeof(text), "%s: %s", problem->what, problem->why);
    return entries_text(entries, text_span(text), failure);
}

static bool fill(struct entry *entry, const struct file_name *file, const struct failure *problem,
                 struct entries *entries, struct failure *failure)
{
    char id[TREE_NAME_MAX + 1];

    if (!counter_read(file->name, SUFFIX, &entry->counter, id))
        warn("%s: its boot counter is out of range, and taken for a part of the name", file->name);
    entry->id = entries_text(entries, text_span(id), failure);
    entry->title = entries_text(entries, bls.title, failure);
    entry->version = entries_text(entries, bls.version, failure);
    entry->machine_id = entries_text(entries, bls.machine_id, failure);
    entry->sort_key = entries_text(entries, bls.sort_key, failure);
    entry->problem = problem ? problem_text(entries, problem, failure) : "";
    if (problem)
        warn("%s", entry->problem);
    return entry->id && entry->title && entry->version && entry->machine_id && entry->sort_key && entry->problem;
}

/* Every path in it must be one of the tree. */
static bool check_paths(struct failure *failure)
{
    char path[TREE_PATH_MAX];

    if (!path_normalise(bls.kernel, path, failure) ||
        (bls.devicetree.data && !path_normalise(bls.devicetree, path, failure)))
        return false;
    for (uint32_t i = 0; i < bls.module_count; i++) {
        if (!path_normalise(bls.modules[i].path, path, failure))
            return false;
    }
    return true;
}

static bool add(const struct tree *tree, const struct file_name *file, struct entries *entries, struct failure *failure)
{
    struct entry entry = { .kind = ENTRY_CONF, .shown = "", .tree = tree };
    struct failure problem;
    char path[TREE_PATH_MAX];
    bool good;

    if (!path_join(FOLDER, file->name, path))
        return fail(failure, file->name, "its path is too long");
    entry.path = entries_text(entries, text_span(path), failure);
    if (!entry.path)
        return false;
    bls = (struct bls){ 0 };
    good = file_text(tree, path, BLS_FILE_MAX, entries, &entry.content, &problem);
    if (good && !entry.content.data)
        return true; /* it vanished */
    good = good && bls_parse(entry.content, file->name, &bls, &problem);
    if (good && !bls_is_ours(bls.architecture))
        return true;
    if (good && !check_paths(&problem)) {
        text_format(problem.what, sizeof(problem.what), "%s", file->name);
        good = false;
    }
    return fill(&entry, file, good ? NULL : &problem, entries, failure) && entries_add(entries, &entry, failure);
}

bool conf_entries_add(const struct tree *tree, struct entries *entries, struct failure *failure)
{
    struct span srel;

    if (!file_text(tree, SREL, SREL_LIMIT, entries, &srel, failure))
        return false;
    if (srel.data && !bls_srel_is_type1(srel)) {
        warn("%s: " SREL " says that its entries are of a kind that we do not know", tree->name);
        return true;
    }
    return files_each(tree, FOLDER, SUFFIX, add, entries, failure);
}

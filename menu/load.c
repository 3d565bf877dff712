/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading an entry; see load.h. One function a kind of entry, and a row for each in the table at the end. */
#include "menu/load.h"

#include <stddef.h>

#include "common/console.h"
#include "common/heap.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "firmware/efi.h"
#include "menu/addons.h"
#include "menu/conf_entries.h"
#include "menu/file_load.h"
#include "menu/uki_entries.h"
#include "payloads/uki.h"
#include "storage/path.h"

/* What all loaders get. */
struct loading {
    const struct entry *entry;
    bool whole;
    const struct surroundings *around;
    struct collection *collection;
};

static struct bls bls NOINIT; /* too large for the stack */
static struct pe pe NOINIT;

static bool is_secure(const struct loading *loading)
{
    return loading->around->handoff->efi.secure_boot;
}

/* What nobody can verify, but would be taken for a part of what somebody did. */
static bool may_have(const struct loading *loading, bool has, const char *what, struct failure *failure)
{
    return !has || !is_secure(loading) || fail(failure, "Secure Boot", "nobody verifies %s", what);
}

static bool may_have_given(const struct loading *loading, bool has, struct failure *failure)
{
    return may_have(loading, has, "the files that the loader before us adds", failure);
}

/* ---- what lies in memory ---- */

static bool load_parts(const struct loading *loading, struct parts *parts, struct failure *failure)
{
    *parts = loading->collection->carried.parts;
    parts->profile = loading->entry->number;
    if (!parts->packed)
        return true;
    return may_have_given(loading, parts->module_count, failure) &&
           parts_take_sections(parts, loading->around->sections, failure);
}

static bool load_fit(const struct loading *loading, struct parts *parts, struct failure *failure)
{
    const struct collection *collection = loading->collection;
    const struct fit *fit = &collection->fit;
    const struct span rest = parts_behind(fit->blob, fit->size);
    static struct fit_parts found;
    bool done;

    heap_start(loading->around->expander->map, loading->around->expander->reach);
    done = fit_open(fit, loading->entry->number, collection->keys, collection->key_count, &found, failure);
    heap_end();
    if (!done)
        return false;
    parts->content = found.kernel;
    parts->verified = found.verified;
    parts->device_tree = found.device_tree;
    parts->command_line = text_span(found.command_line);
    for (uint32_t i = 0; i < found.ramdisk_count; i++) {
        if (!parts_add_module(parts, found.ramdisks[i], "", false, failure))
            return false;
    }
    if (!may_have(loading, parts->device_tree.data && !parts->verified, "its device tree", failure))
        return false;
    if (!payload_is_archive(rest))
        return true;
    return may_have_given(loading, true, failure) && parts_add_module(parts, rest, "", true, failure);
}

/* ---- files of a tree ---- */

static bool load_file(const struct loading *loading, const struct recipe_file *file, struct span *content,
                      struct failure *failure)
{
    return file_load(file->tree, file->path, loading->around->expander, content, failure);
}

static bool load_modules(const struct loading *loading, const struct recipe *recipe, struct parts *parts,
                         struct failure *failure)
{
    for (uint32_t i = 0; i < recipe->module_count; i++) {
        const struct recipe_file *module = &recipe->modules[i];
        struct span content;

        if (!load_file(loading, module, &content, failure) ||
            !parts_add_module(parts, content, module->string, false, failure))
            return false;
    }
    return true;
}

static bool add_addons(const struct loading *loading, const struct tree *tree, struct parts *parts,
                       struct failure *failure)
{
    struct counter counter;
    char path[TREE_PATH_MAX], name[TREE_NAME_MAX + 1];
    uint64_t folder = (uint64_t)(path_name(parts->path) - parts->path);

    /* Their folder's name has no boot counter (systemd-stub(7)). */
    counter_read(path_name(parts->path), ".efi", &counter, name);
    memcpy(path, parts->path, folder);
    path[folder] = '\0';
    if (!text_append(path, sizeof(path), name))
        return fail(failure, name, "its path is too long");
    return addons_add(tree, path, is_secure(loading) ? efi_verify : NULL, loading->around->expander,
                      &loading->collection->entries, parts, failure);
}

/* Of what its stub would leave out, too, something may be said. */
static void leave_out_options(struct parts *parts)
{
    if (parts->command_line.size && section_find_in(&pe.sections, parts->profile, ".cmdline").size) {
        warn("Secure Boot: the entry's options are left out: the UKI has a command line of its own");
        parts->command_line = (struct span){ NULL, 0 };
    }
}

/* Addons are read by us, or by the UKI's own stub. */
static bool load_addons(const struct loading *loading, const struct tree *tree, struct parts *parts,
                        struct failure *failure)
{
    const uint32_t initrds = parts->module_count;
    struct failure reason;

    if ((!parts->is_uki && expand_recognise(loading->around->expander, parts->content) != PAYLOAD_PE) ||
        !pe_parse(parts->content, &pe, &reason) || !pe.is_uki)
        return true;
    if (is_secure(loading))
        leave_out_options(parts);
    if (loading->whole)
        return true;
    if (!may_have(loading, initrds, "the initrds of an entry for a UKI", failure) ||
        !add_addons(loading, tree, parts, failure))
        return false;
    if (!is_secure(loading) || !parts->addon_count)
        return true;
    if (!efi_verify(parts->content, &reason))
        return fail(failure, path_name(parts->path), "%s", reason.why);
    return parts->verified = parts->by_firmware = true;
}

static bool load_files(const struct loading *loading, const struct recipe *recipe, struct parts *parts,
                       struct failure *failure)
{
    const struct tree *tree = recipe->kernel.tree;

    parts->exit = recipe->exit;
    parts->path = recipe->kernel.path;
    parts->volume = tree->efi_volume;
    parts->command_line = text_span(recipe->options);
    return file_load_kernel(tree, parts->path, loading->around->expander, &parts->content, failure) &&
           load_modules(loading, recipe, parts, failure) &&
           may_have(loading, recipe->device_tree.tree, "its device tree", failure) &&
           (!recipe->device_tree.tree || load_file(loading, &recipe->device_tree, &parts->device_tree, failure)) &&
           load_addons(loading, tree, parts, failure);
}

static bool load_recipe(const struct loading *loading, struct parts *parts, struct failure *failure)
{
    return load_files(loading, loading->entry->recipe, parts, failure);
}

static bool load_conf(const struct loading *loading, struct parts *parts, struct failure *failure)
{
    const struct recipe *recipe;

    conf_entry_read(loading->entry, &bls);
    parts->is_uki = bls.kernel_kind == BLS_UKI;
    if (bls.profile > LAYOUT_PE_SECTIONS_MAX)
        return fail(failure, loading->entry->id, "there is no profile %u", bls.profile);
    parts->profile = SECTIONS_FIRST_PROFILE + bls.profile;
    return conf_recipe(&bls, loading->entry->tree, &loading->collection->entries, &recipe, failure) &&
           load_files(loading, recipe, parts, failure);
}

static bool load_uki(const struct loading *loading, struct parts *parts, struct failure *failure)
{
    parts->path = loading->entry->path;
    parts->profile = loading->entry->number;
    parts->is_uki = true;
    return file_load(loading->entry->tree, parts->path, loading->around->expander, &parts->content, failure) &&
           load_addons(loading, loading->entry->tree, parts, failure);
}

static bool load_efi(const struct loading *loading, struct parts *parts, struct failure *failure)
{
    parts->path = loading->entry->path;
    return file_load(loading->entry->tree, parts->path, loading->around->expander, &parts->content, failure);
}

/* ---- all of them ---- */

static bool (*const loaders[])(const struct loading *loading, struct parts *parts, struct failure *failure) = {
    [ENTRY_PARTS] = load_parts, [ENTRY_CONF] = load_conf, [ENTRY_UKI] = load_uki,
    [ENTRY_FIT] = load_fit,     [ENTRY_EFI] = load_efi,   [ENTRY_RECIPE] = load_recipe,
};

/* The modules of the loader before us go behind those of the entry; what it said of the whole behind its words. */
static bool add_given(const struct parts *given, struct parts *parts, struct failure *failure)
{
    for (uint32_t i = 0; i < given->module_count; i++) {
        const struct boot_module *module = &given->modules[i];

        if (!parts_add_module(parts, module->content, module->string, module->joined, failure))
            return false;
    }
    parts->string = given->string;
    return true;
}

bool entry_load(const struct entry *entry, bool whole, const struct surroundings *around, struct collection *collection,
                struct parts *parts, struct failure *failure)
{
    const struct loading loading = { entry, whole, around, collection };

    *parts = (struct parts){ .exact = true, .exit = "", .profile = SECTIONS_FIRST_PROFILE };
    if (entry->problem[0])
        return fail(failure, "entry", "%s", entry->problem); /* which names its file */
    if (entry->kind >= sizeof(loaders) / sizeof(*loaders))
        return fail(failure, entry->id, "it starts nothing");
    parts->source = entry->tree ? entry->tree->name : "FIT";
    parts->volume = entry->tree ? entry->tree->efi_volume : NULL;
    if (!loaders[entry->kind](&loading, parts, failure))
        return false;
    parts->whole = whole || (is_secure(&loading) && !parts->verified);
    return entry->kind == ENTRY_PARTS || (may_have_given(&loading, collection->carried.parts.module_count, failure) &&
                                          add_given(&collection->carried.parts, parts, failure));
}

/* ---- command lines ---- */

static bool parts_words(const struct entry *entry, const struct surroundings *around, const struct parts *parts,
                        struct span *words)
{
    struct failure ignored; /* who starts it will say it */
    struct span content;
    uint64_t used;

    *words = parts->command_line;
    if (parts->packed)
        *words = section_find_in(around->sections, entry->number, ".cmdline");
    else if (expand_recognise(around->expander, parts->content) == PAYLOAD_PE &&
             expand(around->expander, parts->content, &content, &used, &ignored) && pe_parse(content, &pe, &ignored) &&
             pe.is_uki)
        *words = section_find_in(&pe.sections, entry->number, ".cmdline");
    return true;
}

/* Of a UKI what it says itself, too: the options go behind that. */
static bool conf_words(const struct entry *entry, struct entries *entries, struct span *words, struct failure *failure)
{
    const struct recipe *recipe;
    struct entry uki = *entry;
    struct span texts[2];
    const char *joined;

    conf_entry_read(entry, &bls);
    if (!conf_recipe(&bls, entry->tree, entries, &recipe, failure))
        return false;
    *words = text_span(recipe->options);
    if (bls.kernel_kind != BLS_UKI)
        return true;
    uki.path = recipe->kernel.path;
    uki.number = SECTIONS_FIRST_PROFILE + bls.profile;
    texts[1] = *words;
    if (!uki_entry_section(&uki, ".cmdline", entries, &texts[0], failure))
        return false;
    texts[0].size = texts[0].data ? strnlen((const char *)texts[0].data, texts[0].size) : 0;
    joined = entries_join(entries, texts, 2, failure);
    *words = text_span(joined ? joined : "");
    return joined;
}

static bool fit_words(const struct entry *entry, const struct surroundings *around, struct collection *collection,
                      struct span *words, struct failure *failure)
{
    const struct loading loading = { entry, false, around, collection };
    static struct parts parts NOINIT;

    parts = (struct parts){ 0 };
    if (!load_fit(&loading, &parts, failure))
        return false;
    *words = parts.command_line;
    return true;
}

bool entry_command_line(const struct entry *entry, const struct surroundings *around, struct collection *collection,
                        char *text, uint64_t size, struct failure *failure)
{
    struct span words = { NULL, 0 };
    bool done = true;

    switch (entry->kind) {
    case ENTRY_PARTS:
        done = parts_words(entry, around, &collection->carried.parts, &words);
        break;
    case ENTRY_CONF:
        done = conf_words(entry, &collection->entries, &words, failure);
        break;
    case ENTRY_UKI:
        done = uki_entry_section(entry, ".cmdline", &collection->entries, &words, failure);
        break;
    case ENTRY_FIT:
        done = fit_words(entry, around, collection, &words, failure);
        break;
    case ENTRY_RECIPE:
        words = entry->recipe ? text_span(entry->recipe->options) : words;
        break;
    case ENTRY_EFI:
        break;
    default:
        return fail(failure, entry->id, "it has no command line");
    }
    if (!done)
        return false;
    words.size = words.data ? strnlen((const char *)words.data, words.size) : 0;
    if (words.size >= size)
        return fail(failure, "command line", "longer than %lu bytes", size - 1);
    memcpy(text, words.data ? words.data : (const uint8_t *)"", words.size);
    text[words.size] = '\0';
    return true;
}

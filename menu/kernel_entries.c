/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels that no configuration names; see kernel_entries.h. Their names, and those of their initrds, are as
 * distributions have them: Debian's vmlinuz-VERSION and initrd.img-VERSION, Fedora's initramfs-VERSION.img, openSUSE's
 * initrd-VERSION, Arch's vmlinuz-linux and initramfs-linux.img, Alpine's vmlinuz-lts and initramfs-lts, Gentoo's
 * kernel-VERSION.
 */
#include "menu/kernel_entries.h"

#include <stddef.h>

#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/files.h"
#include "menu/version.h"
#include "storage/path.h"

#define KERNELS_MAX 32 /* the newest: for each its initrd is looked for */

static const char *const folders[] = { "/boot", "/" };
static const char *const kernel_names[] = { "vmlinuz", "kernel", "bzImage" };

/* What stands before and behind the version. */
static const struct {
    const char *before, *behind;
} initrd_names[] = {
    { "initrd.img", "" }, { "initramfs", ".img" }, { "initrd", "" }, { "initrd", ".img" }, { "initramfs", "" },
};

/* Microcode, of which the kernel takes what is for its CPU. */
static const char *const microcode[] = { "intel-ucode.img", "amd-ucode.img" };

/* Files beside a kernel that begin like one. */
static const char *const no_kernels[] = { ".hmac", ".sig", ".asc", ".sha256", ".sha512" };

struct kernel {
    struct kernel *next;
    const char *folder, *name;
    const char *version; /* what stands behind "vmlinuz", its dash included; ""; NULL: it has another name */
};

/* ---- finding ---- */

/* What stands behind a kernel's name; NULL: it is none. */
static const char *version_of(const char *name)
{
    for (size_t i = 0; i < sizeof(no_kernels) / sizeof(*no_kernels); i++) {
        if (text_ends_with(name, no_kernels[i]))
            return NULL;
    }
    for (size_t i = 0; i < sizeof(kernel_names) / sizeof(*kernel_names); i++) {
        const size_t length = strlen(kernel_names[i]);

        if (strncmp(name, kernel_names[i], length) == 0 && (!name[length] || strchr("-._", name[length])))
            return name + length;
    }
    return NULL;
}

static bool is_newer(const struct kernel *a, const struct kernel *b)
{
    return version_compare(a->version, b->version) > 0;
}

/* Puts the kernels of a folder into the list, newest first; of equal ones the earlier folder's. */
static bool find_kernels(const struct tree *tree, const char *folder, struct entries *entries, struct kernel **first,
                         struct failure *failure)
{
    struct file_name *file;

    if (!files_in(tree, folder, "", entries, &file, failure))
        return false;
    for (; file; file = file->next) {
        const char *version = version_of(file->name);
        struct kernel *kernel, **place = first;

        if (!version)
            continue;
        kernel = entries_take(entries, sizeof(*kernel), failure);
        if (!kernel)
            return false;
        *kernel = (struct kernel){ NULL, folder, file->name, version };
        while (*place && !is_newer(kernel, *place))
            place = &(*place)->next;
        kernel->next = *place;
        *place = kernel;
    }
    return true;
}

/* ---- the root file system ---- */

static bool has(const struct tree *tree, const char *path)
{
    struct tree_node node;
    struct failure ignored; /* as if it were not there */

    return tree->find(tree, path, &node, &ignored) && node.kind != TREE_ABSENT;
}

static bool is_root(const struct volume *volume)
{
    return has(&volume->tree, "/etc/fstab") || has(&volume->tree, "/sbin/init") ||
           has(&volume->tree, "/usr/lib/systemd");
}

static bool same_disk(const struct volume *a, const struct volume *b)
{
    return a->disk_number == b->disk_number && strcmp(a->disk_name, b->disk_name) == 0;
}

/* NULL: none looks like one. */
static const struct volume *find_root(const struct volumes_view *view, const struct volume *boot)
{
    const struct volume *found = NULL;

    if (is_root(boot))
        return boot;
    for (uint32_t i = 0; i < view->count; i++) {
        const struct volume *volume = &view->volume[i];

        if ((!found || (!same_disk(found, boot) && same_disk(volume, boot))) && is_root(volume))
            found = volume;
    }
    return found;
}

/* A kernel without an initrd knows partitions only. "" where there is nothing to name the root by. */
static const char *make_options(const struct volume *root, bool has_initrd, struct entries *entries,
                                struct failure *failure)
{
    char text[80];

    if (root && root->partition_uuid[0] && (!has_initrd || !root->tree.uuid[0]))
        text_format(text, sizeof(text), "root=PARTUUID=%s ro", root->partition_uuid);
    else if (root && root->tree.uuid[0])
        text_format(text, sizeof(text), "root=UUID=%s ro", root->tree.uuid);
    else
        return "";
    return entries_text(entries, text_span(text), failure);
}

/* ---- entries ---- */

/* Fills *file where there is such a file. */
static bool find_file(const struct tree *tree, const char *folder, const char *name, struct entries *entries,
                      struct recipe_file *file, bool *found, struct failure *failure)
{
    char path[TREE_PATH_MAX];
    struct tree_node node;

    *found = false;
    if (!path_join(folder, name, path))
        return true;
    if (!tree->find(tree, path, &node, failure))
        return false;
    if (node.kind != TREE_FILE || !node.size)
        return true;
    *found = true;
    *file = (struct recipe_file){ tree, entries_text(entries, text_span(path), failure), "" };
    return file->path;
}

static bool find_initrd(const struct tree *tree, const struct kernel *kernel, struct entries *entries,
                        struct recipe_draft *draft, bool *found, struct failure *failure)
{
    char name[TREE_NAME_MAX + 32];

    *found = false;
    for (size_t i = 0; i < sizeof(initrd_names) / sizeof(*initrd_names) && !*found; i++) {
        text_format(name, sizeof(name), "%s%s%s", initrd_names[i].before, kernel->version, initrd_names[i].behind);
        if (!find_file(tree, kernel->folder, name, entries, &draft->modules[draft->module_count], found, failure))
            return false;
    }
    draft->module_count += *found;
    return true;
}

static bool fill(const struct volume *volume, const struct volume *root, const struct kernel *kernel,
                 struct entries *entries, struct recipe_draft *draft, struct failure *failure)
{
    const struct tree *tree = &volume->tree;
    bool found, has_initrd;

    recipe_draft_start(draft);
    if (!find_file(tree, kernel->folder, kernel->name, entries, &draft->kernel, &found, failure))
        return false;
    draft->options = "";
    if (!kernel->version)
        return true;
    for (size_t i = 0; i < sizeof(microcode) / sizeof(*microcode); i++) {
        if (!find_file(tree, kernel->folder, microcode[i], entries, &draft->modules[draft->module_count], &found,
                       failure))
            return false;
        draft->module_count += found;
    }
    if (!find_initrd(tree, kernel, entries, draft, &has_initrd, failure))
        return false;
    if (!has_initrd) /* microcode alone is nothing that a kernel needs */
        draft->module_count = 0;
    draft->options = make_options(root, has_initrd, entries, failure);
    return draft->options;
}

static bool add(const struct volume *volume, const struct volume *root, const struct kernel *kernel,
                struct entries *entries, struct outcome *outcome, struct failure *failure)
{
    static struct recipe_draft draft NOINIT;
    struct entry entry = { .kind = ENTRY_RECIPE, .id = kernel->name, .tree = &volume->tree };
    char title[TREE_NAME_MAX + 16];

    if (!fill(volume, root, kernel, entries, &draft, failure))
        return false;
    if (!draft.kernel.tree) /* it is empty */
        return true;
    entry.version = kernel->version ? kernel->version + (*kernel->version == '-') : "";
    text_format(title, sizeof(title), kernel->version ? "Linux %s" : "%s",
                *entry.version ? entry.version : kernel->name);
    entry.title = entries_text(entries, text_span(title), failure);
    entry.path = draft.kernel.path;
    entry.recipe = entries_keep_recipe(entries, &draft, failure);
    if (!entry.title || !entry.recipe || !entries_add(entries, &entry, failure))
        return false;
    if (!outcome->added++)
        outcome->conf.default_entry = text_span(entry.id);
    return true;
}

bool kernel_entries_add(const struct volumes_view *view, const struct volume *volume, struct entries *entries,
                        struct outcome *outcome, struct failure *failure)
{
    const struct volume *root;
    struct kernel *kernel = NULL;

    *outcome = (struct outcome){ 0 };
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        if (!find_kernels(&volume->tree, folders[i], entries, &kernel, failure))
            return false;
    }
    root = kernel ? find_root(view, volume) : NULL;
    for (unsigned count = 0; kernel && count < KERNELS_MAX; kernel = kernel->next, count++) {
        if (!add(volume, root, kernel, entries, outcome, failure))
            return false;
    }
    return true;
}

bool kernel_entry_add(const struct volumes_view *view, const struct volume *volume, const char *path,
                      struct entries *entries, struct outcome *outcome, struct failure *failure)
{
    const uint64_t parent = (uint64_t)(path_name(path) - path);
    const struct span folder = { (const uint8_t *)path, parent > 1 ? parent - 1 : parent };
    struct kernel kernel = { NULL, entries_text(entries, folder, failure),
                             entries_text(entries, text_span(path_name(path)), failure), version_of(path_name(path)) };

    *outcome = (struct outcome){ 0 };
    if (!kernel.folder || !kernel.name)
        return false;
    if (kernel.version)
        kernel.version = kernel.name + (kernel.version - path_name(path)); /* of the copy, which lives on */
    return add(volume, kernel.version ? find_root(view, volume) : NULL, &kernel, entries, outcome, failure);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which configurations of a disk are read, and in which order; see disk_entries.h. */
#include "menu/disk_entries.h"

#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/boot_tree.h"
#include "menu/conf_entries.h"
#include "menu/extlinux.h"
#include "menu/files.h"
#include "menu/grub_conf.h"
#include "menu/kernel_entries.h"
#include "menu/outcome.h"
#include "menu/uki_entries.h"
#include "storage/path.h"

#define READ_MAX    256 /* configurations that are remembered */
#define EFI_FOLDER  "/EFI"
#define BLS_FOLDER  "/loader/entries"
#define VENDORS_MAX 64 /* folders of /EFI */

static const char *const grub_paths[] = {
    "/boot/grub/grub.cfg",
    "/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/grub2/grub.cfg",
};

static const char *const extlinux_paths[] = {
    "/boot/extlinux/extlinux.conf", "/extlinux/extlinux.conf",     "/boot/extlinux.conf",     "/extlinux.conf",
    "/boot/syslinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/syslinux/extlinux.conf", "/syslinux/syslinux.cfg",
    "/boot/isolinux/isolinux.cfg",  "/isolinux/isolinux.cfg",      "/syslinux.cfg",           "/isolinux.cfg",
    "/EFI/syslinux/syslinux.cfg",
};

struct vendors {
    uint32_t count;
    char name[VENDORS_MAX][TREE_NAME_MAX + 1];
};

struct collector {
    struct volumes_view view;
    struct entries *entries;
    uint32_t first;           /* as many entries were there before */
    char path[TREE_PATH_MAX]; /* that a person names */
    bool found;               /* it is somewhere */
    struct loader_conf *conf;
    bool has_tree;            /* a boot tree has entries */
    bool configured;          /* by a loader.conf */
    bool has_other;           /* a configuration of another loader has entries */
    struct loader_conf other; /* what it says of the default and the timeout */
    struct outcome outcome;   /* of the last one */
    uint32_t read_count, folder_count;
    struct outcome_file read[READ_MAX];
    struct outcome_file folders[OUTCOME_FOLDERS_MAX];
    struct vendors vendors;
};

static struct collector collector NOINIT; /* too large for the stack */

static void broken(const struct volume *volume, const struct failure *failure)
{
    warn("%s: %s: %s", volume->tree.name, failure->what, failure->why);
}

static bool is_there(const struct volume *volume, const char *path)
{
    struct tree_node node;
    struct failure failure;

    if (volume->tree.find(&volume->tree, path, &node, &failure))
        return node.kind == TREE_FILE;
    broken(volume, &failure);
    return false;
}

/* ---- what a configuration said ---- */

static void remember(void)
{
    const struct outcome *outcome = &collector.outcome;

    for (uint32_t i = 0; i < outcome->file_count && collector.read_count < READ_MAX; i++)
        collector.read[collector.read_count++] = outcome->files[i];
    for (uint32_t i = 0; i < outcome->folder_count && collector.folder_count < OUTCOME_FOLDERS_MAX; i++)
        collector.folders[collector.folder_count++] = outcome->folders[i];
    collector.view.read_count = collector.read_count;
}

/* Whether the last one has entries. What it passed over is of interest where it has none. */
static bool take_outcome(const struct volume *volume, const char *path)
{
    const struct outcome *outcome = &collector.outcome;

    remember();
    if (!outcome->added && outcome->unknown_count)
        warn("%s: %s: no entries; %u commands were passed over, the first is %s", volume->tree.name, path,
             outcome->unknown_count, outcome->unknown);
    if (!outcome->added)
        return false;
    if (!collector.has_other)
        collector.other = outcome->conf;
    collector.has_other = true;
    return true;
}

static bool is_read(const struct volume *volume, const char *path)
{
    for (uint32_t i = 0; i < collector.read_count; i++) {
        if (collector.read[i].tree == &volume->tree && strcmp(collector.read[i].path, path) == 0)
            return true;
    }
    return false;
}

static bool is_bls_read(const struct volume *volume)
{
    for (uint32_t i = 0; i < collector.folder_count; i++) {
        if (collector.folders[i].tree == &volume->tree && strcmp(collector.folders[i].path, BLS_FOLDER) == 0)
            return true;
    }
    return false;
}

/* ---- grub.cfg ---- */

static bool add_grub_at(const struct volume *volume, const char *path)
{
    struct failure failure;

    if (is_read(volume, path) || !is_there(volume, path))
        return false;
    if (!grub_entries_add(&collector.view, volume, path, collector.entries, &collector.outcome, &failure))
        broken(volume, &failure);
    return take_outcome(volume, path);
}

static bool add_vendor(void *context, const char *name, const struct tree_node *node)
{
    struct vendors *vendors = context;

    if (node->kind == TREE_FOLDER)
        text_format(vendors->name[vendors->count++], TREE_NAME_MAX + 1, "%s", name);
    return vendors->count < VENDORS_MAX;
}

/* Each of them, as far as it leads to none that another led to. */
static void add_vendors(const struct volume *volume)
{
    struct vendors *vendors = &collector.vendors;
    char folder[TREE_PATH_MAX], path[TREE_PATH_MAX];
    struct failure failure;

    vendors->count = 0;
    if (!volume->tree.list(&volume->tree, EFI_FOLDER, add_vendor, vendors, &failure)) {
        broken(volume, &failure);
        return;
    }
    for (uint32_t i = 0; i < vendors->count; i++) {
        if (path_join(EFI_FOLDER, vendors->name[i], folder) && path_join(folder, "grub.cfg", path))
            add_grub_at(volume, path);
    }
}

static void add_grub(const struct volume *volume)
{
    for (size_t i = 0; i < sizeof(grub_paths) / sizeof(*grub_paths); i++) {
        if (add_grub_at(volume, grub_paths[i]))
            return;
    }
    add_vendors(volume);
}

/* ---- the others ---- */

static bool add_extlinux_at(const struct volume *volume, const char *path)
{
    struct failure failure;

    if (is_read(volume, path) || !is_there(volume, path))
        return false;
    if (!extlinux_entries_add(volume, path, collector.entries, &collector.outcome, &failure))
        broken(volume, &failure);
    return take_outcome(volume, path);
}

static void add_extlinux(const struct volume *volume)
{
    for (size_t i = 0; i < sizeof(extlinux_paths) / sizeof(*extlinux_paths); i++) {
        if (add_extlinux_at(volume, extlinux_paths[i]))
            return;
    }
}

static void add_boot_tree(const struct volume *volume)
{
    struct entries *entries = collector.entries;
    const uint32_t before = entries->count;
    struct failure failure;

    if (!boot_tree_configure(&volume->tree, entries, collector.conf, &collector.configured, &failure) ||
        (!is_bls_read(volume) && !conf_entries_add(&volume->tree, entries, &failure)) ||
        !uki_entries_add(&volume->tree, entries, &failure))
        broken(volume, &failure);
    collector.has_tree |= entries->count > before;
}

static void add_kernels(const struct volume *volume)
{
    struct failure failure;

    if (!kernel_entries_add(&collector.view, volume, collector.entries, &collector.outcome, &failure))
        broken(volume, &failure);
    take_outcome(volume, "/boot");
}

/* ---- all of it ---- */

static bool has_entries(const struct volume *volume, uint32_t first)
{
    const struct entries *entries = collector.entries;

    for (uint32_t i = first; i < entries->count; i++) {
        if (entries->entry[i].tree == &volume->tree)
            return true;
    }
    return false;
}

static void take_conf(void)
{
    struct loader_conf *conf = collector.conf;
    const struct loader_conf *other = &collector.other;

    if (!conf->default_entry.data && !collector.has_tree)
        conf->default_entry = other->default_entry;
    if (!conf->has_timeout) {
        conf->has_timeout = other->has_timeout;
        conf->timeout = other->timeout;
        conf->seconds = other->seconds;
    }
}

static void start(const struct disk_search *search, struct entries *entries, struct loader_conf *conf)
{
    collector.view = (struct volumes_view){
        .volume = search->volumes, .count = search->count, .efi = search->efi, .read = collector.read
    };
    collector.entries = entries;
    collector.first = entries->count;
    collector.conf = conf;
    collector.configured = collector.has_other = collector.has_tree = false;
    collector.read_count = collector.folder_count = 0;
}

/* Calls add for each volume that is wanted. False: none is. */
static bool each_wanted(const struct disk_search *search, void (*add)(const struct volume *volume))
{
    bool any = false;

    for (uint32_t i = 0; i < search->count; i++) {
        if (search->disk.data && !volume_is_named(&search->volumes[i], search->disk))
            continue;
        any = true;
        add(&search->volumes[i]);
    }
    return any;
}

static void add_tree_or_extlinux(const struct volume *volume)
{
    const uint32_t first = collector.first;

    add_boot_tree(volume);
    if (!has_entries(volume, first))
        add_extlinux(volume);
}

static void add_kernels_if_alone(const struct volume *volume)
{
    if (collector.entries->count == collector.first)
        add_kernels(volume);
}

static void add_path(const struct volume *volume)
{
    static const char *const names[] = { "extlinux.conf", "syslinux.cfg", "isolinux.cfg" };
    const char *path = collector.path;
    struct outcome *outcome = &collector.outcome;
    struct failure failure;
    bool done;

    if (!is_there(volume, path))
        return;
    collector.found = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(path_name(path), names[i]) == 0) {
            add_extlinux_at(volume, path);
            return;
        }
    }
    if (text_ends_with(path, ".cfg")) {
        add_grub_at(volume, path);
        return;
    }
    done = kernel_entry_add(&collector.view, volume, path, collector.entries, outcome, &failure);
    if (!done)
        broken(volume, &failure);
    take_outcome(volume, path);
}

/* What a person names is all that there is. */
static bool add_named(const struct disk_search *search, struct failure *failure)
{
    if (!path_normalise(search->path, collector.path, failure))
        return false;
    collector.found = false;
    each_wanted(search, add_path);
    return collector.found || fail(failure, "qv.path", "no disk has a file %s", collector.path);
}

bool disk_entries_add(const struct disk_search *search, struct entries *entries, struct loader_conf *conf,
                      struct failure *failure)
{
    start(search, entries, conf);
    /* All grub.cfg first: each may read the boot trees of others, with what it knows of their variables. */
    if (search->path.data) {
        if (!add_named(search, failure))
            return false;
    } else if (each_wanted(search, add_grub)) {
        each_wanted(search, add_tree_or_extlinux);
        each_wanted(search, add_kernels_if_alone);
    } else if (search->disk.data) {
        return fail(failure, "qv.disk", "there is no file system on %.*s", (int)search->disk.size,
                    (const char *)search->disk.data);
    }
    if (collector.has_other)
        take_conf();
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding all that there is to choose from; see collect.h. */
#include "menu/collect.h"

#include <stddef.h>

#include "common/console.h"
#include "common/heap.h"
#include "common/noinit.h"
#include "common/text.h"
#include "firmware/efi.h"
#include "firmware/loader_interface.h"
#include "menu/auto_entries.h"
#include "menu/boot_tree.h"
#include "menu/disk_entries.h"
#include "menu/uki_entries.h"
#include "payloads/uki.h"
#include "storage/efi_network.h"
#include "storage/efi_volumes.h"

static const struct entry nothing = {
    .id = "", .title = "", .shown = "", .version = "", .machine_id = "", .sort_key = "", .problem = ""
};

/* ---- what lies in memory ---- */

static bool is_uki(struct span content, const struct expander *expander, struct pe *pe)
{
    struct failure ignored; /* who opens it will say it */
    uint64_t used;

    return expand_recognise(expander, content) == PAYLOAD_PE && expand(expander, content, &content, &used, &ignored) &&
           pe_parse(content, pe, &ignored) && pe->is_uki;
}

/* A kernel is one entry, a UKI with several profiles as many. */
static bool add_kernel(const struct surroundings *around, struct collection *collection, struct failure *failure)
{
    static struct pe pe NOINIT;
    const struct parts *parts = &collection->carried.parts;
    struct entry entry = nothing;

    entry.kind = ENTRY_PARTS;
    entry.number = SECTIONS_FIRST_PROFILE;
    entry.id = entry.title = parts->source;
    if (parts->packed)
        return uki_profiles_add(around->sections, &entry, &collection->entries, failure);
    if (is_uki(parts->content, around->expander, &pe))
        return uki_profiles_add(&pe.sections, &entry, &collection->entries, failure);
    return entries_add(&collection->entries, &entry, failure);
}

/* In the order of the file, which says itself which one is the default. */
static bool add_fit(struct collection *collection, struct failure *failure)
{
    const struct fit *fit = &collection->fit;
    struct entries *entries = &collection->entries;

    if (!fit_parse(collection->carried.content, &collection->fit, failure))
        return false;
    for (uint32_t i = 0; i < fit->count; i++) {
        struct entry entry = nothing;
        char order[8];

        entry.kind = ENTRY_FIT;
        entry.number = i;
        entry.id = entries_text(entries, text_span(fit->configurations[i].name), failure);
        entry.title = entries_text(entries, text_span(fit->configurations[i].description), failure);
        text_format(order, sizeof(order), "%04u", i);
        entry.sort_key = entries_text(entries, text_span(order), failure);
        if (!entry.id || !entry.title || !entry.sort_key || !entries_add(entries, &entry, failure))
            return false;
    }
    collection->conf.default_entry = text_span(fit->configurations[fit->default_].name);
    return true;
}

static bool add_tree(const struct tree *tree, struct collection *collection, bool *configured, struct failure *failure)
{
    return boot_tree_add(tree, &collection->entries, &collection->conf, configured, failure);
}

static bool add_carried(const struct surroundings *around, struct collection *collection, struct failure *failure)
{
    bool configured = false;

    switch (collection->carried.kind) {
    case CARRIED_KERNEL:
        return add_kernel(around, collection, failure);
    case CARRIED_FIT:
        return add_fit(collection, failure);
    case CARRIED_TREE:
        return add_tree(&collection->carried.tree, collection, &configured, failure);
    case CARRIED_NOTHING:
        break;
    }
    return true;
}

/* ---- what is fetched ---- */

static bool add_network(const struct surroundings *around, struct collection *collection, struct failure *failure)
{
    static const char *const suffixes[] = { ".itb", ".cpio", ".img" };
    struct carried *carried = &collection->carried;

    if (!efi_network_is_origin())
        return true;
    for (unsigned i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && carried->kind == CARRIED_NOTHING; i++) {
        struct span content;

        if (!efi_network_fetch(suffixes[i], &around->handoff->map, &content, failure))
            return false;
        if (content.data && !carried_recognise(content, around->expander, carried, failure))
            return false;
        if (content.data && carried->kind == CARRIED_NOTHING)
            warn("the %s file beside us is neither a FIT nor has it a boot tree", suffixes[i]);
    }
    text_format(carried->tree.name, sizeof(carried->tree.name), "network");
    return add_carried(around, collection, failure);
}

static void add_volumes(struct collection *collection)
{
    struct failure failure;
    bool configured = false;

    collection->volumes.count = efi_volumes(collection->volumes.volume);
    for (uint32_t i = 0; i < collection->volumes.count; i++) {
        const struct volume *volume = &collection->volumes.volume[i];

        if (!add_tree(&volume->tree, collection, &configured, &failure))
            warn("%s: %s: %s", volume->tree.name, failure.what, failure.why);
        if (!collection->conf.no_auto_entries && volume->role == VOLUME_OWN &&
            !auto_entries_add(&volume->tree, &collection->entries, &failure))
            warn("%s: %s: %s", volume->tree.name, failure.what, failure.why);
    }
}

/* ---- disks ---- */

static bool add_disks(const struct surroundings *around, struct collection *collection, struct failure *failure)
{
    static struct machine machine;
    const uint32_t first = collection->volumes.count; /* before them are EFI's */
    struct disk_search search = { .efi = efi_alive(), .disk = around->options->disk, .path = around->options->path };

    machine = (struct machine){ around->handoff, around->physical, around->expander->reach };
    volumes_add_disks(&machine, &collection->volumes);
    search.volumes = collection->volumes.volume + first;
    search.count = collection->volumes.count - first;
    return disk_entries_add(&search, &collection->entries, &collection->conf, failure);
}

/* ---- all of it ---- */

static bool add_command(struct entries *entries, enum entry_kind kind, const char *id, const char *title,
                        struct failure *failure)
{
    struct entry entry = nothing;

    entry.kind = kind;
    entry.id = id;
    entry.title = title;
    return entries_add(entries, &entry, failure);
}

static bool add_commands(struct collection *collection, struct failure *failure)
{
    struct entries *entries = &collection->entries;
    const struct loader_conf *conf = &collection->conf;

    if (!conf->no_auto_firmware && loader_interface_can_set_up() &&
        !add_command(entries, ENTRY_FIRMWARE, "auto-reboot-to-firmware-setup", "Reboot into firmware set-up", failure))
        return false;
    if (conf->auto_reboot != BLS_NO && !add_command(entries, ENTRY_REBOOT, "auto-reboot", "Reboot", failure))
        return false;
    return conf->auto_poweroff == BLS_NO || add_command(entries, ENTRY_POWEROFF, "auto-poweroff", "Power off", failure);
}

/* What memory, the network and EFI have, unless the user wants a disk. */
static bool add_sources(const struct surroundings *around, struct collection *collection, struct failure *failure)
{
    struct entries *entries = &collection->entries;

    if (!around->options->disk.data && !around->options->path.data) {
        if (!add_carried(around, collection, failure) || (!entries->count && !add_network(around, collection, failure)))
            return false;
        if (!entries->count && efi_alive())
            add_volumes(collection);
    }
    return entries->count || add_disks(around, collection, failure);
}

bool collect(const struct surroundings *around, struct collection *collection, struct failure *failure)
{
    struct span keys = section_find(around->sections, ".fitkey");
    struct entries *entries = &collection->entries;

    collection->conf = (struct loader_conf){ 0 };
    collection->key_count = collection->volumes.count = 0;
    entries_start(entries, around->expander->map, around->expander->reach);
    if (keys.data && !fit_keys_parse(keys, collection->keys, &collection->key_count, failure))
        return false;
    if (!carried_find(around->handoff, around->sections, around->physical, around->expander, &collection->carried,
                      failure) ||
        !add_sources(around, collection, failure))
        return false;
    if (!entries->count)
        return fail(failure, "payload",
                    "nothing is packed into the image, no module is a kernel or has entries, and no disk has any");
    return add_commands(collection, failure) && entries_sort(entries, failure);
}

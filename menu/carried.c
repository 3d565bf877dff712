/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in memory when we begin; see carried.h. Pure: compiled natively for tests as well. */
#include "menu/carried.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/heap.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "payloads/fit.h"
#include "payloads/payload.h"
#include "payloads/unpack.h"
#include "storage/cpio.h"
#include "storage/filesystems.h"
#include "storage/mbr.h"
#include "storage/partitions.h"

#define HEAD_SIZE 1024               /* bytes that tell an archive or a disk from other data */
#define FDT_MAGIC "\xd0\x0d\xfe\xed" /* Devicetree Specification 0.4, section 5.2 */

static bool module_content(const struct handoff *handoff, uint32_t index, const struct physical *physical,
                           struct span *content, struct failure *failure)
{
    const struct handoff_module *module = &handoff->modules[index];

    *content = (struct span){ physical_view(physical, module->start, module->size), module->size };
    return content->data || fail(failure, "modules", "module %u, %lu bytes at 0x%lx, is out of our reach", index,
                                 module->size, module->start);
}

/* A module's string without its first word, if that is a path: the loader before us may or may not have put one there.
 */
static struct span without_path(const char *string)
{
    struct span text = text_span(string), rest = text, word;

    if (text_next_word(&rest, &word) && (word.data[0] == '/' || word.data[0] == '('))
        return rest;
    return text;
}

/* ---- what can be chosen from ---- */

static bool has_fdt_magic(struct span content)
{
    return content.size >= 4 && memcmp(content.data, FDT_MAGIC, 4) == 0;
}

/*
 * Whether it might be a disk image, by its first KiB, which file systems leave to boot code, or to nothing: zeros, or
 * what ends as a boot sector does. So does the first sector of kernels.
 */
static bool begins_as_disk(struct span head)
{
    struct mbr mbr;

    if (head.size < HEAD_SIZE)
        return false;
    memcpy(&mbr, head.data, sizeof(mbr));
    if (mbr.signature == MBR_SIGNATURE)
        return payload_recognise((struct span){ head.data, HEAD_SIZE }) == PAYLOAD_DATA;
    for (unsigned i = 0; i < HEAD_SIZE; i++) {
        if (head.data[i])
            return false;
    }
    return true;
}

/* Whether it might be a FIT or files: a look at what it begins with, unpacked where it is compressed. */
static bool is_likely(struct span content, const struct expander *expander)
{
    static NOINIT uint8_t bytes[HEAD_SIZE];
    struct span head = content;
    struct disk disk;

    if (unpack_recognise(content) != PACKING_NONE) {
        heap_start(expander->map, expander->reach);
        head = (struct span){ bytes, unpack_head(content, bytes, sizeof(bytes)) };
        heap_end();
    }
    disk_in_memory(head, &disk);
    return cpio_is(head) || has_fdt_magic(head) || begins_as_disk(head) || filesystem_name(&disk);
}

static bool has_boot_tree(const struct tree *tree)
{
    static const char *const folders[] = { "/loader", "/EFI/Linux" };
    struct tree_node node;
    struct failure ignored;

    for (unsigned i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        if (tree->find(tree, folders[i], &node, &ignored) && node.kind == TREE_FOLDER)
            return true;
    }
    return false;
}

/* Makes the tree of one partition; whether it is of a kind that we read. One that is broken is passed over. */
static bool open_partition(struct carried *carried, const struct partition *partition)
{
    struct failure ignored;
    bool known;

    return disk_part(&carried->disk, partition->start, partition->size, &carried->part) &&
           filesystem_open(&carried->part, &carried->tree, &known, &ignored) && known;
}

/* Finds the first partition with a boot tree, in the order of their roles. */
static bool choose_partition(struct carried *carried, const struct partitions *partitions)
{
    static const enum partition_role roles[] = { PARTITION_ESP, PARTITION_XBOOTLDR, PARTITION_OTHER };

    for (unsigned role = 0; role < sizeof(roles) / sizeof(*roles); role++) {
        for (uint32_t i = 0; i < partitions->count; i++) {
            const struct partition *partition = &partitions->partition[i];

            if (partition->role == roles[role] && open_partition(carried, partition) && has_boot_tree(&carried->tree))
                return true;
        }
    }
    return false;
}

/*
 * Whether it is a disk image with a boot tree, in a partition or without any. An ISO 9660 may have partitions as well,
 * of which its ESP need not have more than a boot loader. Without a boot tree it is somebody's root file system.
 */
static bool recognise_disk(struct carried *carried, struct failure *failure)
{
    static NOINIT struct partitions partitions;
    bool known;

    if (!partitions_read(&carried->disk, &partitions, failure))
        return false;
    if (choose_partition(carried, &partitions)) {
        carried->kind = CARRIED_TREE;
        return true;
    }
    if (!filesystem_open(&carried->disk, &carried->tree, &known, failure))
        return partitions.table != PARTITIONS_NONE; /* else what was left of a former one */
    if (known && has_boot_tree(&carried->tree))
        carried->kind = CARRIED_TREE;
    return true;
}

bool carried_recognise(struct span content, const struct expander *expander, struct carried *carried,
                       struct failure *failure)
{
    const uint8_t *given = content.data;
    struct failure ignored;
    uint64_t used;

    if (!is_likely(content, expander))
        return true;
    if (!expand(expander, content, &content, &used, failure))
        return false;
    if (fit_is(content)) {
        carried->kind = CARRIED_FIT;
        carried->content = content;
    } else if (cpio_is(content)) {
        /* An initrd that is broken is its kernel's affair. */
        if (cpio_open(content, &carried->tree, failure) && has_boot_tree(&carried->tree))
            carried->kind = CARRIED_TREE;
    } else {
        disk_in_memory(content, &carried->disk);
        if (!recognise_disk(carried, failure))
            return false;
    }
    /* What was unpacked for nothing but a look goes back: it may be an initrd of hundreds of megabytes. */
    if (carried->kind == CARRIED_NOTHING && content.data != given)
        map_release(expander->map, (uint64_t)content.data, align_up(content.size, MAP_PAGE), &ignored);
    return true;
}

/* ---- modules ---- */

/* Whether a module is the one that all others belong to; then it is taken. */
static bool take(const char *string, struct span content, const struct expander *expander, struct carried *carried,
                 struct failure *failure)
{
    struct parts *parts = &carried->parts;

    if (!carried_recognise(content, expander, carried, failure))
        return false;
    if (carried->kind == CARRIED_NOTHING && expand_recognise(expander, content) != PAYLOAD_DATA) {
        carried->kind = CARRIED_KERNEL;
        parts->source = "modules";
        parts->content = content;
    }
    if (carried->kind != CARRIED_NOTHING)
        parts->string = without_path(string);
    return true;
}

bool carried_find(const struct handoff *handoff, const struct sections *sections, const struct physical *physical,
                  const struct expander *expander, struct carried *carried, struct failure *failure)
{
    struct parts *parts = &carried->parts;

    *carried = (struct carried){ .kind = CARRIED_NOTHING };
    parts->exact = handoff->door == DOOR_MULTIBOOT2 || handoff->door == DOOR_MULTIBOOT2_EFI;
    parts->profile = SECTIONS_FIRST_PROFILE;
    parts->exit = "";
    if (section_find(sections, ".linux").data) {
        carried->kind = CARRIED_KERNEL;
        parts->source = "packed";
        parts->packed = parts->verified = true;
    }
    for (uint32_t i = 0; i < handoff->module_count; i++) {
        const char *string = handoff->modules[i].string;
        const bool found = carried->kind != CARRIED_NOTHING;
        struct span content;

        if (!module_content(handoff, i, physical, &content, failure))
            return false;
        if (!found && !take(string, content, expander, carried, failure))
            return false;
        if (!found && carried->kind != CARRIED_NOTHING && parts->module_count)
            return fail(failure, "modules", "module %u %s, but comes after an initrd", i,
                        carried->kind == CARRIED_KERNEL ? "is a kernel" : "has entries");
        if ((found || carried->kind == CARRIED_NOTHING) &&
            !parts_add_module(parts, content, string, !parts->exact, failure))
            return false;
    }
    return true;
}

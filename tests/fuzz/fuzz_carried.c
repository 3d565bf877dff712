/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/carried.c menu/parts.c menu/open.c storage/cpio.c storage/disk.c storage/path.c */
/* sources: storage/partitions.c storage/gpt.c storage/mbr.c storage/filesystems.c */
/* sources: storage/ext.c storage/ext_disk.c storage/ext_super.c storage/ext_inode.c storage/ext_map.c */
/* sources: storage/ext_file.c storage/ext_folder.c storage/ext_journal.c */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/iso9660.c storage/iso_records.c */
/* sources: firmware/loader_texts.c common/console.c */
/* sources: payloads/fit.c payloads/fit_tree.c payloads/fit_verify.c */
/* sources: payloads/payload.c payloads/expand.c payloads/bzimage.c payloads/sections.c payloads/uki.c */
/* sources: payloads/elf.c payloads/multiboot.c payloads/multiboot2.c payloads/vmlinux.c payloads/unpack.c */
/* sources: payloads/unpack_gzip.c payloads/unpack_zstd.c payloads/unpack_lz4.c payloads/unpack_xz.c */
/* sources: payloads/unpack_lzma.c */
/* sources: tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/arena.c common/physical.c common/map.c common/text.c common/failure.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a -l:libfdt.a -l:libmbedcrypto.a */
/*
 * Finding what can be started among modules of any content, and opening it. The input is a series of modules, each a
 * header of three bytes (its size, low and high, and that of its string) and then both; the last takes what there is.
 * They come in turn as files of their own, as boot.txt ramdisks, and as packed sections. What is found lies within a
 * module; what is opened, there or in memory that was taken for it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPANDER_SIZE (1ull << 20) /* little, so that a bomb costs little */

#include "common/checked.h"
#include "menu/carried.h"
#include "menu/open.h"
#include "tests/fuzz/memory.h"
#include "tests/unit/expander.h"

#define MEMORY 0x100000ull
#define HEADER 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span memory; /* shown at MEMORY */
static uint8_t arena[4096] __attribute__((aligned(16)));
static volatile uint8_t sink;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    (void)physical;
    return address >= MEMORY && checked_within(address - MEMORY, size, memory.size) ? memory.data + (address - MEMORY)
                                                                                    : NULL;
}

static bool is_given(struct span span)
{
    return span.data >= memory.data && span.data + span.size <= memory.data + memory.size;
}

static void check_span(struct span span)
{
    require(is_given(span) || expander_holds(span));
    for (uint64_t i = 0; i<span.size; i += span.size> 64 ? span.size / 32 : 1)
        sink = span.data[i];
    if (span.size)
        sink = span.data[span.size - 1];
}

/* Absent, or of a module's string, or like all others. */
static void check_optional(struct span span)
{
    bool of_string = span.data >= arena && span.data + span.size <= arena + sizeof(arena);

    if (span.data && !of_string)
        check_span(span);
}

static void check_failure(const struct failure *failure)
{
    require(*failure->what && *failure->why);
    require(memchr(failure->what, 0, sizeof(failure->what)) && memchr(failure->why, 0, sizeof(failure->why)));
}

static void check_entry(const struct parts *entry)
{
    require(entry->source && entry->module_count <= BOOT_MODULES_MAX);
    check_span(entry->content);
    check_optional(entry->command_line);
    check_optional(entry->string);
    check_optional(entry->device_tree);
    check_optional(entry->os_release);
    check_optional(entry->uname);
    for (uint32_t i = 0; i < entry->module_count; i++) {
        require(entry->modules[i].content.size > 0 && entry->modules[i].string);
        check_span(entry->modules[i].content);
    }
}

static bool count(void *context, const char *name, const struct tree_node *node)
{
    require(name[0] && node->kind != TREE_ABSENT);
    return ++*(unsigned *)context < 1000;
}

/* Files or not, its root can be asked for. */
static void check_tree(const struct tree *tree)
{
    struct failure failure = { 0 };
    unsigned names = 0;

    require(strnlen(tree->name, sizeof(tree->name)) < sizeof(tree->name));
    if (!tree->list(tree, "/", count, &names, &failure))
        check_failure(&failure);
}

static void check_boot(const struct boot *boot, const struct parts *entry)
{
    require(boot->kind && (boot->faces | boot->broken) && !(boot->faces & boot->broken));
    require(!((boot->faces | boot->broken) >> FACES) && boot->verified == entry->packed);
    require(boot->module_count <= BOOT_MODULES_MAX && boot->file.size);
    check_span(boot->file);
    check_optional(boot->device_tree);
    for (uint32_t i = 0; i < boot->module_count; i++) {
        require(boot->modules[i].content.size > 0 && boot->modules[i].string);
        check_span(boot->modules[i].content);
    }
    for (unsigned i = 0; i < FACES; i++) {
        if (boot->broken >> i & 1)
            check_failure(&boot->refusals[i]);
    }
}

static void add_modules(struct handoff *handoff)
{
    struct failure failure;
    uint64_t at = 0;

    while (memory.size - at >= HEADER) {
        const uint8_t *header = memory.data + at;
        const uint64_t left = memory.size - at - HEADER;
        uint64_t length = header[2], size = header[0] | header[1] << 8;

        length = length < left ? length : left;
        size = size < left - length ? size : left - length;
        if (!handoff_add_module(handoff, MEMORY + at + HEADER + length, size, (const char *)header + HEADER, length,
                                &failure))
            return;
        at += HEADER + length + size;
    }
}

/* Makes sections of the first modules. */
static void pack(struct handoff *handoff, struct sections *sections)
{
    static const char names[][9] = { ".linux", ".initrd", ".ucode", ".cmdline", ".dtb" };
    uint32_t count = handoff->module_count;

    for (uint32_t i = 0; i < sizeof(names) / sizeof(*names) && i < count; i++) {
        const struct handoff_module *module = &handoff->modules[i];
        struct section *section = &sections->section[sections->count++];

        memcpy(section->name, names[i], sizeof(names[i]));
        section->content = (struct span){ memory.data + (module->start - MEMORY), module->size };
        handoff->module_count--;
    }
    memmove(handoff->modules, handoff->modules + sections->count, handoff->module_count * sizeof(*handoff->modules));
}

/* Finds and opens; whether it was a UKI. */
static bool try(enum door door, bool packed, bool whole)
{
    static const struct physical physical = { view };
    static struct handoff handoff;
    static struct sections sections;
    static struct carried carried;
    static struct parts entry;
    static struct boot boot;
    struct failure failure = { 0 };

    expander_start();
    handoff_start(&handoff, door, arena, sizeof(arena));
    sections.count = 0;
    add_modules(&handoff);
    if (packed)
        pack(&handoff, &sections);
    if (!carried_find(&handoff, &sections, &physical, &expander, &carried, &failure)) {
        check_failure(&failure);
        return false;
    }
    entry = carried.parts;
    require(entry.packed == (packed && sections.count));
    if (carried.kind == CARRIED_FIT)
        check_span(carried.content);
    if (carried.kind == CARRIED_TREE)
        check_tree(&carried.tree);
    if (carried.kind != CARRIED_KERNEL)
        return false;
    if (entry.packed && !parts_take_sections(&entry, &sections, &failure)) {
        check_failure(&failure);
        return false;
    }
    check_entry(&entry);
    entry.whole = whole;
    if (parts_open(&entry, &expander, &boot, &failure)) {
        check_entry(&entry);
        check_boot(&boot, &entry);
    } else {
        check_failure(&failure);
    }
    require(!heap_exists);
    memory_check_map(&expander_map);
    return entry.string.data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (size)
        memcpy(copy, data, size);
    memory = (struct span){ copy, size };
    try(DOOR_MULTIBOOT2, false, false);
    if (try(DOOR_PVH, false, false))
        try(DOOR_PVH, false, true);
    try(DOOR_EFI, true, false);
    free(copy);
    return 0;
}

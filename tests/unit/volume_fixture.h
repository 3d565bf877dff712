/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File systems of disks for tests, each a cpio archive of the files that tree_fixture.h was given, a list of entries in
 * memory of their own, and what is in it as text. For one .c file of a program.
 */
#ifndef TESTS_UNIT_VOLUME_FIXTURE_H
#define TESTS_UNIT_VOLUME_FIXTURE_H

#include "menu/entry.h"
#include "menu/outcome.h"
#include "storage/volumes.h"
#include "tests/unit/tree_fixture.h"

#define VOLUME_ROOM_SIZE (64u << 20)

static struct volume volumes[VOLUMES_MAX];
static uint32_t volume_count;
static uint8_t *volume_archives[VOLUMES_MAX];

static uint8_t *captured_data[64];
static uint32_t captured_count;

static uint8_t *volume_room;
static struct memory_map volume_map;
static struct entries list;
static struct failure failure;

static inline bool volume_reach(uint64_t start, uint64_t size)
{
    return start >= (uint64_t)(uintptr_t)volume_room && size <= VOLUME_ROOM_SIZE;
}

static inline void volumes_end(void)
{
    for (uint32_t i = 0; i < volume_count; i++)
        free(volume_archives[i]);
    for (uint32_t i = 0; i < captured_count; i++)
        free(captured_data[i]);
    volume_count = captured_count = 0;
    free(volume_room);
    volume_room = NULL;
}

/* No volumes, no files, no entries; room for so many bytes of them. */
static inline void volumes_start(uint64_t room)
{
    for (uint32_t i = 0; i < volume_count; i++)
        free(volume_archives[i]);
    volume_count = 0;
    if (!volume_room)
        volume_room = aligned_alloc(MAP_PAGE, VOLUME_ROOM_SIZE);
    memset(&volume_map, 0, sizeof(volume_map));
    memset(&failure, 0, sizeof(failure));
    if (!map_add(&volume_map, (uint64_t)(uintptr_t)volume_room, room, MAP_RAM, 0, &failure))
        abort();
    entries_start(&list, &volume_map, volume_reach);
    made_start();
}

/* Makes a volume of the files that were made, and forgets those. table PARTITIONS_NONE: it fills its disk. */
static inline struct volume *add_volume(uint32_t disk, enum partition_table table, uint32_t partition, const char *uuid)
{
    struct volume *volume = &volumes[volume_count];
    const struct span archive = make_archive();

    volume_archives[volume_count] = malloc(archive.size);
    memcpy(volume_archives[volume_count], archive.data, archive.size);
    *volume = (struct volume){ .role = VOLUME_OTHER, .disk_number = disk, .table = table, .partition = partition };
    if (!cpio_open((struct span){ volume_archives[volume_count], archive.size }, &volume->tree, &failure)) {
        fprintf(stderr, "%s: %s\n", failure.what, failure.why);
        abort();
    }
    snprintf(volume->disk_name, sizeof(volume->disk_name), "xvd%c", 'a' + disk);
    snprintf(volume->tree.name, sizeof(volume->tree.name), "xvd%c%u", 'a' + disk, partition);
    snprintf(volume->tree.uuid, sizeof(volume->tree.uuid), "%s", uuid);
    volume_count++;
    made_count = 0;
    return volume;
}

/* A file of tests/unit/captured/, which lives until volumes_end. */
static inline struct span captured(const char *name)
{
    char path[256];
    FILE *file;
    long size;
    uint8_t *data;

    snprintf(path, sizeof(path), "tests/unit/captured/%s", name);
    file = fopen(path, "rb");
    if (captured_count == sizeof(captured_data) / sizeof(*captured_data) || !file || fseek(file, 0, SEEK_END) ||
        (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET)) {
        fprintf(stderr, "%s cannot be read\n", path);
        abort();
    }
    data = malloc((size_t)size + 1);
    if (fread(data, 1, (size_t)size, file) != (size_t)size)
        abort();
    fclose(file);
    captured_data[captured_count++] = data;
    return (struct span){ data, (uint64_t)size };
}

static inline void make_captured(const char *path, const char *name)
{
    make_file(path, captured(name));
}

static inline char *put_file(char *at, const char *key, const struct recipe_file *file)
{
    at += sprintf(at, "  %s %s:%s", key, file->tree->name, file->path);
    if (file->string[0])
        at += sprintf(at, " [%s]", file->string);
    return at + sprintf(at, "\n");
}

/* The entries from the first on, one line a fact. */
static inline char *entries_as_text(uint32_t first)
{
    static char text[1 << 18];
    char *at = text;

    *at = '\0';
    for (uint32_t i = first; i < list.count; i++) {
        const struct entry *entry = &list.entry[i];

        if ((size_t)(at - text) > sizeof(text) - 65536)
            abort();
        at += sprintf(at, "%s\n  title %s\n", entry->id, entry->title);
        if (entry->version[0])
            at += sprintf(at, "  version %s\n", entry->version);
        if (entry->problem[0])
            at += sprintf(at, "  problem %s\n", entry->problem);
        if (!entry->recipe)
            continue;
        at = put_file(at, entry->recipe->exit[0] ? entry->recipe->exit : "kernel", &entry->recipe->kernel);
        if (entry->recipe->options[0])
            at += sprintf(at, "  options %s\n", entry->recipe->options);
        for (uint32_t m = 0; m < entry->recipe->module_count; m++)
            at = put_file(at, "module", &entry->recipe->modules[m]);
        if (entry->recipe->device_tree.tree)
            at = put_file(at, "devicetree", &entry->recipe->device_tree);
    }
    return text;
}

/* NUL-terminated, for the reader of a test that fails. */
static inline const char *text_of(struct span text)
{
    static char copy[1 << 18];

    snprintf(copy, sizeof(copy), "%.*s", (int)text.size, text.data ? (const char *)text.data : "");
    return copy;
}

static inline const char *default_id(const struct outcome *outcome)
{
    static char id[4096];
    const struct span given = outcome->conf.default_entry;

    snprintf(id, sizeof(id), "%.*s", (int)given.size, given.data ? (const char *)given.data : "");
    return id;
}

/* All entries, and what was said besides. */
static inline const char *outcome_as_text(const struct outcome *outcome)
{
    static const char *const timeouts[] = { "seconds", "force", "hidden", "disabled" };
    char *text = entries_as_text(0), *at = text + strlen(text);

    at += sprintf(at, "default %s\n", default_id(outcome));
    at += sprintf(at, "timeout %s %u\n", outcome->conf.has_timeout ? timeouts[outcome->conf.timeout] : "none",
                  outcome->conf.seconds);
    sprintf(at, "passed over %u %s\n", outcome->unknown_count, outcome->unknown);
    return text;
}

#endif

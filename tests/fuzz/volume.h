/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fuzzer's input as the files of two volumes: one behind the other with a NUL between, named by the target. A list of
 * entries in memory of its own, and what must hold of every entry. For one .c file of a program.
 */
#ifndef TESTS_FUZZ_VOLUME_H
#define TESTS_FUZZ_VOLUME_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/console.h"
#include "common/progress.h"
#include "common/text.h"
#include "menu/entry.h"
#include "storage/path.h"
#include "storage/volumes.h"

#define VOLUME_FILES_MAX 8
#define VOLUME_ROOM      (4u << 20)

static const char *const *volume_paths; /* of the target: NULL behind the last */
static struct span volume_files[VOLUME_FILES_MAX];
static struct volume volumes[2];
static uint8_t *volume_input;

static uint8_t volume_room[VOLUME_ROOM] __attribute__((aligned(MAP_PAGE)));
static struct memory_map volume_map;
static struct entries list;

static inline void require(bool condition)
{
    if (!condition)
        abort();
}

void warn(const char *format, ...)
{
    static char text[1024];
    va_list arguments;

    va_start(arguments, format);
    text_vformat(text, sizeof(text), format, arguments);
    va_end(arguments);
    require(text[0] && text_is_clean(text_span(text)));
}

void progress_start(const char *what, uint64_t total)
{
    (void)what;
    (void)total;
}

void progress(uint64_t done)
{
    (void)done;
}

void progress_end(void) {}

/* A path that is none has nothing to do here. */
static inline void check_path(const char *path)
{
    char again[TREE_PATH_MAX];
    struct failure ignored;

    require(path_normalise(text_span(path), again, &ignored) && strcmp(path, again) == 0);
}

static inline bool volume_find(const struct tree *tree, const char *path, struct tree_node *node,
                               struct failure *failure)
{
    const size_t length = strlen(path);

    (void)tree;
    (void)failure;
    check_path(path);
    *node = (struct tree_node){ .kind = TREE_ABSENT };
    for (unsigned i = 0; volume_paths[i]; i++) {
        if (strcmp(volume_paths[i], path) == 0 && volume_files[i].data)
            *node = (struct tree_node){ TREE_FILE, volume_files[i].size, NULL };
        else if (strncmp(volume_paths[i], path, length) == 0 && volume_paths[i][length] == '/')
            node->kind = TREE_FOLDER;
    }
    return true;
}

static inline bool volume_list(const struct tree *tree, const char *path,
                               bool (*visit)(void *context, const char *name, const struct tree_node *node),
                               void *context, struct failure *failure)
{
    const size_t length = strlen(path);
    struct tree_node node;

    check_path(path);
    for (unsigned i = 0; volume_paths[i]; i++) {
        const char *name = volume_paths[i] + length + (length > 1);

        if (strncmp(volume_paths[i], path, length) != 0 || (length > 1 && volume_paths[i][length] != '/') ||
            strchr(name, '/') || !volume_find(tree, volume_paths[i], &node, failure) || node.kind != TREE_FILE)
            continue;
        if (!visit(context, name, &node))
            break;
    }
    return true;
}

static inline bool volume_read(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                               struct failure *failure)
{
    (void)tree;
    for (unsigned i = 0; volume_paths[i]; i++) {
        if (strcmp(volume_paths[i], path) != 0)
            continue;
        require(offset <= volume_files[i].size && size <= volume_files[i].size - offset);
        if (size)
            memcpy(buffer, volume_files[i].data + offset, size);
        return true;
    }
    return fail(failure, "disk", "there is no %s", path);
}

static inline bool volume_reach(uint64_t start, uint64_t size)
{
    require(start >= (uint64_t)(uintptr_t)volume_room && size <= VOLUME_ROOM);
    return true;
}

/* Both volumes have the same files. */
static inline void volumes_start(const char *const *paths, const uint8_t *data, size_t size)
{
    size_t at = 0;
    struct failure failure;

    volume_paths = paths;
    volume_input = malloc(size + 1);
    if (size)
        memcpy(volume_input, data, size);
    volume_input[size] = '\0';
    for (unsigned i = 0; paths[i]; i++) {
        const size_t length = at <= size ? strlen((char *)volume_input + at) : 0;

        volume_files[i] = (struct span){ at <= size ? volume_input + at : NULL, length };
        at += length + 1;
    }
    for (unsigned i = 0; i < 2; i++) {
        volumes[i] = (struct volume){
            .role = VOLUME_OTHER, .disk_name = "xvda", .table = i ? PARTITIONS_MBR : PARTITIONS_GPT, .partition = 1 + i
        };
        volumes[i].tree = (struct tree){ .name = "xvda",
                                         .uuid = "1234-ABCD",
                                         .label = "boot",
                                         .find = volume_find,
                                         .list = volume_list,
                                         .read = volume_read };
    }
    volumes[1].tree.uuid[0] = '2';
    memset(&volume_map, 0, sizeof(volume_map));
    require(map_add(&volume_map, (uint64_t)(uintptr_t)volume_room, VOLUME_ROOM, MAP_RAM, 0, &failure));
    entries_start(&list, &volume_map, volume_reach);
}

static inline void volumes_end(void)
{
    free(volume_input);
}

static inline void check_failure(const struct failure *failure)
{
    require(*failure->what && *failure->why);
    require(memchr(failure->what, 0, sizeof(failure->what)) && memchr(failure->why, 0, sizeof(failure->why)));
}

static inline void check_file(const struct recipe_file *file)
{
    require(file->tree == &volumes[0].tree || file->tree == &volumes[1].tree);
    require(file->string && text_is_clean(text_span(file->string)));
    check_path(file->path);
}

/* Every entry is text for people, and can be started or says why not. */
static inline void check_entries(void)
{
    for (uint32_t i = 0; i < list.count; i++) {
        const struct entry *entry = &list.entry[i];

        require(entry->kind == ENTRY_RECIPE && entry->tree && entry->path[0]);
        require(text_is_clean(text_span(entry->id)) && text_is_clean(text_span(entry->title)));
        require(text_is_clean(text_span(entry->problem)) && !entry->recipe == !!entry->problem[0]);
        if (!entry->recipe)
            continue;
        check_file(&entry->recipe->kernel);
        require(text_is_clean(text_span(entry->recipe->options)) && entry->recipe->exit);
        require(entry->recipe->module_count <= RECIPE_MODULES_MAX);
        for (uint32_t m = 0; m < entry->recipe->module_count; m++)
            check_file(&entry->recipe->modules[m]);
        if (entry->recipe->device_tree.tree)
            check_file(&entry->recipe->device_tree);
    }
}

/* One that may be started. */
static inline void check_default(struct span id)
{
    bool found = !id.data;

    for (uint32_t i = 0; i < list.count; i++)
        found = found || (text_equals(id, list.entry[i].id) && list.entry[i].recipe);
    require(found);
}

#endif

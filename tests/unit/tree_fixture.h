/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A few files for tests, as a tree of either kind: in an archive in memory (storage/cpio.c), where each has `data`; and
 * one whose files must be read, may fail to be, and can be renamed. What the code under test warns of is kept, and
 * progress counted. For one .c file of a program; not for those that have consoles.
 */
#ifndef TESTS_UNIT_TREE_FIXTURE_H
#define TESTS_UNIT_TREE_FIXTURE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/console.h"
#include "common/progress.h"
#include "common/text.h"
#include "storage/cpio.h"
#include "storage/tree.h"

#define MADE_FILES_MAX   5000
#define MADE_ARCHIVE_MAX (4u << 20)

struct made_file {
    char path[TREE_PATH_MAX];
    struct span content;
};

static struct made_file made_files[MADE_FILES_MAX];
static uint32_t made_count;
static const char *made_broken; /* the path of a file that cannot be read, or a folder that cannot be listed */
static uint64_t made_reads;     /* bytes */
static char warned[1024];       /* the last warning */
static unsigned warned_count;
static unsigned progress_starts, progress_ends;

void warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_vformat(warned, sizeof(warned), format, arguments);
    va_end(arguments);
    warned_count++;
}

void progress_start(const char *what, uint64_t total)
{
    if (!what || !total || progress_starts++ != progress_ends)
        abort();
}

void progress(uint64_t done)
{
    if (!done || progress_starts == progress_ends)
        abort();
}

void progress_end(void)
{
    if (++progress_ends != progress_starts)
        abort();
}

static inline void made_start(void)
{
    made_count = 0;
    made_broken = NULL;
    made_reads = 0;
    warned[0] = '\0';
    warned_count = progress_starts = progress_ends = 0;
}

/* The content stays the caller's. */
static inline void make_file(const char *path, struct span content)
{
    struct made_file *file = &made_files[made_count++];

    if (made_count == MADE_FILES_MAX)
        abort();
    snprintf(file->path, sizeof(file->path), "%s", path);
    file->content = content;
}

static inline void make_text(const char *path, const char *text)
{
    make_file(path, text_span(text));
}

/* ---- in memory ---- */

static uint8_t made_archive[MADE_ARCHIVE_MAX];
static uint64_t made_archive_size;

static inline void archive_put(const void *data, uint64_t size)
{
    const uint64_t padded = (size + 3) & ~3ull;

    if (padded > MADE_ARCHIVE_MAX - made_archive_size)
        abort();
    memset(made_archive + made_archive_size, 0, padded);
    if (size)
        memcpy(made_archive + made_archive_size, data, size);
    made_archive_size += padded;
}

static inline void archive_add(const char *path, uint32_t mode, struct span content)
{
    char header[110 + TREE_PATH_MAX];
    int size = snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", 0, mode,
                        0, 0, 1, 0, (unsigned)content.size, 0, 0, 0, 0, (unsigned)strlen(path) + 1, 0, path);

    archive_put(header, (uint64_t)size + 1);
    archive_put(content.data, content.size);
}

/* The files as a cpio archive. */
static inline struct span make_archive(void)
{
    made_archive_size = 0;
    for (uint32_t i = 0; i < made_count; i++)
        archive_add(made_files[i].path + 1, 0100644, made_files[i].content);
    archive_add("TRAILER!!!", 0, (struct span){ NULL, 0 });
    return (struct span){ made_archive, made_archive_size };
}

static inline const struct tree *in_archive(void)
{
    static struct tree tree;
    struct failure failure;

    if (!cpio_open(make_archive(), &tree, &failure)) {
        fprintf(stderr, "%s: %s\n", failure.what, failure.why);
        abort();
    }
    return &tree;
}

/* ---- to be read ---- */

static inline struct made_file *made_find(const char *path)
{
    for (uint32_t i = 0; i < made_count; i++) {
        if (strcmp(made_files[i].path, path) == 0)
            return &made_files[i];
    }
    return NULL;
}

static inline bool made_fails(const char *path, struct failure *failure)
{
    return made_broken && strcmp(path, made_broken) == 0 && !fail(failure, "disk", "%s cannot be read", path);
}

/* The rest of a path that lies below a folder; NULL where it does not. */
static inline const char *made_below(const char *path, const char *folder)
{
    const size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

    return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}

static inline bool read_find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    const struct made_file *file = made_find(path);

    (void)tree;
    (void)failure;
    *node = (struct tree_node){ .kind = TREE_ABSENT };
    if (file)
        *node = (struct tree_node){ .kind = TREE_FILE, .size = file->content.size };
    for (uint32_t i = 0; i < made_count && node->kind == TREE_ABSENT; i++) {
        if (made_below(made_files[i].path, path))
            node->kind = TREE_FOLDER;
    }
    return true;
}

/* Whether a file before this one is in a folder of that name. */
static inline bool made_before(uint32_t index, const char *folder, const char *name, size_t length)
{
    for (uint32_t i = 0; i < index; i++) {
        const char *rest = made_below(made_files[i].path, folder);

        if (rest && strncmp(rest, name, length) == 0 && rest[length] == '/')
            return true;
    }
    return false;
}

static inline bool read_list(const struct tree *tree, const char *path,
                             bool (*visit)(void *context, const char *name, const struct tree_node *node),
                             void *context, struct failure *failure)
{
    (void)tree;
    if (made_fails(path, failure))
        return false;
    for (uint32_t i = 0; i < made_count; i++) {
        const char *rest = made_below(made_files[i].path, path);
        struct tree_node node = { .kind = TREE_FILE, .size = made_files[i].content.size };
        char name[TREE_NAME_MAX + 1];
        size_t length = rest ? strcspn(rest, "/") : 0;

        if (!rest)
            continue;
        if (rest[length])
            node = (struct tree_node){ .kind = TREE_FOLDER };
        snprintf(name, sizeof(name), "%.*s", (int)length, rest);
        if (node.kind == TREE_FOLDER && made_before(i, path, rest, length))
            continue;
        if (!visit(context, name, &node))
            return true;
        memset(name, '?', sizeof(name)); /* it lived until visit returned */
    }
    return true;
}

static inline bool read_read(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                             struct failure *failure)
{
    const struct made_file *file = made_find(path);

    (void)tree;
    if (!file)
        return fail(failure, "disk", "there is no %s", path);
    if (made_fails(path, failure))
        return false;
    if (offset > file->content.size || size > file->content.size - offset)
        abort(); /* nobody asks for what is not there */
    if (size)
        memcpy(buffer, file->content.data + offset, size);
    made_reads += size;
    return true;
}

static inline bool read_rename(const struct tree *tree, const char *path, const char *name, struct failure *failure)
{
    struct made_file *file = made_find(path);

    (void)tree;
    if (!file || made_fails(path, failure))
        return fail(failure, "disk", "%s cannot be renamed", path);
    strcpy(strrchr(file->path, '/') + 1, name);
    return true;
}

static inline const struct tree *to_be_read(void)
{
    static const struct tree tree = {
        .name = "disk", .find = read_find, .list = read_list, .read = read_read, .rename = read_rename
    };

    return &tree;
}

#endif

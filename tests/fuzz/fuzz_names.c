/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/version.c menu/glob.c menu/counter.c storage/path.c common/text.c common/failure.c */
/*
 * Three texts, apart from each other by line feeds. Versions are in an order: no two disagree on which is newer, and no
 * three go round. Patterns match as the C library's fnmatch has it, where both mean the same. A counter counts down,
 * and its name stays. Paths that are accepted are in the one form, which stays itself.
 */
#define _GNU_SOURCE
#include <fnmatch.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "menu/counter.h"
#include "menu/glob.h"
#include "menu/version.h"
#include "storage/path.h"

#define TEXTS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void check_versions(char *const text[TEXTS])
{
    int order[TEXTS][TEXTS];

    for (int i = 0; i < TEXTS; i++) {
        for (int k = 0; k < TEXTS; k++)
            order[i][k] = sign(version_compare(text[i], text[k]));
    }
    for (int i = 0; i < TEXTS; i++) {
        require(!order[i][i]);
        for (int k = 0; k < TEXTS; k++) {
            require(order[i][k] == -order[k][i]);
            for (int m = 0; m < TEXTS; m++) {
                require(order[i][k] > 0 || order[k][m] > 0 || order[i][m] <= 0);
                require(order[i][k] || order[i][m] == order[k][m]);
            }
        }
    }
}

/* ASCII, and nothing that fnmatch has and we have not, or that POSIX leaves open. */
static bool is_common(const char *pattern)
{
    for (const char *at = pattern; *at; at++) {
        if (*at & 0x80 || *at == '[' || (*at == '\\' && !at[1]))
            return false;
    }
    return true;
}

/* The same with brackets, of plain characters and ranges, that are closed. */
static bool is_common_with_brackets(const char *pattern)
{
    while (*pattern) {
        if (*pattern & 0x80 || (*pattern == '\\' && !pattern[1]))
            return false;
        if (*pattern == '\\') {
            pattern += 2;
            continue;
        }
        if (*pattern++ != '[')
            continue;
        pattern += *pattern == '!';
        do {
            if (!*pattern || *pattern == '[' || *pattern == '\\' || *pattern == ']' || *pattern == '-' ||
                *pattern == '^' || *pattern == '/' || *pattern & 0x80 || (*pattern >= 'A' && *pattern <= 'Z'))
                return false;
            if (pattern[1] == '-') {
                if (pattern[2] < 'a' || pattern[2] > 'z' || *pattern < 'a' || *pattern > pattern[2])
                    return false;
                pattern += 2;
            }
            pattern++;
        } while (*pattern != ']');
        pattern++;
    }
    return true;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++) {
        if (*text & 0x80)
            return false;
    }
    return true;
}

static void check_globs(const char *pattern, const char *text)
{
    bool matches = glob_matches(pattern, text);

    require(glob_same(pattern, pattern) && glob_same(pattern, text) == glob_same(text, pattern));
    require(glob_matches("*", text));
    if (!strpbrk(pattern, "*?[\\"))
        require(matches == glob_same(pattern, text));
    if (is_ascii(text) && strlen(pattern) < 64 && (is_common(pattern) || is_common_with_brackets(pattern)))
        require(matches == !fnmatch(pattern, text, FNM_CASEFOLD));
}

static void check_counter(const char *name, const char *suffix)
{
    char id[TREE_NAME_MAX + 1], next[TREE_NAME_MAX + 1], next_id[TREE_NAME_MAX + 1];
    struct counter counter, then;

    if (!counter_read(name, suffix, &counter, id))
        require(!counter.counted);
    require(strlen(id) <= TREE_NAME_MAX && counter.left <= 9999 && counter.done <= 9999);
    require(counter.counted || (strncmp(id, name, TREE_NAME_MAX) == 0 && !counter.left && !counter.done));
    if (!counter_next(name, suffix, next)) {
        require(!counter.left || strlen(name) >= TREE_NAME_MAX - 1);
        return;
    }
    require(counter.counted && counter.left);
    require(counter_read(next, suffix, &then, next_id) && then.counted);
    require(then.left == counter.left - 1 && strcmp(id, next_id) == 0);
    require(then.done == counter.done || then.done == counter.done + 1);
    require(strlen(next) == strlen(name) || strlen(next) == strlen(name) + 2);
}

static void check_absolute(const char *path)
{
    size_t length = strlen(path);

    require(path[0] == '/' && length < TREE_PATH_MAX && text_is_clean(text_span(path)));
    require(length == 1 || path[length - 1] != '/');
    require(!strstr(path, "//") && !strchr(path, '\\') && !strstr(path, "/./") && !strstr(path, "/../"));
    require(strlen(path_name(path)) <= TREE_NAME_MAX);
    require(strcmp(path_name(path), "..") != 0 && strcmp(path_name(path), ".") != 0);
}

static void check_path(const char *given, size_t size, const char *other)
{
    char path[TREE_PATH_MAX], again[TREE_PATH_MAX];
    struct failure failure = { 0 };

    if (!path_normalise((struct span){ (const uint8_t *)given, size }, path, &failure)) {
        require(failure.why[0] != '\0');
        return;
    }
    require(text_is_clean((struct span){ (const uint8_t *)given, size }));
    check_absolute(path);
    require(path_normalise(text_span(path), again, &failure) && strcmp(path, again) == 0);
    if (path_relative(path, text_span(other), again, &failure)) {
        check_absolute(again);
        if (other[0] != '/' && other[0] != '\\')
            require(strncmp(path, again, (size_t)(path_name(path) - path) - 1) == 0);
    }
    if (path_join(path, "name", again))
        require(strcmp(path_name(again), "name") == 0);
}

/* The part up to the next line feed, or all that is left, with a NUL behind it; the caller frees it. */
static char *take_text(const uint8_t **data, size_t *size, bool last, size_t *length)
{
    char *text;

    for (*length = 0; *length < *size && (last || (*data)[*length] != '\n');)
        ++*length;
    text = malloc(*length + 1);
    memcpy(text, *data, *length);
    text[*length] = '\0';
    *data += *length;
    *size -= *length;
    if (*size) {
        ++*data;
        --*size;
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text[TEXTS];
    size_t length[TEXTS];

    for (int i = 0; i < TEXTS; i++)
        text[i] = take_text(&data, &size, i == TEXTS - 1, &length[i]);
    check_versions(text);
    for (int i = 0; i < TEXTS; i++) {
        check_globs(text[i], text[(i + 1) % TEXTS]);
        check_counter(text[i], i ? ".conf" : ".efi");
        check_path(text[i], length[i], text[(i + 1) % TEXTS]);
    }
    for (int i = 0; i < TEXTS; i++)
        free(text[i]);
    return 0;
}

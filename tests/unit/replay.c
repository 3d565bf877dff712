/* SPDX-License-Identifier: BSD-2-Clause */
/* Captured memory; see replay.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/replay.h"

#include <cmocka.h>

#define FOLDER        "tests/unit/captured"
#define LINE_MAX_SIZE 512
#define ALIGNMENT     16

static void broken(const char *what, const char *detail)
{
    fprintf(stderr, "replay: error: %s: %s\n", what, detail);
    abort();
}

static void *take(uint64_t size)
{
    void *memory = calloc(1, size ? size : 1);

    if (!memory)
        broken("memory", "none left");
    return memory;
}

static const struct replay_range *range_of(const struct replay *replay, uint64_t address, uint64_t size)
{
    for (uint32_t i = 0; i < replay->range_count; i++) {
        const struct replay_range *range = &replay->ranges[i];

        if (address >= range->address && address - range->address <= range->size &&
            size <= range->size - (address - range->address))
            return range;
    }
    return NULL;
}

static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    struct replay *replay = (struct replay *)(uintptr_t)physical;
    const struct replay_range *range = range_of(replay, address, size);
    uint64_t skip = address % ALIGNMENT;
    uint8_t *copy;

    if (!range)
        return NULL;
    if (replay->view_count == REPLAY_VIEWS_MAX)
        broken("views", "too many: does something go round in circles?");
    copy = take(skip + size);
    replay->views[replay->view_count++] = copy;
    memcpy(copy + skip, range->bytes + (address - range->address), size);
    return copy + skip;
}

struct replay *replay_new(void)
{
    struct replay *replay = take(sizeof(*replay));

    replay->physical.view = view;
    return replay;
}

void replay_show(struct replay *replay, uint64_t address, uint64_t size)
{
    uint64_t start = address, end = address + size;
    struct replay_range merged;
    uint32_t kept = 0;

    if (end < start)
        broken("range", "wraps around");
    for (uint32_t i = 0; i < replay->range_count; i++) {
        const struct replay_range *range = &replay->ranges[i];

        if (range->address > end || start > range->address + range->size)
            continue;
        start = range->address < start ? range->address : start;
        end = range->address + range->size > end ? range->address + range->size : end;
    }
    merged = (struct replay_range){ start, end - start, take(end - start) };
    for (uint32_t i = 0; i < replay->range_count; i++) {
        struct replay_range *range = &replay->ranges[i];

        if (range->address > end || start > range->address + range->size) {
            replay->ranges[kept++] = *range;
            continue;
        }
        memcpy(merged.bytes + (range->address - start), range->bytes, range->size);
        free(range->bytes);
    }
    if (kept == REPLAY_RANGES_MAX)
        broken("ranges", "too many");
    replay->ranges[kept] = merged;
    replay->range_count = kept + 1;
}

void replay_cut(struct replay *replay, uint64_t address)
{
    const struct replay_range *range = range_of(replay, address, 0);

    if (!range)
        broken("cut", "where nothing is shown");
    replay->ranges[range - replay->ranges].size = address - range->address;
}

void *replay_at(struct replay *replay, uint64_t address, uint64_t size)
{
    const struct replay_range *range = range_of(replay, address, size);

    if (!range)
        broken("memory", "not shown");
    return range->bytes + (address - range->address);
}

void replay_write(struct replay *replay, uint64_t address, const void *bytes, uint64_t size)
{
    replay_show(replay, address, size);
    memcpy(replay_at(replay, address, size), bytes, size);
}

void replay_put(struct replay *replay, uint64_t address, uint64_t value, unsigned size)
{
    replay_write(replay, address, &value, size);
}

static void read_hex(struct replay *replay, uint64_t address, const char *text)
{
    unsigned byte;

    for (; sscanf(text, "%2x", &byte) == 1; text += 2)
        replay_put(replay, address++, byte, 1);
}

static void read_line(struct replay *replay, const char *line)
{
    unsigned long address, size;
    char word[LINE_MAX_SIZE];

    if (sscanf(line, "door %s", word) == 1) {
        while (replay->door < DOOR_COUNT && strcmp(door_name(replay->door), word))
            replay->door++;
    } else if (sscanf(line, "argument 0x%lx", &address) == 1) {
        replay->argument = address;
    } else if (sscanf(line, "range 0x%lx 0x%lx", &address, &size) == 2) {
        replay_show(replay, address, size);
    } else if (sscanf(line, "memory 0x%lx %s", &address, word) == 2) {
        read_hex(replay, address, word);
    } else if (*line != '#' && *line != '\n') {
        broken("line", line);
    }
}

struct replay *replay_load(const char *name)
{
    struct replay *replay = replay_new();
    char line[LINE_MAX_SIZE];
    FILE *file;

    snprintf(line, sizeof(line), FOLDER "/%s.capture", name);
    file = fopen(line, "r");
    if (!file)
        broken("cannot open", line);
    while (fgets(line, sizeof(line), file))
        read_line(replay, line);
    fclose(file);
    return replay;
}

static void drop_views(struct replay *replay)
{
    while (replay->view_count)
        free(replay->views[--replay->view_count]);
}

void replay_free(struct replay *replay)
{
    drop_views(replay);
    for (uint32_t i = 0; i < replay->range_count; i++)
        free(replay->ranges[i].bytes);
    free(replay);
}

struct boot *boot_new(const char *capture)
{
    struct boot *boot = take(sizeof(*boot));

    boot->replay = replay_load(capture);
    boot->handoff = take(sizeof(*boot->handoff));
    boot_again(boot);
    return boot;
}

void boot_again(struct boot *boot)
{
    drop_views(boot->replay);
    /* handoff_start leaves what counts for nothing as it was. */
    memset(boot->handoff, 0xa5, sizeof(*boot->handoff));
    memset(boot->arena, 0xa5, sizeof(boot->arena));
    handoff_start(boot->handoff, boot->replay->door, boot->arena, sizeof(boot->arena));
    boot->failure = (struct failure){ 0 };
}

void boot_free(struct boot *boot)
{
    replay_free(boot->replay);
    free(boot->handoff);
    free(boot);
}

void assert_map(const struct memory_map *map, const struct range *ranges)
{
    uint32_t i;

    for (i = 0; ranges[i].type; i++) {
        assert_true(i < map->count);
        assert_int_equal(map->ranges[i].start, ranges[i].start);
        assert_int_equal(map->ranges[i].end, ranges[i].end);
        assert_int_equal(map->ranges[i].type, ranges[i].type);
        assert_int_equal(map->ranges[i].flags, ranges[i].flags);
    }
    assert_int_equal(map->count, i);
}

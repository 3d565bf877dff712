/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of entries; see entry.h. UAPI.1, "Sorting". Its memory comes from the map in chunks and is never given back;
 * an array that is full is followed by one of twice its size. Sorting merges from the bottom up: no recursion, stable,
 * and quick for as many entries as there may be.
 */
#include "menu/entry.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/glob.h"
#include "menu/version.h"

#define CHUNK_SIZE      (64 * 1024)
#define FIRST_CAPACITY  16
#define MACHINE_ID_PART 8 /* characters that tell one machine from another, for people */

void entries_start(struct entries *entries, struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size))
{
    *entries = (struct entries){ .map = map, .reach = reach };
}

/* A run of pages from the map; NULL with a failure. */
static uint8_t *take_pages(struct entries *entries, uint64_t size, struct failure *failure)
{
    const struct map_request request = { .size = size, .high = true };
    uint64_t start;

    if (!map_allocate(entries->map, &request, MAP_WORK, &start, "entries", failure))
        return NULL;
    if (!entries->reach(start, size)) {
        struct failure ignored; /* the first one tells more */

        map_release(entries->map, start, size, &ignored);
        fail(failure, "entries", "the memory at 0x%lx cannot be reached", start);
        return NULL;
    }
    return (uint8_t *)(uintptr_t)start;
}

void *entries_take(struct entries *entries, uint64_t size, struct failure *failure)
{
    void *taken = arena_take(&entries->arena, size);
    uint64_t pages;
    uint8_t *base;

    if (taken)
        return taken;
    if (!checked_align(size, MAP_PAGE, &pages)) {
        fail(failure, "entries", "0x%lx bytes are more than there can be", size);
        return NULL;
    }
    if (pages > CHUNK_SIZE / 2) /* a chunk of its own; what is left of the present one serves on */
        return take_pages(entries, pages, failure);
    base = take_pages(entries, CHUNK_SIZE, failure);
    if (!base)
        return NULL;
    entries->arena = (struct arena){ .base = base, .size = CHUNK_SIZE };
    return arena_take(&entries->arena, size);
}

const char *entries_text(struct entries *entries, struct span text, struct failure *failure)
{
    uint64_t size;
    char *copy;

    if (!text.data || !text.size)
        return "";
    if (!checked_add(text.size, 1, &size)) {
        fail(failure, "entries", "a text has 0x%lx bytes", text.size);
        return NULL;
    }
    copy = entries_take(entries, size, failure);
    if (!copy)
        return NULL;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

const char *entries_join(struct entries *entries, const struct span *texts, uint32_t count, struct failure *failure)
{
    uint64_t size = 1, at = 0;
    char *joined;

    for (uint32_t i = 0; i < count; i++) {
        if (!checked_add(size, texts[i].size, &size) || !checked_add(size, 1, &size)) {
            fail(failure, "entries", "%u texts are too long for one", count);
            return NULL;
        }
    }
    joined = entries_take(entries, size, failure);
    if (!joined)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            joined[at++] = ' ';
        if (texts[i].size)
            memcpy(joined + at, texts[i].data, texts[i].size);
        at += texts[i].size;
    }
    joined[at] = '\0';
    return joined;
}

struct recipe *entries_recipe(struct entries *entries, uint32_t module_count, struct failure *failure)
{
    const uint64_t size = sizeof(struct recipe) + (uint64_t)module_count * sizeof(struct recipe_file);
    struct recipe *recipe = entries_take(entries, size, failure);

    if (!recipe)
        return NULL;
    memset(recipe, 0, size);
    recipe->exit = recipe->options = "";
    recipe->kernel.path = recipe->kernel.string = recipe->device_tree.path = recipe->device_tree.string = "";
    recipe->module_count = module_count;
    for (uint32_t i = 0; i < module_count; i++)
        recipe->modules[i].path = recipe->modules[i].string = "";
    return recipe;
}

void recipe_draft_start(struct recipe_draft *draft)
{
    draft->kernel = draft->device_tree = (struct recipe_file){ NULL, "", "" };
    draft->exit = draft->options = "";
    draft->module_count = 0;
}

const struct recipe *entries_keep_recipe(struct entries *entries, const struct recipe_draft *draft,
                                         struct failure *failure)
{
    struct recipe *recipe = entries_recipe(entries, draft->module_count, failure);

    if (!recipe)
        return NULL;
    recipe->kernel = draft->kernel;
    recipe->exit = draft->exit;
    recipe->options = draft->options;
    recipe->device_tree = draft->device_tree;
    for (uint32_t i = 0; i < draft->module_count; i++)
        recipe->modules[i] = draft->modules[i];
    return recipe;
}

static bool grow(struct entries *entries, struct failure *failure)
{
    uint32_t capacity = entries->capacity ? entries->capacity * 2 : FIRST_CAPACITY;
    struct entry *larger = entries_take(entries, capacity * sizeof(*larger), failure);

    if (!larger)
        return false;
    if (entries->count)
        memcpy(larger, entries->entry, entries->count * sizeof(*larger));
    entries->entry = larger;
    entries->capacity = capacity;
    return true;
}

bool entries_add(struct entries *entries, const struct entry *entry, struct failure *failure)
{
    struct entry *added;

    if (entries->count == ENTRIES_MAX)
        return fail(failure, "entries", "there are more than %u", ENTRIES_MAX);
    if (entries->count == entries->capacity && !grow(entries, failure))
        return false;
    added = &entries->entry[entries->count++];
    *added = *entry;

    const char **texts[] = { &added->id,         &added->title,    &added->shown,   &added->version,
                             &added->machine_id, &added->sort_key, &added->problem, &added->path };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!*texts[i])
            *texts[i] = "";
    }
    return true;
}

bool entry_is_bad(const struct entry *entry)
{
    return entry->counter.counted && !entry->counter.left;
}

static bool is_command(const struct entry *entry)
{
    return entry->kind >= ENTRY_FIRMWARE;
}

/* Whether it stands where it was added: the file that it is of has an order of its own, or none is meant. */
static bool keeps_place(const struct entry *entry)
{
    return entry->kind >= ENTRY_RECIPE;
}

uint32_t entries_bootable(const struct entries *entries)
{
    uint32_t bootable = 0;

    for (uint32_t i = 0; i < entries->count; i++)
        bootable += !is_command(&entries->entry[i]);
    return bootable;
}

/* ---- order ---- */

/* The length of the suffix that text begins with; 0 where it begins with none. */
static size_t suffix_length(const char *text)
{
    static const char suffixes[][6] = { ".conf", ".efi" };

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (text_begins_with(text, suffixes[i]))
            return strlen(suffixes[i]);
    }
    return 0;
}

/* Whether this is the end of an id, or says which profile of a UKI it is: "@1". */
static bool is_end(const char *text)
{
    if (text[0] == '@' && text[1]) {
        text++;
        while (*text >= '0' && *text <= '9')
            text++;
    }
    return !*text;
}

/* The id without its suffix, and without what says which profile of a UKI, into stem, TREE_NAME_MAX + 1 bytes. */
static void copy_stem(const char *id, char *stem)
{
    size_t length = 0;

    for (; length < TREE_NAME_MAX && !is_end(id + length); length++) {
        size_t suffix = suffix_length(id + length);

        if (suffix && is_end(id + length + suffix))
            break;
        stem[length] = id[length];
    }
    stem[length] = '\0';
}

static int compare_ids(const struct entry *a, const struct entry *b)
{
    char a_stem[TREE_NAME_MAX + 1], b_stem[TREE_NAME_MAX + 1];

    copy_stem(a->id, a_stem);
    copy_stem(b->id, b_stem);
    return version_compare(b_stem, a_stem);
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/* Less than 0 where a stands before b, as UAPI.1, "Sorting", has it. */
static int compare_entries(const struct entry *a, const struct entry *b)
{
    int order;

    if (keeps_place(a) || keeps_place(b)) /* those of a kind stay as they are */
        return compare_numbers(keeps_place(a) ? a->kind : 0, keeps_place(b) ? b->kind : 0);
    if (entry_is_bad(a) != entry_is_bad(b))
        return entry_is_bad(a) ? 1 : -1;
    if (!*a->sort_key != !*b->sort_key)
        return *a->sort_key ? -1 : 1;
    if (*a->sort_key && ((order = strcmp(a->sort_key, b->sort_key)) || (order = strcmp(a->machine_id, b->machine_id)) ||
                         (order = version_compare(b->version, a->version))))
        return order;
    order = compare_ids(a, b);
    if (!order)
        order = compare_numbers(a->number, b->number); /* the profiles of one UKI */
    return order ? order : compare_numbers(a->counter.done, b->counter.done);
}

static int compare_shown(const struct entry *a, const struct entry *b)
{
    return strcmp(a->shown, b->shown);
}

struct sorter {
    const struct entry *entry;
    int (*compare)(const struct entry *a, const struct entry *b);
    uint32_t count;
    uint32_t *order, *spare; /* [count] indices of entries */
};

/* Merges [start, middle) and [middle, end) of order into spare. */
static void merge(struct sorter *sorter, uint32_t start, uint32_t middle, uint32_t end)
{
    const uint32_t *order = sorter->order;
    uint32_t left = start, right = middle;

    for (uint32_t to = start; to < end; to++) {
        bool take_right = left == middle || (right < end && sorter->compare(&sorter->entry[order[right]],
                                                                            &sorter->entry[order[left]]) < 0);

        sorter->spare[to] = order[take_right ? right++ : left++];
    }
}

static void sort(struct sorter *sorter)
{
    for (uint32_t i = 0; i < sorter->count; i++)
        sorter->order[i] = i;
    for (uint32_t width = 1; width < sorter->count; width *= 2) {
        uint32_t *merged = sorter->spare;

        for (uint32_t start = 0; start < sorter->count; start += 2 * width) {
            uint32_t left = sorter->count - start;

            merge(sorter, start, start + (left < width ? left : width), start + (left < 2 * width ? left : 2 * width));
        }
        sorter->spare = sorter->order;
        sorter->order = merged;
    }
}

/* ---- what is shown ---- */

/* " (" + `length` bytes of detail + ")" behind what an entry shows. */
static bool append_detail(struct entries *entries, struct entry *entry, const char *detail, uint64_t limit,
                          struct failure *failure)
{
    uint64_t shown = strlen(entry->shown), length = strnlen(detail, limit);
    char *text;

    if (!length)
        return true;
    text = entries_take(entries, shown + length + sizeof(" ()"), failure);
    if (!text)
        return false;
    memcpy(text, entry->shown, shown);
    memcpy(text + shown, " (", 2);
    memcpy(text + shown + 2, detail, length);
    memcpy(text + shown + 2 + length, ")", 2);
    entry->shown = text;
    return true;
}

static bool differ(struct entries *entries, struct entry *entry, unsigned step, struct failure *failure)
{
    switch (step) {
    case 0:
        return append_detail(entries, entry, entry->version, UINT64_MAX, failure);
    case 1:
        return append_detail(entries, entry, entry->machine_id, MACHINE_ID_PART, failure);
    case 2:
        return append_detail(entries, entry, entry->id, UINT64_MAX, failure);
    default:
        return append_detail(entries, entry, entry->tree ? entry->tree->name : "", UINT64_MAX, failure);
    }
}

#define STEPS 4

/*
 * Gives each entry what tells it from those that show the same: version, machine, id, as systemd-boot does, and its
 * tree; each only where those before did not do.
 */
static bool make_shown(struct entries *entries, struct sorter *sorter, struct failure *failure)
{
    for (uint32_t i = 0; i < entries->count; i++) {
        struct entry *entry = &entries->entry[i];

        entry->shown = *entry->title ? entry->title : *entry->id ? entry->id : "unnamed";
    }
    sorter->entry = entries->entry;
    sorter->compare = compare_shown;
    for (unsigned step = 0; step < STEPS; step++) {
        const char *before = NULL; /* what the one before showed when they were sorted */

        sort(sorter);
        for (uint32_t i = 0; i < entries->count; i++) {
            struct entry *entry = &entries->entry[sorter->order[i]];
            const char *shown = entry->shown;
            bool like_next = i + 1 < entries->count && strcmp(shown, entries->entry[sorter->order[i + 1]].shown) == 0;

            if (((before && strcmp(shown, before) == 0) || like_next) && !differ(entries, entry, step, failure))
                return false;
            before = shown;
        }
    }
    return true;
}

bool entries_sort(struct entries *entries, struct failure *failure)
{
    uint64_t indices = entries->count * sizeof(uint32_t);
    struct sorter sorter = { .entry = entries->entry, .compare = compare_entries, .count = entries->count };
    struct entry *sorted;

    if (!entries->count)
        return true;
    sorter.order = entries_take(entries, indices, failure);
    sorter.spare = sorter.order ? entries_take(entries, indices, failure) : NULL;
    sorted = sorter.spare ? entries_take(entries, entries->capacity * sizeof(*sorted), failure) : NULL;
    if (!sorted)
        return false;
    sort(&sorter);
    for (uint32_t i = 0; i < entries->count; i++)
        sorted[i] = entries->entry[sorter.order[i]];
    entries->entry = sorted;
    return make_shown(entries, &sorter, failure);
}

/* ---- finding ---- */

/* The number that a text of digits is; 0 where it is none, or too large. */
static uint64_t read_number(const char *name)
{
    struct span text = text_span(name), digits;
    uint64_t number;

    if (text_prefix(text, "0x", &digits) || !text_number(text, &number))
        return 0;
    return number;
}

static bool is_id(const struct entry *entry, const char *name)
{
    return strcmp(entry->id, name) == 0;
}

static bool is_stem(const struct entry *entry, const char *name)
{
    struct span rest;
    size_t suffix;

    if (!text_prefix(text_span(entry->id), name, &rest))
        return false;
    suffix = suffix_length((const char *)rest.data);
    return suffix && suffix == rest.size;
}

static bool matches_id(const struct entry *entry, const char *name)
{
    return glob_same(name, entry->id) || glob_matches(name, entry->id);
}

static bool matches_title(const struct entry *entry, const char *name)
{
    return glob_same(name, entry->title) || glob_same(name, entry->shown) || glob_matches(name, entry->title) ||
           glob_matches(name, entry->shown);
}

int64_t entries_find(const struct entries *entries, const char *name)
{
    static bool (*const ways[])(const struct entry *entry, const char *name) = { is_id, is_stem, matches_id,
                                                                                 matches_title };
    uint64_t number = read_number(name);

    if (!*name)
        return -1;
    if (number && number <= entries->count)
        return (int64_t)number - 1;
    for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
        for (uint32_t i = 0; i < entries->count; i++) {
            if (ways[way](&entries->entry[i], name))
                return i;
        }
    }
    return -1;
}

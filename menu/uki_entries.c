/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of type #2; see uki_entries.h. */
#include "menu/uki_entries.h"

#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/files.h"
#include "menu/os_release.h"
#include "payloads/uki.h"
#include "storage/path.h"

#define FOLDER     "/EFI/Linux"
#define SUFFIX     ".efi"
#define HEAD_SIZE  65536 /* of a PE; those of stubs and section tables are a few KiB */
#define TEXT_LIMIT 65536 /* bytes of .osrel, .profile */
#define VALUE_MAX  256

/* Where the sections' content is: a span in memory, or at `data - head` in a file. */
struct source {
    const struct sections *sections;
    const struct tree *tree; /* NULL: in memory */
    const char *path;
    const uint8_t *head;
};

/* Warns of it, too. */
static bool set_problem(struct entry *entry, const struct failure *problem, struct entries *entries,
                        struct failure *failure)
{
    char text[sizeof(*problem) + TREE_NAME_MAX + 4];

    text_format(text, sizeof(text), "%s: %s", path_name(entry->path), problem->why);
    warn("%s", text);
    entry->problem = entries_text(entries, text_span(text), failure);
    return entry->problem;
}

static bool section_text(const struct source *source, unsigned profile, const char *name, struct entries *entries,
                         struct span *text, struct failure *failure)
{
    uint8_t *buffer;

    *text = section_find_in(source->sections, profile, name);
    if (!source->tree || !text->size)
        return true;
    if (text->size > TEXT_LIMIT)
        return fail(failure, path_name(source->path), "section %s has %lu bytes, and may have %u", name, text->size,
                    TEXT_LIMIT);
    buffer = entries_take(entries, text->size, failure);
    if (!buffer || !source->tree->read(source->tree, source->path, (uint64_t)(text->data - source->head), buffer,
                                       text->size, failure))
        return false;
    text->data = buffer;
    return true;
}

/*
 * A text that describes; padding behind it is none of it. One that cannot be read is the entry's problem, and no reason
 * to lose the others.
 */
static bool description(const struct source *source, unsigned profile, const char *name, struct entry *entry,
                        struct entries *entries, struct span *text, struct failure *failure)
{
    struct failure problem;

    if (!section_text(source, profile, name, entries, text, &problem)) {
        *text = (struct span){ NULL, 0 };
        return set_problem(entry, &problem, entries, failure);
    }
    text->size = text->data ? strnlen((const char *)text->data, text->size) : 0;
    return true;
}

/* The first of several keys that has a value. */
static void first_value(struct span text, const char *const *keys, char *value)
{
    value[0] = '\0';
    for (; *keys && !*value; keys++)
        os_release_find(text, *keys, value, VALUE_MAX);
}

/* UAPI.1, "Type #2 EFI Unified Kernel Images": which keys of os-release are title, version and sort-key. */
static bool describe(const struct source *source, unsigned profile, struct entry *entry, struct entries *entries,
                     struct failure *failure)
{
    static const char *const titles[] = { "PRETTY_NAME", "NAME", NULL };
    static const char *const versions[] = { "IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID", NULL };
    static const char *const sort_keys[] = { "IMAGE_ID", "ID", NULL };
    char title[VALUE_MAX], version[VALUE_MAX], sort_key[VALUE_MAX], name[VALUE_MAX], both[2 * VALUE_MAX + 4];
    struct span os_release, own;

    if (!description(source, profile, ".osrel", entry, entries, &os_release, failure) ||
        !description(source, profile, ".profile", entry, entries, &own, failure))
        return false;
    first_value(os_release, titles, title);
    first_value(os_release, versions, version);
    first_value(os_release, sort_keys, sort_key);
    if (!os_release_find(own, "TITLE", name, sizeof(name)))
        os_release_find(own, "ID", name, sizeof(name));
    both[0] = '\0';
    text_append(both, sizeof(both), title[0] ? title : entry->title);
    if (name[0]) {
        text_append(both, sizeof(both), " (");
        text_append(both, sizeof(both), name);
        text_append(both, sizeof(both), ")");
    }
    entry->title = entries_text(entries, text_span(both), failure);
    entry->version = entries_text(entries, text_span(version), failure);
    entry->sort_key = entries_text(entries, text_span(sort_key), failure);
    return entry->title && entry->version && entry->sort_key;
}

static unsigned last_profile(const struct sections *sections)
{
    unsigned last = sections->count ? sections->section[sections->count - 1].profile : 0;

    return last < SECTIONS_FIRST_PROFILE ? SECTIONS_FIRST_PROFILE : last;
}

static bool add_profiles(const struct source *source, const struct entry *entry, struct entries *entries,
                         struct failure *failure)
{
    const unsigned last = last_profile(source->sections);

    for (unsigned profile = SECTIONS_FIRST_PROFILE; profile <= last; profile++) {
        struct entry each = *entry;
        char id[TREE_NAME_MAX + 16] = "", suffix[12];

        each.number = profile;
        if (profile > SECTIONS_FIRST_PROFILE) {
            text_format(suffix, sizeof(suffix), "@%u", profile - SECTIONS_FIRST_PROFILE);
            text_append(id, sizeof(id), entry->id);
            text_append(id, sizeof(id), suffix);
            each.id = entries_text(entries, text_span(id), failure);
        }
        if (!each.id || !describe(source, profile, &each, entries, failure) || !entries_add(entries, &each, failure))
            return false;
    }
    return true;
}

bool uki_profiles_add(const struct sections *sections, const struct entry *entry, struct entries *entries,
                      struct failure *failure)
{
    const struct source source = { .sections = sections };

    return add_profiles(&source, entry, entries, failure);
}

/* ---- those of a tree ---- */

static bool read_head(const struct tree *tree, const char *path, uint64_t size, struct pe *pe, const uint8_t **start,
                      struct failure *failure)
{
    static uint8_t head[HEAD_SIZE] NOINIT;
    const uint64_t length = size < sizeof(head) ? size : sizeof(head);

    *start = head;
    if (!tree->read(tree, path, 0, head, length, failure) ||
        !pe_parse_head((struct span){ head, length }, size, pe, failure))
        return false;
    return pe->is_uki || fail(failure, "kernel", "it is no UKI: it has no .linux section");
}

static bool add(const struct tree *tree, const struct file_name *file, struct entries *entries, struct failure *failure)
{
    static struct pe pe NOINIT;
    struct entry entry = {
        .kind = ENTRY_UKI, .shown = "", .version = "", .machine_id = "", .sort_key = "", .problem = "", .tree = tree
    };
    struct source source = { .sections = &pe.sections, .tree = tree };
    char path[TREE_PATH_MAX], id[TREE_NAME_MAX + 1];
    struct failure problem;

    if (!path_join(FOLDER, file->name, path))
        return fail(failure, file->name, "its path is too long");
    if (!counter_read(file->name, SUFFIX, &entry.counter, id))
        warn("%s: its boot counter is out of range, and taken for a part of the name", file->name);
    entry.id = entry.title = entries_text(entries, text_span(id), failure);
    entry.path = source.path = entries_text(entries, text_span(path), failure);
    if (!entry.id || !entry.path)
        return false;
    if (!read_head(tree, path, file->node.size, &pe, &source.head, &problem))
        return set_problem(&entry, &problem, entries, failure) && entries_add(entries, &entry, failure);
    return add_profiles(&source, &entry, entries, failure);
}

bool uki_entries_add(const struct tree *tree, struct entries *entries, struct failure *failure)
{
    return files_each(tree, FOLDER, SUFFIX, add, entries, failure);
}

bool uki_entry_section(const struct entry *entry, const char *name, struct entries *entries, struct span *text,
                       struct failure *failure)
{
    static struct pe pe NOINIT;
    struct source source = { .sections = &pe.sections, .tree = entry->tree, .path = entry->path };
    struct tree_node node;

    return entry->tree->find(entry->tree, entry->path, &node, failure) &&
           read_head(entry->tree, entry->path, node.size, &pe, &source.head, failure) &&
           section_text(&source, entry->number, name, entries, text, failure);
}

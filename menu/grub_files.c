/* SPDX-License-Identifier: BSD-2-Clause */
/* What grub.cfg says of disks and files: names of devices, paths on them, search, load_env. See grub_private.h. */
#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "menu/files.h"
#include "menu/glob.h"
#include "menu/grub_env.h"
#include "menu/grub_private.h"
#include "storage/path.h"

#define DEVICE_NAME_MAX 32
#define LOAD_PROBES     20 /* what loading grubenv counts for, which takes memory */

/* ---- devices and paths ---- */

void grub_device_name(const struct volumes_view *view, const struct volume *volume, char *name)
{
    if (!volume->disk_name[0]) /* EFI's: whatever no configuration names by itself */
        text_format(name, DEVICE_NAME_MAX, "volume%u", (unsigned)(volume - view->volume));
    else if (volume->table == PARTITIONS_NONE || !volume->partition)
        text_format(name, DEVICE_NAME_MAX, "hd%u", volume->disk_number);
    else
        text_format(name, DEVICE_NAME_MAX, "hd%u,%s%u", volume->disk_number,
                    volume->table == PARTITIONS_GPT ? "gpt" : "msdos", volume->partition);
}

static bool is_named(const struct volumes_view *view, const struct volume *volume, const char *device)
{
    char name[DEVICE_NAME_MAX], old[DEVICE_NAME_MAX];

    grub_device_name(view, volume, name);
    text_format(old, sizeof(old), "hd%u,%u", volume->disk_number, volume->partition); /* before GRUB 1.97 */
    return strcmp(device, name) == 0 || (volume->disk_name[0] && volume->partition && strcmp(device, old) == 0);
}

/* "(hd0,gpt2)" or "hd0,gpt2" */
static const struct volume *find_device(struct grub *grub, struct span name, struct failure *failure)
{
    char device[DEVICE_NAME_MAX];

    if (name.size >= 2 && name.data[0] == '(' && name.data[name.size - 1] == ')')
        name = (struct span){ name.data + 1, name.size - 2 };
    if (name.size < sizeof(device)) {
        memcpy(device, name.data, name.size);
        device[name.size] = '\0';
        for (uint32_t i = 0; i < grub->view->count; i++) {
            if (is_named(grub->view, &grub->view->volume[i], device))
                return &grub->view->volume[i];
        }
    }
    fail(failure, "grub.cfg", "no file system is '%.*s'", name.size < 64 ? (int)name.size : 64,
         (const char *)name.data);
    return NULL;
}

bool grub_locate(struct grub *grub, const char *word, const struct volume **volume, char *path, struct failure *failure)
{
    struct span device = text_span(grub_variable(grub, "root"));

    if (word[0] == '(') {
        const char *end = strchr(word, ')');

        if (!end)
            return fail(failure, "grub.cfg", "'%s' has no )", word);
        device = (struct span){ (const uint8_t *)word + 1, (uint64_t)(end - word) - 1 };
        word = end + 1;
    }
    if (word[0] != '/')
        return fail(failure, "grub.cfg", "'%s' is no path", word);
    *volume = find_device(grub, device, failure);
    return *volume && path_normalise(text_span(word), path, failure);
}

/* Looking for files may be asked of a disk, and is counted. */
static struct tree_node probe_at(struct grub *grub, const struct volume *volume, const char *path)
{
    struct tree_node node = { .kind = TREE_ABSENT };
    struct failure ignored; /* who reads it will say it */

    if (grub->probes >= GRUB_PROBES_MAX) {
        if (!grub->probed_out)
            grub_report_here(grub, "too many files are looked for: no more are found");
        grub->probed_out = true;
        return node;
    }
    grub->probes++;
    if (!volume->tree.find(&volume->tree, path, &node, &ignored))
        node.kind = TREE_ABSENT;
    return node;
}

struct tree_node grub_probe(struct grub *grub, const char *word)
{
    const struct volume *volume;
    char path[TREE_PATH_MAX];
    struct failure ignored;

    if (!grub_locate(grub, word, &volume, path, &ignored))
        return (struct tree_node){ .kind = TREE_ABSENT };
    return probe_at(grub, volume, path);
}

/* ---- search ---- */

enum search_kind { SEARCH_FILE, SEARCH_LABEL, SEARCH_UUID, SEARCH_PART_UUID };

static bool is_found(struct grub *grub, const struct volume *volume, enum search_kind kind, const char *wanted)
{
    char path[TREE_PATH_MAX];
    struct failure ignored;

    switch (kind) {
    case SEARCH_LABEL:
        return strcmp(volume->tree.label, wanted) == 0;
    case SEARCH_UUID:
        return glob_same(volume->tree.uuid, wanted);
    case SEARCH_PART_UUID:
        return glob_same(volume->partition_uuid, wanted);
    default:
        return path_normalise(text_span(wanted), path, &ignored) && probe_at(grub, volume, path).kind != TREE_ABSENT;
    }
}

/* Two disks may be copies of one another: that of the configuration comes first, in it its own file system. */
static unsigned distance(const struct volume *from, const struct volume *to)
{
    if (from == to)
        return 0;
    return strcmp(from->disk_name, to->disk_name) == 0 && from->disk_number == to->disk_number ? 1 : 2;
}

static bool search(struct grub *grub, enum search_kind kind, const char *wanted, const char *variable)
{
    const struct volume *from = grub_source(grub)->volume, *found = NULL;
    char name[DEVICE_NAME_MAX];

    if (!*wanted)
        return false;
    for (unsigned away = 0; away <= 2 && !found; away++) {
        for (uint32_t i = 0; i < grub->view->count && !found; i++) {
            const struct volume *volume = &grub->view->volume[i];

            if (distance(from, volume) == away && is_found(grub, volume, kind, wanted))
                found = volume;
        }
    }
    if (!found)
        return false;
    grub_device_name(grub->view, found, name);
    if (*variable)
        grub_set_variable(grub, variable, name);
    return true;
}

static const struct {
    char name[3], long_name[12];
    enum search_kind kind;
} kinds[] = {
    { "-f", "--file", SEARCH_FILE },
    { "-l", "--label", SEARCH_LABEL },
    { "-u", "--fs-uuid", SEARCH_UUID },
    { "-p", "--part-uuid", SEARCH_PART_UUID },
};

/* One option; false where it is none. */
static bool read_option(const char *word, enum search_kind *kind, const char **variable)
{
    struct span rest;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(word, kinds[i].name) == 0 || strcmp(word, kinds[i].long_name) == 0)
            *kind = kinds[i].kind;
    }
    if (text_prefix(text_span(word), "--set=", &rest))
        *variable = (const char *)rest.data;
    else if (strcmp(word, "--set") == 0 || strcmp(word, "-s") == 0)
        *variable = "root";
    return word[0] == '-';
}

bool grub_search(struct grub *grub, const struct grub_command *command)
{
    enum search_kind kind = SEARCH_FILE;
    const char *variable = "", *first = "", *last = "";
    uint32_t names = 0;

    for (uint32_t i = 1; i < command->count; i++) {
        const char *word = command->word[i];

        /* Hints are for machines with many slow disks; the one behind a blank is no name. */
        if (text_begins_with(word, "--hint")) {
            i += !strchr(word, '=');
        } else if (!read_option(word, &kind, &variable)) {
            first = names++ ? first : word;
            last = word;
        }
    }
    if (names > 1 && strcmp(variable, "root") == 0) /* --set VARIABLE, as before GRUB 1.99 */
        variable = first;
    return search(grub, kind, last, variable);
}

/* search.KIND NAME [VARIABLE [HINT…]] */
static bool search_short(struct grub *grub, const struct grub_command *command, enum search_kind kind)
{
    return command->count >= 2 && search(grub, kind, command->word[1], command->count >= 3 ? command->word[2] : "root");
}

bool grub_search_uuid(struct grub *grub, const struct grub_command *command)
{
    return search_short(grub, command, SEARCH_UUID);
}

bool grub_search_label(struct grub *grub, const struct grub_command *command)
{
    return search_short(grub, command, SEARCH_LABEL);
}

bool grub_search_file(struct grub *grub, const struct grub_command *command)
{
    return search_short(grub, command, SEARCH_FILE);
}

/* ---- grubenv ---- */

static bool is_wanted(const struct grub_command *command, uint32_t first, const char *name)
{
    bool wanted = first == command->count;

    for (uint32_t i = first; i < command->count; i++)
        wanted = wanted || strcmp(command->word[i], name) == 0;
    return wanted;
}

/*
 * What the next boot only is to start is left out: who reads it must take it out of the file, or it would be started
 * for ever, and we cannot write there.
 */
static bool is_for_once(struct grub *grub, const char *name, const char *value)
{
    if (strcmp(name, "next_entry") != 0)
        return false;
    if (*value)
        grub_report(grub, grub_source(grub), grub->command.line,
                    "next_entry '%s' of grubenv is passed over: it could not be taken back", value);
    return true;
}

bool grub_load_env(struct grub *grub, const struct grub_command *command)
{
    const struct volume *volume;
    struct failure failure;
    struct span text, rest;
    const char *file = NULL;
    uint32_t first = 1;

    for (; first < command->count && command->word[first][0] == '-'; first++) {
        if (text_prefix(text_span(command->word[first]), "--file=", &rest))
            file = (const char *)rest.data;
        else if ((strcmp(command->word[first], "-f") == 0 || strcmp(command->word[first], "--file") == 0) &&
                 first + 1 < command->count)
            file = command->word[++first];
    }
    if (!file) {
        text_format(grub->value, sizeof(grub->value), "%s/grubenv", grub_variable(grub, "prefix"));
        file = grub->value;
    }
    if (grub->probes >= GRUB_PROBES_MAX || !grub_locate(grub, file, &volume, grub->path, &failure))
        return false;
    grub->probes += LOAD_PROBES;
    if (!file_text(&volume->tree, grub->path, GRUB_ENV_MAX, grub->entries, &text, &failure)) {
        grub_report_here(grub, failure.why);
        return false;
    }
    if (!text.data || !grub_env_open(text, &rest))
        return false;
    while (grub_env_next(&rest, grub->name, sizeof(grub->name), grub->value, sizeof(grub->value))) {
        if (is_wanted(command, first, grub->name) && !is_for_once(grub, grub->name, grub->value))
            grub_set_variable(grub, grub->name, grub->value);
    }
    return true;
}

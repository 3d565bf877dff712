/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu of grub.cfg: its items, the entries that they become, and which one GRUB would start. GNU GRUB manual,
 * "menuentry", "submenu", "default", "timeout". See grub_private.h.
 */
#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "menu/grub_private.h"
#include "storage/path.h"

/* ---- items ---- */

struct grub_item *grub_add_item(struct grub *grub)
{
    struct grub_item *menu = grub->menu, *item;

    if (grub->item_count++ == ENTRIES_MAX) {
        grub->fatal = !fail(grub->failure, "grub.cfg", "there are more than %u entries", ENTRIES_MAX);
        return NULL;
    }
    item = entries_take(grub->entries, sizeof(*item), grub->failure);
    grub->fatal = grub->fatal || !item;
    if (!item)
        return NULL;
    *item = (struct grub_item){ .parent = menu, .id = "", .title = "", .version = "", .problem = "" };
    if (menu->last)
        menu->last->next = item;
    else
        menu->first = item;
    menu->last = item;
    return item;
}

/* A title is shown, and an id printed: nothing but text. */
static const char *keep_clean(struct grub *grub, const char *text)
{
    char *kept = (char *)grub_keep(grub, text);

    if (!kept || text_is_clean(text_span(kept)))
        return kept;
    for (char *byte = kept; *byte; byte++) {
        if (*byte < ' ' || *byte > '~')
            *byte = '?';
    }
    return kept;
}

/* Whether an option of menuentry has its value in the next word. */
static bool has_value(const char *option)
{
    static const char *const options[] = { "--class", "--users", "--hotkey", "--source", "--id" };

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        if (strcmp(option, options[i]) == 0)
            return true;
    }
    return false;
}

static bool add_item(struct grub *grub, const struct grub_command *command, bool is_submenu)
{
    const char *title = NULL, *id = NULL;
    struct grub_item *item;
    struct span rest;

    for (uint32_t i = 1; i < command->count; i++) {
        const char *word = command->word[i];

        if (text_prefix(text_span(word), "--id=", &rest)) {
            id = (const char *)rest.data;
        } else if (has_value(word) && i + 1 < command->count) {
            i++;
            id = strcmp(word, "--id") == 0 ? command->word[i] : id;
        } else if (word[0] != '-' && !title) { /* behind it come arguments of the body */
            title = word;
        }
    }
    if (!title || !command->block.rest.data) {
        grub_report_here(grub, "an entry has no title, or nothing in it");
        return false;
    }
    if (grub->build) {
        grub_report_here(grub, "there is an entry in an entry");
        return false;
    }
    item = grub_add_item(grub);
    if (!item)
        return false;
    item->is_submenu = is_submenu;
    item->title = keep_clean(grub, title);
    item->id = keep_clean(grub, id ? id : title);
    item->body = command->block;
    item->source = grub_source(grub);
    return item->title && item->id;
}

bool grub_menuentry(struct grub *grub, const struct grub_command *command)
{
    return add_item(grub, command, false);
}

bool grub_submenu(struct grub *grub, const struct grub_command *command)
{
    return add_item(grub, command, true);
}

/* ---- entries ---- */

/* Of several with the same id the later ones are "ID#2" and so on, because the default may be one of them. */
static const char *make_unique(struct grub *grub, const char *id)
{
    const struct entries *entries = grub->entries;
    const size_t length = strlen(id);
    uint32_t number = 1;
    char *unique;

    for (uint32_t i = entries->count - grub->outcome->added; i < entries->count; i++) {
        const char *other = entries->entry[i].id;

        number += strncmp(other, id, length) == 0 && (!other[length] || other[length] == '#');
    }
    if (number == 1)
        return id;
    unique = entries_take(grub->entries, length + sizeof("#4096"), grub->failure);
    grub->fatal = grub->fatal || !unique;
    if (!unique)
        return NULL;
    memcpy(unique, id, length);
    text_format(unique + length, sizeof("#4096"), "#%u", number);
    return unique;
}

/* "SUBMENU>ENTRY"; NULL where fatal is set. */
static const char *make_id(struct grub *grub, const struct grub_item *item)
{
    const struct grub_item *part[GRUB_DEPTH_MAX + 2];
    uint32_t count = 0;
    uint64_t size = 1, at = 0;
    char *id;

    for (const struct grub_item *i = item; i != &grub->root; i = i->parent) {
        part[count++] = i;
        size += strlen(i->id) + 1;
    }
    id = entries_take(grub->entries, size, grub->failure);
    grub->fatal = grub->fatal || !id;
    if (!id)
        return NULL;
    for (; count > 0; count--) {
        const uint64_t length = strlen(part[count - 1]->id);

        memcpy(id + at, part[count - 1]->id, length);
        at += length;
        id[at++] = '>';
    }
    id[at ? at - 1 : 0] = '\0';
    return id;
}

static const char *make_problem(struct grub *grub, const struct failure *problem)
{
    char text[sizeof(problem->what) + sizeof(problem->why) + 4];

    text_format(text, sizeof(text), "%s: %s", problem->what, problem->why);
    return grub_keep(grub, text);
}

/* What the body says, in a scope of its own. */
static const struct recipe *build(struct grub *grub, const struct grub_item *item, const char *id, bool *leaves,
                                  const char **problem)
{
    const struct grub_scope scope = grub_scope_enter(&grub->variables);
    const struct recipe *recipe = NULL;

    recipe_draft_start(&grub->built.recipe);
    grub->built.has_modules = grub->built.leaves = grub->built.failed = false;
    grub->build = &grub->built;
    if (grub_enter_item(grub, item)) {
        grub_set_variable(grub, "chosen", id);
        grub_run(grub);
    }
    if (grub->stopped)
        grub_build_fail(grub, "grub.cfg", "too much was to be done before it was read");
    *leaves = grub->built.leaves;
    if (!*leaves)
        recipe = grub_build_recipe(grub);
    if (!recipe && !grub->fatal)
        *problem = make_problem(grub, &grub->built.problem);
    grub->build = NULL;
    grub_scope_leave(&grub->variables, scope);
    return recipe;
}

static void add_entry(struct grub *grub, struct grub_item *item)
{
    struct entry entry = { .kind = ENTRY_RECIPE, .title = item->title, .version = item->version };
    bool leaves = false;

    entry.tree = &item->source->volume->tree;
    entry.path = item->source->path;
    entry.content = item->source->text;
    entry.id = make_id(grub, item);
    if (entry.id)
        entry.id = make_unique(grub, entry.id);
    entry.problem = item->problem;
    if (!grub->fatal && !item->problem[0])
        entry.recipe = build(grub, item, entry.id, &leaves, &entry.problem);
    if (grub->fatal || leaves)
        return;
    grub->fatal = !entries_add(grub->entries, &entry, grub->failure);
    item->index = grub->entries->count - 1;
    item->added = !grub->fatal;
    grub->outcome->added += item->added;
}

/* What a submenu sets holds for what is in it. */
static void open_submenu(struct grub *grub, struct grub_item *item)
{
    item->scope = grub_scope_enter(&grub->variables);
    grub->menu = item;
    if (grub_enter_item(grub, item))
        grub_run(grub);
}

void grub_add_entries(struct grub *grub)
{
    struct grub_item *item = grub->root.first;
    uint32_t depth = 0;

    while (item && !grub->fatal) {
        if (!item->is_submenu)
            add_entry(grub, item);
        else if (depth < GRUB_DEPTH_MAX)
            open_submenu(grub, item);
        if (item->first) {
            item = item->first;
            depth++;
            continue;
        }
        if (item->is_submenu && depth < GRUB_DEPTH_MAX)
            grub_scope_leave(&grub->variables, item->scope);
        while (!item->next && depth) {
            item = item->parent;
            depth--;
            grub_scope_leave(&grub->variables, item->scope);
        }
        item = item->next;
    }
}

/* ---- the default ---- */

/* Takes what stands before a > off the front of *spec, which is then behind it; >> is a > in a name. */
static void take_part(const char **spec, char *part, uint64_t size)
{
    uint64_t length = 0;

    for (; **spec; (*spec)++) {
        if ((*spec)[0] == '>' && (*spec)[1] != '>')
            break;
        *spec += (*spec)[0] == '>';
        if (length + 1 < size)
            part[length++] = **spec;
    }
    part[length] = '\0';
    *spec += **spec == '>';
}

static struct grub_item *find_number(struct grub_item *first, uint64_t number)
{
    for (; first && number; number--)
        first = first->next;
    return first;
}

/* ids of blscfg's entries have a suffix, which GRUB leaves out. */
static bool is_called(const struct grub_item *item, const char *name)
{
    const size_t length = strlen(name);

    return strcmp(item->id, name) == 0 || strcmp(item->title, name) == 0 ||
           (strncmp(item->id, name, length) == 0 && strcmp(item->id + length, ".conf") == 0);
}

static struct grub_item *find_part(struct grub_item *first, const char *part)
{
    uint64_t number;

    if (part[0] >= '0' && part[0] <= '9' && text_number(text_span(part), &number))
        return find_number(first, number);
    while (first && !is_called(first, part))
        first = first->next;
    return first;
}

/* What GRUB starts where a variable has this value; NULL: nothing that we have. */
static const struct grub_item *find(const struct grub *grub, const char *spec)
{
    const struct grub_item *menu = &grub->root, *item = NULL;
    char part[512];

    for (uint32_t depth = 0; depth <= GRUB_DEPTH_MAX + 1; depth++) {
        take_part(&spec, part, sizeof(part));
        item = *part ? find_part(menu->first, part) : menu->first;
        if (!item || !item->is_submenu)
            break;
        menu = item;
    }
    return item && item->added && !grub->entries->entry[item->index].problem[0] ? item : NULL;
}

static void choose_default(struct grub *grub)
{
    const char *wanted = grub_variable(grub, "default");
    const struct grub_item *item;

    if (strcmp(wanted, "saved") == 0)
        wanted = grub_variable(grub, "saved_entry");
    item = find(grub, wanted);
    if (!item && *grub_variable(grub, "fallback"))
        item = find(grub, grub_variable(grub, "fallback"));
    if (!item && *wanted) /* GRUB starts the first where the default is none of its entries */
        item = find(grub, "0");
    if (item)
        grub->outcome->conf.default_entry = text_span(grub->entries->entry[item->index].id);
}

static void choose_time(struct grub *grub)
{
    struct loader_conf *conf = &grub->outcome->conf;
    const char *timeout = grub_variable(grub, "timeout"), *style = grub_variable(grub, "timeout_style");
    uint64_t seconds;

    if (timeout[0] == '-') { /* as long as it takes */
        conf->has_timeout = true;
        conf->timeout = TIMEOUT_FORCE;
    } else if (timeout[0] >= '0' && timeout[0] <= '9' && text_number(text_span(timeout), &seconds)) {
        conf->has_timeout = true;
        if (strcmp(style, "hidden") == 0 || strcmp(style, "countdown") == 0)
            conf->timeout = TIMEOUT_HIDDEN;
        else
            conf->seconds = seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
    }
}

void grub_choose(struct grub *grub)
{
    choose_default(grub);
    choose_time(grub);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Deciding which entry, and whether to ask; see select.h. Pure: compiled natively for tests as well. */
#include "menu/select.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"

#define SAVED "@saved"

/* An id may look like a number ("2") or a glob, and is meant all the same. */
static int64_t find_id(const struct entries *entries, const char *text)
{
    for (uint32_t i = 0; i < entries->count; i++) {
        if (strcmp(entries->entry[i].id, text) == 0)
            return i;
    }
    return entries_find(entries, text);
}

/* The one that a configuration or a variable names: an id or a glob over ids; or the one started last. */
static int64_t find(const struct entries *entries, struct span name, const char *last)
{
    char text[LOADER_ID_MAX];

    if (!name.size || name.size >= sizeof(text))
        return -1;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    if (strcmp(text, SAVED) == 0)
        return last[0] ? find_id(entries, last) : -1;
    return find_id(entries, text);
}

/* What has no tries left, or was found by itself, is taken only where there is nothing else. */
static uint32_t first_good(const struct entries *entries)
{
    int64_t other = -1;

    for (uint32_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->entry[i];

        /* The commands behind all entries are nobody's default: a machine would reboot for ever. */
        if (entry->kind >= ENTRY_FIRMWARE || entry->problem[0])
            continue;
        if (entry->kind < ENTRY_EFI && !entry_is_bad(entry))
            return i;
        if (other < 0)
            other = i;
    }
    return other < 0 ? 0 : (uint32_t)other;
}

static uint32_t choose_default(const struct entries *entries, const struct wishes *wishes)
{
    const char *last = wishes->system->last_booted;
    const struct span names[] = { text_span(wishes->system->one_shot), text_span(wishes->system->default_entry),
                                  wishes->conf->default_entry };

    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        int64_t found = find(entries, names[i], last);

        if (found >= 0)
            return (uint32_t)found;
    }
    return first_good(entries);
}

/* How long the menu is shown. */
static void choose_time(const struct entries *entries, const struct wishes *wishes, bool named, struct choice *choice,
                        bool *disabled)
{
    const struct loader_conf *conf = wishes->conf;
    const bool several = entries_bootable(entries) > 1;
    bool force = false;

    choice->seconds = SELECT_SECONDS;
    if (wishes->has_timeout) {
        choice->seconds = wishes->timeout;
    } else if (named) {
        choice->seconds = 0;
    } else if (wishes->system->timeout != LOADER_TIMEOUT_NONE) {
        force = wishes->system->timeout == LOADER_TIMEOUT_FORCE;
        *disabled = wishes->system->timeout == LOADER_TIMEOUT_DISABLED;
        choice->seconds = wishes->system->timeout == LOADER_TIMEOUT_SECONDS ? wishes->system->seconds : 0;
    } else if (conf->has_timeout) {
        force = conf->timeout == TIMEOUT_FORCE;
        *disabled = conf->timeout == TIMEOUT_DISABLED;
        choice->seconds = conf->timeout == TIMEOUT_SECONDS ? conf->seconds : 0;
    }
    choice->menu = force || (!wishes->has_timeout && !named && wishes->system->ask) || (several && choice->seconds);
    choice->counting = !force;
}

struct choice select_choose(const struct entries *entries, const struct wishes *wishes)
{
    const int64_t named = wishes->entry[0] ? entries_find(entries, wishes->entry) : -1;
    struct choice choice = { .missing = wishes->entry[0] && named < 0 };
    bool disabled = false;

    choice.index = named >= 0 ? (uint32_t)named : choose_default(entries, wishes);
    choose_time(entries, wishes, named >= 0, &choice, &disabled);
    /* A person is there, or is needed. */
    if ((wishes->key_held && !disabled) || choice.missing) {
        choice.menu = true;
        choice.counting = false;
    }
    choice.menu = choice.menu && wishes->interactive;
    return choice;
}

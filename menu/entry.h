/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be selected: the entries of the menu, whatever format they came in. */
#ifndef MENU_ENTRY_H
#define MENU_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/failure.h"
#include "common/map.h"
#include "common/span.h"
#include "menu/counter.h"
#include "menu/recipe.h"
#include "storage/tree.h"

enum entry_kind {
    ENTRY_PARTS,    /* a kernel and its modules as they lie in memory: packed, or the modules of the loader before us */
    ENTRY_CONF,     /* UAPI.1 type #1: a file of a tree says what it is made of */
    ENTRY_UKI,      /* UAPI.1 type #2 or a UKI in memory: one profile of it */
    ENTRY_FIT,      /* one configuration of a flat image tree */
    ENTRY_RECIPE,   /* a configuration file of another loader, or what was found of a kernel, says what it is made of */
    ENTRY_EFI,      /* an EFI application of a tree, found by itself */
    ENTRY_FIRMWARE, /* the firmware's own set-up */
    ENTRY_REBOOT,
    ENTRY_POWEROFF,
};

/* All texts are NUL-terminated UTF-8, "" where not given, and live in the arena of the list. */
struct entry {
    enum entry_kind kind;
    const char *id; /* as the Boot Loader Interface has it: "debian.conf", "linux.efi", "linux.efi@1", "auto-reboot" */
    const char *title; /* as the file has it; two entries may have the same */
    const char *shown; /* the title, with what else tells it from others of that title; never "" */
    const char *version, *machine_id, *sort_key;
    const char *problem;         /* "": none; else why it cannot be started, one clause */
    const struct tree *tree;     /* NULL: in memory */
    const char *path;            /* of the file in the tree that is it, or describes it */
    struct span content;         /* of what lies in memory */
    const struct recipe *recipe; /* of an ENTRY_RECIPE without a problem */
    unsigned number;             /* the profile, or the configuration */
    struct counter counter;
};

/* Bytes that the list takes from the memory map whenever it has no more. */
struct entries {
    struct memory_map *map;
    bool (*reach)(uint64_t start, uint64_t size); /* makes memory accessible (identity_reach) */
    struct arena arena;
    struct entry *entry; /* [count]; moves when one is added */
    uint32_t count, capacity;
};

#define ENTRIES_MAX 4096

/* An empty list that takes its memory (MAP_WORK) from the map. */
void entries_start(struct entries *entries, struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size));

/* `size` bytes that live as long as the list, aligned to 16, not cleared; NULL with a failure where there are none. */
void *entries_take(struct entries *entries, uint64_t size, struct failure *failure);

/* A NUL-terminated copy of a span in the list's memory; "" for an absent one. NULL with a failure. */
const char *entries_text(struct entries *entries, struct span text, struct failure *failure);

/* Texts as one, NUL-terminated, with a blank between two of them; NULL with a failure. */
const char *entries_join(struct entries *entries, const struct span *texts, uint32_t count, struct failure *failure);

/* Room for a recipe of so many modules, all of it zero, its texts ""; NULL with a failure. */
struct recipe *entries_recipe(struct entries *entries, uint32_t module_count, struct failure *failure);

/* What a draft became, in the list's memory; its texts must be there already. NULL with a failure. */
const struct recipe *entries_keep_recipe(struct entries *entries, const struct recipe_draft *draft,
                                         struct failure *failure);

/* Adds one, with its texts as they are (entries_text made them); NULL becomes "". */
bool entries_add(struct entries *entries, const struct entry *entry, struct failure *failure);

/*
 * Brings the list into the order of UAPI.1, "Sorting" (those with a bad counter last; behind all, in the order in which
 * they were added, recipes, what was found by itself, then the commands, firmware set-up, reboot and power off), and
 * fills each `shown`.
 */
bool entries_sort(struct entries *entries, struct failure *failure);

/*
 * The entry that a person names: a number as the menu shows it (from 1 on), an id, with or without its suffix, a glob
 * over ids, or one over titles and what is shown, in this order, each through the whole list. Globs have no case. -1:
 * none is.
 */
int64_t entries_find(const struct entries *entries, const char *name);

/* Entries that start something: without set-up, reboot and power off. */
uint32_t entries_bootable(const struct entries *entries);

/* Whether it was tried as often as it may be, and never said to be good. */
bool entry_is_bad(const struct entry *entry);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grub.cfg as distributions' grub-mkconfig writes it: its menu entries as entries of ours. A reader of what it
 * declares, no GRUB: docs/entries.md says what is read and what is passed over. Nothing is ever written.
 */
#ifndef MENU_GRUB_CONF_H
#define MENU_GRUB_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "menu/entry.h"
#include "menu/loader_conf.h"
#include "storage/volumes.h"

#define GRUB_FILES_MAX   64 /* configurations that one leads to, itself included */
#define GRUB_FOLDERS_MAX 8

/* The file systems that a configuration may name. */
struct volumes_view {
    const struct volume *volume;
    uint32_t count;
    bool efi; /* so that $grub_platform is "efi", not "pc" */
};

struct grub_file {
    const struct tree *tree;
    const char *path; /* in the list's memory */
};

/* What there is to say besides the entries. */
struct grub_outcome {
    uint32_t added; /* entries */
    /*
     * The default entry's id, and how long the menu is shown. Not given where GRUB would start something else than an
     * entry that was added, and where `timeout` is not set.
     */
    struct loader_conf conf;
    uint32_t file_count;
    struct grub_file files[GRUB_FILES_MAX]; /* that were read */
    uint32_t folder_count;
    struct grub_file folders[GRUB_FOLDERS_MAX]; /* whose *.conf are among the entries: blscfg */
    uint32_t unknown_count;                     /* commands that were passed over */
    char unknown[96];                           /* the first of them, "NAME in FILE:LINE" */
};

/*
 * Adds the entries of the configuration at `path` of a volume, which is one of the view's; submenus are made flat,
 * their ids are "SUBMENU>ENTRY" as GRUB's `default` has them. An entry that cannot be started is one with a problem.
 * What cannot be understood is warned of, and stops nothing else. A failure: there is no memory, or the list is full.
 * *outcome is filled as far as it came.
 */
bool grub_entries_add(const struct volumes_view *view, const struct volume *volume, const char *path,
                      struct entries *entries, struct grub_outcome *outcome, struct failure *failure);

#endif

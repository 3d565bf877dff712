/* SPDX-License-Identifier: BSD-2-Clause */
/* What the configuration of another loader says besides its entries. */
#ifndef MENU_OUTCOME_H
#define MENU_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "menu/loader_conf.h"
#include "storage/volumes.h"

#define OUTCOME_FILES_MAX   64
#define OUTCOME_FOLDERS_MAX 8

struct outcome_file {
    const struct tree *tree;
    const char *path; /* in the list's memory */
};

/* The file systems that a configuration may name, and the configurations that were read already. */
struct volumes_view {
    const struct volume *volume;
    uint32_t count;
    bool efi; /* GRUB's $grub_platform is "efi", else "pc" */
    uint32_t read_count;
    const struct outcome_file *read;
};

struct outcome {
    uint32_t added; /* entries */
    /*
     * The default entry's id, and how long the menu is shown. Not given where the other loader would start something
     * else than an entry that was added and has no problem, and where it was not told how long.
     */
    struct loader_conf conf;
    uint32_t file_count;
    struct outcome_file files[OUTCOME_FILES_MAX]; /* that were read, the first one first */
    uint32_t folder_count;
    struct outcome_file folders[OUTCOME_FOLDERS_MAX]; /* whose *.conf are among the entries: GRUB's blscfg */
    uint32_t unknown_count;                           /* what was passed over */
    char unknown[96];                                 /* the first of it, "NAME in FILE:LINE" */
};

#endif

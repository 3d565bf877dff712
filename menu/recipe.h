/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an entry is made of, as a configuration file names it: files of trees, and words. A format of configuration
 * makes recipes; load.c reads what they name, and knows no format.
 */
#ifndef MENU_RECIPE_H
#define MENU_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tree.h"

#define RECIPE_MODULES_MAX 64

struct recipe_file {
    const struct tree *tree; /* NULL: not given */
    const char *path;        /* absolute, as path_normalise makes it */
    const char *string;      /* of a multiboot2 module: what it is told; "" for an initrd */
};

/* All texts live as long as the list of entries. */
struct recipe {
    struct recipe_file kernel;
    const char *exit;    /* the protocol that the configuration means: "multiboot2", "pvh"; "": any */
    const char *options; /* the kernel's command line, without its name */
    struct recipe_file device_tree;
    uint32_t module_count;
    struct recipe_file modules[]; /* initrds or modules, in order */
};

/* One that is being made: a structure of fixed size. Texts that are not given are "". */
struct recipe_draft {
    struct recipe_file kernel;
    const char *exit, *options;
    struct recipe_file device_tree;
    uint32_t module_count;
    struct recipe_file modules[RECIPE_MODULES_MAX];
};

/* Nothing is in it. */
void recipe_draft_start(struct recipe_draft *draft);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variables of grub.cfg. What is set in a menu entry is forgotten behind it: a scope. Pure.
 */
#ifndef MENU_GRUB_VARIABLES_H
#define MENU_GRUB_VARIABLES_H

#include <stdbool.h>
#include <stdint.h>

#define GRUB_VARIABLES_MAX 512
#define GRUB_VALUE_MAX     16384 /* bytes of one value, its NUL included */
#define GRUB_VALUE_ROOM    65536 /* bytes of all names and values */

struct grub_variable {
    const char *name; /* in room */
    char *value;      /* in room, `size` bytes */
    uint32_t size;
    bool unset;
};

/* Where a scope begins. */
struct grub_scope {
    uint32_t count, used, start;
};

/* All zero: none. */
struct grub_variables {
    uint32_t count, used;
    uint32_t start; /* of those of the scope */
    struct grub_variable variable[GRUB_VARIABLES_MAX];
    char room[GRUB_VALUE_ROOM];
};

void grub_variables_start(struct grub_variables *variables);

/* The value, which lives until the variable is set again; NULL: it has none. */
const char *grub_get(const struct grub_variables *variables, const char *name);

/* value NULL: it has none from now on. The value may be one of these variables'. False where there is no room. */
bool grub_set(struct grub_variables *variables, const char *name, const char *value);

/* What is set from now on is forgotten when the scope is left. */
struct grub_scope grub_scope_enter(struct grub_variables *variables);
void grub_scope_leave(struct grub_variables *variables, struct grub_scope scope);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The variables of grub.cfg; see grub_variables.h. A list in which the last of a name holds; a scope is a place in it.
 * Pure: compiled natively for tests.
 */
#include "menu/grub_variables.h"

#include <stddef.h>

#include "common/string.h"

void grub_variables_start(struct grub_variables *variables)
{
    variables->count = variables->used = variables->start = 0;
}

static struct grub_variable *find(const struct grub_variables *variables, const char *name)
{
    for (uint32_t i = variables->count; i > 0; i--) {
        if (strcmp(variables->variable[i - 1].name, name) == 0)
            return (struct grub_variable *)&variables->variable[i - 1];
    }
    return NULL;
}

const char *grub_get(const struct grub_variables *variables, const char *name)
{
    const struct grub_variable *variable = find(variables, name);

    return variable && !variable->unset ? variable->value : NULL;
}

static char *take(struct grub_variables *variables, uint32_t size)
{
    char *taken = variables->room + variables->used;

    if (size > GRUB_VALUE_ROOM - variables->used)
        return NULL;
    variables->used += size;
    return taken;
}

/* One that this scope has, so that it may be overwritten. */
static struct grub_variable *own(struct grub_variables *variables, const char *name)
{
    struct grub_variable *variable = find(variables, name);
    const size_t length = strlen(name);
    char *copy;

    if (variable && variable - variables->variable >= (ptrdiff_t)variables->start)
        return variable;
    if (variables->count == GRUB_VARIABLES_MAX || length >= GRUB_VALUE_MAX)
        return NULL;
    copy = take(variables, (uint32_t)length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, name, length + 1);
    variable = &variables->variable[variables->count++];
    *variable = (struct grub_variable){ .name = copy, .unset = true };
    return variable;
}

bool grub_set(struct grub_variables *variables, const char *name, const char *value)
{
    const size_t length = value ? strlen(value) : 0;
    struct grub_variable *variable;

    if (length >= GRUB_VALUE_MAX)
        return false;
    variable = own(variables, name);
    if (!variable)
        return false;
    variable->unset = !value;
    if (!value)
        return true;
    if (length >= variable->size) {
        char *larger = take(variables, (uint32_t)length + 1);

        variable->unset = !larger;
        if (!larger)
            return false;
        variable->value = larger;
        variable->size = (uint32_t)length + 1;
    }
    memmove(variable->value, value, length + 1);
    return true;
}

struct grub_scope grub_scope_enter(struct grub_variables *variables)
{
    const struct grub_scope scope = { variables->count, variables->used, variables->start };

    variables->start = variables->count;
    return scope;
}

void grub_scope_leave(struct grub_variables *variables, struct grub_scope scope)
{
    variables->count = scope.count;
    variables->used = scope.used;
    variables->start = scope.start;
}

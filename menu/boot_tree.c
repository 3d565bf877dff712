/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a boot tree; see boot_tree.h. */
#include "menu/boot_tree.h"

#include <stddef.h>

#include "common/console.h"
#include "menu/conf_entries.h"
#include "menu/files.h"
#include "menu/uki_entries.h"

#define LOADER_CONF "/loader/loader.conf"

static void report(void *context, const struct failure *failure)
{
    (void)context;
    warn("%s: %s", failure->what, failure->why);
}

bool boot_tree_configure(const struct tree *tree, struct entries *entries, struct loader_conf *conf, bool *read,
                         struct failure *failure)
{
    struct span text;

    if (*read)
        return true;
    if (!file_text(tree, LOADER_CONF, CONF_FILE_MAX, entries, &text, failure))
        return false;
    if (text.data)
        loader_conf_parse(text, "loader.conf", conf, report, NULL);
    *read = text.data;
    return true;
}

bool boot_tree_add(const struct tree *tree, struct entries *entries, struct loader_conf *conf, bool *read,
                   struct failure *failure)
{
    return boot_tree_configure(tree, entries, conf, read, failure) && conf_entries_add(tree, entries, failure) &&
           uki_entries_add(tree, entries, failure);
}

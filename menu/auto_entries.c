/* SPDX-License-Identifier: BSD-2-Clause */
/* EFI applications at well-known places; see auto_entries.h. */
#include "menu/auto_entries.h"

#include <stddef.h>

#include "storage/efi_volumes.h"

/* UEFI 2.10, section 3.5.1.1 for the default loader; the others are where their makers put them. */
static const struct {
    const char *id, *title, *path;
} known[] = {
    { "auto-windows", "Windows Boot Manager", "/EFI/Microsoft/Boot/bootmgfw.efi" },
    { "auto-efi-shell", "EFI Shell", "/shellx64.efi" },
    { "auto-efi-default", "EFI Default Loader", "/EFI/BOOT/BOOTX64.EFI" },
};

/* Whether a file of the size of our own is a copy of it: it is not worth reading both. */
static bool is_copy(const struct tree *tree, const struct tree_node *node)
{
    char path[TREE_PATH_MAX];
    struct tree_node own;
    struct failure ignored;

    return efi_own_path(path) && tree->find(tree, path, &own, &ignored) && own.kind == TREE_FILE &&
           own.size == node->size;
}

bool auto_entries_add(const struct tree *tree, struct entries *entries, struct failure *failure)
{
    for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const struct entry entry = { .kind = ENTRY_EFI,
                                     .id = known[i].id,
                                     .title = known[i].title,
                                     .shown = "",
                                     .version = "",
                                     .machine_id = "",
                                     .sort_key = "",
                                     .problem = "",
                                     .tree = tree,
                                     .path = known[i].path };
        struct tree_node node;

        if (!tree->find(tree, entry.path, &node, failure))
            return false;
        if (node.kind == TREE_FILE && !is_copy(tree, &node) && !entries_add(entries, &entry, failure))
            return false;
    }
    return true;
}

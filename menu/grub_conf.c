/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading grub.cfg; see grub_conf.h. First all of it is executed, which makes items of its menu entries; then the body
 * of each, in a scope of its own, as GRUB does it when a person chooses one.
 */
#include "menu/grub_conf.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "menu/grub_private.h"
#include "storage/path.h"

/* What GRUB has set when it begins. */
static const struct {
    const char *name, *value;
} begun_with[] = {
    { "grub_cpu", "x86_64" },
    { "feature_200_final", "y" },
    { "feature_all_video_module", "y" },
    { "feature_chainloader_bpb", "y" },
    { "feature_default_font_path", "y" },
    { "feature_menuentry_id", "y" },
    { "feature_menuentry_options", "y" },
    { "feature_nativedisk_cmd", "y" },
    { "feature_ntldr", "y" },
    { "feature_platform_search_hint", "y" },
    { "feature_timeout_style", "y" },
};

static void set_directory(struct grub *grub, const char *device, const char *path)
{
    const uint64_t length = (uint64_t)(path_name(path) - path);

    text_format(grub->value, sizeof(grub->value), "(%s)%.*s", device, (int)(length ? length - 1 : 0), path);
    grub_set(&grub->variables, "prefix", grub->value);
    grub_set(&grub->variables, "config_directory", grub->value);
    text_format(grub->value, sizeof(grub->value), "(%s)%s", device, path);
    grub_set(&grub->variables, "config_file", grub->value);
}

static void start(struct grub *grub, const struct volume *volume, const char *path)
{
    char device[32];

    grub_variables_start(&grub->variables);
    for (unsigned i = 0; i < sizeof(begun_with) / sizeof(*begun_with); i++)
        grub_set(&grub->variables, begun_with[i].name, begun_with[i].value);
    grub_set(&grub->variables, "grub_platform", grub->view->efi ? "efi" : "pc");
    grub_device_name(grub->view, volume, device);
    grub_set(&grub->variables, "root", device);
    text_format(grub->value, sizeof(grub->value), "(%s)", device);
    grub_set(&grub->variables, "cmdpath", grub->value);
    set_directory(grub, device, path);
    grub->root = (struct grub_item){ .is_submenu = true, .id = "", .title = "", .version = "", .problem = "" };
    grub->menu = &grub->root;
    grub->status = true;
}

bool grub_entries_add(const struct volumes_view *view, const struct volume *volume, const char *path,
                      struct entries *entries, struct outcome *outcome, struct failure *failure)
{
    struct grub *grub = entries_take(entries, sizeof(*grub), failure);

    *outcome = (struct outcome){ 0 };
    if (!grub)
        return false;
    memset(grub, 0, offsetof(struct grub, variables));
    grub->view = view;
    grub->entries = entries;
    grub->outcome = outcome;
    grub->failure = failure;
    start(grub, volume, path);
    if (grub_enter_file(grub, volume, path, true))
        grub_run(grub);
    if (!grub->fatal)
        grub_add_entries(grub);
    if (!grub->fatal)
        grub_choose(grub);
    return !grub->fatal;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of grub.cfg, one row each; those that name an entry's files are in grub_build.c. See grub_private.h. */
#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "menu/grub_private.h"
#include "menu/grub_test.h"
#include "storage/path.h"

/* NAME=VALUE, of which the name is copied. False where it is none. */
static bool split(const char *word, char *name, const char **value)
{
    const char *equals = strchr(word, '=');
    const uint64_t length = equals ? (uint64_t)(equals - word) : 0;

    if (!length || length >= GRUB_NAME_MAX)
        return false;
    memcpy(name, word, length);
    name[length] = '\0';
    *value = equals + 1;
    return true;
}

static bool do_set(struct grub *grub, const struct grub_command *command)
{
    char name[GRUB_NAME_MAX];
    const char *value;

    if (command->count >= 2 && split(command->word[1], name, &value))
        grub_set_variable(grub, name, value);
    return true;
}

static bool do_unset(struct grub *grub, const struct grub_command *command)
{
    for (uint32_t i = 1; i < command->count; i++)
        grub_set_variable(grub, command->word[i], NULL);
    return true;
}

static bool look(void *context, char kind, const char *path)
{
    const struct tree_node node = grub_probe(context, path);

    switch (kind) {
    case 'd':
        return node.kind == TREE_FOLDER;
    case 'f':
        return node.kind == TREE_FILE;
    case 's':
        return node.kind == TREE_FILE && node.size > 0;
    default:
        return node.kind != TREE_ABSENT;
    }
}

static bool do_test(struct grub *grub, const struct grub_command *command)
{
    return grub_test(command->word + 1, command->count - 1, look, grub);
}

static bool do_brackets(struct grub *grub, const struct grub_command *command)
{
    if (strcmp(command->word[command->count - 1], "]") != 0) {
        grub_report_here(grub, "there is a [ without its ]");
        return false;
    }
    return grub_test(command->word + 1, command->count - 2, look, grub);
}

static bool do_true(struct grub *grub, const struct grub_command *command)
{
    (void)grub;
    (void)command;
    return true;
}

static bool do_false(struct grub *grub, const struct grub_command *command)
{
    (void)grub;
    (void)command;
    return false;
}

/* Long mode is what we run in. */
static bool do_cpuid(struct grub *grub, const struct grub_command *command)
{
    (void)grub;
    return command->count == 2 && (strcmp(command->word[1], "-l") == 0 || strcmp(command->word[1], "-p") == 0);
}

static bool do_return(struct grub *grub, const struct grub_command *command)
{
    return grub_return(grub) && (command->count < 2 || strcmp(command->word[1], "0") == 0);
}

static bool do_source(struct grub *grub, const struct grub_command *command)
{
    const struct volume *volume;
    char path[TREE_PATH_MAX];
    struct failure ignored;

    if (command->count < 2)
        return false;
    if (grub_locate(grub, command->word[1], &volume, path, &ignored))
        grub_enter_file(grub, volume, path, false);
    return true; /* what is not there is no failure, in GRUB either */
}

/* "(hd0,gpt2)/boot/grub" of "(hd0,gpt2)/boot/grub/grub.cfg" */
static void set_directory(struct grub *grub, const char *file)
{
    const uint64_t length = (uint64_t)(path_name(file) - file);

    text_format(grub->value, sizeof(grub->value), "%s", file);
    grub->value[length ? length - 1 : 0] = '\0';
    grub_set_variable(grub, "config_directory", grub->value);
}

/* What follows is that file's. */
static bool do_configfile(struct grub *grub, const struct grub_command *command)
{
    const struct volume *volume;
    char path[TREE_PATH_MAX];
    struct failure failure;

    if (grub->build) {
        grub_build_fail(grub, "grub.cfg", "it leads to another configuration");
        return false;
    }
    if (command->count < 2)
        return false;
    if (!grub_locate(grub, command->word[1], &volume, path, &failure)) {
        grub_report_here(grub, failure.why);
        return false;
    }
    if (look(grub, 'f', command->word[1])) {
        grub_set_variable(grub, "config_file", command->word[1]);
        set_directory(grub, command->word[1]);
    }
    return grub_enter_file(grub, volume, path, true);
}

/* Back to the firmware, or off. `fwsetup --is-supported` only asks; of the firmware there is an entry of ours. */
static bool do_leave(struct grub *grub, const struct grub_command *command)
{
    if (command->count > 1 && strcmp(command->word[1], "--is-supported") == 0)
        return false;
    if (grub->build)
        grub->build->leaves = true;
    grub_leave(grub);
    return true;
}

static const struct {
    char name[20];
    bool (*run)(struct grub *grub, const struct grub_command *command);
} commands[] = {
    { "set", do_set },
    { "unset", do_unset },
    { "[", do_brackets },
    { "test", do_test },
    { "true", do_true },
    { "false", do_false },
    { "search", grub_search },
    { "search.fs_uuid", grub_search_uuid },
    { "search.fs_label", grub_search_label },
    { "search.file", grub_search_file },
    { "load_env", grub_load_env },
    { "source", do_source },
    { ".", do_source },
    { "configfile", do_configfile },
    { "normal", do_configfile },
    { "menuentry", grub_menuentry },
    { "submenu", grub_submenu },
    { "blscfg", grub_blscfg },
    { "return", do_return },
    { "exit", do_leave },
    { "fwsetup", do_leave },
    { "halt", do_leave },
    { "poweroff", do_leave },
    { "reboot", do_leave },
    { "cpuid", do_cpuid },

    /* What has nothing to do with what is started, or is ours to do: as if it were done. */
    { "background_color", do_true },
    { "boot", do_true },
    { "clear", do_true },
    { "cutmem", do_true },
    { "decrement", do_true },
    { "drivemap", do_true },
    { "echo", do_true },
    { "export", do_true },
    { "increment", do_true },
    { "insmod", do_true },
    { "keymap", do_true },
    { "load_video", do_true },
    { "parttool", do_true },
    { "password", do_true },
    { "password_pbkdf2", do_true },
    { "play", do_true },
    { "rmmod", do_true },
    { "save_env", do_true },
    { "serial", do_true },
    { "sleep", do_true },
    { "terminal", do_true },
    { "terminal_input", do_true },
    { "terminal_output", do_true },
    { "terminfo", do_true },

    /* Fonts, pictures and keys there are none. */
    { "background_image", do_false },
    { "hwmatch", do_false },
    { "keystatus", do_false },
    { "loadfont", do_false },
};

static void pass_over(struct grub *grub, const struct grub_command *command)
{
    struct outcome *outcome = grub->outcome;

    if (!outcome->unknown_count++)
        text_format(outcome->unknown, sizeof(outcome->unknown), "%s in %s:%u", command->word[0],
                    path_name(grub_source(grub)->path), command->line);
}

bool grub_execute(struct grub *grub, const struct grub_command *command)
{
    char name[GRUB_NAME_MAX];
    const char *value;
    bool known, done;

    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(commands[i].name, command->word[0]) == 0)
            return commands[i].run(grub, command);
    }
    done = grub_build_command(grub, command, &known);
    if (known)
        return done;
    if (split(command->word[0], name, &value)) { /* NAME=VALUE */
        grub_set_variable(grub, name, value);
        return true;
    }
    pass_over(grub, command);
    return false;
}

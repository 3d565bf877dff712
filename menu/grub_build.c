/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the body of a menu entry of grub.cfg says is to be started: the commands that name files. GNU GRUB manual,
 * "linux", "initrd", "multiboot", "module", "chainloader", "devicetree". See grub_private.h.
 */
#include <stdarg.h>
#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "menu/grub_private.h"
#include "storage/path.h"

void grub_build_fail(struct grub *grub, const char *what, const char *why, ...)
{
    struct grub_build *build = grub->build;
    va_list arguments;

    if (build->failed)
        return;
    build->failed = true;
    fail(&build->problem, what, "it cannot be told why");
    va_start(arguments, why);
    text_vformat(build->problem.why, sizeof(build->problem.why), why, arguments);
    va_end(arguments);
}

/* ---- command lines ---- */

static bool is_special(char byte)
{
    return byte == '\\' || byte == '\'' || byte == '"';
}

static bool is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (text_lower(byte) >= 'a' && text_lower(byte) <= 'f');
}

/* \xHH, which stays as it is. */
static bool is_escape(const char *text)
{
    return text[0] == '\\' && text[1] == 'x' && is_hex(text[2]) && is_hex(text[3]);
}

/* Into `text` at *at, or only counted where that is NULL. */
static void put(char *text, uint64_t *at, char byte)
{
    if (text)
        text[*at] = byte;
    ++*at;
}

/* A word as GRUB gives it to a kernel: in quotes where it has blanks, a backslash before what would end them. */
static void put_word(const char *word, char *text, uint64_t *at)
{
    const bool quotes = strchr(word, ' ');

    if (quotes)
        put(text, at, '"');
    for (; *word; word++) {
        if (is_special(*word) && !is_escape(word))
            put(text, at, '\\');
        put(text, at, *word);
    }
    if (quotes)
        put(text, at, '"');
}

/* The length of the words from the first on, with a blank between two of them, and they themselves. */
static uint64_t put_words(const struct grub_command *command, uint32_t first, char *text)
{
    uint64_t at = 0;

    for (uint32_t i = first; i < command->count; i++) {
        if (i > first)
            put(text, &at, ' ');
        put_word(command->word[i], text, &at);
    }
    if (text)
        text[at] = '\0';
    return at;
}

/* The words of a command from the first on as one text; NULL where fatal is set. */
static const char *join(struct grub *grub, const struct grub_command *command, uint32_t first)
{
    const uint64_t size = put_words(command, first, NULL);
    char *text = entries_take(grub->entries, size + 1, grub->failure);

    grub->fatal = grub->fatal || !text;
    if (!text)
        return NULL;
    put_words(command, first, text);
    if (!text_is_clean((struct span){ (const uint8_t *)text, size })) {
        grub_build_fail(grub, "grub.cfg", "its options have control characters or are not UTF-8");
        return "";
    }
    return text;
}

/* ---- files ---- */

static bool fill_file(struct grub *grub, const char *word, const char *string, struct recipe_file *file)
{
    const struct volume *volume;
    struct failure failure;

    if (!grub_locate(grub, word, &volume, grub->path, &failure)) {
        grub_build_fail(grub, failure.what, "%s", failure.why);
        return false;
    }
    *file = (struct recipe_file){ &volume->tree, grub_keep(grub, grub->path), string };
    return file->path && string;
}

/* Options of the command itself come before its file. */
static uint32_t skip_options(const struct grub_command *command)
{
    uint32_t first = 1;

    while (first < command->count && text_begins_with(command->word[first], "--"))
        first++;
    return first;
}

/* A second kernel takes the first one's place, as in GRUB. */
static bool start_kernel(struct grub *grub, const struct grub_command *command, const char *exit, bool has_modules)
{
    struct grub_build *build = grub->build;
    const uint32_t first = skip_options(command);

    if (first == command->count) {
        grub_build_fail(grub, "grub.cfg", "%s names no file", command->word[0]);
        return false;
    }
    build->recipe.exit = exit;
    build->recipe.module_count = 0;
    build->has_modules = has_modules;
    build->recipe.options = join(grub, command, first + 1);
    return build->recipe.options && fill_file(grub, command->word[first], "", &build->recipe.kernel);
}

static bool do_linux(struct grub *grub, const struct grub_command *command)
{
    return start_kernel(grub, command, "", false);
}

static bool do_multiboot(struct grub *grub, const struct grub_command *command)
{
    return start_kernel(grub, command, "multiboot", true);
}

static bool do_multiboot2(struct grub *grub, const struct grub_command *command)
{
    return start_kernel(grub, command, "multiboot2", true);
}

/* An EFI application; sectors of a disk are none. */
static bool do_chainloader(struct grub *grub, const struct grub_command *command)
{
    const uint32_t first = skip_options(command);

    if (first < command->count && strchr(command->word[first], '+') && !strchr(command->word[first], '/')) {
        grub_build_fail(grub, "grub.cfg", "chainloader %s means a boot sector, which is not started",
                        command->word[first]);
        return false;
    }
    return start_kernel(grub, command, "efi", false);
}

static bool add_module(struct grub *grub, const char *word, const char *string)
{
    struct recipe_draft *recipe = &grub->build->recipe;

    if (recipe->module_count == RECIPE_MODULES_MAX) {
        grub_build_fail(grub, "grub.cfg", "there are more than %u initrds or modules", RECIPE_MODULES_MAX);
        return false;
    }
    if (!fill_file(grub, word, string, &recipe->modules[recipe->module_count]))
        return false;
    recipe->module_count++;
    return true;
}

/* GRUB takes those of the last command. */
static bool do_initrd(struct grub *grub, const struct grub_command *command)
{
    struct grub_build *build = grub->build;
    bool done = true;

    if (!build->recipe.kernel.tree || build->has_modules) {
        grub_build_fail(grub, "grub.cfg", "%s without linux", command->word[0]);
        return false;
    }
    build->recipe.module_count = 0;
    for (uint32_t i = skip_options(command); i < command->count; i++)
        done = add_module(grub, command->word[i], "") && done;
    return done;
}

static bool do_module(struct grub *grub, const struct grub_command *command)
{
    const uint32_t first = skip_options(command);
    const char *string;

    if (!grub->build->recipe.kernel.tree || !grub->build->has_modules) {
        grub_build_fail(grub, "grub.cfg", "%s without multiboot", command->word[0]);
        return false;
    }
    if (first == command->count) {
        grub_build_fail(grub, "grub.cfg", "%s names no file", command->word[0]);
        return false;
    }
    string = join(grub, command, first + 1);
    return string && add_module(grub, command->word[first], string);
}

static bool do_devicetree(struct grub *grub, const struct grub_command *command)
{
    return command->count >= 2 && fill_file(grub, command->word[1], "", &grub->build->recipe.device_tree);
}

/* What GRUB starts and we do not. */
static bool do_other(struct grub *grub, const struct grub_command *command)
{
    grub_build_fail(grub, "grub.cfg", "%s is not known here", command->word[0]);
    return false;
}

static const struct {
    char name[16];
    bool (*run)(struct grub *grub, const struct grub_command *command);
} commands[] = {
    { "linux", do_linux },         { "linux16", do_linux },           { "linuxefi", do_linux },
    { "initrd", do_initrd },       { "initrd16", do_initrd },         { "initrdefi", do_initrd },
    { "multiboot", do_multiboot }, { "multiboot2", do_multiboot2 },   { "module", do_module },
    { "module2", do_module },      { "chainloader", do_chainloader }, { "devicetree", do_devicetree },
    { "ntldr", do_other },         { "freedos", do_other },           { "kfreebsd", do_other },
    { "knetbsd", do_other },       { "kopenbsd", do_other },          { "plan9", do_other },
    { "truecrypt", do_other },     { "xnu_kernel64", do_other },      { "loopback", do_other },
};

bool grub_build_command(struct grub *grub, const struct grub_command *command, bool *known)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(commands[i].name, command->word[0]) != 0)
            continue;
        *known = grub->build;
        return grub->build && commands[i].run(grub, command);
    }
    *known = false;
    return false;
}

const struct recipe *grub_build_recipe(struct grub *grub)
{
    const struct grub_build *build = grub->build;
    const struct recipe *recipe;

    if (!build->recipe.kernel.tree)
        grub_build_fail(grub, "grub.cfg", "it names nothing to start");
    if (build->failed || grub->fatal)
        return NULL;
    recipe = entries_keep_recipe(grub->entries, &build->recipe, grub->failure);
    grub->fatal = !recipe;
    return recipe;
}

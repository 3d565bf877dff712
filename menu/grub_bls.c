/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blscfg: entries of UAPI.1 that grub.cfg of Fedora and its kin has instead of its own. As there, each becomes a menu
 * entry whose body is made of its keys, so that variables in them are those of grub.cfg and grubenv; newest first.
 */
#include <stddef.h>

#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/bls.h"
#include "menu/files.h"
#include "menu/grub_private.h"
#include "menu/version.h"
#include "storage/path.h"

#define FOLDER      "/loader/entries"
#define BOOT_FOLDER "/boot/loader/entries" /* where /boot is no file system of its own */
#define SUFFIX      ".conf"

static struct bls bls NOINIT; /* too large for the stack */

struct found {
    struct grub_source source;
    const char *name; /* without its suffix */
    const char *version;
    const char *problem;
};

/* ---- finding ---- */

static bool locate_folder(struct grub *grub, const char *given, const struct volume **volume, struct failure *failure)
{
    if (*given)
        return grub_locate(grub, given, volume, grub->path, failure);
    if (grub_probe(grub, FOLDER).kind != TREE_FOLDER && grub_probe(grub, BOOT_FOLDER).kind == TREE_FOLDER)
        return grub_locate(grub, BOOT_FOLDER, volume, grub->path, failure);
    return grub_locate(grub, FOLDER, volume, grub->path, failure);
}

static const char *keep_problem(struct grub *grub, const struct failure *problem)
{
    text_format(grub->value, sizeof(grub->value), "%s: %s", problem->what, problem->why);
    return grub_keep(grub, grub->value);
}

/* Reads one as far as it must be to be put in order. False where it is left out, or fatal is set. */
static bool read(struct grub *grub, const struct volume *volume, const char *folder, const char *name,
                 struct found *found)
{
    struct failure problem;
    char path[TREE_PATH_MAX];
    struct span text;

    if (!path_join(folder, name, path))
        return false;
    *found = (struct found){ .source = { volume, grub_keep(grub, path), { NULL, 0 } }, .problem = "" };
    found->name = found->source.path ? path_name(found->source.path) : "";
    bls = (struct bls){ 0 };
    if (!file_text(&volume->tree, path, BLS_FILE_MAX, grub->entries, &text, &problem)) {
        found->problem = keep_problem(grub, &problem);
    } else if (!text.data) {
        return false;
    } else {
        found->source.text = text;
        if (!bls_parse(text, name, &bls, &problem))
            found->problem = keep_problem(grub, &problem);
        else if (!bls_is_ours(bls.architecture))
            return false;
    }
    found->version = entries_text(grub->entries, bls.version, grub->failure);
    grub->fatal = grub->fatal || !found->version;
    return !grub->fatal && found->problem;
}

/* As GRUB has it: those without a version last. */
static bool is_newer(const struct found *a, const struct found *b)
{
    int order;

    if (!*a->version != !*b->version)
        return *a->version;
    order = version_compare(a->version, b->version);
    return order ? order > 0 : version_compare(a->name, b->name) > 0;
}

/* From one that was sorted half to one that is sorted: each goes down to its place in a heap, the oldest at the top. */
static void sink(struct found **heap, uint32_t count, uint32_t at)
{
    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        struct found *moved = heap[at];

        if (child + 1 < count && is_newer(heap[child], heap[child + 1]))
            child++;
        if (!is_newer(moved, heap[child]))
            return;
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

static void sort(struct found **found, uint32_t count)
{
    for (uint32_t i = count / 2; i > 0; i--)
        sink(found, count, i - 1);
    for (uint32_t end = count; end > 1; end--) {
        struct found *oldest = found[0];

        found[0] = found[end - 1];
        found[end - 1] = oldest;
        sink(found, end - 1, 0);
    }
}

/* ---- bodies ---- */

struct body {
    char *text; /* NULL: only counted */
    uint64_t size;
};

static void put(struct body *body, struct span text)
{
    if (body->text && text.size)
        memcpy(body->text + body->size, text.data, text.size);
    body->size += text.size;
}

static void put_text(struct body *body, const char *text)
{
    put(body, text_span(text));
}

static void put_path(struct body *body, const char *key, struct span path)
{
    put_text(body, key);
    put_text(body, path.size && *path.data == '/' ? " ($root)" : " ($root)/");
    put(body, path);
}

static const char *command_of(enum bls_kernel kind)
{
    switch (kind) {
    case BLS_MULTIBOOT2:
        return "multiboot2";
    case BLS_EFI:
    case BLS_UKI:
        return "chainloader";
    default:
        return "linux";
    }
}

static void put_body(struct body *body)
{
    put_path(body, command_of(bls.kernel_kind), bls.kernel);
    for (uint32_t i = 0; i < bls.options_count; i++) {
        put_text(body, " ");
        put(body, bls.options[i]);
    }
    put_text(body, "\n");
    for (uint32_t i = 0; i < bls.module_count; i++) {
        const bool is_module = bls.kernel_kind == BLS_MULTIBOOT2;

        put_path(body, is_module ? "module2" : i ? "" : "initrd", bls.modules[i].path);
        put_text(body, " ");
        put(body, bls.modules[i].string);
        put_text(body, is_module ? "\n" : "");
    }
    put_text(body, "\n");
    if (bls.devicetree.data)
        put_path(body, "devicetree", bls.devicetree);
}

/* Of the file that was parsed last. */
static bool fill_body(struct grub *grub, struct grub_item *item)
{
    struct body body = { NULL, 0 };

    put_body(&body);
    body.text = entries_take(grub->entries, body.size, grub->failure);
    grub->fatal = !body.text;
    if (!body.text)
        return false;
    body.size = 0;
    put_body(&body);
    item->body = (struct grub_reader){ { (const uint8_t *)body.text, body.size }, 1 };
    return true;
}

static bool add(struct grub *grub, const struct found *found)
{
    struct failure ignored; /* said in its problem */
    struct grub_item *item = grub_add_item(grub);

    if (!item)
        return false;
    if (found->source.text.data)
        bls_parse(found->source.text, found->name, &bls, &ignored);
    else
        bls = (struct bls){ 0 };
    item->id = found->name;
    item->title = entries_text(grub->entries, bls.title.data ? bls.title : text_span(found->name), grub->failure);
    item->version = found->version;
    item->source = &found->source;
    item->problem = found->problem;
    grub->fatal = !item->title;
    return !grub->fatal && (item->problem[0] || fill_body(grub, item));
}

/* ---- the command ---- */

static bool add_folder(struct grub *grub, const struct volume *volume, const char *folder)
{
    struct found **sorted, *found;
    struct file_name *file;
    uint32_t count = 0, kept = 0;
    struct failure failure;

    if (!files_in(&volume->tree, folder, SUFFIX, grub->entries, &file, &failure)) {
        grub_report_here(grub, failure.why);
        return false;
    }
    for (const struct file_name *each = file; each; each = each->next)
        count++;
    sorted = entries_take(grub->entries, count * sizeof(*sorted), grub->failure);
    found = sorted ? entries_take(grub->entries, count * sizeof(*found), grub->failure) : NULL;
    grub->fatal = !found;
    for (; file && !grub->fatal; file = file->next) {
        if (read(grub, volume, folder, file->name, &found[kept])) {
            sorted[kept] = &found[kept];
            kept++;
        }
    }
    if (grub->fatal)
        return false;
    sort(sorted, kept);
    for (uint32_t i = 0; i < kept && !grub->fatal; i++)
        add(grub, sorted[i]);
    return kept;
}

/* blscfg [FOLDER]; the variable blsdir says it, too. A folder is read once. */
bool grub_blscfg(struct grub *grub, const struct grub_command *command)
{
    struct outcome *outcome = grub->outcome;
    const char *given = command->count >= 2 ? command->word[1] : "";
    const struct volume *volume;
    struct failure failure;
    const char *folder;

    if (*given && *given != '/' && *given != '(') /* "default" and "non-default" of old ones */
        given = "";
    if (!*given)
        given = grub_variable(grub, "blsdir");
    if (!locate_folder(grub, given, &volume, &failure)) {
        grub_report_here(grub, failure.why);
        return false;
    }
    for (uint32_t i = 0; i < outcome->folder_count; i++) {
        if (outcome->folders[i].tree == &volume->tree && strcmp(outcome->folders[i].path, grub->path) == 0)
            return true;
    }
    folder = grub_keep(grub, grub->path);
    if (!folder || outcome->folder_count == OUTCOME_FOLDERS_MAX)
        return false;
    outcome->folders[outcome->folder_count++] = (struct outcome_file){ &volume->tree, folder };
    return add_folder(grub, volume, folder);
}

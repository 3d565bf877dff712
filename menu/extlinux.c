/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading extlinux.conf; see extlinux.h. Keywords have no case; what stands before the first LABEL concerns all labels.
 * Configurations in one another lie on a stack.
 */
#include "menu/extlinux.h"

#include <stdarg.h>
#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/conf.h"
#include "menu/files.h"
#include "storage/path.h"

#define DEPTH_MAX   8 /* files in one another */
#define REPORTS_MAX 16

/* What stands behind a LABEL. data NULL: not given. */
struct label {
    bool open;
    struct span name, title, kernel, append, initrd, device_tree;
    bool is_sector; /* a boot sector, or an image of a disk */
    bool left_out;  /* Syslinux's own business */
    bool is_default;
};

struct file {
    struct conf_reader reader;
    const char *path;
    struct span text;
};

struct parser {
    const struct volume *volume;
    const char *path; /* of the configuration that all others are relative to */
    struct entries *entries;
    struct outcome *outcome;
    bool fatal; /* nothing goes on: *failure says why */
    struct failure *failure;
    uint32_t reports, line;
    uint32_t depth;
    struct file file[DEPTH_MAX];
    bool in_text; /* between TEXT HELP and ENDTEXT */
    bool asks, hidden;
    bool has_timeout;
    uint64_t tenths;
    struct span wanted, on_timeout, append;
    const char *menu_default; /* the id of a label with MENU DEFAULT; "": none has */
    const char *first;        /* the id of the first entry */
    struct label label;
    struct recipe_draft draft;
    bool failed;
    struct failure problem; /* of the label */
};

static struct parser parser NOINIT; /* too large for the stack */

/* ---- what is told ---- */

static void report(const char *why, ...) __attribute__((format(printf, 1, 2)));

static void report(const char *why, ...)
{
    struct failure failure;
    va_list arguments;

    if (parser.reports++ >= REPORTS_MAX)
        return;
    conf_fail(&failure, parser.file[parser.depth - 1].path, parser.line, "it cannot be told why");
    va_start(arguments, why);
    text_vformat(failure.why, sizeof(failure.why), why, arguments);
    va_end(arguments);
    warn("%s: %s", failure.what, failure.why);
}

static void pass_over(struct span what)
{
    struct outcome *outcome = parser.outcome;

    if (!outcome->unknown_count++)
        text_format(outcome->unknown, sizeof(outcome->unknown), "%.*s in %s:%u", what.size < 32 ? (int)what.size : 32,
                    (const char *)what.data, path_name(parser.file[parser.depth - 1].path), parser.line);
}

static void set_problem(const struct failure *problem)
{
    if (!parser.failed)
        parser.problem = *problem;
    parser.failed = true;
}

static const char *keep(struct span text)
{
    const char *kept = entries_text(parser.entries, text, parser.failure);

    parser.fatal = parser.fatal || !kept;
    return kept ? kept : "";
}

/* ---- words ---- */

static struct span first_word(struct span text)
{
    struct span word = { text.data, 0 };

    text_next_word(&text, &word);
    return word;
}

static struct span behind_word(struct span text)
{
    struct span word;

    text_next_word(&text, &word);
    while (text.size && (*text.data == ' ' || *text.data == '\t')) {
        text.data++;
        text.size--;
    }
    return text;
}

/* ---- files ---- */

/* "../" goes up from the configuration's folder, "::" down from the root. Path of TREE_PATH_MAX bytes. */
static bool resolve(struct span word, char *path, struct failure *failure)
{
    char base[TREE_PATH_MAX];
    struct span rest;

    text_format(base, sizeof(base), "%s", parser.path);
    if (text_prefix(word, "::", &rest))
        return path_normalise(rest, path, failure);
    while (text_prefix(word, "../", &rest) || text_prefix(word, "./", &rest)) {
        if (word.size - rest.size == 3) {
            const uint64_t length = (uint64_t)(path_name(base) - base);

            if (length <= 1)
                return fail(failure, "path", "'%s' leaves the tree", keep(word));
            base[length - 1] = '\0'; /* the folder's own name is then the file's */
        }
        word = rest;
    }
    return path_relative(base, word, path, failure);
}

static bool fill_file(struct span word, const char *string, struct recipe_file *file)
{
    struct failure problem;
    char path[TREE_PATH_MAX];

    if (!resolve(word, path, &problem)) {
        set_problem(&problem);
        return false;
    }
    *file = (struct recipe_file){ &parser.volume->tree, keep(text_span(path)), string };
    return true;
}

static void add_module(struct span word, const char *string)
{
    struct failure problem;

    if (parser.draft.module_count == RECIPE_MODULES_MAX) {
        fail(&problem, "extlinux", "there are more than %u initrds or modules", RECIPE_MODULES_MAX);
        set_problem(&problem);
    } else if (fill_file(word, string, &parser.draft.modules[parser.draft.module_count])) {
        parser.draft.module_count++;
    }
}

/* Names with commas between them. */
static void add_initrds(struct span list)
{
    while (list.size && !parser.fatal) {
        struct span name = { list.data, 0 };

        while (name.size < list.size && list.data[name.size] != ',')
            name.size++;
        if (name.size)
            add_module(name, "");
        list.data += name.size;
        list.size -= name.size;
        if (list.size) { /* the comma */
            list.data++;
            list.size--;
        }
    }
}

/* ---- labels ---- */

static bool ends_with(struct span text, const char *suffix)
{
    const uint64_t length = strlen(suffix);

    return text.size >= length && text_same((struct span){ text.data + text.size - length, length }, suffix);
}

/* The options without initrd=, which is for the loader; of several the last holds. NULL where fatal is set. */
static const char *take_options(struct span append, struct span *initrd)
{
    char *options = entries_take(parser.entries, append.size + 1, parser.failure);
    struct span rest = append, word;
    uint64_t length = 0;

    parser.fatal = parser.fatal || !options;
    if (!options)
        return NULL;
    while (text_next_word(&rest, &word)) {
        if (text_prefix(word, "initrd=", initrd))
            continue;
        if (length)
            options[length++] = ' ';
        memcpy(options + length, word.data, word.size);
        length += word.size;
    }
    options[length] = '\0';
    return options;
}

static void build_linux(const struct label *label, struct span append)
{
    struct span initrd = { NULL, 0 };
    const char *options = take_options(append, &initrd);

    if (!options)
        return;
    parser.draft.options = options;
    if (!fill_file(label->kernel, "", &parser.draft.kernel))
        return;
    add_initrds(label->initrd.data ? label->initrd : initrd);
    if (label->device_tree.data)
        fill_file(label->device_tree, "", &parser.draft.device_tree);
}

/* The words up to the next `---` off the front of *rest. */
static struct span take_part(struct span *rest)
{
    struct span part = { rest->data, 0 }, word;

    while (text_next_word(rest, &word)) {
        if (text_equals(word, "---"))
            return part;
        part.size = (uint64_t)(word.data + word.size - part.data);
    }
    return part;
}

/* mboot.c32: KERNEL OPTIONS --- MODULE STRING --- … */
static void build_multiboot(struct span append)
{
    struct failure problem;
    struct span rest = append, part, name;

    parser.draft.exit = "multiboot";
    while (rest.size && !parser.fatal) {
        const char *string;

        part = take_part(&rest);
        if (!text_next_word(&part, &name))
            continue;
        string = keep(behind_word((struct span){ name.data, (uint64_t)(part.data + part.size - name.data) }));
        if (parser.draft.kernel.tree) {
            add_module(name, string);
        } else {
            parser.draft.options = string;
            if (!fill_file(name, "", &parser.draft.kernel))
                return;
        }
    }
    if (!parser.draft.kernel.tree) {
        fail(&problem, "extlinux", "mboot.c32 is told of no kernel");
        set_problem(&problem);
    }
}

static void build(const struct label *label)
{
    struct span append = label->append.data ? label->append : parser.append;
    struct failure problem;

    if (text_equals(append, "-"))
        append = (struct span){ NULL, 0 };
    recipe_draft_start(&parser.draft);
    if (!label->kernel.data) {
        fail(&problem, "extlinux", "it names nothing to start");
        set_problem(&problem);
    } else if (ends_with(label->kernel, "mboot.c32")) {
        build_multiboot(append);
    } else if (label->is_sector) {
        fail(&problem, "extlinux", "'%.*s' means a boot sector or an image of one, which is not started",
             label->kernel.size < 64 ? (int)label->kernel.size : 64, (const char *)label->kernel.data);
        set_problem(&problem);
    } else {
        build_linux(label, append);
    }
}

/* Its title has a ^ before the key that chooses it. */
static const char *make_title(struct span given)
{
    char *title = (char *)keep(given);
    uint64_t length = 0;

    if (!*title)
        return title;
    for (uint64_t i = 0; title[i]; i++) {
        if (title[i] != '^')
            title[length++] = title[i];
    }
    title[length] = '\0';
    return title;
}

static void add_entry(const struct label *label)
{
    const struct file *file = &parser.file[0];
    struct entry entry = { .kind = ENTRY_RECIPE, .tree = &parser.volume->tree, .path = parser.path };

    entry.content = file->text;
    entry.id = keep(label->name);
    entry.title = label->title.size ? make_title(label->title) : entry.id;
    if (parser.failed) {
        char text[sizeof(parser.problem.what) + sizeof(parser.problem.why) + 4];

        text_format(text, sizeof(text), "%s: %s", parser.problem.what, parser.problem.why);
        entry.problem = keep(text_span(text));
    } else {
        entry.recipe = entries_keep_recipe(parser.entries, &parser.draft, parser.failure);
        parser.fatal = parser.fatal || !entry.recipe;
    }
    if (parser.fatal)
        return;
    parser.fatal = !entries_add(parser.entries, &entry, parser.failure);
    parser.outcome->added += !parser.fatal;
    if (parser.failed)
        return;
    if (!*parser.first)
        parser.first = entry.id;
    if (label->is_default)
        parser.menu_default = entry.id;
}

static void close_label(void)
{
    const struct label *label = &parser.label;

    if (label->open && label->left_out) {
        pass_over(label->name);
    } else if (label->open && !parser.fatal) {
        parser.failed = false;
        build(label);
        if (!parser.fatal)
            add_entry(label);
    }
    parser.label = (struct label){ .open = false };
}

/* ---- lines ---- */

/* False where it is not there, or cannot be read: then *failure says so. */
static bool push_file(const char *path, struct failure *failure)
{
    struct outcome *outcome = parser.outcome;
    struct span text;
    const char *kept;

    if (parser.depth == DEPTH_MAX || outcome->file_count == OUTCOME_FILES_MAX)
        return fail(failure, path, "too many files in one another");
    if (!file_text(&parser.volume->tree, path, CONF_FILE_MAX, parser.entries, &text, failure))
        return false;
    if (!text.data)
        return fail(failure, path, "there is no %s", path);
    kept = keep(text_span(path));
    outcome->files[outcome->file_count++] = (struct outcome_file){ &parser.volume->tree, kept };
    parser.file[parser.depth] = (struct file){ .path = kept, .text = text };
    conf_start(&parser.file[parser.depth++].reader, text);
    return true;
}

static void open_file(struct span word)
{
    char path[TREE_PATH_MAX];
    struct failure failure;

    if (!resolve(word, path, &failure) || !push_file(path, &failure))
        report("%s", failure.why);
}

/* MENU WORD …; colours, sizes and the like are passed over quietly. */
static void read_menu(struct span value)
{
    const struct span word = first_word(value), rest = behind_word(value);

    parser.asks = true;
    if (text_same(word, "label") && parser.label.open)
        parser.label.title = rest;
    else if (text_same(word, "default") && parser.label.open)
        parser.label.is_default = true;
    else if (text_same(word, "separator") || text_same(word, "begin") || text_same(word, "end"))
        close_label();
    else if (text_same(word, "exit") || text_same(word, "goto") || text_same(word, "quit"))
        parser.label.left_out = true;
    else if (text_same(word, "hidden"))
        parser.hidden = true;
    else if (text_same(word, "include"))
        open_file(first_word(rest));
}

static void read_timeout(struct span value)
{
    if (!text_number(first_word(value), &parser.tenths))
        report("TIMEOUT '%.*s' is no number", value.size < 32 ? (int)value.size : 32, (const char *)value.data);
    else
        parser.has_timeout = true;
}

/* A kernel's name tells that it is none: doc/syslinux.txt, "KERNEL file". */
static bool is_sector_name(struct span kernel)
{
    static const char *const suffixes[] = { ".0", ".bin", ".bs", ".bss", ".com", ".cbt", ".img" };

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        if (ends_with(kernel, suffixes[i]))
            return true;
    }
    return false;
}

static void read_kernel(struct span key, struct span value)
{
    struct label *label = &parser.label;
    const bool guess = text_same(key, "kernel");

    label->kernel = first_word(value);
    label->is_sector = guess ? is_sector_name(label->kernel) : !text_same(key, "linux") && !text_same(key, "com32");
    label->left_out = ends_with(label->kernel, ".c32") && !ends_with(label->kernel, "mboot.c32");
}

/* What belongs to the label that is open. False where it is something else. */
static bool read_of_label(struct span key, struct span value)
{
    struct label *label = &parser.label;

    if (text_same(key, "kernel") || text_same(key, "linux") || text_same(key, "com32") || text_same(key, "boot") ||
        text_same(key, "bss") || text_same(key, "pxe") || text_same(key, "fdimage"))
        read_kernel(key, value);
    else if (text_same(key, "initrd"))
        label->initrd = first_word(value);
    else if (text_same(key, "append"))
        label->append = value;
    else if (text_same(key, "fdt") || text_same(key, "devicetree"))
        label->device_tree = first_word(value);
    else if (text_same(key, "localboot") || text_same(key, "config"))
        label->left_out = true;
    else
        return false;
    return true;
}

static bool read_of_all(struct span key, struct span value)
{
    if (text_same(key, "default")) {
        parser.wanted = value;
        parser.asks = parser.asks || ends_with(first_word(value), "menu.c32");
    } else if (text_same(key, "ontimeout")) {
        parser.on_timeout = value;
    } else if (text_same(key, "timeout")) {
        read_timeout(value);
    } else if (text_same(key, "prompt")) {
        parser.asks = parser.asks || !text_equals(first_word(value), "0");
    } else if (text_same(key, "ui")) {
        parser.asks = true;
    } else if (text_same(key, "include")) {
        open_file(first_word(value));
    } else if (text_same(key, "append")) {
        parser.append = value;
    } else {
        return false;
    }
    return true;
}

/* What is for screens, keys and networks. */
static bool is_quiet(struct span key)
{
    static const char *const keys[] = { "allowoptions",  "console",     "display",      "endtext",  "fdtdir",
                                        "devicetreedir", "fdtoverlays", "font",         "implicit", "ipappend",
                                        "kbdmap",        "nocomplete",  "noescape",     "nohalt",   "say",
                                        "serial",        "sysappend",   "totaltimeout", "fallback" };

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (text_same(key, keys[i]))
            return true;
    }
    return (key.size == 2 || key.size == 3) && text_lower((char)key.data[0]) == 'f' && key.data[1] >= '0' &&
           key.data[1] <= '9';
}

static void read_line(const struct conf_line *line)
{
    parser.line = line->number;
    if (parser.in_text) {
        parser.in_text = line->problem || !text_same(line->key, "endtext");
    } else if (line->problem) {
        report("it %s", line->problem);
    } else if (text_same(line->key, "text")) {
        parser.in_text = true;
    } else if (text_same(line->key, "label")) {
        close_label();
        parser.label = (struct label){ .open = true, .name = first_word(line->value) };
        if (!line->value.size) {
            report("LABEL has no name");
            parser.label.open = false;
        }
    } else if (text_same(line->key, "menu")) {
        read_menu(line->value);
    } else if (!(parser.label.open && read_of_label(line->key, line->value)) && !read_of_all(line->key, line->value) &&
               !is_quiet(line->key)) {
        pass_over(line->key);
    }
}

/* ---- the default ---- */

/* The id of an entry that can be started, which a text begins with; "" where none is. */
static const char *find(struct span wanted, uint32_t first)
{
    const struct span name = first_word(wanted);

    for (uint32_t i = first; i < parser.entries->count; i++) {
        const struct entry *entry = &parser.entries->entry[i];

        if (text_same(name, entry->id) && entry->recipe)
            return entry->id;
    }
    return "";
}

static void choose(uint32_t first)
{
    struct loader_conf *conf = &parser.outcome->conf;
    const char *id = find(parser.on_timeout, first);

    if (!*id)
        id = parser.menu_default;
    if (!*id)
        id = find(parser.wanted, first);
    if (!*id)
        id = parser.first;
    if (*id)
        conf->default_entry = text_span(id);
    if (!parser.asks) { /* nobody is asked */
        conf->has_timeout = true;
    } else if (parser.has_timeout) {
        const uint64_t seconds = parser.tenths / 10 + (parser.tenths % 10 != 0);

        conf->has_timeout = true;
        conf->timeout = !seconds ? TIMEOUT_FORCE : parser.hidden ? TIMEOUT_HIDDEN : TIMEOUT_SECONDS;
        if (conf->timeout == TIMEOUT_SECONDS)
            conf->seconds = seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
    }
}

bool extlinux_entries_add(const struct volume *volume, const char *path, struct entries *entries,
                          struct outcome *outcome, struct failure *failure)
{
    const uint32_t first = entries->count;
    struct tree_node node;
    struct failure problem;
    struct conf_line line;

    *outcome = (struct outcome){ 0 };
    parser = (struct parser){ .volume = volume, .entries = entries, .outcome = outcome, .failure = failure };
    parser.menu_default = parser.first = "";
    parser.path = keep(text_span(path));
    if (parser.fatal)
        return false;
    if (!volume->tree.find(&volume->tree, path, &node, &problem) || node.kind == TREE_ABSENT)
        return true;
    if (!push_file(path, &problem)) {
        warn("%s: %s: %s", volume->tree.name, problem.what, problem.why);
        return !parser.fatal;
    }
    while (parser.depth && !parser.fatal) {
        if (conf_next(&parser.file[parser.depth - 1].reader, &line)) {
            read_line(&line);
            continue;
        }
        if (parser.depth == 1)
            close_label();
        parser.depth--;
    }
    if (!parser.fatal)
        choose(first);
    return !parser.fatal;
}

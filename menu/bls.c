/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading an entry; see bls.h. UAPI.1, "Type #1 Boot Loader Entry Keys" and "Standard-conformance Marker File". A value
 * is what stands there, quotes included. Pure: compiled natively for tests.
 */
#include "menu/bls.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"

/* The keys that have one text. */
static const struct {
    char key[16];
    bool is_file; /* so that it must have a value */
    size_t field; /* in struct bls */
} texts[] = {
    { "title", false, offsetof(struct bls, title) },
    { "version", false, offsetof(struct bls, version) },
    { "machine-id", false, offsetof(struct bls, machine_id) },
    { "sort-key", false, offsetof(struct bls, sort_key) },
    { "architecture", false, offsetof(struct bls, architecture) },
    { "devicetree", true, offsetof(struct bls, devicetree) },
};

static const char kernel_keys[][12] = {
    [BLS_NONE] = "",   [BLS_LINUX] = "linux",           [BLS_EFI] = "efi",
    [BLS_UKI] = "uki", [BLS_MULTIBOOT2] = "multiboot2", [BLS_PVH] = "pvh",
};

#define TEXTS   (sizeof(texts) / sizeof(texts[0]))
#define KERNELS (sizeof(kernel_keys) / sizeof(kernel_keys[0]))

struct parser {
    const char *name;
    struct bls *bls;
    bool has_profile;
    uint32_t first_initrd, first_module; /* lines; 0: none */
};

const char *bls_kernel_key(enum bls_kernel kind)
{
    return (unsigned)kind < KERNELS ? kernel_keys[kind] : "";
}

/* %.*s of a key or a value: not so much of it that nothing else fits. */
static int shown(struct span text)
{
    return text.size < 64 ? (int)text.size : 64;
}

static bool no_value(const struct parser *parser, const struct conf_line *line, struct failure *failure)
{
    return conf_fail(failure, parser->name, line->number, "%.*s has no value", shown(line->key),
                     (const char *)line->key.data);
}

static bool twice(const struct parser *parser, const struct conf_line *line, struct failure *failure)
{
    return conf_fail(failure, parser->name, line->number, "%.*s is given twice", shown(line->key),
                     (const char *)line->key.data);
}

/* The row of texts[] that has this key; TEXTS where none has. */
static size_t find_text(struct span key)
{
    size_t row = 0;

    while (row < TEXTS && !text_equals(key, texts[row].key))
        row++;
    return row;
}

static enum bls_kernel find_kernel(struct span key)
{
    for (unsigned kind = BLS_LINUX; kind < KERNELS; kind++) {
        if (text_equals(key, kernel_keys[kind]))
            return kind;
    }
    return BLS_NONE;
}

static bool read_text(struct parser *parser, const struct conf_line *line, size_t row, struct failure *failure)
{
    struct span *field = (struct span *)((uint8_t *)parser->bls + texts[row].field);

    if (!line->value.size)
        return !texts[row].is_file || no_value(parser, line, failure);
    if (field->data)
        return twice(parser, line, failure);
    *field = line->value;
    return true;
}

static bool read_kernel(struct parser *parser, const struct conf_line *line, enum bls_kernel kind,
                        struct failure *failure)
{
    struct bls *bls = parser->bls;

    if (!line->value.size)
        return no_value(parser, line, failure);
    if (bls->kernel_kind == kind)
        return twice(parser, line, failure);
    if (bls->kernel_kind)
        return conf_fail(failure, parser->name, line->number, "%s beside %s: an entry has one kernel",
                         kernel_keys[kind], kernel_keys[bls->kernel_kind]);
    bls->kernel_kind = kind;
    bls->kernel = line->value;
    return true;
}

/* `module PATH STRING…`: the path ends at the first blank. */
static struct bls_module split_module(struct span value)
{
    struct bls_module module = { .path = { value.data, 0 } };

    while (module.path.size < value.size && value.data[module.path.size] != ' ' && value.data[module.path.size] != '\t')
        module.path.size++;
    module.string = (struct span){ value.data + module.path.size, value.size - module.path.size };
    while (module.string.size && (*module.string.data == ' ' || *module.string.data == '\t')) {
        module.string.data++;
        module.string.size--;
    }
    return module;
}

static bool read_module(struct parser *parser, const struct conf_line *line, bool is_initrd, struct failure *failure)
{
    struct bls *bls = parser->bls;
    uint32_t *first = is_initrd ? &parser->first_initrd : &parser->first_module;

    if (!line->value.size)
        return no_value(parser, line, failure);
    if (bls->module_count == BLS_MODULES_MAX)
        return conf_fail(failure, parser->name, line->number, "there are more than %u initrds or modules",
                         BLS_MODULES_MAX);
    if (!*first)
        *first = line->number;
    bls->modules[bls->module_count++] =
        is_initrd ? (struct bls_module){ .path = line->value, .string = { line->value.data, 0 } }
                  : split_module(line->value);
    return true;
}

static bool read_options(struct parser *parser, const struct conf_line *line, struct failure *failure)
{
    struct bls *bls = parser->bls;

    if (!line->value.size)
        return true;
    if (bls->options_count == BLS_OPTIONS_MAX)
        return conf_fail(failure, parser->name, line->number, "there are more than %u lines of options",
                         BLS_OPTIONS_MAX);
    bls->options[bls->options_count++] = line->value;
    return true;
}

static bool read_profile(struct parser *parser, const struct conf_line *line, struct failure *failure)
{
    uint64_t value;

    if (!line->value.size)
        return no_value(parser, line, failure);
    if (parser->has_profile)
        return twice(parser, line, failure);
    parser->has_profile = true;
    if (!text_number(line->value, &value) || value > UINT32_MAX)
        return conf_fail(failure, parser->name, line->number, "profile '%.*s' is no number", shown(line->value),
                         (const char *)line->value.data);
    parser->bls->profile = (uint32_t)value;
    return true;
}

static bool read_line(struct parser *parser, const struct conf_line *line, struct failure *failure)
{
    if (line->problem)
        return conf_fail(failure, parser->name, line->number, "it %s", line->problem);

    size_t row = find_text(line->key);
    enum bls_kernel kind = find_kernel(line->key);

    if (row < TEXTS)
        return read_text(parser, line, row, failure);
    if (kind != BLS_NONE)
        return read_kernel(parser, line, kind, failure);
    if (text_equals(line->key, "options"))
        return read_options(parser, line, failure);
    if (text_equals(line->key, "initrd"))
        return read_module(parser, line, true, failure);
    if (text_equals(line->key, "module"))
        return read_module(parser, line, false, failure);
    if (text_equals(line->key, "profile"))
        return read_profile(parser, line, failure);
    if (!parser->bls->unknown_count++)
        parser->bls->unknown = line->key;
    return true;
}

/* What no single line is to blame for. */
static bool check(const struct parser *parser, struct failure *failure)
{
    const struct bls *bls = parser->bls;

    if (!bls->kernel_kind)
        return conf_fail(failure, parser->name, 0, "nothing to start: no linux, efi, uki, multiboot2 or pvh");
    if (bls->kernel_kind == BLS_MULTIBOOT2 && parser->first_initrd)
        return conf_fail(failure, parser->name, parser->first_initrd, "initrd with multiboot2, which has modules");
    if (bls->kernel_kind != BLS_MULTIBOOT2 && parser->first_module)
        return conf_fail(failure, parser->name, parser->first_module, "module with %s, which has initrds",
                         bls_kernel_key(bls->kernel_kind));
    return true;
}

bool bls_parse(struct span text, const char *name, struct bls *bls, struct failure *failure)
{
    struct parser parser = { .name = name, .bls = bls };
    struct conf_reader reader;
    struct conf_line line;
    struct failure found;
    bool good = true;

    memset(bls, 0, sizeof(*bls));
    if (text.size > BLS_FILE_MAX)
        return conf_fail(failure, name, 0, "it has %lu bytes, more than %u", text.size, BLS_FILE_MAX);
    conf_start(&reader, text);
    while (conf_next(&reader, &line)) {
        if (read_line(&parser, &line, &found))
            continue;
        if (good)
            *failure = found; /* the first is told, the others are read for what they have */
        good = false;
    }
    return good && check(&parser, failure);
}

bool bls_is_ours(struct span architecture)
{
    return !architecture.data || text_same(architecture, "x64");
}

bool bls_srel_is_type1(struct span text)
{
    struct span rest;

    if (!text.data)
        return true;
    if (!text_prefix(text, "type1", &rest))
        return false;
    for (uint64_t i = 0; i < rest.size; i++) {
        if (!rest.data[i] || !strchr(" \t\r\n", rest.data[i]))
            return false;
    }
    return true;
}

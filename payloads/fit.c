/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a FIT's configurations are made of; see fit.h. Its nodes are in fit_tree.c, hashes and signatures in
 * fit_verify.c. Pure: compiled natively for tests.
 */
#include "payloads/fit.h"

#include <libfdt.h>
#include <stdalign.h>
#include <stddef.h>

#include "common/checked.h"
#include "common/heap.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "payloads/fit_verify.h"
#include "payloads/library.h"

#define DATA_ALIGN    4    /* "data-offset": from the end of the tree, rounded up to this */
#define COMMAND_LINE  4096 /* bytes, with the NUL */
#define DEVICE_TREE   (16u << 20)
#define KEY_NAME_SIZE sizeof(((struct fit_key *)NULL)->name)
#define MODULUS_SHORT (2048 / 8)
#define MODULUS_LONG  (4096 / 8)
#define EXPONENT_MAX  8

static struct fit_tree tree NOINIT; /* of the FIT that is being looked at; too large for the stack */

static uint32_t child(uint32_t parent, const char *name)
{
    return fit_child(&tree, parent, text_span(name));
}

/* ---- images ---- */

/* Where its bytes are: in the tree, or outside at a position in the file or behind the tree. */
static bool find_data(struct span content, uint32_t image, struct span *data, struct failure *failure)
{
    const char *name = tree.nodes[image].name;
    uint64_t total = fdt_totalsize(tree.fdt), at;
    uint32_t position, offset, size;
    bool has_position, has_offset, has_size;
    int length;
    const void *inside = fdt_getprop(tree.fdt, tree.nodes[image].offset, "data", &length);

    if (!fit_number(&tree, image, "data-position", &has_position, &position, failure) ||
        !fit_number(&tree, image, "data-offset", &has_offset, &offset, failure) ||
        !fit_number(&tree, image, "data-size", &has_size, &size, failure))
        return false;
    if (!!inside + has_position + has_offset != 1)
        return fail(failure, "FIT", "image %s has %s", name,
                    inside || has_position || has_offset ? "data in several places" : "no data");
    if (inside) {
        *data = (struct span){ inside, (uint64_t)length };
        return true;
    }
    at = has_position ? position : ((total + DATA_ALIGN - 1) & ~(DATA_ALIGN - 1ull)) + offset;
    if (!has_size)
        return fail(failure, "FIT", "image %s has no data-size", name);
    if (at < total)
        return fail(failure, "FIT", "the data of image %s, at 0x%lx, overlap the tree", name, at);
    if (!checked_within(at, size, content.size))
        return fail(failure, "FIT", "image %s, 0x%x bytes at 0x%lx, ends outside its %lu bytes", name, size, at,
                    content.size);
    *data = (struct span){ content.data + at, size };
    return true;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++) {
        if (!strcmp(text, *list))
            return true;
    }
    return false;
}

/* Its type has to be one of a list; *compression: that of its data, "none" where it does not say. */
static bool check_kind(uint32_t image, const char *const *types, const char **compression, struct failure *failure)
{
    static const char *const architectures[] = { "x86_64", "x86", NULL };
    const char *name = tree.nodes[image].name, *type, *architecture;

    if (!fit_string(&tree, image, "type", &type, failure) ||
        !fit_string(&tree, image, "arch", &architecture, failure) ||
        !fit_string(&tree, image, "compression", compression, failure))
        return false;
    if (!type || !is_one_of(type, types))
        return fail(failure, "FIT", "image %s is a %s, not a %s", name, type ? type : "thing without a type", types[0]);
    if (architecture && !is_one_of(architecture, architectures))
        return fail(failure, "FIT", "image %s is for another architecture: %s", name, architecture);
    if (child(image, "cipher"))
        return fail(failure, "FIT", "image %s is encrypted", name);
    if (!*compression)
        *compression = "none";
    return true;
}

/* ---- fit_is, fit_parse ---- */

/*
 * Whether the root has both folders. Not by libfdt, which reads nothing that is not aligned: what is one shall be told
 * from what is none wherever it lies. Ends, because `at` grows each time.
 */
static bool has_folders(const uint8_t *block, uint64_t size)
{
    bool has_images = false, has_configurations = false;
    uint64_t at = 0, depth = 0, length = 0;

    while (!(has_images && has_configurations) && checked_within(at, FDT_TAGSIZE, size)) {
        uint32_t tag = fdt32_ld((const fdt32_t *)(block + at));

        at += FDT_TAGSIZE;
        if (tag == FDT_BEGIN_NODE) {
            length = strnlen((const char *)block + at, size - at);
            if (length == size - at)
                return false;
            if (depth++ == 1) {
                has_images = has_images || !strcmp((const char *)block + at, "images");
                has_configurations = has_configurations || !strcmp((const char *)block + at, "configurations");
            }
            at += (length + 1 + FDT_TAGSIZE - 1) & ~(FDT_TAGSIZE - 1);
        } else if (tag == FDT_END_NODE && depth) {
            depth--;
        } else if (tag == FDT_PROP && checked_within(at, 2 * FDT_TAGSIZE, size)) {
            length = fdt32_ld((const fdt32_t *)(block + at));
            at += 2 * FDT_TAGSIZE + ((length + FDT_TAGSIZE - 1) & ~(FDT_TAGSIZE - 1));
        } else if (tag != FDT_NOP) {
            return false;
        }
    }
    return has_images && has_configurations;
}

bool fit_is(struct span content)
{
    alignas(FIT_TREE_ALIGN) struct fdt_header header;
    uint64_t flags;
    bool sound;

    if (!content.data || content.size < sizeof(header))
        return false;
    memcpy(&header, content.data, sizeof(header));
    flags = library_enter();
    sound = !fdt_check_header(&header) && fdt_totalsize(&header) <= content.size &&
            checked_within(fdt_off_dt_struct(&header), fdt_size_dt_struct(&header), content.size);
    library_leave(flags);
    return sound && has_folders(content.data + fdt_off_dt_struct(&header), fdt_size_dt_struct(&header));
}

static bool read_configurations(struct fit *fit, struct failure *failure)
{
    const char *preferred;

    if (!fit_string(&tree, tree.configurations, "default", &preferred, failure))
        return false;
    fit->default_ = preferred ? FIT_CONFIGURATIONS_MAX : 0;
    for (uint32_t i = 1; i < tree.count; i++) {
        struct fit_configuration *configuration = &fit->configurations[fit->count];

        if (tree.nodes[i].parent != tree.configurations)
            continue;
        if (fit->count == FIT_CONFIGURATIONS_MAX)
            return fail(failure, "FIT", "it has more than %u configurations", FIT_CONFIGURATIONS_MAX);
        configuration->name = tree.nodes[i].name;
        if (!fit_string(&tree, i, "description", &configuration->description, failure))
            return false;
        if (!configuration->description)
            configuration->description = "";
        if (preferred && !strcmp(preferred, configuration->name))
            fit->default_ = fit->count;
        fit->count++;
    }
    if (!fit->count)
        return fail(failure, "FIT", "it has no configuration");
    if (fit->default_ >= fit->count)
        return fail(failure, "FIT", "its default configuration, %s, is not there", preferred);
    return true;
}

static bool parse(struct span content, struct fit *fit, struct failure *failure)
{
    struct span data;

    if (!fit_tree_read(content, &tree, failure))
        return false;
    fit->blob = content;
    fit->size = fdt_totalsize(tree.fdt);
    if (!fit_string(&tree, 0, "description", &fit->description, failure) || !read_configurations(fit, failure))
        return false;
    if (!fit->description)
        fit->description = "";
    for (uint32_t i = 1; i < tree.count; i++) {
        if (tree.nodes[i].parent != tree.images)
            continue;
        if (!find_data(content, i, &data, failure))
            return false;
        if ((uint64_t)(data.data - content.data) + data.size > fit->size)
            fit->size = (uint64_t)(data.data - content.data) + data.size;
    }
    return true;
}

bool fit_parse(struct span content, struct fit *fit, struct failure *failure)
{
    uint64_t flags = library_enter();
    bool done;

    *fit = (struct fit){ 0 };
    done = parse(content, fit, failure);
    if (!done)
        *fit = (struct fit){ 0 };
    library_leave(flags);
    return done;
}

/* ---- fit_open ---- */

/* Images that a configuration's property names, at most `limit`. */
static bool use(uint32_t configuration, const char *property, uint32_t limit, struct fit_used *used, uint32_t *count,
                struct failure *failure)
{
    const char *name = tree.nodes[configuration].name, *image;
    int offset = tree.nodes[configuration].offset, length;
    int names = fdt_stringlist_count(tree.fdt, offset, property);

    *count = 0;
    if (names == -FDT_ERR_NOTFOUND)
        return true;
    if (names < 0)
        return fail(failure, "FIT", "%s of %s is not a list of strings", property, name);
    if ((uint32_t)names > limit)
        return fail(failure, "FIT", "%s of %s names %d images, more than %u", property, name, names, limit);
    for (int i = 0; i < names; i++) {
        uint32_t node;

        image = fdt_stringlist_get(tree.fdt, offset, property, i, &length);
        node = image ? child(tree.images, image) : 0;
        if (!node)
            return fail(failure, "FIT", "%s of %s, %s, is not there", property, name, image ? image : "?");
        used->images[used->count++] = node;
    }
    *count = (uint32_t)names;
    return true;
}

/* /chosen/bootargs, copied, because libfdt wants the tree aligned, which mkimage does not. */
static bool read_command_line(const void *fdt, uint64_t size, const char **command_line, struct failure *failure)
{
    static char copy[COMMAND_LINE] NOINIT;
    const char *text;
    int length, chosen, error = fdt_check_full(fdt, size);

    if (error)
        return fail(failure, "FIT", "its device tree is broken: %s", fdt_strerror(error));
    chosen = fdt_path_offset(fdt, "/chosen");
    text = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "bootargs", &length);
    if (!text)
        return true;
    if (length < 1 || length > COMMAND_LINE || strnlen(text, (size_t)length) != (size_t)length - 1)
        return fail(failure, "FIT", "bootargs of its device tree is not a string of at most %u bytes", COMMAND_LINE);
    memcpy(copy, text, (size_t)length);
    *command_line = copy;
    return true;
}

static bool open_device_tree(struct fit_parts *parts, struct failure *failure)
{
    void *copy;
    bool done;

    if (parts->device_tree.size > DEVICE_TREE)
        return fail(failure, "FIT", "its device tree is larger than %u bytes", DEVICE_TREE);
    copy = malloc(parts->device_tree.size);
    if (!copy)
        return fail(failure, "FIT", "there is no memory to read its device tree");
    memcpy(copy, parts->device_tree.data, parts->device_tree.size);
    done = read_command_line(copy, parts->device_tree.size, &parts->command_line, failure);
    free(copy);
    return done;
}

/* What it would take more than these parts to boot. */
static bool check_supported(uint32_t configuration, struct failure *failure)
{
    static const char *const unsupported[] = { "loadables", "fpga" };
    int length;

    for (size_t i = 0; i < sizeof(unsupported) / sizeof(*unsupported); i++) {
        if (fdt_getprop(tree.fdt, tree.nodes[configuration].offset, unsupported[i], &length))
            return fail(failure, "FIT", "configuration %s has %s, which cannot be loaded here",
                        tree.nodes[configuration].name, unsupported[i]);
    }
    return true;
}

/* The kernel is the first of those used, then come the ramdisks, and the device tree where there is one. */
static bool take(struct span content, const struct fit_used *used, struct fit_parts *parts, bool strong,
                 struct failure *failure)
{
    static const char *const kernels[] = { "kernel", "kernel_noload", NULL };
    static const char *const ramdisks[] = { "ramdisk", NULL };
    static const char *const device_trees[] = { "flat_dt", NULL };
    static const char *const compressions[] = { "none", "gzip", "zstd", "lz4", "lzma", "xz", NULL };

    for (uint32_t i = 0; i < used->count; i++) {
        const char *name = tree.nodes[used->images[i]].name, *compression;
        bool is_ramdisk = i && i <= parts->ramdisk_count;
        struct span data;

        if (!check_kind(used->images[i],
                        !i           ? kernels
                        : is_ramdisk ? ramdisks
                                     : device_trees,
                        &compression, failure) ||
            !find_data(content, used->images[i], &data, failure))
            return false;
        if (!data.size)
            return fail(failure, "FIT", "image %s is empty", name);
        if (!fit_hashes_check(&tree, used->images[i], data, strong, failure))
            return false;
        if (!is_one_of(compression, compressions) || (i && !is_ramdisk && strcmp(compression, "none")))
            return fail(failure, "FIT", "image %s is compressed by %s, which is not supported", name, compression);
        if (is_ramdisk) {
            parts->ramdisks[i - 1] = data;
        } else if (i) {
            parts->device_tree = data;
        } else {
            parts->kernel = data;
            parts->compression = compression;
        }
    }
    return true;
}

static bool open(const struct fit *fit, uint32_t index, const struct fit_key *keys, uint32_t key_count,
                 struct fit_parts *parts, struct failure *failure)
{
    struct fit_used used = { 0 };
    uint32_t configuration, kernels, device_trees;

    if (index >= fit->count)
        return fail(failure, "FIT", "it has no configuration %u", index);
    if (!fit_tree_read(fit->blob, &tree, failure))
        return false;
    configuration = child(tree.configurations, fit->configurations[index].name);
    if (!configuration)
        return fail(failure, "FIT", "its configuration %u is gone", index);
    if (!check_supported(configuration, failure) || !use(configuration, "kernel", 1, &used, &kernels, failure) ||
        !use(configuration, "ramdisk", FIT_RAMDISKS_MAX, &used, &parts->ramdisk_count, failure) ||
        !use(configuration, "fdt", 1, &used, &device_trees, failure))
        return false;
    if (!kernels)
        return fail(failure, "FIT", "configuration %s has no kernel", fit->configurations[index].name);
    if (key_count && !fit_signature_check(&tree, configuration, &used, keys, key_count, failure))
        return false;
    if (!take(fit->blob, &used, parts, key_count > 0, failure))
        return false;
    parts->command_line = "";
    parts->verified = key_count > 0;
    return !device_trees || open_device_tree(parts, failure);
}

bool fit_open(const struct fit *fit, uint32_t configuration, const struct fit_key *keys, uint32_t key_count,
              struct fit_parts *parts, struct failure *failure)
{
    uint64_t flags = library_enter();
    bool done;

    *parts = (struct fit_parts){ 0 };
    done = open(fit, configuration, keys, key_count, parts, failure);
    if (!done)
        *parts = (struct fit_parts){ 0 };
    library_leave(flags);
    return done;
}

/* ---- fit_keys_parse ---- */

/* Takes a number off the front of what is left of the section. */
static bool take_number(struct span *rest, struct span *digits)
{
    const uint8_t *data = rest->data;
    uint32_t size;

    if (rest->size < sizeof(size))
        return false;
    size = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    if (!checked_within(sizeof(size), size, rest->size))
        return false;
    *digits = (struct span){ data + sizeof(size), size };
    *rest = (struct span){ data + sizeof(size) + size, rest->size - sizeof(size) - size };
    return true;
}

/* RSA: both numbers are odd, and the modulus has as many bits as it should. */
static bool is_key(const struct fit_key *key)
{
    return (key->modulus.size == MODULUS_SHORT || key->modulus.size == MODULUS_LONG) && key->modulus.data[0] & 0x80 &&
           key->modulus.data[key->modulus.size - 1] & 1 && key->exponent.size && key->exponent.size <= EXPONENT_MAX &&
           key->exponent.data[key->exponent.size - 1] & 1 && (key->exponent.size > 1 || key->exponent.data[0] > 1);
}

static bool parse_keys(struct span rest, struct fit_key *keys, uint32_t *count, struct failure *failure)
{
    while (rest.size) {
        struct fit_key *key = &keys[*count];

        if (*count == FIT_KEYS_MAX)
            return fail(failure, ".fitkey", "it has more than %u keys", FIT_KEYS_MAX);
        if (rest.size < KEY_NAME_SIZE)
            return fail(failure, ".fitkey", "truncated in the name of key %u", *count);
        memcpy(key->name, rest.data, KEY_NAME_SIZE);
        rest = (struct span){ rest.data + KEY_NAME_SIZE, rest.size - KEY_NAME_SIZE };
        if (strnlen(key->name, KEY_NAME_SIZE) == KEY_NAME_SIZE)
            return fail(failure, ".fitkey", "the name of key %u does not end", *count);
        if (!take_number(&rest, &key->modulus) || !take_number(&rest, &key->exponent))
            return fail(failure, ".fitkey", "truncated in key %u", *count);
        if (!is_key(key))
            return fail(failure, ".fitkey", "key %u is not one of RSA-2048 or RSA-4096", *count);
        ++*count;
    }
    if (!*count)
        return fail(failure, ".fitkey", "it has no key");
    return true;
}

bool fit_keys_parse(struct span section, struct fit_key *keys, uint32_t *count, struct failure *failure)
{
    *count = 0;
    if (parse_keys(section, keys, count, failure))
        return true;
    *count = 0;
    return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/fit.c payloads/fit_tree.c payloads/fit_verify.c common/text.c common/failure.c */
/* libraries: -l:libfdt.a -l:libmbedcrypto.a -l:libz.a */
/*
 * FITs made with libfdt, broken in one place a test. What the parser sees is a copy of just that size, so that the
 * sanitizer sees every byte read behind it. With the name of a file, a configuration's number and perhaps a .fitkey
 * section as its arguments, this program says what it finds in that; test_fit_real.py compares it with what mkimage
 * was given.
 */
#include <libfdt.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Before cmocka.h, which has a macro fail(). */
#include "payloads/fit.h"
#include "payloads/fit_verify.h"

#include <cmocka.h>

#define ROOM 0x40000

static uint64_t room[ROOM / 8];
static void *const made = room; /* the tree that a test works on */
static uint8_t *copy;
static struct fit fit;
static struct fit_parts parts;
static struct failure failure;

static const uint8_t modulus[256] = { [0] = 0x80, [255] = 1 };
static const struct fit_key key = { "", { modulus, 256 }, { (const uint8_t *)"\3", 1 } };

/* ---- making ---- */

static int node(const char *path)
{
    int offset = fdt_path_offset(made, path);

    if (offset < 0)
        fail_msg("no %s: %s", path, fdt_strerror(offset));
    return offset;
}

static void add(const char *parent, const char *name)
{
    assert_true(fdt_add_subnode(made, node(parent), name) >= 0);
}

static void set(const char *path, const char *property, const void *value, size_t size)
{
    assert_int_equal(fdt_setprop(made, node(path), property, value, (int)size), 0);
}

static void set_text(const char *path, const char *property, const char *value)
{
    set(path, property, value, strlen(value) + 1);
}

static void set_number(const char *path, const char *property, uint32_t value)
{
    assert_int_equal(fdt_setprop_u32(made, node(path), property, value), 0);
}

static void drop(const char *path, const char *property)
{
    assert_int_equal(fdt_delprop(made, node(path), property), 0);
}

static void rename_node(const char *path, const char *name)
{
    assert_int_equal(fdt_set_name(made, node(path), name), 0);
}

static void add_hash(const char *image, const char *name, const char *algorithm, const void *data, size_t size)
{
    char path[64];
    uint8_t digest[64];
    size_t length = 64;
    uint32_t crc = cpu_to_fdt32((uint32_t)crc32(0, data, (uInt)size));

    add(image, name);
    snprintf(path, sizeof(path), "%s/%s", image, name);
    set_text(path, "algo", algorithm);
    if (!strcmp(algorithm, "crc32"))
        memcpy(digest, &crc, length = 4);
    else if (!strcmp(algorithm, "sha256"))
        mbedtls_sha256_ret(data, size, digest, 0), length = 32;
    else
        mbedtls_sha512_ret(data, size, digest, 0);
    set(path, "value", digest, length);
}

static void add_image(const char *name, const char *type, const void *data, size_t size)
{
    char path[64];

    add("/images", name);
    snprintf(path, sizeof(path), "/images/%s", name);
    set(path, "data", data, size);
    set_text(path, "type", type);
    set_text(path, "arch", "x86_64");
    set_text(path, "compression", "none");
    add_hash(path, "hash-1", "sha256", data, size);
}

static void add_device_tree(const char *command_line)
{
    static uint64_t tree[128];

    assert_int_equal(fdt_create_empty_tree(tree, sizeof(tree)), 0);
    fdt_add_subnode(tree, 0, "chosen");
    if (command_line)
        fdt_setprop_string(tree, fdt_path_offset(tree, "/chosen"), "bootargs", command_line);
    fdt_pack(tree);
    add_image("fdt-1", "flat_dt", tree, fdt_totalsize(tree));
    set_text("/configurations/conf-1", "fdt", "fdt-1");
}

#define NODES "/\0/configurations/conf-1\0/images/kernel-1\0/images/kernel-1/hash-1\0/images/rd\0/images/rd/hash-1"

static int setup(void **state)
{
    static const uint8_t strings[8] = { 0 }, value[256] = { 0 };

    (void)state;
    assert_int_equal(fdt_create_empty_tree(made, ROOM), 0);
    set_text("/", "description", "made up");
    add("/", "configurations");
    add("/", "images");
    add("/configurations", "conf-2");
    add("/configurations", "conf-1");
    set_text("/configurations", "default", "conf-1");
    set_text("/configurations/conf-1", "description", "one");
    set_text("/configurations/conf-1", "kernel", "kernel-1");
    set_text("/configurations/conf-1", "ramdisk", "rd");
    add("/configurations/conf-1", "signature-1");
    set_text("/configurations/conf-1/signature-1", "algo", "sha256,rsa2048");
    set("/configurations/conf-1/signature-1", "value", value, sizeof(value));
    set("/configurations/conf-1/signature-1", "hashed-nodes", NODES, sizeof(NODES));
    set("/configurations/conf-1/signature-1", "hashed-strings", strings, sizeof(strings));
    set_text("/configurations/conf-2", "kernel", "kernel-1");
    add_image("rd", "ramdisk", "ramdisk", 7);
    add_image("kernel-1", "kernel", "kernel", 6);
    free(copy);
    copy = NULL;
    memset(&failure, 0, sizeof(failure));
    return 0;
}

/* All the strings that are there are said to be signed; to be called last. */
static void sign_strings(void)
{
    const uint32_t strings[2] = { 0, cpu_to_fdt32(fdt_size_dt_strings(made)) };

    set("/configurations/conf-1/signature-1", "hashed-strings", strings, sizeof(strings));
}

/* ---- what the parser says ---- */

static struct span content(uint64_t behind)
{
    uint64_t size;

    fdt_pack(made);
    size = fdt_totalsize(made);
    free(copy);
    copy = malloc(size + behind);
    memcpy(copy, made, size);
    memset(copy + size, 'x', behind);
    assert_int_equal(fdt_open_into(made, made, ROOM), 0);
    return (struct span){ copy, size + behind };
}

static bool parse(void)
{
    return fit_parse(content(0), &fit, &failure);
}

/* conf-1, which was added last, and stands first. */
static bool open_with(uint32_t key_count)
{
    if (!parse())
        fail_msg("not parsed: %s", failure.why);
    assert_string_equal(fit.configurations[0].name, "conf-1");
    return fit_open(&fit, 0, &key, key_count, &parts, &failure);
}

static void assert_why(const char *why)
{
    if (!strstr(failure.why, why))
        fail_msg("\"%s\" does not say \"%s\"", failure.why, why);
}

static void assert_unparsed(const char *why)
{
    assert_false(parse());
    assert_why(why);
    assert_true(!fit.count && !fit.size && !fit.blob.data);
}

static void assert_unopened(const char *why)
{
    assert_false(open_with(0));
    assert_why(why);
    assert_true(!parts.kernel.data && !parts.ramdisk_count && !parts.verified);
}

static void assert_unsigned(const char *why)
{
    sign_strings();
    assert_false(open_with(1));
    assert_why(why);
    assert_true(!parts.kernel.data && !parts.ramdisk_count && !parts.verified);
}

static void assert_span(struct span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

/* ---- tests ---- */

static void sound(void **state)
{
    struct span whole;

    (void)state;
    assert_true(parse());
    assert_int_equal(fit.count, 2);
    assert_int_equal(fit.size, fit.blob.size);
    assert_string_equal(fit.description, "made up");
    whole = fit.blob;
    assert_true(fit_is(whole));
    for (uint32_t i = 0; i < 2; i++) {
        bool one = !strcmp(fit.configurations[i].name, "conf-1");

        assert_string_equal(fit.configurations[i].description, one ? "one" : "");
        assert_int_equal(fit.default_ == i, one);
        assert_true(fit_open(&fit, i, NULL, 0, &parts, &failure));
        assert_span(parts.kernel, "kernel");
        assert_string_equal(parts.compression, "none");
        assert_string_equal(parts.command_line, "");
        assert_int_equal(parts.ramdisk_count, one);
        assert_true(!parts.device_tree.data && !parts.verified);
        if (one)
            assert_span(parts.ramdisks[0], "ramdisk");
    }
    assert_false(fit_open(&fit, 2, NULL, 0, &parts, &failure));
    assert_true(fit_parse(content(100), &fit, &failure));
    assert_int_equal(fit.size, fit.blob.size - 100);
}

static void several_ramdisks_and_command_line(void **state)
{
    (void)state;
    add_image("rd2", "ramdisk", "more", 4);
    set("/configurations/conf-1", "ramdisk", "rd\0rd2\0rd", 10);
    add_device_tree("console=ttyS0");
    set_text("/images/kernel-1", "compression", "zstd");
    drop("/images/rd", "arch");
    assert_true(open_with(0));
    assert_int_equal(parts.ramdisk_count, 3);
    assert_span(parts.ramdisks[0], "ramdisk");
    assert_span(parts.ramdisks[1], "more");
    assert_span(parts.ramdisks[2], "ramdisk");
    assert_string_equal(parts.command_line, "console=ttyS0");
    assert_string_equal(parts.compression, "zstd");
    assert_true(parts.device_tree.size >= 40);
}

static void no_command_line(void **state)
{
    (void)state;
    add_device_tree(NULL);
    assert_true(open_with(0));
    assert_string_equal(parts.command_line, "");
}

static void other_files(void **state)
{
    uint8_t zeros[100] = { 0 };

    (void)state;
    assert_false(fit_is((struct span){ NULL, 0 }));
    assert_false(fit_is((struct span){ zeros, sizeof(zeros) }));
    rename_node("/images", "pictures");
    assert_false(fit_is(content(0)));
    assert_unparsed("it has no /images");
    rename_node("/pictures", "images");
    rename_node("/configurations", "else");
    assert_false(fit_is(content(0)));
    assert_unparsed("it has no /configurations");
}

static void truncated(void **state)
{
    struct span whole = content(0);

    (void)state;
    for (uint64_t size = 0; size < whole.size; size++) {
        uint8_t *part = malloc(size);

        memcpy(part, whole.data, size);
        assert_false(fit_is((struct span){ part, size }));
        assert_false(fit_parse((struct span){ part, size }, &fit, &failure));
        assert_why(size < 40 ? "too few" : "truncated");
        free(part);
    }
}

static void unaligned(void **state)
{
    struct span whole = content(0);
    uint8_t *moved = malloc(whole.size + 4);

    (void)state;
    memcpy(moved + 4, whole.data, whole.size);
    whole.data = moved + 4;
    assert_true(fit_is(whole));
    assert_false(fit_parse(whole, &fit, &failure));
    assert_why("not aligned to 8 bytes");
    free(moved);
}

/* Each word of the header and of the structure, with each bit by itself and as a whole. */
static void flipped(void **state)
{
    struct span whole = content(0);

    (void)state;
    for (uint64_t i = 0; i < 9 * whole.size; i++) {
        uint8_t mask = i % 9 == 8 ? 0xff : (uint8_t)(1 << i % 9);

        copy[i / 9] ^= mask;
        fit_is(whole);
        if (!fit_parse(whole, &fit, &failure))
            assert_true(*failure.why);
        for (uint32_t index = 0; index < fit.count; index++) {
            if (!fit_open(&fit, index, &key, 0, &parts, &failure))
                assert_true(*failure.why);
            assert_false(fit_open(&fit, index, &key, 1, &parts, &failure));
        }
        copy[i / 9] ^= mask;
    }
}

static void bad_names(void **state)
{
    (void)state;
    rename_node("/images/kernel-1", "kernel@1");
    assert_unparsed("the node name kernel@1 has a '@'");
    rename_node("/images/kernel@1", "kernel-1");
    rename_node("/images/kernel-1/hash-1", "hash@1");
    assert_unparsed("hash@1 has a '@'");
    rename_node("/images/kernel-1/hash@1", "hash-1");
    rename_node("/configurations/conf-1", "conf@1");
    assert_unparsed("conf@1 has a '@'");
    rename_node("/configurations/conf@1", "conf-1");
    rename_node("/images/rd", "r/d");
    assert_unparsed("r/d has a '@' or a '/'");
}

static void names_twice(void **state)
{
    (void)state;
    rename_node("/images/rd", "kernel-1");
    assert_unparsed("there are two nodes kernel-1 in one place");
    assert_int_equal(setup(NULL), 0);
    add("/images/kernel-1", "hash-2");
    rename_node("/images/kernel-1/hash-2", "hash-1");
    assert_unparsed("two nodes hash-1");
    assert_int_equal(setup(NULL), 0);
    add("/", "pictures");
    rename_node("/pictures", "images");
    assert_unparsed("two nodes images");
}

static void long_names(void **state)
{
    char name[FIT_NAME_MAX + 2];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    rename_node("/images/rd", name + 1);
    assert_true(parse());
    assert_int_equal(setup(NULL), 0);
    rename_node("/images/rd", name);
    assert_unparsed("a node's name has 128 characters");
    assert_int_equal(setup(NULL), 0);
    rename_node("/images/rd", "");
    assert_unparsed("a node has no name");
}

static void second_root(void **state)
{
    static const char *const names[] = { "", "x" };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct span whole = content(64);
        uint32_t tags[5] = { cpu_to_fdt32(FDT_BEGIN_NODE), 0, cpu_to_fdt32(FDT_END_NODE), cpu_to_fdt32(FDT_END), 0 };
        uint32_t at = fdt_off_dt_struct(copy) + fdt_size_dt_struct(copy) - 4;

        /* The strings move behind. */
        memmove(copy + at + 16, copy + at + 4, whole.size - 64 - at - 4);
        memcpy(&tags[1], names[i], strlen(names[i]));
        memcpy(copy + at, tags, 16);
        fdt_set_size_dt_struct(copy, fdt_size_dt_struct(copy) + 12);
        fdt_set_off_dt_strings(copy, fdt_off_dt_strings(copy) + 12);
        fdt_set_totalsize(copy, fdt_totalsize(copy) + 12);
        assert_false(fit_parse(whole, &fit, &failure));
        assert_why("something behind its root");
    }
}

static void many_nodes(void **state)
{
    char name[16];

    (void)state;
    for (unsigned i = 2; i < FIT_CONFIGURATIONS_MAX; i++) {
        snprintf(name, sizeof(name), "c%u", i);
        add("/configurations", name);
    }
    assert_true(parse());
    assert_int_equal(fit.count, FIT_CONFIGURATIONS_MAX);
    add("/configurations", "last");
    assert_unparsed("it has more than 64 configurations");
    for (unsigned i = 0; i < FIT_NODES_MAX; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        add("/", name);
    }
    assert_unparsed("more than 1024 nodes");
}

static void deep_nodes(void **state)
{
    char path[64] = "/images/rd";

    (void)state;
    for (unsigned i = 3; i < 9; i++) {
        add(path, "n");
        strcat(path, "/n");
        if (i < 8)
            assert_true(parse());
    }
    assert_unparsed("nested deeper than 8");
}

static void configurations(void **state)
{
    (void)state;
    set_text("/configurations", "default", "conf-3");
    assert_unparsed("its default configuration, conf-3, is not there");
    drop("/configurations", "default");
    assert_true(parse());
    assert_int_equal(fit.default_, 0);
    set("/configurations", "default", "conf-1", 6);
    assert_unparsed("default of configurations is not one string");
    drop("/configurations", "default");
    set("/configurations/conf-1", "description", "a\0b", 4);
    assert_unparsed("description of conf-1 is not one string");
    fdt_del_node(made, node("/configurations/conf-1"));
    fdt_del_node(made, node("/configurations/conf-2"));
    assert_unparsed("it has no configuration");
}

static void places_of_data(void **state)
{
    static const char image[] = "/images/rd";
    struct span whole;
    uint32_t at;

    (void)state;
    set_number(image, "data-size", 7);
    set_number(image, "data-offset", 4);
    assert_unparsed("image rd has data in several places");
    drop(image, "data");
    whole = content(10);
    assert_false(fit_parse(whole, &fit, &failure));
    assert_why("ends outside its");
    whole = content(15);
    at = (fdt_totalsize(copy) + 3) / 4 * 4 + 4;
    memcpy(copy + at, "ramdisk", 7);
    assert_true(fit_parse(whole, &fit, &failure));
    assert_int_equal(fit.size, at + 7);
    assert_true(fit_open(&fit, 0, NULL, 0, &parts, &failure));
    assert_span(parts.ramdisks[0], "ramdisk");
    copy[at] ^= 1;
    assert_false(fit_open(&fit, fit.default_, NULL, 0, &parts, &failure));
    assert_why("hash-1 of image rd, sha256, does not match its data");
    set_number(image, "data-offset", UINT32_MAX);
    assert_unparsed("ends outside its");
    set_number(image, "data-size", UINT32_MAX);
    assert_unparsed("ends outside its");
    drop(image, "data-size");
    assert_unparsed("image rd has no data-size");
    set(image, "data-size", "1234567", 8);
    assert_unparsed("data-size of rd is not a 32-bit number");
    set_number(image, "data-size", 7);
    set_number(image, "data-position", 4);
    assert_unparsed("image rd has data in several places");
    drop(image, "data-offset");
    assert_unparsed("the data of image rd, at 0x4, overlap the tree");
    drop(image, "data-position");
    assert_unparsed("image rd has no data");
}

static void kinds(void **state)
{
    (void)state;
    set_text("/images/kernel-1", "type", "kernel_noload");
    set_text("/images/kernel-1", "arch", "x86");
    assert_true(open_with(0));
    set_text("/images/kernel-1", "arch", "arm64");
    assert_unopened("image kernel-1 is for another architecture: arm64");
    drop("/images/kernel-1", "arch");
    set_text("/images/kernel-1", "type", "standalone");
    assert_unopened("image kernel-1 is a standalone, not a kernel");
    drop("/images/kernel-1", "type");
    assert_unopened("image kernel-1 is a thing without a type, not a kernel");
    set_text("/images/kernel-1", "type", "kernel");
    set_text("/images/rd", "type", "kernel");
    assert_unopened("image rd is a kernel, not a ramdisk");
    set_text("/images/rd", "type", "ramdisk");
    set_text("/images/kernel-1", "compression", "bzip2");
    assert_unopened("compressed by bzip2");
    drop("/images/kernel-1", "compression");
    assert_true(open_with(0));
    add("/images/kernel-1", "cipher");
    assert_unopened("image kernel-1 is encrypted");
}

static void what_configurations_name(void **state)
{
    static const char conf[] = "/configurations/conf-1";

    (void)state;
    set_text(conf, "kernel", "kernel-2");
    assert_unopened("kernel of conf-1, kernel-2, is not there");
    set_text(conf, "kernel", "kernel-1/hash-1");
    assert_unopened("is not there");
    set(conf, "kernel", "kernel-1\0rd", 12);
    assert_unopened("kernel of conf-1 names 2 images, more than 1");
    set(conf, "kernel", "kernel-1", 8);
    assert_unopened("kernel of conf-1 is not a list of strings");
    drop(conf, "kernel");
    assert_unopened("configuration conf-1 has no kernel");
    set_text(conf, "kernel", "kernel-1");
    set(conf, "ramdisk", "rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd", 48);
    assert_true(open_with(0));
    set(conf, "ramdisk", "rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd\0rd", 51);
    assert_unopened("ramdisk of conf-1 names 17 images, more than 16");
    set_text(conf, "ramdisk", "rd");
    set_text(conf, "loadables", "rd");
    assert_unopened("configuration conf-1 has loadables");
}

static void hashes(void **state)
{
    static const char hash[] = "/images/rd/hash-1";

    (void)state;
    add_hash("/images/rd", "hash-2", "crc32", "ramdisk", 7);
    add_hash("/images/rd", "hash-3", "sha512", "ramdisk", 7);
    assert_true(open_with(0));
    set("/images/rd", "data", "ramdisc", 7);
    assert_unopened("hash-3 of image rd, sha512, does not match its data");
    fdt_del_node(made, node("/images/rd/hash-3"));
    assert_unopened("hash-2 of image rd, crc32, does not match its data");
    fdt_del_node(made, node("/images/rd/hash-2"));
    assert_unopened("hash-1 of image rd, sha256, does not match its data");
    set("/images/rd", "data", "ramdisk", 7);
    set(hash, "value", "abcd", 4);
    assert_unopened("hash-1 of image rd has no value of 32 bytes");
    drop(hash, "value");
    assert_unopened("hash-1 of image rd has no value of 32 bytes");
    set_text(hash, "algo", "md5");
    assert_unopened("hash-1 of image rd has an unknown algorithm: md5");
    drop(hash, "algo");
    assert_unopened("hash-1 of image rd has an unknown algorithm: none");
    fdt_del_node(made, node(hash));
    assert_true(open_with(0));
    set("/images/rd", "data", "", 0);
    assert_unopened("image rd is empty");
}

static void broken_device_trees(void **state)
{
    (void)state;
    add_device_tree("quiet");
    set("/images/fdt-1", "data", "no device tree", 14);
    fdt_del_node(made, node("/images/fdt-1/hash-1"));
    assert_unopened("its device tree is broken");
    set_text("/images/fdt-1", "compression", "gzip");
    assert_unopened("image fdt-1 is compressed by gzip");
    set("/configurations/conf-1", "fdt", "fdt-1\0fdt-1", 12);
    assert_unopened("fdt of conf-1 names 2 images, more than 1");
}

/* ---- signatures; test_fit_real.py has those that hold ---- */

static const char signature[] = "/configurations/conf-1/signature-1";

static void unsigned_configurations(void **state)
{
    (void)state;
    assert_unsigned("signature-1 of configuration conf-1 is wrong");
    assert_false(fit_open(&fit, 1, &key, 1, &parts, &failure));
    assert_why("configuration conf-2 is not signed");
    rename_node(signature, "autograph");
    set("/configurations/conf-1/autograph", "hashed-strings", "", 0);
    assert_true(parse());
    assert_false(fit_open(&fit, 0, &key, 1, &parts, &failure));
    assert_why("configuration conf-1 is not signed");
}

static void signatures_cover_too_little(void **state)
{
    static const struct {
        const char *nodes, *why;
        size_t size;
    } cases[] = {
#define CASE(nodes, why) { nodes, why, sizeof(nodes) }
        CASE("/\0/configurations/conf-1\0/images/kernel-1\0/images/kernel-1/hash-1\0/images/rd",
             "does not cover hash-1 of image rd"),
        CASE("/\0/configurations/conf-1\0/images/kernel-1\0/images/kernel-1/hash-1", "does not cover image rd"),
        CASE("/\0/images/kernel-1\0/images/kernel-1/hash-1\0/images/rd\0/images/rd/hash-1",
             "does not cover its configuration and the root"),
        CASE("/configurations/conf-1\0/images/kernel-1\0/images/kernel-1/hash-1\0/images/rd\0/images/rd/hash-1",
             "covers kernel-1, but not what it is in"),
        CASE("/\0/configurations/conf-1\0/images/kernel-1/hash-1\0/images/rd\0/images/rd/hash-1",
             "covers hash-1, but not what it is in"),
        CASE("/\0/configurations/conf-1\0/images/rd\0/images/rd/hash-1", "does not cover image kernel-1"),
        CASE(NODES "\0/configurations/conf-2", "covers what it should not: /configurations/conf-2"),
        CASE(NODES "\0/images", "covers what it should not: /images"),
        CASE(NODES "\0/configurations", "covers what it should not: /configurations"),
        CASE(NODES "\0/configurations/conf-1/signature-1", "covers what it should not"),
        CASE(NODES "\0/images/kernel-2", "covers a node that is not there: /images/kernel-2"),
        CASE(NODES "\0/images/kernel-1/", "covers a node that is not there"),
        CASE(NODES "\0//images/kernel-1", "covers a node that is not there"),
        CASE(NODES "\0images/kernel-1", "covers a node that is not there"),
        CASE(NODES "\0", "covers a node that is not there"),
        CASE("", "covers a node that is not there"),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        set(signature, "hashed-nodes", cases[i].nodes, cases[i].size);
        assert_unsigned(cases[i].why);
    }
    set(signature, "hashed-nodes", NODES, sizeof(NODES) - 1);
    assert_unsigned("has no hashed-nodes, a list");
    drop(signature, "hashed-nodes");
    assert_unsigned("has no hashed-nodes, a list");
}

static void strings_that_are_not_signed(void **state)
{
    uint32_t strings[2] = { 0, cpu_to_fdt32(fdt_size_dt_strings(made)) };

    (void)state;
    sign_strings();
    set_text("/images/rd", "added", "x");
    assert_false(open_with(1));
    assert_why("the name of property added is not signed");
    sign_strings();
    assert_false(open_with(1));
    assert_why("is wrong");
    strings[1] = cpu_to_fdt32(fdt_size_dt_strings(made) - 1); /* "added" without its end */
    set(signature, "hashed-strings", strings, sizeof(strings));
    assert_false(open_with(1));
    assert_why("the name of property added is not signed");
    strings[1] = cpu_to_fdt32(fdt_size_dt_strings(made) + 1);
    set(signature, "hashed-strings", strings, sizeof(strings));
    assert_false(open_with(1));
    assert_why("hashed-strings of signature-1 are not in the tree");
    strings[0] = cpu_to_fdt32(1);
    strings[1] = 0;
    set(signature, "hashed-strings", strings, sizeof(strings));
    assert_false(open_with(1));
    assert_why("hashed-strings of signature-1 are not in the tree");
    set(signature, "hashed-strings", strings, 4);
    assert_false(open_with(1));
    assert_why("signature-1 has no hashed-strings");
}

static void algorithms_of_signatures(void **state)
{
    (void)state;
    set_text(signature, "padding", "pkcs-1.5");
    assert_unsigned("signature-1 of configuration conf-1 is wrong");
    set_text(signature, "padding", "pss");
    assert_unsigned("signature-1 has an unknown algorithm: sha256,rsa2048, pss");
    drop(signature, "padding");
    set_text(signature, "algo", "sha1,rsa2048");
    assert_unsigned("signature-1 has an unknown algorithm: sha1,rsa2048");
    drop(signature, "algo");
    assert_unsigned("signature-1 has an unknown algorithm: none");
    set_text(signature, "algo", "sha256,rsa4096");
    assert_unsigned("signature-1 has no value of 512 bytes");
    for (unsigned i = 2; i <= 9; i++) {
        char name[16];

        snprintf(name, sizeof(name), "signature-%u", i);
        add("/configurations/conf-1", name);
    }
    assert_unsigned("conf-1 has more than 8 signatures");
}

static void weak_hashes(void **state)
{
    struct fit_tree *tree = calloc(1, sizeof(*tree));

    (void)state;
    *tree = (struct fit_tree){
        .fdt = made, .images = 1, .count = 4, .nodes = { { "", 0, 0 }, { "images", node("/images"), 0 } }
    };
    tree->nodes[2] = (struct fit_node){ "rd", node("/images/rd"), 1 };
    tree->nodes[3] = (struct fit_node){ "hash-1", node("/images/rd/hash-1"), 2 };
    assert_true(fit_hashes_check(tree, 2, (struct span){ (const uint8_t *)"ramdisk", 7 }, true, &failure));
    fdt_del_node(made, node("/images/rd/hash-1"));
    add_hash("/images/rd", "hash-1", "crc32", "ramdisk", 7);
    tree->nodes[3].offset = node("/images/rd/hash-1");
    assert_true(fit_hashes_check(tree, 2, (struct span){ (const uint8_t *)"ramdisk", 7 }, false, &failure));
    assert_false(fit_hashes_check(tree, 2, (struct span){ (const uint8_t *)"ramdisk", 7 }, true, &failure));
    assert_why("image rd has no hash by sha256 or sha512");
    free(tree);
}

/* ---- keys ---- */

static uint64_t put_key(uint8_t *at, const char *name, uint32_t size, uint32_t exponent_size)
{
    memset(at, 0, 64);
    memcpy(at, name, strnlen(name, 64));
    at[64] = at[65] = 0;
    at[66] = (uint8_t)(size >> 8);
    at[67] = (uint8_t)size;
    memset(at + 68, 0xff, size);
    at[68 + size] = at[69 + size] = at[70 + size] = 0;
    at[71 + size] = (uint8_t)exponent_size;
    memset(at + 72 + size, 3, exponent_size);
    return 72 + size + exponent_size;
}

static void keys(void **state)
{
    static uint8_t section[FIT_KEYS_MAX * 1024 + 1024];
    struct fit_key found[FIT_KEYS_MAX];
    uint64_t size = put_key(section, "dev", 256, 3);
    uint32_t count;

    (void)state;
    size += put_key(section + size, "", 512, 1);
    assert_true(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
    assert_int_equal(count, 2);
    assert_string_equal(found[0].name, "dev");
    assert_string_equal(found[1].name, "");
    assert_true(found[0].modulus.size == 256 && found[0].modulus.data == section + 68);
    assert_true(found[1].modulus.size == 512 && found[1].exponent.size == 1 && *found[1].exponent.data == 3);
    for (uint64_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut);

        memcpy(part, section, cut);
        assert_int_equal(fit_keys_parse((struct span){ part, cut }, found, &count, &failure), cut == 64 + 4 + 256 + 7);
        assert_true(count == (cut == 64 + 4 + 256 + 7));
        free(part);
    }
    for (size = 0, count = 0; count < FIT_KEYS_MAX; count++)
        size += put_key(section + size, "", 256, 8);
    assert_true(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
    size += put_key(section + size, "", 256, 8);
    assert_false(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
    assert_why("more than 8 keys");
}

static void bad_keys(void **state)
{
    static const struct {
        uint16_t at;
        uint8_t value;
    } changes[] = { { 63, 'n' },        { 64, 1 },       { 67, 1 },      { 68, 0x7f },
                    { 68 + 255, 0xfe }, { 72 + 256, 2 }, { 72 + 256, 1 } };
    struct fit_key found[FIT_KEYS_MAX];
    uint8_t section[1024];
    uint32_t count;
    uint64_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        size = put_key(section, "63 characters 63 characters 63 characters 63 characters 63 char", 256, 1);
        assert_true(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
        section[changes[i].at] = changes[i].value;
        assert_false(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
    }
    size = put_key(section, "", 384, 1);
    assert_false(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
    size = put_key(section, "", 256, 9);
    assert_false(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
    size = put_key(section, "", 256, 0);
    assert_false(fit_keys_parse((struct span){ section, size }, found, &count, &failure));
}

/* ---- for test_fit_real.py ---- */

static struct span read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct span span = { NULL, 0 };
    uint8_t *data = NULL;

    if (!file)
        exit(2);
    fseek(file, 0, SEEK_END);
    span.size = (uint64_t)ftell(file);
    rewind(file);
    data = malloc(span.size);
    if (fread(data, 1, span.size, file) != span.size)
        exit(2);
    fclose(file);
    span.data = data;
    return span;
}

static void print_span(const char *name, struct span span, struct span whole)
{
    printf("%s %lu %lu\n", name, (unsigned long)(span.data - whole.data), (unsigned long)span.size);
}

static void describe_configuration(struct span whole, uint32_t index, const struct fit_key *found, uint32_t count)
{
    if (!fit_open(&fit, index, found, count, &parts, &failure)) {
        printf("error %s\n", failure.why);
        return;
    }
    print_span("kernel", parts.kernel, whole);
    for (uint32_t i = 0; i < parts.ramdisk_count; i++)
        print_span("ramdisk", parts.ramdisks[i], whole);
    if (parts.device_tree.data)
        print_span("fdt", parts.device_tree, whole);
    printf("compression %s\ncommand_line %s\nverified %d\n", parts.compression, parts.command_line, parts.verified);
}

static void describe(struct span whole, const char *configuration, struct span section)
{
    struct fit_key found[FIT_KEYS_MAX];
    uint32_t count = 0;

    strcpy(failure.why, "it is none");
    if (!fit_is(whole) || !fit_parse(whole, &fit, &failure) ||
        (section.data && !fit_keys_parse(section, found, &count, &failure))) {
        printf("error %s\n", failure.why);
        return;
    }
    printf("size %lu\ndefault %u\ndescription %s\n", (unsigned long)fit.size, fit.default_, fit.description);
    for (uint32_t i = 0; i < fit.count; i++)
        printf("configuration %s %s\n", fit.configurations[i].name, fit.configurations[i].description);
    for (uint32_t i = 0; i < fit.count; i++) {
        if (!strcmp(fit.configurations[i].name, configuration))
            describe_configuration(whole, i, found, count);
    }
}

static int describe_files(const char *path, const char *configuration, const char *key_path)
{
    struct span whole = read_file(path), section = { NULL, 0 };

    if (key_path)
        section = read_file(key_path);
    describe(whole, configuration, section);
    free((void *)whole.data);
    free((void *)section.data);
    return 0;
}

int main(int count, char **arguments)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(sound),
        TEST(several_ramdisks_and_command_line),
        TEST(no_command_line),
        TEST(other_files),
        TEST(truncated),
        TEST(unaligned),
        TEST(flipped),
        TEST(bad_names),
        TEST(names_twice),
        TEST(long_names),
        TEST(second_root),
        TEST(many_nodes),
        TEST(deep_nodes),
        TEST(configurations),
        TEST(places_of_data),
        TEST(kinds),
        TEST(what_configurations_name),
        TEST(hashes),
        TEST(broken_device_trees),
        TEST(unsigned_configurations),
        TEST(signatures_cover_too_little),
        TEST(strings_that_are_not_signed),
        TEST(algorithms_of_signatures),
        TEST(weak_hashes),
        TEST(keys),
        TEST(bad_keys),
    };

    if (count == 3 || count == 4)
        return describe_files(arguments[1], arguments[2], count == 4 ? arguments[3] : NULL);

    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    free(copy);
    return failed;
}

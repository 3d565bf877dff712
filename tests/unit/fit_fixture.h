/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FITs made with libfdt, sound in themselves, for a test to break in one place. What the parser sees is a copy of just
 * that size, so that the sanitizer sees every byte read behind it. For one .c file of a program.
 */
#ifndef TESTS_UNIT_FIT_FIXTURE_H
#define TESTS_UNIT_FIT_FIXTURE_H

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

#include "tests/unit/assert_failure.h"
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

static inline int node(const char *path)
{
    int offset = fdt_path_offset(made, path);

    if (offset < 0)
        fail_msg("no %s: %s", path, fdt_strerror(offset));
    return offset;
}

static inline void add(const char *parent, const char *name)
{
    assert_true(fdt_add_subnode(made, node(parent), name) >= 0);
}

static inline void set(const char *path, const char *property, const void *value, size_t size)
{
    assert_int_equal(fdt_setprop(made, node(path), property, value, (int)size), 0);
}

static inline void set_text(const char *path, const char *property, const char *value)
{
    set(path, property, value, strlen(value) + 1);
}

static inline void set_number(const char *path, const char *property, uint32_t value)
{
    assert_int_equal(fdt_setprop_u32(made, node(path), property, value), 0);
}

static inline void drop(const char *path, const char *property)
{
    assert_int_equal(fdt_delprop(made, node(path), property), 0);
}

static inline void rename_node(const char *path, const char *name)
{
    assert_int_equal(fdt_set_name(made, node(path), name), 0);
}

static inline void add_hash(const char *image, const char *name, const char *algorithm, const void *data, size_t size)
{
    char path[96];
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

static inline void add_image(const char *name, const char *type, const void *data, size_t size)
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

#define NODES "/\0/configurations/conf-1\0/images/kernel-1\0/images/kernel-1/hash-1\0/images/rd\0/images/rd/hash-1"

static inline int free_copy(void **state)
{
    (void)state;
    free(copy);
    copy = NULL;
    return 0;
}

static inline int setup(void **state)
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
    free_copy(NULL);
    memset(&failure, 0, sizeof(failure));
    return 0;
}

/* ---- what the parser says ---- */

static inline struct span content(uint64_t behind)
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

static inline bool parse(void)
{
    return fit_parse(content(0), &fit, &failure);
}

/* conf-1, which was added last, and stands first. */
static inline bool open_with(uint32_t key_count)
{
    if (!parse())
        fail_msg("not parsed: %s", failure.why);
    assert_string_equal(fit.configurations[0].name, "conf-1");
    return fit_open(&fit, 0, &key, key_count, &parts, &failure);
}

static inline void assert_why(const char *why)
{
    assert_failure(&failure, NULL, why);
}

static inline void assert_unopened(const char *why)
{
    assert_false(open_with(0));
    assert_why(why);
    assert_true(!parts.kernel.data && !parts.ramdisk_count && !parts.verified);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, free_copy)

#endif

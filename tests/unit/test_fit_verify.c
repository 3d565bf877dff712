/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/fit.c payloads/fit_tree.c payloads/fit_verify.c common/text.c common/failure.c */
/* libraries: -l:libfdt.a -l:libmbedcrypto.a -l:libz.a */
/* The hashes and signatures of FITs, and the keys that they are checked with. Signatures that hold are in
 * test_fit_real.py. */
#include "tests/unit/fit_fixture.h"

/* All the strings that are there are said to be signed; to be called last. */
static void sign_strings(void)
{
    const uint32_t strings[2] = { 0, cpu_to_fdt32(fdt_size_dt_strings(made)) };

    set("/configurations/conf-1/signature-1", "hashed-strings", strings, sizeof(strings));
}

static void assert_unsigned(const char *why)
{
    sign_strings();
    assert_false(open_with(1));
    assert_why(why);
    assert_true(!parts.kernel.data && !parts.ramdisk_count && !parts.verified);
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

/* ---- signatures ---- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hashes),
        TEST(unsigned_configurations),
        TEST(signatures_cover_too_little),
        TEST(strings_that_are_not_signed),
        TEST(algorithms_of_signatures),
        TEST(weak_hashes),
        TEST(keys),
        TEST(bad_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

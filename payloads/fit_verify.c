/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashes and signatures of a FIT; see fit_verify.h. U-Boot's doc/usage/fit/signature.rst; what is signed, bit by bit,
 * is what U-Boot's mkimage signs. RSA with PKCS1 v1.5: RFC 8017, 8.2.2 and 9.2. Pure: compiled natively for tests.
 */
#include "payloads/fit_verify.h"

#include <libfdt.h>
#include <mbedtls/bignum.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <stddef.h>
#include <zlib.h>

#include "common/noinit.h"
#include "common/string.h"

#define DIGEST_MAX     64
#define SHA256_SIZE    32
#define RSA_MAX        (4096 / 8)
#define SIGNATURES_MAX 8   /* of one configuration */
#define PATHS_MAX      256 /* in hashed-nodes */
#define PATH_DEPTH_MAX 3   /* /images/NAME/hash-1 */

#define HASH_PREFIX      "hash"
#define SIGNATURE_PREFIX "signature"

/* ---- hashes ---- */

static void hash_crc32(struct span data, uint8_t *digest)
{
    uint32_t value = (uint32_t)crc32_z(0, data.data, data.size);

    for (unsigned i = 0; i < 4; i++)
        digest[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void hash_sha256(struct span data, uint8_t *digest)
{
    mbedtls_sha256_ret(data.data, data.size, digest, 0);
}

static void hash_sha512(struct span data, uint8_t *digest)
{
    mbedtls_sha512_ret(data.data, data.size, digest, 0);
}

static const struct algorithm {
    const char *name;
    uint8_t size; /* bytes */
    bool strong;
    void (*run)(struct span data, uint8_t *digest);
} algorithms[] = {
    { "crc32", 4, false, hash_crc32 },
    { "sha256", SHA256_SIZE, true, hash_sha256 },
    { "sha512", 64, true, hash_sha512 },
};

static const struct algorithm *find_algorithm(const char *name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
        if (!strcmp(name, algorithms[i].name))
            return &algorithms[i];
    }
    return NULL;
}

static bool has_prefix(const char *name, const char *prefix)
{
    return !strncmp(name, prefix, strlen(prefix));
}

static bool is_hash(const struct fit_tree *tree, uint32_t node)
{
    return has_prefix(tree->nodes[node].name, HASH_PREFIX);
}

/* One hash node of an image. */
static bool check_hash(const struct fit_tree *tree, uint32_t node, struct span data, bool *strong,
                       struct failure *failure)
{
    const char *image = tree->nodes[tree->nodes[node].parent].name, *name = tree->nodes[node].name, *text;
    const struct algorithm *algorithm;
    uint8_t digest[DIGEST_MAX];
    const void *value;
    int length;

    if (!fit_string(tree, node, "algo", &text, failure))
        return false;
    algorithm = text ? find_algorithm(text) : NULL;
    if (!algorithm)
        return fail(failure, "FIT", "%s of image %s has an unknown algorithm: %s", name, image, text ? text : "none");
    value = fdt_getprop(tree->fdt, tree->nodes[node].offset, "value", &length);
    if (!value || length != algorithm->size)
        return fail(failure, "FIT", "%s of image %s has no value of %u bytes", name, image, algorithm->size);
    algorithm->run(data, digest);
    if (memcmp(value, digest, algorithm->size))
        return fail(failure, "FIT", "%s of image %s, %s, does not match its data", name, image, text);
    *strong = *strong || algorithm->strong;
    return true;
}

bool fit_hashes_check(const struct fit_tree *tree, uint32_t image, struct span data, bool strong,
                      struct failure *failure)
{
    bool found_strong = false;

    for (uint32_t i = 1; i < tree->count; i++) {
        if (tree->nodes[i].parent == image && is_hash(tree, i) && !check_hash(tree, i, data, &found_strong, failure))
            return false;
    }
    if (strong && !found_strong)
        return fail(failure, "FIT", "image %s has no hash by sha256 or sha512", tree->nodes[image].name);
    return true;
}

/* ---- what is signed ---- */

/* How much of a node is signed. */
enum share {
    SHARE_NOTHING,
    SHARE_NAME, /* where it begins and ends: the children of those that are signed whole */
    SHARE_WHOLE,
};

static uint8_t shares[FIT_NODES_MAX] NOINIT;

/* The node that a path names: 0 is the root, or false. */
static bool resolve(const struct fit_tree *tree, const char *path, uint32_t *node)
{
    *node = 0;
    if (*path != '/')
        return false;
    if (!path[1])
        return true;
    for (unsigned depth = 0; depth < PATH_DEPTH_MAX && *path == '/'; depth++) {
        struct span name = { (const uint8_t *)++path, 0 };

        for (; *path && *path != '/'; path++)
            name.size++;
        *node = fit_child(tree, *node, name);
        if (!*node)
            return false;
    }
    return !*path;
}

/*
 * Whether a signature may list this node. Where others could be listed, what is signed would not tell in which parent a
 * node lies.
 */
static bool may_list(const struct fit_tree *tree, uint32_t node, uint32_t configuration)
{
    const uint32_t images = tree->images, parent = tree->nodes[node].parent;

    return !node || node == configuration || parent == images || tree->nodes[parent].parent == images;
}

/* Reads what the signature node says that it covers, and gives the children of those their share. */
static bool list_nodes(const struct fit_tree *tree, uint32_t signature, uint32_t configuration, struct failure *failure)
{
    const char *name = tree->nodes[signature].name;
    int offset = tree->nodes[signature].offset, length;
    int count = fdt_stringlist_count(tree->fdt, offset, "hashed-nodes");

    if (count < 1 || count > PATHS_MAX)
        return fail(failure, "FIT", "%s has no hashed-nodes, a list of 1 to %u strings", name, PATHS_MAX);
    memset(shares, SHARE_NOTHING, sizeof(shares));
    for (int i = 0; i < count; i++) {
        const char *path = fdt_stringlist_get(tree->fdt, offset, "hashed-nodes", i, &length);
        uint32_t node;

        if (!path || !resolve(tree, path, &node))
            return fail(failure, "FIT", "%s covers a node that is not there: %s", name, path ? path : "?");
        if (!may_list(tree, node, configuration))
            return fail(failure, "FIT", "%s covers what it should not: %s", name, path);
        shares[node] = SHARE_WHOLE;
    }
    for (uint32_t i = 1; i < tree->count; i++) { /* parents come before their children */
        uint8_t of_parent = shares[tree->nodes[i].parent];

        if (shares[i] == SHARE_WHOLE && of_parent == SHARE_NOTHING)
            return fail(failure, "FIT", "%s covers %s, but not what it is in", name, tree->nodes[i].name);
        if (shares[i] != SHARE_WHOLE && of_parent != SHARE_NOTHING)
            shares[i] = of_parent - 1;
    }
    return true;
}

/* Whatever the list says, these nodes have to be in it. */
static bool check_covered(const struct fit_tree *tree, uint32_t signature, uint32_t configuration,
                          const struct fit_used *used, struct failure *failure)
{
    const char *name = tree->nodes[signature].name;

    if (shares[0] != SHARE_WHOLE || shares[configuration] != SHARE_WHOLE)
        return fail(failure, "FIT", "%s does not cover its configuration and the root", name);
    for (uint32_t i = 0; i < used->count; i++) {
        if (shares[used->images[i]] != SHARE_WHOLE)
            return fail(failure, "FIT", "%s does not cover image %s", name, tree->nodes[used->images[i]].name);
        for (uint32_t node = 1; node < tree->count; node++) {
            if (tree->nodes[node].parent == used->images[i] && is_hash(tree, node) && shares[node] != SHARE_WHOLE)
                return fail(failure, "FIT", "%s does not cover %s of image %s", name, tree->nodes[node].name,
                            tree->nodes[used->images[i]].name);
        }
    }
    return true;
}

/* Properties that mkimage changes when it has signed: they say where an image's bytes are, for which its hashes speak.
 */
static bool is_place_of_data(const char *name)
{
    static const char *const names[] = { "data", "data-size", "data-position", "data-offset" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcmp(name, names[i]))
            return true;
    }
    return false;
}

/* Whether a property is signed; its name has to be, and for that to lie in the part of the strings that is. */
static bool check_property(const struct fit_tree *tree, int offset, uint32_t strings, bool *is_signed,
                           struct failure *failure)
{
    const char *block = (const char *)tree->fdt + fdt_off_dt_strings(tree->fdt), *name;
    int length;

    if (!fdt_getprop_by_offset(tree->fdt, offset, &name, &length))
        return fail(failure, "FIT", "its tree is broken: %s", fdt_strerror(length));
    *is_signed = !is_place_of_data(name);
    if (*is_signed && (uint64_t)(name - block) + strlen(name) + 1 > strings)
        return fail(failure, "FIT", "the name of property %s is not signed", name);
    return true;
}

/* SHA-256 of the tags that `shares` selects, of the end tag, and of `size` bytes of the strings. */
static bool digest_tree(const struct fit_tree *tree, uint32_t strings, uint8_t *digest, struct failure *failure)
{
    const uint8_t *fdt = tree->fdt;
    uint32_t node = 0, begun = 0, tag;
    mbedtls_sha256_context sha256;
    bool done = true;
    int next = 0;

    mbedtls_sha256_init(&sha256);
    mbedtls_sha256_starts_ret(&sha256, 0);
    do {
        int offset = next;
        bool is_signed;

        tag = fdt_next_tag(fdt, offset, &next);
        if (tag == FDT_BEGIN_NODE) /* in the order of the table */
            node = begun++;
        is_signed = tag == FDT_END || shares[node] == SHARE_WHOLE ||
                    (shares[node] == SHARE_NAME && (tag == FDT_BEGIN_NODE || tag == FDT_END_NODE));
        if (tag == FDT_PROP && is_signed)
            done = check_property(tree, offset, strings, &is_signed, failure);
        if (tag == FDT_END_NODE)
            node = tree->nodes[node].parent;
        if (is_signed)
            mbedtls_sha256_update_ret(&sha256, fdt + fdt_off_dt_struct(fdt) + offset, (size_t)(next - offset));
    } while (done && tag != FDT_END);
    mbedtls_sha256_update_ret(&sha256, fdt + fdt_off_dt_strings(fdt), strings);
    mbedtls_sha256_finish_ret(&sha256, digest);
    mbedtls_sha256_free(&sha256);
    return done;
}

/* The part of the strings that is signed, which is their beginning. */
static bool find_strings(const struct fit_tree *tree, uint32_t signature, uint32_t *size, struct failure *failure)
{
    int length;
    const fdt32_t *range = fdt_getprop(tree->fdt, tree->nodes[signature].offset, "hashed-strings", &length);

    if (!range || length != 2 * sizeof(*range))
        return fail(failure, "FIT", "%s has no hashed-strings", tree->nodes[signature].name);
    *size = fdt32_ld(&range[1]);
    if (fdt32_ld(&range[0]) || *size > fdt_size_dt_strings(tree->fdt))
        return fail(failure, "FIT", "hashed-strings of %s are not in the tree", tree->nodes[signature].name);
    return true;
}

/* ---- RSA ---- */

/* RFC 8017, 9.2: what the signature has to become, in as many bytes as the modulus has. */
static void encode(const uint8_t *digest, uint8_t *message, uint64_t size)
{
    static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    uint64_t at = size - SHA256_SIZE - sizeof(info);

    memset(message, 0xff, size);
    message[0] = 0;
    message[1] = 1;
    message[at - 1] = 0;
    memcpy(message + at, info, sizeof(info));
    memcpy(message + size - SHA256_SIZE, digest, SHA256_SIZE);
}

/* RFC 8017, 5.2.2: signature ^ exponent mod modulus, in as many bytes as the modulus has. */
static int recover(const struct fit_key *key, struct span signature, uint8_t *message)
{
    mbedtls_mpi modulus, exponent, number;
    int error;

    mbedtls_mpi_init(&modulus);
    mbedtls_mpi_init(&exponent);
    mbedtls_mpi_init(&number);
    error = mbedtls_mpi_read_binary(&modulus, key->modulus.data, key->modulus.size);
    if (!error)
        error = mbedtls_mpi_read_binary(&exponent, key->exponent.data, key->exponent.size);
    if (!error)
        error = mbedtls_mpi_read_binary(&number, signature.data, signature.size);
    if (!error && mbedtls_mpi_cmp_mpi(&number, &modulus) >= 0)
        error = MBEDTLS_ERR_MPI_BAD_INPUT_DATA;
    if (!error)
        error = mbedtls_mpi_exp_mod(&number, &number, &exponent, &modulus, NULL);
    if (!error)
        error = mbedtls_mpi_write_binary(&number, message, key->modulus.size);
    mbedtls_mpi_free(&number);
    mbedtls_mpi_free(&exponent);
    mbedtls_mpi_free(&modulus);
    return error;
}

/* *matches: whether the signature of the digest is by this key. A failure where there is no memory to know. */
static bool check_rsa(const struct fit_key *key, struct span signature, const uint8_t *digest, bool *matches,
                      struct failure *failure)
{
    uint8_t message[RSA_MAX], expected[RSA_MAX];
    int error;

    *matches = false;
    error = recover(key, signature, message);
    if (error == MBEDTLS_ERR_MPI_ALLOC_FAILED)
        return fail(failure, "FIT", "there is no memory to check its signature");
    if (error)
        return true;
    encode(digest, expected, key->modulus.size);
    *matches = !memcmp(message, expected, key->modulus.size);
    return true;
}

/* ---- signatures ---- */

/* The size of the modulus that the algorithm wants; 0 where it is unknown. */
static uint64_t modulus_size(const char *algorithm)
{
    if (!strcmp(algorithm, "sha256,rsa2048"))
        return 2048 / 8;
    return strcmp(algorithm, "sha256,rsa4096") ? 0 : RSA_MAX;
}

/* The bytes of a signature, of an algorithm that is known. */
static bool read_signature(const struct fit_tree *tree, uint32_t node, struct span *value, struct failure *failure)
{
    const char *name = tree->nodes[node].name, *algorithm, *padding;
    uint64_t size;
    int length;

    if (!fit_string(tree, node, "algo", &algorithm, failure) || !fit_string(tree, node, "padding", &padding, failure))
        return false;
    size = algorithm ? modulus_size(algorithm) : 0;
    if (!size || (padding && strcmp(padding, "pkcs-1.5")))
        return fail(failure, "FIT", "%s has an unknown algorithm: %s%s%s", name, algorithm ? algorithm : "none",
                    padding ? ", " : "", padding ? padding : "");
    value->data = fdt_getprop(tree->fdt, tree->nodes[node].offset, "value", &length);
    if (!value->data || (uint64_t)length != size)
        return fail(failure, "FIT", "%s has no value of %lu bytes", name, size);
    value->size = size;
    return true;
}

/* One signature node, by any of the keys that have its name. */
static bool check_signature(const struct fit_tree *tree, uint32_t node, uint32_t configuration,
                            const struct fit_used *used, const struct fit_key *keys, uint32_t key_count,
                            struct failure *failure)
{
    const char *name = tree->nodes[node].name, *hint;
    uint8_t digest[SHA256_SIZE];
    uint32_t strings = 0, tried = 0;
    struct span value;
    bool matches;

    if (!read_signature(tree, node, &value, failure) || !fit_string(tree, node, "key-name-hint", &hint, failure) ||
        !find_strings(tree, node, &strings, failure) || !list_nodes(tree, node, configuration, failure) ||
        !check_covered(tree, node, configuration, used, failure) || !digest_tree(tree, strings, digest, failure))
        return false;
    for (uint32_t i = 0; i < key_count; i++) {
        if (keys[i].modulus.size != value.size || (*keys[i].name && (!hint || strcmp(keys[i].name, hint))))
            continue;
        tried++;
        if (!check_rsa(&keys[i], value, digest, &matches, failure))
            return false;
        if (matches)
            return true;
    }
    if (!tried)
        return fail(failure, "FIT", "%s of configuration %s is by a key that is not known: %s", name,
                    tree->nodes[configuration].name, hint ? hint : "without a name");
    return fail(failure, "FIT", "%s of configuration %s is wrong", name, tree->nodes[configuration].name);
}

bool fit_signature_check(const struct fit_tree *tree, uint32_t configuration, const struct fit_used *used,
                         const struct fit_key *keys, uint32_t key_count, struct failure *failure)
{
    uint32_t tried = 0;

    for (uint32_t i = 1; i < tree->count; i++) {
        if (tree->nodes[i].parent != configuration || !has_prefix(tree->nodes[i].name, SIGNATURE_PREFIX))
            continue;
        if (tried++ == SIGNATURES_MAX)
            return fail(failure, "FIT", "configuration %s has more than %u signatures", tree->nodes[configuration].name,
                        SIGNATURES_MAX);
        if (check_signature(tree, i, configuration, used, keys, key_count, failure))
            return true;
    }
    if (!tried)
        return fail(failure, "FIT", "configuration %s is not signed", tree->nodes[configuration].name);
    return false;
}

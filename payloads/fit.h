/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FIT, U-Boot's flat image tree (.itb): configurations that name a kernel, ramdisks and a device tree, with hashes and
 * signatures (Flat Image Tree Specification 0.8; U-Boot doc/usage/fit/source_file_format.rst and signature.rst). Read
 * with libfdt, checked with mbedtls. Pure.
 */
#ifndef PAYLOADS_FIT_H
#define PAYLOADS_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

#define FIT_CONFIGURATIONS_MAX 64
#define FIT_RAMDISKS_MAX       16
#define FIT_KEYS_MAX           8

struct fit_configuration {
    const char *name;        /* the node's; points into the tree */
    const char *description; /* "" where it has none */
};

struct fit {
    struct span blob; /* the tree and, behind it, data that lies outside (data-position, data-offset) */
    uint64_t size;    /* bytes of it that are the FIT, outside data included */
    const char *description;
    uint32_t count;
    struct fit_configuration configurations[FIT_CONFIGURATIONS_MAX];
    uint32_t default_; /* index; that of /configurations' `default`, else 0 */
};

/* An RSA public key: big-endian numbers. */
struct fit_key {
    char name[64]; /* key-name-hint; "": for any */
    struct span modulus, exponent;
};

struct fit_parts {
    struct span kernel;      /* as it lies in the file, perhaps compressed */
    const char *compression; /* of the kernel: "none", "gzip", "zstd", "lz4", "lzma", "xz" */
    uint32_t ramdisk_count;
    struct span ramdisks[FIT_RAMDISKS_MAX];
    struct span device_tree;  /* data NULL: none */
    const char *command_line; /* /chosen/bootargs of the device tree; "" where there is none */
    bool verified;            /* a required signature holds */
};

/* Whether it begins as a flattened device tree that has /images and /configurations. */
bool fit_is(struct span content);

/*
 * Reads the configurations. A failure where the tree is broken (more than one root, a node name with '@' in /images or
 * /configurations, two nodes of one name, no configuration, more than the table has room for).
 */
bool fit_parse(struct span content, struct fit *fit, struct failure *failure);

/*
 * What a configuration is made of. Every hash node of every image that it uses is checked (crc32, sha256, sha512;
 * another algorithm is a failure; so is an image without any hash where keys are given); a failure names the node.
 * key_count > 0: the configuration must have a signature by one of these keys (RSA-2048 or 4096, PKCS1 v1.5, SHA-256)
 * over all that it uses, hashes included, and no image that it uses may lie outside what is hashed. Images must be of
 * the right type, and of arch x86_64 or x86 where they say.
 */
bool fit_open(const struct fit *fit, uint32_t configuration, const struct fit_key *keys, uint32_t key_count,
              struct fit_parts *parts, struct failure *failure);

/*
 * Reads the keys that quadrivium-pack put into a `.fitkey` section: for each, a 64-byte name, then modulus and
 * exponent, each a big-endian 32-bit length and the bytes. A failure where they are broken.
 */
bool fit_keys_parse(struct span section, struct fit_key *keys, uint32_t *count, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes and signatures of a FIT whose nodes were found to be sound. For fit.c. */
#ifndef PAYLOADS_FIT_VERIFY_H
#define PAYLOADS_FIT_VERIFY_H

#include "payloads/fit.h"
#include "payloads/fit_tree.h"

#define FIT_USED_MAX (1 + FIT_RAMDISKS_MAX + 1)

/* What a configuration uses: images' nodes. */
struct fit_used {
    uint32_t count;
    uint32_t images[FIT_USED_MAX];
};

/*
 * Checks all hashes of an image whose bytes are `data`. strong: one of them has to be such that nobody can make other
 * bytes with the same hash.
 */
bool fit_hashes_check(const struct fit_tree *tree, uint32_t image, struct span data, bool strong,
                      struct failure *failure);

/*
 * Looks for a signature of the configuration that is by one of the keys, and covers the root, the configuration, the
 * images that it uses, and all of their hashes. Takes memory from malloc.
 */
bool fit_signature_check(const struct fit_tree *tree, uint32_t configuration, const struct fit_used *used,
                         const struct fit_key *keys, uint32_t key_count, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The random seed of a boot tree (systemd.io/RANDOM_SEEDS): everything that is known is hashed to one key, and from the
 * key come, by different hashes, the new content of the file and what the kernel gets. Who has one of them does not
 * know the others; and the file is new before the kernel gets anything, so that no boot ever uses the same twice.
 */
#include "menu/random_seed.h"

#include <mbedtls/sha256.h>

#include "common/string.h"
#include "common/text.h"
#include "firmware/loader_interface.h"
#include "payloads/library.h"

#define SEED_FILE "/loader/random-seed"
#define LABEL     "quadrivium random seed 1" /* so that the same inputs elsewhere give something else */
#define SEED_SIZE 32                         /* bytes of a SHA-256 */
#define FILE_MIN  32
#define FILE_MAX  32768
#define PIECE     512
#define TOKEN_MAX 512

enum part { PART_FILE, PART_TABLE, PART_HANDOFF, PART_VARIABLE };

static mbedtls_sha256_context hash;

/* ---- hashing ---- */

static bool start(void)
{
    uint64_t flags = library_enter();
    bool done;

    mbedtls_sha256_init(&hash);
    done = !mbedtls_sha256_starts_ret(&hash, 0);
    library_leave(flags);
    return done;
}

static bool add(const void *data, uint64_t size)
{
    uint64_t flags = library_enter();
    bool done = !mbedtls_sha256_update_ret(&hash, data, size);

    library_leave(flags);
    return done;
}

/* With its length before it, so that no two inputs look like one other. */
static bool add_input(const void *data, uint64_t size)
{
    return add(&size, sizeof(size)) && add(data, size);
}

static bool finish(uint8_t *result)
{
    uint64_t flags = library_enter();
    bool done = !mbedtls_sha256_finish_ret(&hash, result);

    mbedtls_sha256_free(&hash);
    library_leave(flags);
    return done;
}

static bool derive(const uint8_t *key, enum part part, uint8_t *result)
{
    const uint8_t number = (uint8_t)part;

    return start() && add(key, SEED_SIZE) && add(&number, sizeof(number)) && finish(result);
}

static void wipe(void *secret, uint64_t size)
{
    memset(secret, 0, size);
    __asm__ volatile("" : : "r"(secret) : "memory");
}

/* ---- the inputs ---- */

static bool add_file(const struct tree *tree, uint64_t size, struct failure *failure)
{
    uint8_t piece[PIECE];
    bool done = add(&size, sizeof(size));

    for (uint64_t at = 0; done && at < size; at += PIECE) {
        uint64_t length = size - at < PIECE ? size - at : PIECE;

        if (!tree->read(tree, SEED_FILE, at, piece, length, failure))
            return false;
        done = add(piece, length);
    }
    wipe(piece, sizeof(piece));
    return done || fail(failure, "random seed", "it cannot be hashed");
}

static bool make_key(const struct tree *tree, uint64_t size, struct span token, const struct handoff *handoff,
                     uint8_t *key, struct failure *failure)
{
    const uint64_t clock = __builtin_ia32_rdtsc();

    if (!start() || !add_input(LABEL, sizeof(LABEL) - 1) || !add_input(token.data, token.size) ||
        !add_input(handoff->random_seed.data, handoff->random_seed.size) || !add_input(&clock, sizeof(clock)))
        return fail(failure, "random seed", "it cannot be hashed");
    return add_file(tree, size, failure) && (finish(key) || fail(failure, "random seed", "it cannot be hashed"));
}

/* ---- the outputs ---- */

static bool put(const struct tree *tree, const uint8_t *key, struct handoff *handoff, struct failure *failure)
{
    static uint8_t ours[SEED_SIZE];
    uint8_t seed[SEED_SIZE];
    const struct span whole = { seed, sizeof(seed) };
    bool done;

    if (!derive(key, PART_FILE, seed))
        return fail(failure, "random seed", "it cannot be hashed");
    done = tree->write(tree, SEED_FILE, whole, failure);
    if (done && !(derive(key, PART_TABLE, seed) && derive(key, PART_HANDOFF, ours)))
        done = fail(failure, "random seed", "it cannot be hashed");
    done = done && loader_interface_give_seed(whole, failure);
    if (done)
        handoff->random_seed = (struct span){ ours, sizeof(ours) };
    if (done && derive(key, PART_VARIABLE, seed))
        loader_interface_tell_seed(whole);
    wipe(seed, sizeof(seed));
    return done;
}

bool random_seed_use(const struct tree *tree, struct handoff *handoff, struct failure *failure)
{
    uint8_t token[TOKEN_MAX], key[SEED_SIZE];
    struct tree_node node;
    uint32_t size;
    bool done;

    if (!tree->write)
        return true;
    size = loader_interface_token(token, sizeof(token));
    /* Without either, all machines that share a disk image would share their seeds. */
    if (!size && !handoff->random_seed.size)
        return true;
    if (!tree->find(tree, SEED_FILE, &node, failure))
        return false;
    if (node.kind != TREE_FILE)
        return true;
    if (node.size < FILE_MIN || node.size > FILE_MAX)
        return fail(failure, "random seed", "%s has %lu bytes, not %u to %u", SEED_FILE, node.size, FILE_MIN, FILE_MAX);
    done = make_key(tree, node.size, (struct span){ token, size }, handoff, key, failure) &&
           put(tree, key, handoff, failure);
    wipe(token, sizeof(token));
    wipe(key, sizeof(key));
    return done;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/random_seed.c common/text.c common/failure.c */
/* libraries: -lmbedcrypto */
/* The random seed: what is read, what is written, what the kernel gets, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "firmware/loader_interface.h"
#include "menu/random_seed.h"

#include <cmocka.h>

#define PATH "/loader/random-seed"

/* ---- the tree and the firmware that it meets ---- */

static struct {
    uint8_t file[40000], given[64], told[64];
    uint64_t size, given_size, told_size;
    uint32_t token_size;
    enum tree_kind kind;
    bool writes, reads, takes;
    unsigned written; /* times */
} world;

static struct handoff handoff;
static uint8_t generator[32] = "what the generator gave";

static bool find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    (void)tree, (void)failure;
    assert_string_equal(path, PATH);
    *node = (struct tree_node){ .kind = world.kind, .size = world.size };
    return true;
}

static bool read_file(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                      struct failure *failure)
{
    (void)tree;
    assert_string_equal(path, PATH);
    assert_true(offset <= world.size && size <= world.size - offset);
    memcpy(buffer, world.file + offset, size);
    return world.reads || (fail)(failure, path, "broken");
}

static bool write_file(const struct tree *tree, const char *path, struct span content, struct failure *failure)
{
    (void)tree;
    assert_string_equal(path, PATH);
    assert_int_equal(content.size, 32);
    assert_int_equal(world.given_size, 0); /* the file first */
    if (!world.writes)
        return (fail)(failure, path, "full");
    memcpy(world.file, content.data, content.size);
    world.written++;
    return true;
}

uint32_t loader_interface_token(uint8_t *buffer, uint32_t size)
{
    assert_true(size >= world.token_size);
    memset(buffer, 't', world.token_size);
    return world.token_size;
}

bool loader_interface_give_seed(struct span seed, struct failure *failure)
{
    assert_true(seed.size <= sizeof(world.given));
    if (!world.takes)
        return (fail)(failure, "random seed", "not taken");
    memcpy(world.given, seed.data, seed.size);
    world.given_size = seed.size;
    return true;
}

void loader_interface_tell_seed(struct span seed)
{
    assert_true(seed.size <= sizeof(world.told));
    memcpy(world.told, seed.data, seed.size);
    world.told_size = seed.size;
}

static struct tree tree;

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    memset(world.file, 'f', sizeof(world.file));
    world.size = 512;
    world.token_size = 16;
    world.kind = TREE_FILE;
    world.writes = world.reads = world.takes = true;
    handoff.random_seed = (struct span){ generator, sizeof(generator) };
    tree = (struct tree){ .find = find, .read = read_file, .write = write_file };
    return 0;
}

static bool use(void)
{
    struct failure failure;

    return random_seed_use(&tree, &handoff, &failure);
}

static void assert_nothing(void)
{
    assert_int_equal(world.written, 0);
    assert_int_equal(world.given_size + world.told_size, 0);
    assert_ptr_equal(handoff.random_seed.data, generator);
}

/* ---- tests ---- */

static void four_parts(void **state)
{
    static uint8_t before[sizeof(world.file)];

    (void)state;
    memcpy(before, world.file, sizeof(before));
    assert_true(use());
    assert_int_equal(world.written, 1);
    assert_int_equal(world.given_size, 32);
    assert_int_equal(world.told_size, 32);
    assert_int_equal(handoff.random_seed.size, 32);
    assert_memory_not_equal(world.file, before, 32);
    assert_memory_equal(world.file + 32, before + 32, sizeof(before) - 32);
    assert_memory_not_equal(world.file, world.given, 32);
    assert_memory_not_equal(handoff.random_seed.data, world.given, 32);
    assert_memory_not_equal(handoff.random_seed.data, world.file, 32);
    assert_memory_not_equal(world.told, world.given, 32);
    assert_memory_not_equal(world.told, world.file, 32);
    assert_memory_not_equal(world.told, handoff.random_seed.data, 32);
}

/* The clock is in it: the same inputs never give the same. */
static void never_twice(void **state)
{
    uint8_t first[32];

    (void)state;
    assert_true(use());
    memcpy(first, world.given, sizeof(first));
    setup(NULL);
    assert_true(use());
    assert_memory_not_equal(world.given, first, sizeof(first));
}

static void token_or_generator(void **state)
{
    (void)state;
    world.token_size = 0;
    assert_true(use());
    assert_int_equal(world.written, 1);
    setup(NULL);
    world.token_size = 0;
    handoff.random_seed = (struct span){ NULL, 0 };
    assert_true(use());
    assert_int_equal(world.written + world.given_size, 0);
    setup(NULL);
    handoff.random_seed = (struct span){ NULL, 0 };
    assert_true(use());
    assert_int_equal(world.written, 1);
}

static void nothing_to_do(void **state)
{
    (void)state;
    world.kind = TREE_ABSENT;
    assert_true(use());
    assert_nothing();
    world.kind = TREE_FOLDER;
    assert_true(use());
    assert_nothing();
    setup(NULL);
    tree.write = NULL;
    assert_true(use());
    assert_nothing();
}

static void sizes(void **state)
{
    static const uint64_t good[] = { 32, 511, 512, 513, 32768 }, wrong[] = { 0, 31, 32769, UINT64_MAX };

    (void)state;
    for (unsigned i = 0; i < sizeof(good) / sizeof(*good); i++) {
        setup(NULL);
        world.size = good[i];
        assert_true(use());
        assert_int_equal(world.given_size, 32);
    }
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        setup(NULL);
        world.size = wrong[i];
        assert_false(use());
        assert_nothing();
    }
}

/* What could not be made last is never given. */
static void failures(void **state)
{
    (void)state;
    world.writes = false;
    assert_false(use());
    assert_nothing();
    setup(NULL);
    world.reads = false;
    assert_false(use());
    assert_nothing();
    setup(NULL);
    world.takes = false;
    assert_false(use());
    assert_int_equal(world.written, 1);
    assert_int_equal(world.told_size, 0);
    assert_ptr_equal(handoff.random_seed.data, generator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(four_parts, setup),
        cmocka_unit_test_setup(never_twice, setup),
        cmocka_unit_test_setup(token_or_generator, setup),
        cmocka_unit_test_setup(nothing_to_do, setup),
        cmocka_unit_test_setup(sizes, setup),
        cmocka_unit_test_setup(failures, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

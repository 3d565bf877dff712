/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/cpio.c storage/path.c common/text.c common/failure.c */
/*
 * Trees in cpio archives: names, links, several archives, and what is wrong with broken ones. With the name of a file
 * it prints what is in that archive (test_trees.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "storage/cpio.h"
#include "tests/unit/content_of.h"
#include "tests/unit/tree_walk.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define FILE_MODE   0100644u
#define FOLDER_MODE 0040755u
#define LINK_MODE   0120777u

static uint8_t *made;
static size_t made_size;
static uint8_t *copy; /* of its own size, so that the sanitizer sees reads behind it */
static struct tree tree;
static struct failure failure;

static int setup(void **state)
{
    (void)state;
    made = calloc(1, 8 << 20);
    made_size = 0;
    copy = NULL;
    memset(&failure, 0, sizeof(failure));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(made);
    free(copy);
    return 0;
}

static void put(const void *data, size_t size)
{
    memcpy(made + made_size, data, size);
    made_size += size;
}

static void align(void)
{
    made_size += -made_size % 4;
}

struct fields {
    unsigned ino, mode, links, check;
    char magic;
};

/* Returns where its header is. */
static size_t put_member(const char *name, struct fields fields, const char *data)
{
    size_t at = made_size;
    char header[128];

    snprintf(header, sizeof(header), "07070%c%08X%08X%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X%08X",
             fields.magic ? fields.magic : '1', fields.ino, fields.mode, 0u, 0u, fields.links, 0u,
             (unsigned)strlen(data), 8u, 1u, 0u, 0u, (unsigned)strlen(name) + 1, fields.check);
    put(header, 110);
    put(name, strlen(name) + 1);
    align();
    put(data, strlen(data));
    align();
    return at;
}

static size_t put_file(const char *name, const char *data)
{
    return put_member(name, (struct fields){ 1, FILE_MODE, 1, 0, 0 }, data);
}

static size_t put_trailer(void)
{
    return put_member("TRAILER!!!", (struct fields){ 0, 0, 1, 0, 0 }, "");
}

static bool open_made(void)
{
    free(copy);
    copy = malloc(made_size + !made_size);
    memcpy(copy, made, made_size);
    return cpio_open((struct span){ copy, made_size }, &tree, &failure);
}

static void assert_refused(const char *why)
{
    failure.why[0] = '\0';
    assert_false(open_made());
    assert_failure(&failure, NULL, why);
}

static struct tree_node found(const char *path)
{
    struct tree_node node;

    assert_true(tree.find(&tree, path, &node, &failure));
    return node;
}

static void assert_file(const char *path, const char *content)
{
    struct tree_node node = found(path);
    char buffer[64];

    assert_int_equal(node.kind, TREE_FILE);
    assert_int_equal(node.size, strlen(content));
    assert_memory_equal(node.data, content, node.size);
    assert_true(tree.read(&tree, path, 0, buffer, node.size, &failure));
    assert_memory_equal(buffer, content, node.size);
}

static void assert_kind(const char *path, enum tree_kind kind)
{
    assert_int_equal(found(path).kind, kind);
}

/* The names of a folder, in the order of the alphabet. */
static char listed[4096];
static char list_names[1000][TREE_NAME_MAX + 1];
static unsigned list_count;

static bool visit(void *context, const char *name, const struct tree_node *node)
{
    (void)context;
    if (list_count == 1000)
        return false;
    snprintf(list_names[list_count++], sizeof(*list_names), "%s%s", name,
             node->kind == TREE_FOLDER  ? "/"
             : node->kind == TREE_OTHER ? "@"
                                        : "");
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static const char *names_in(const char *path)
{
    list_count = 0;
    listed[0] = '\0';
    assert_true(tree.list(&tree, path, visit, NULL, &failure));
    qsort(list_names, list_count, sizeof(*list_names), by_name);
    for (unsigned i = 0; i < list_count && strlen(listed) < 2048; i++) {
        strcat(listed, i ? " " : "");
        strcat(listed, list_names[i]);
    }
    return listed;
}

static void files_and_folders(void **state)
{
    (void)state;
    put_member("loader", (struct fields){ 1, FOLDER_MODE, 2, 0, 0 }, "");
    put_member("loader/entries", (struct fields){ 2, FOLDER_MODE, 2, 0, 0 }, "");
    put_file("loader/entries/a.conf", "linux /vmlinuz\n");
    put_file("empty", "");
    put_member("link", (struct fields){ 3, LINK_MODE, 1, 0, 0 }, "loader");
    put_member("null", (struct fields){ 3, 0020666, 1, 0, 0 }, "");
    put_trailer();
    assert_true(open_made());
    assert_file("/loader/entries/a.conf", "linux /vmlinuz\n");
    assert_file("/empty", "");
    assert_kind("/", TREE_FOLDER);
    assert_kind("/loader", TREE_FOLDER);
    assert_kind("/loader/entries", TREE_FOLDER);
    assert_kind("/link", TREE_OTHER);
    assert_kind("/null", TREE_OTHER);
    assert_kind("/loader/entries/a", TREE_ABSENT);
    assert_kind("/loader/entries/a.conf/b", TREE_ABSENT);
    assert_kind("/Empty", TREE_ABSENT);
    assert_kind("/TRAILER!!!", TREE_ABSENT);
    assert_string_equal(names_in("/"), "empty link@ loader/ null@");
    assert_string_equal(names_in("/loader"), "entries/");
    assert_string_equal(names_in("/loader/entries"), "a.conf");
    assert_string_equal(names_in("/empty"), "");
    assert_string_equal(names_in("/nothing"), "");
    assert_null(tree.rename);
    assert_null(tree.write);
}

static void reads(void **state)
{
    char buffer[8] = "????????";

    (void)state;
    put_file("f", "0123456789");
    put_member("d", (struct fields){ 3, FOLDER_MODE, 1, 0, 0 }, "");
    assert_true(open_made());
    assert_true(tree.read(&tree, "/f", 3, buffer, 4, &failure));
    assert_memory_equal(buffer, "3456????", 8);
    assert_true(tree.read(&tree, "/f", 10, buffer, 0, &failure));
    assert_false(tree.read(&tree, "/f", 10, buffer, 1, &failure));
    assert_false(tree.read(&tree, "/f", 7, buffer, 4, &failure));
    assert_false(tree.read(&tree, "/f", UINT64_MAX, buffer, 2, &failure));
    assert_false(tree.read(&tree, "/d", 0, buffer, 0, &failure));
    assert_false(tree.read(&tree, "/none", 0, buffer, 0, &failure));
    assert_memory_equal(buffer, "3456????", 8);
}

static void folders_that_only_names_tell_of(void **state)
{
    (void)state;
    put_file("a/b/c/one", "1");
    put_file("a/b/two", "2");
    put_file("a/x", "3");
    put_file("ab", "4");
    put_trailer();
    assert_true(open_made());
    assert_kind("/a", TREE_FOLDER);
    assert_kind("/a/b", TREE_FOLDER);
    assert_kind("/a/b/c", TREE_FOLDER);
    assert_kind("/a/b/c/one/more", TREE_ABSENT);
    assert_kind("/a/bc", TREE_ABSENT);
    assert_string_equal(names_in("/"), "a/ ab");
    assert_string_equal(names_in("/a"), "b/ x");
    assert_string_equal(names_in("/a/b"), "c/ two");
}

static void names_have_many_forms(void **state)
{
    (void)state;
    put_member(".", (struct fields){ 1, FOLDER_MODE, 2, 0, 0 }, "");
    put_member("./d/", (struct fields){ 1, FOLDER_MODE, 2, 0, 0 }, "");
    put_file("./d/one", "1");
    put_file("/d/two", "2");
    put_file("d//./three", "3");
    put_file("d/three.", "4");
    put_file("../d/up", "5");
    put_file("d/../up", "6");
    put_file("..", "7");
    put_file("bad\xff", "8");
    put_file("bad\n", "9");
    put_file("", "10");
    put_trailer();
    assert_true(open_made());
    assert_file("/d/one", "1");
    assert_file("/d/two", "2");
    assert_file("/d/three", "3");
    assert_file("/d/three.", "4");
    assert_string_equal(names_in("/"), "d/");
    assert_string_equal(names_in("/d"), "one three three. two");
    assert_kind("/d/up", TREE_ABSENT);
}

static void the_last_holds(void **state)
{
    (void)state;
    put_file("a", "old");
    put_file("b", "old");
    put_file("c/d", "old");
    put_file("./a", "new");
    put_member("b", (struct fields){ 1, FOLDER_MODE, 2, 0, 0 }, "");
    put_trailer();
    put_file("/c/d", "newest");
    put_trailer();
    assert_true(open_made());
    assert_file("/a", "new");
    assert_kind("/b", TREE_FOLDER);
    assert_file("/c/d", "newest");
    assert_string_equal(names_in("/"), "a b/ c/");
    assert_string_equal(names_in("/c"), "d");
}

static void several_archives(void **state)
{
    (void)state;
    put_file("one", "1");
    put_trailer();
    made_size = 512;
    put_file("two", "2");
    made_size += 8; /* without trailer */
    put_file("three", "3");
    put_trailer();
    made_size += 1021;
    assert_true(open_made());
    assert_file("/one", "1");
    assert_file("/two", "2");
    assert_string_equal(names_in("/"), "one three two");
}

static void what_follows_the_trailer(void **state)
{
    (void)state;
    put_file("one", "1");
    put_trailer();
    put("\x1f\x8b garbage", 10);
    assert_true(open_made());
    assert_string_equal(names_in("/"), "one");
    memcpy(made + made_size - 10, "0", 1);
    assert_refused("member 3 at 0xf4: its header is cut off");
    made_size += 200;
    assert_refused("member 3 at 0xf4: it does not begin with 070701 or 070702");
}

static void hard_links(void **state)
{
    (void)state;
    put_member("first", (struct fields){ 7, FILE_MODE, 3, 0, 0 }, "");
    put_member("d/second", (struct fields){ 7, FILE_MODE, 3, 0, 0 }, "");
    put_member("other", (struct fields){ 8, FILE_MODE, 2, 0, 0 }, "other's");
    put_member("last", (struct fields){ 7, FILE_MODE, 3, 0, 0 }, "shared");
    put_member("emptied", (struct fields){ 9, FILE_MODE, 2, 0, 0 }, "");
    put_member("emptied too", (struct fields){ 9, FILE_MODE, 2, 0, 0 }, "");
    put_trailer();
    /* Another archive counts its files anew. */
    put_member("behind", (struct fields){ 7, FILE_MODE, 2, 0, 0 }, "behind's");
    put_member("link behind", (struct fields){ 7, FILE_MODE, 2, 0, 0 }, "");
    put_member("emptied too behind", (struct fields){ 8, FILE_MODE, 2, 0, 0 }, "");
    put_trailer();
    assert_true(open_made());
    assert_file("/first", "shared");
    assert_file("/d/second", "shared");
    assert_file("/last", "shared");
    assert_file("/other", "other's");
    assert_file("/emptied", "");
    assert_file("/emptied too", "");
    assert_file("/link behind", "behind's");
    assert_file("/emptied too behind", "");
    assert_true(walk_tree(&tree, &failure));
    for (unsigned i = 0; i < walked_count; i++)
        assert_true(walked[i].node.data == found(walked[i].path).data);
}

static void sums(void **state)
{
    size_t at;

    (void)state;
    at = put_member("f", (struct fields){ 1, FILE_MODE, 1, 'a' + 'b' + 0xff, '2' }, "ab\xff");
    put_member("l", (struct fields){ 2, LINK_MODE, 1, 0, '2' }, "f"); /* Linux does not sum these either */
    put_trailer();
    assert_true(open_made());
    assert_file("/f", "ab\xff");
    made[at + 5] = '1'; /* which has no sum */
    made[at + 102]++;
    assert_true(open_made());
    made[at + 5] = '2';
    assert_refused("member 1 at 0x0 (f): its data does not have the sum that its header tells");
}

static void many_names(void **state)
{
    struct tree_node node;

    (void)state;
    for (unsigned i = 0; i < 8000; i++) { /* more than the table holds */
        char name[64];

        snprintf(name, sizeof(name), "entries/%u.conf", i % 7000);
        put_file(name, i < 7000 ? "old" : "new");
    }
    assert_true(open_made());
    assert_true(walk_tree(&tree, &failure));
    assert_int_equal(walked_count, 7002);
    for (unsigned i = 2; i < walked_count; i += 97) {
        unsigned number;

        assert_int_equal(sscanf(walked[i].path, "/entries/%u.conf", &number), 1);
        assert_memory_equal(walked[i].node.data, number < 1000 ? "new" : "old", 3);
        assert_true(tree.find(&tree, walked[i].path, &node, &failure));
        assert_ptr_equal(node.data, walked[i].node.data);
    }
    assert_kind("/entries/7000.conf", TREE_ABSENT);
    names_in("/entries"); /* ends early */
    assert_int_equal(list_count, 1000);
}

static void two_trees(void **state)
{
    uint8_t *first;
    struct tree other;

    (void)state;
    put_file("f", "one");
    assert_true(open_made());
    other = tree;
    first = copy;
    copy = NULL;
    made_size = 0;
    put_file("g", "two");
    put_file("f", "two");
    assert_true(open_made());
    for (unsigned i = 0; i < 3; i++) {
        struct tree_node node;

        assert_file("/f", "two");
        assert_true(other.find(&other, "/f", &node, &failure) && memcmp(node.data, "one", 3) == 0);
        assert_true(other.find(&other, "/g", &node, &failure) && node.kind == TREE_ABSENT);
    }
    free(first);
}

static bool count_only(void *context, const char *name, const struct tree_node *node)
{
    (void)name;
    (void)node;
    ++*(unsigned *)context;
    return true;
}

static void too_many_names(void **state)
{
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < 16385; i++) {
        char name[64];

        snprintf(name, sizeof(name), "d/%u", i);
        put_file(name, "");
    }
    assert_true(open_made());
    assert_false(tree.list(&tree, "/d", count_only, &count, &failure));
    assert_string_equal(failure.why, "more than 16384 names in /d");
    assert_int_equal(count, 16384);
}

static void too_many_links(void **state)
{
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < 12000; i++) {
        char name[64];

        snprintf(name, sizeof(name), "d/%u", i);
        put_member(name, (struct fields){ i, FILE_MODE, 2, 0, 0 }, "");
    }
    assert_true(open_made());
    assert_false(tree.list(&tree, "/d", count_only, &count, &failure));
    assert_non_null(strstr(failure.why, "too many links"));
    assert_in_range(count, 300, 400);
}

static void broken_headers(void **state)
{
    static const struct {
        unsigned offset;
        const char *bytes, *why;
    } cases[] = {
        { 5, "3", "it does not begin with" },        { 0, "1", "it does not begin with" },
        { 54, "0000000g", "no hexadecimal digit" }, /* filesize */
        { 54, "7FFFFFFF", "data is cut off" },       { 54, "FFFFFFFF", "data is cut off" },
        { 94, "00000000", "its name is empty" }, /* namesize */
        { 94, "00001001", "or too long" },           { 94, "FFFFFFFF", "or too long" },
        { 94, "00000F00", "name is cut off" },       { 94, "00000003", "does not end with a NUL" },
        { 94, "0000 003", "no hexadecimal digit" },  { 6, "-0000001", "no hexadecimal digit" }, /* ino */
        { 102, "0x000000", "no hexadecimal digit" },                                            /* check */
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t at;
        char where[32];

        made_size = 0;
        put_file("good", "content");
        at = put_file("broken", "content");
        put_trailer();
        memcpy(made + at + cases[i].offset, cases[i].bytes, strlen(cases[i].bytes));
        assert_refused(cases[i].why);
        snprintf(where, sizeof(where), "member 2 at 0x%zx", at);
        assert_non_null(strstr(failure.why, where));
    }
}

static void cut(void **state)
{
    size_t whole, last;

    (void)state;
    put_file("some", "content");
    last = put_file("more", "content!");
    whole = made_size;
    for (made_size = 0; made_size < whole; made_size++) {
        if (made_size == last || (made_size == last - 1)) /* the last byte is padding */
            continue;
        assert_false(open_made());
    }
    made_size = whole;
    put("\0\0", 2);
    put_file("odd", "");
    assert_refused("it is not at a multiple of four");
    made_size = 0;
    assert_refused("does not begin with a header");
    assert_false(cpio_is((struct span){ NULL, 0 }));
    assert_false(cpio_open((struct span){ NULL, 0 }, &tree, &failure));
}

static void unpadded_end(void **state)
{
    (void)state;
    put_file("some", "content");
    made_size--;
    assert_true(open_made());
    assert_file("/some", "content");
    made_size = 0;
    put_file("xy", "");
    made_size = 113; /* the name's padding is not there */
    assert_true(open_made());
    assert_file("/xy", "");
}

static int describe(const char *path)
{
    struct span content = content_of(path);
    int result;

    if (!content.data || !cpio_open(content, &tree, &failure)) {
        printf("error %s: %s\n", failure.what, failure.why);
        return EXIT_FAILURE;
    }
    result = print_tree(&tree);
    free((void *)content.data);
    return result;
}

int main(int count, char **arguments)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(files_and_folders),
        TEST(reads),
        TEST(folders_that_only_names_tell_of),
        TEST(names_have_many_forms),
        TEST(the_last_holds),
        TEST(several_archives),
        TEST(what_follows_the_trailer),
        TEST(hard_links),
        TEST(sums),
        TEST(many_names),
        TEST(two_trees),
        TEST(too_many_names),
        TEST(too_many_links),
        TEST(broken_headers),
        TEST(cut),
        TEST(unpadded_end),
    };

    if (count == 2)
        return describe(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

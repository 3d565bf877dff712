/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/fit.c payloads/fit_tree.c payloads/fit_verify.c common/text.c common/failure.c */
/* libraries: -l:libfdt.a -l:libmbedcrypto.a -l:libz.a */
/*
 * What FITs are made of, broken in one place a test; their hashes and signatures are in test_fit_verify.c. With the
 * name of a file, a configuration's number and perhaps a .fitkey section as its arguments, this program says what it
 * finds in that; test_fit_real.py compares it with what mkimage was given.
 */
#include "tests/unit/content_of.h"
#include "tests/unit/fit_fixture.h"

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

static void assert_unparsed(const char *why)
{
    assert_false(parse());
    assert_why(why);
    assert_true(!fit.count && !fit.size && !fit.blob.data);
}

static void assert_span(struct span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

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

/* ---- for test_fit_real.py ---- */

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
    struct span whole = content_of(path), section = { NULL, 0 };

    if (key_path)
        section = content_of(key_path);
    if (!whole.data || (key_path && !section.data))
        return 2;
    describe(whole, configuration, section);
    free((void *)whole.data);
    free((void *)section.data);
    return 0;
}

int main(int count, char **arguments)
{
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
        TEST(broken_device_trees),
    };

    if (count == 3 || count == 4)
        return describe_files(arguments[1], arguments[2], count == 4 ? arguments[3] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

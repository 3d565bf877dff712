/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/bls.c menu/conf.c storage/path.c common/text.c common/failure.c */
/* Entries of UAPI.1: what is read, what is passed over, what is refused, and where it is said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "menu/bls.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

static struct bls bls;
static struct failure failure;

static bool parse_bytes(const void *text, size_t size)
{
    uint8_t *copy = malloc(size + !size);
    bool good;

    memcpy(copy, text, size);
    good = bls_parse((struct span){ copy, size }, "a.conf", &bls, &failure);
    free(copy); /* the texts are gone; what is compared below is compared by parse() */
    return good;
}

static bool parse(const char *text)
{
    return bls_parse(text_span(text), "a.conf", &bls, &failure);
}

static void refuse(const char *text, const char *what, const char *why)
{
    memset(&failure, 0, sizeof(failure));
    assert_false(parse(text));
    assert_failure(&failure, what, why);
}

/* The example of the specification, with a second initrd and a second line of options. */
static void the_example(void **state)
{
    (void)state;
    assert_true(parse("# /boot/loader/entries/6a9857a393724b7a981ebb5b8495b9ea-3.8.0-2.fc19.x86_64.conf\n"
                      "title        Fedora 19 (Rawhide)\n"
                      "sort-key     fedora\n"
                      "machine-id   6a9857a393724b7a981ebb5b8495b9ea\n"
                      "version      3.8.0-2.fc19.x86_64\n"
                      "options      root=UUID=6d3376e4-fc93-4509-95ec-a21d68011da2 quiet\n"
                      "options      b=\"c d\"\n"
                      "architecture x64\n"
                      "linux        /6a9857a393724b7a981ebb5b8495b9ea/3.8.0-2.fc19.x86_64/linux\n"
                      "initrd       /6a9857a393724b7a981ebb5b8495b9ea/3.8.0-2.fc19.x86_64/initrd\n"
                      "initrd       /modules and more\n"
                      "devicetree   x.dtb\n"
                      "extra        /6a9857a393724b7a981ebb5b8495b9ea/3.8.0-2.fc19.x86_64/somedata.cred\n"));
    assert_true(text_equals(bls.title, "Fedora 19 (Rawhide)"));
    assert_true(text_equals(bls.sort_key, "fedora"));
    assert_true(text_equals(bls.machine_id, "6a9857a393724b7a981ebb5b8495b9ea"));
    assert_true(text_equals(bls.version, "3.8.0-2.fc19.x86_64"));
    assert_int_equal(bls.options_count, 2);
    assert_true(text_equals(bls.options[0], "root=UUID=6d3376e4-fc93-4509-95ec-a21d68011da2 quiet"));
    assert_true(text_equals(bls.options[1], "b=\"c d\""));
    assert_true(bls_is_ours(bls.architecture));
    assert_int_equal(bls.kernel_kind, BLS_LINUX);
    assert_true(text_equals(bls.kernel, "/6a9857a393724b7a981ebb5b8495b9ea/3.8.0-2.fc19.x86_64/linux"));
    assert_int_equal(bls.module_count, 2);
    assert_true(text_equals(bls.modules[1].path, "/modules and more"));
    assert_int_equal(bls.modules[1].string.size, 0);
    assert_true(text_equals(bls.devicetree, "x.dtb"));
    assert_int_equal(bls.unknown_count, 1);
    assert_true(text_equals(bls.unknown, "extra"));
}

static void other_kernels(void **state)
{
    (void)state;
    assert_true(parse("efi /EFI/x.efi\noptions a\n"));
    assert_int_equal(bls.kernel_kind, BLS_EFI);
    assert_true(parse("uki /a.efi\nprofile 2\n"));
    assert_int_equal(bls.kernel_kind, BLS_UKI);
    assert_int_equal(bls.profile, 2);
    assert_true(parse("pvh /vmlinux\ninitrd /i\n"));
    assert_int_equal(bls.kernel_kind, BLS_PVH);
    assert_true(parse("multiboot2 /xen.gz\noptions dom0_mem=1G\nmodule /vmlinuz \t root=/dev/sda1  ro\nmodule /i\n"));
    assert_int_equal(bls.kernel_kind, BLS_MULTIBOOT2);
    assert_int_equal(bls.module_count, 2);
    assert_true(text_equals(bls.modules[0].path, "/vmlinuz"));
    assert_true(text_equals(bls.modules[0].string, "root=/dev/sda1  ro"));
    assert_true(text_equals(bls.modules[1].path, "/i"));
    assert_int_equal(bls.modules[1].string.size, 0);
    assert_string_equal(bls_kernel_key(BLS_MULTIBOOT2), "multiboot2");
    assert_string_equal(bls_kernel_key(BLS_NONE), "");
    assert_string_equal(bls_kernel_key((enum bls_kernel)77), "");
}

static void lines(void **state)
{
    (void)state;
    assert_true(parse("\xef\xbb\xbftitle A\r\n\r\n \t # no\r\n  \t linux\t /l \t \r\nversion 1")); /* no end of line */
    assert_true(text_equals(bls.title, "A"));
    assert_true(text_equals(bls.kernel, "/l"));
    assert_true(text_equals(bls.version, "1"));
    assert_true(parse("linux /l\ntitle \"quoted\" # no comment\n"));
    assert_true(text_equals(bls.title, "\"quoted\" # no comment"));
    assert_true(parse("linux /l\ntitle Grüße\tund mehr\n"));
    assert_true(text_equals(bls.title, "Grüße\tund mehr"));
    refuse("", "a.conf", "nothing to start");
    refuse("#", "a.conf", "nothing to start");
    refuse("LINUX /l\n", "a.conf", "nothing to start");
    assert_int_equal(bls.unknown_count, 1);
}

/* kernel-install writes "options" with what may be nothing. */
static void without_value(void **state)
{
    (void)state;
    assert_true(parse("title\nversion \noptions   \nlinux /l\nmachine-id\nunknown\ntitle T\n"));
    assert_true(text_equals(bls.title, "T"));
    assert_int_equal(bls.options_count, 0);
    assert_null(bls.version.data);
    assert_int_equal(bls.unknown_count, 1);
    refuse("linux\n", "a.conf:1", "linux has no value");
    refuse("linux /l\n\ninitrd \r\n", "a.conf:3", "initrd has no value");
    refuse("multiboot2 /l\nmodule\n", "a.conf:2", "module has no value");
    refuse("linux /l\ndevicetree\n", "a.conf:2", "devicetree has no value");
    refuse("uki /l\nprofile\n", "a.conf:2", "profile has no value");
}

static void contradictions(void **state)
{
    (void)state;
    refuse("title A\nlinux /l\ntitle B\n", "a.conf:3", "title is given twice");
    refuse("linux /l\nlinux /m\n", "a.conf:2", "linux is given twice");
    refuse("linux /l\nefi /m\n", "a.conf:2", "efi beside linux");
    refuse("uki /l\nprofile 1\nprofile 1\n", "a.conf:3", "profile is given twice");
    refuse("uki /l\nprofile one\n", "a.conf:2", "profile 'one' is no number");
    refuse("uki /l\nprofile 4294967296\n", "a.conf:2", "is no number");
    refuse("uki /l\nprofile -1\n", "a.conf:2", "is no number");
    refuse("module /m\nlinux /l\n", "a.conf:1", "module with linux");
    refuse("pvh /l\nmodule /m\n", "a.conf:2", "module with pvh");
    refuse("initrd /m\nmultiboot2 /l\n", "a.conf:1", "initrd with multiboot2");
    refuse("title A\n", "a.conf", "nothing to start");
}

/* The first one is told; the rest of the entry is there for the menu. */
static void after_a_bad_line(void **state)
{
    (void)state;
    refuse("initrd\nlinux\ntitle Still here\nlinux /l\n", "a.conf:1", "initrd has no value");
    assert_true(text_equals(bls.title, "Still here"));
    assert_true(text_equals(bls.kernel, "/l"));
}

static void bad_bytes(void **state)
{
    static const char nul[] = "title A\nlinux /l\0x\n";

    (void)state;
    assert_false(parse_bytes(nul, sizeof(nul) - 1));
    assert_string_equal(failure.what, "a.conf:2");
    assert_false(parse_bytes("\0\0\0\0", 4));
    assert_string_equal(failure.what, "a.conf:1");
    refuse("linux /l\ntitle \xff\n", "a.conf:2", "not UTF-8");
    refuse("linux /l\ntitle a\x1b[2Jb\n", "a.conf:2", "control characters");
    refuse("linux /l\ntitle a\rb\n", "a.conf:2", "control characters");
    refuse("linux /l\r\r\n", "a.conf:1", "control characters");
    assert_true(parse("# \xff\x01\nlinux /l\n")); /* a comment is for others */
}

static void long_lines(void **state)
{
    static char text[BLS_FILE_MAX + 1];

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "linux /l\noptions ", 17);
    text[9 + BLS_LINE_MAX] = '\n';
    memcpy(text + 9 + BLS_LINE_MAX + 1, "#", 1); /* and a comment of almost 1 MiB */
    assert_true(parse_bytes(text, BLS_FILE_MAX));
    assert_false(parse_bytes(text, BLS_FILE_MAX + 1));
    assert_string_equal(failure.what, "a.conf");

    memset(text, 'x', sizeof(text));
    memcpy(text, "title T\noptions ", 16);
    memcpy(text + 65536, "\nlinux /l\n", 10);
    text[65536 + 10] = '\0';
    refuse(text, "a.conf:2", "has more than 16384 bytes");
    assert_true(text_equals(bls.title, "T"));
    assert_true(text_equals(bls.kernel, "/l"));

    memset(text, '\n', sizeof(text));
    memcpy(text + BLS_FILE_MAX - 4, "efi\n", 4);
    assert_false(parse_bytes(text, BLS_FILE_MAX));
    assert_string_equal(failure.what, "a.conf:1048573");
}

static void too_many(void **state)
{
    char text[4096] = "linux /l\n";

    (void)state;
    for (int i = 0; i < BLS_MODULES_MAX; i++)
        strcat(text, "initrd /i\noptions o\n");
    assert_true(parse(text));
    assert_int_equal(bls.module_count, BLS_MODULES_MAX);
    assert_int_equal(bls.options_count, BLS_OPTIONS_MAX);
    strcat(text, "options o\n");
    refuse(text, "a.conf:130", "more than 64 lines of options");
    memcpy(strrchr(text, 'o') - 8, "initrd /i\n", 11);
    refuse(text, "a.conf:130", "more than 64 initrds");
}

static void names(void **state)
{
    (void)state;
    assert_false(
        bls_parse(text_span("\n\nlinux"), "6a9857a393724b7a981ebb5b8495b9ea-3.8.0-2.fc19.x86_64.conf", &bls, &failure));
    assert_string_equal(failure.what, "...a981ebb5b8495b9ea-3.8.0-2.fc19.x86_64.conf:3"); /* 47 bytes */
}

static void architecture(void **state)
{
    (void)state;
    assert_true(bls_is_ours((struct span){ NULL, 0 }));
    assert_true(bls_is_ours(text_span("X64")));
    assert_false(bls_is_ours(text_span("aa64")));
    assert_false(bls_is_ours(text_span("x641")));
    assert_false(bls_is_ours(text_span("ia32")));
}

static void srel(void **state)
{
    const struct span nul = { (const uint8_t *)"type1\0", 6 };

    (void)state;
    assert_true(bls_srel_is_type1((struct span){ NULL, 0 }));
    assert_true(bls_srel_is_type1(text_span("type1\n")));
    assert_true(bls_srel_is_type1(text_span("type1")));
    assert_true(bls_srel_is_type1(text_span("type1\r\n")));
    assert_false(bls_srel_is_type1(text_span("")));
    assert_false(bls_srel_is_type1(text_span("type2\n")));
    assert_false(bls_srel_is_type1(text_span("type1x\n")));
    assert_false(bls_srel_is_type1(text_span("fedora\n")));
    assert_false(bls_srel_is_type1(nul));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example),   cmocka_unit_test(other_kernels),  cmocka_unit_test(lines),
        cmocka_unit_test(without_value), cmocka_unit_test(contradictions), cmocka_unit_test(after_a_bad_line),
        cmocka_unit_test(bad_bytes),     cmocka_unit_test(long_lines),     cmocka_unit_test(too_many),
        cmocka_unit_test(names),         cmocka_unit_test(architecture),   cmocka_unit_test(srel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

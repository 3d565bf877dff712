/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/extlinux.c menu/conf.c menu/files.c menu/entries.c menu/version.c menu/glob.c */
/* sources: storage/cpio.c storage/path.c common/arena.c common/map.c common/text.c common/failure.c */
/*
 * extlinux.conf, as distributions write it and as nobody should. The files in captured/extlinux/ are in the form that
 * they have there; NAME.entries is what they become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "menu/conf.h"
#include "menu/extlinux.h"
#include "tests/unit/volume_fixture.h"

#include <cmocka.h>

#define CONF "/boot/extlinux/extlinux.conf"

static struct outcome outcome;

static int setup(void **state)
{
    (void)state;
    volumes_start(VOLUME_ROOM_SIZE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    volumes_end();
    return 0;
}

static void read_text(const char *text)
{
    make_text(CONF, text);
    add_volume(0, PARTITIONS_MBR, 1, "1111-2222");
    assert_true(extlinux_entries_add(&volumes[0], CONF, &list, &outcome, &failure));
}

static const struct {
    const char *name, *path;
} samples[] = {
    { "alpine.conf", "/extlinux.conf" },
    { "u-boot.conf", CONF },
    { "arch-syslinux.cfg", "/boot/syslinux/syslinux.cfg" },
    { "isolinux.cfg", "/isolinux/isolinux.cfg" },
    { "xcp-extlinux.conf", "/boot/extlinux.conf" },
};

static void distributions(void **state)
{
    char path[64];

    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        struct span expected;

        setup(state);
        snprintf(path, sizeof(path), "extlinux/%s", samples[i].name);
        make_captured(samples[i].path, path);
        add_volume(0, PARTITIONS_MBR, 1, "x");
        assert_true(extlinux_entries_add(&volumes[0], samples[i].path, &list, &outcome, &failure));
        *strrchr(path, '.') = '\0';
        strcat(path, ".entries");
        expected = captured(path);
        assert_string_equal(outcome_as_text(&outcome), text_of(expected));
        assert_int_equal(outcome.added, list.count);
        assert_int_equal(warned_count, 0);
    }
}

static void expect(const char *text, const char *expected)
{
    setup(NULL);
    read_text(text);
    assert_string_equal(entries_as_text(0), expected);
}

static void labels(void **state)
{
    (void)state;
    expect(
        "label a\nkernel k\nappend x  initrd=1,/2 y \"z initrd=3\"\nLaBeL b\nLINUX /k\n  Initrd i\nappend "
        "initrd=no\nfdt d.dtb",
        "a\n  title a\n  kernel xvda1:/boot/extlinux/k\n  options x y \"z initrd=3\"\n"
        "  module xvda1:/boot/extlinux/1\n  module xvda1:/2\n"
        "b\n  title b\n  kernel xvda1:/k\n  module xvda1:/boot/extlinux/i\n  devicetree xvda1:/boot/extlinux/d.dtb\n");
    expect("append all\nlabel a\nlinux k\nlabel b\nlinux k\nappend own\nlabel c\nlinux k\nappend -\nmenu label  T^itle "
           "^ x ",
           "a\n  title a\n  kernel xvda1:/boot/extlinux/k\n  options all\n"
           "b\n  title b\n  kernel xvda1:/boot/extlinux/k\n  options own\n"
           "c\n  title Title  x\n  kernel xvda1:/boot/extlinux/k\n");
    expect("label a\nlinux ../../k\ninitrd ./../i,::/j,,./j\n",
           "a\n  title a\n  kernel xvda1:/k\n  module xvda1:/boot/i\n  module xvda1:/j\n  module "
           "xvda1:/boot/extlinux/j\n");
    expect("label a\ncom32 /x/MBOOT.c32\nappend x.gz  a  b --- k  c --- i ---\n",
           "a\n  title a\n  multiboot xvda1:/boot/extlinux/x.gz\n  options a  b\n  module xvda1:/boot/extlinux/k [c]\n"
           "  module xvda1:/boot/extlinux/i\n");
}

static void problems(void **state)
{
    (void)state;
    expect("label a\nappend x\nlabel b\nlinux ../../../k\nlabel c\nkernel boot.bss\nlabel d\nkernel mboot.c32\n"
           "label e\nlinux k\ninitrd ..\nlabel f\npxe k\nlabel g\nlinux\nlabel good\nlinux k",
           "a\n  title a\n  problem extlinux: it names nothing to start\n"
           "b\n  title b\n  problem path: '../k' leaves the tree\n"
           "c\n  title c\n  problem extlinux: 'boot.bss' means a boot sector or an image of one, which is not started\n"
           "d\n  title d\n  problem extlinux: mboot.c32 is told of no kernel\n"
           "e\n  title e\n  problem path: '..' leaves the tree\n"
           "f\n  title f\n  problem extlinux: 'k' means a boot sector or an image of one, which is not started\n"
           "g\n  title g\n  problem path: it is empty\n"
           "good\n  title good\n  kernel xvda1:/boot/extlinux/k\n");
    assert_string_equal(default_id(&outcome), "good");
}

static void includes(void **state)
{
    (void)state;
    make_text("/boot/extlinux/x.conf", "linux k\nappend x\nlabel b\nlinux k\n");
    make_text("/y.conf", "menu include x.conf tag\n");
    expect(
        "label a\ninclude /y.conf\nappend z\ntext help\nlabel no\nlinux no\n endtext \nlabel c\nlinux k",
        "a\n  title a\n  problem extlinux: it names nothing to start\nc\n  title c\n  kernel xvda1:/boot/extlinux/k\n");
    setup(NULL);
    make_text("/boot/extlinux/x.conf", "linux k\nappend x\nlabel b\nlinux k\n");
    make_text("/y.conf", "menu include x.conf tag\n");
    read_text("label a\ninclude /y.conf\nappend z\ntext help\nlabel no\nlinux no\n endtext \nlabel c\nlinux k");
    assert_string_equal(entries_as_text(0), "a\n  title a\n  kernel xvda1:/boot/extlinux/k\n  options x\n"
                                            "b\n  title b\n  kernel xvda1:/boot/extlinux/k\n  options z\n"
                                            "c\n  title c\n  kernel xvda1:/boot/extlinux/k\n");
    assert_int_equal(outcome.file_count, 3);
    assert_string_equal(outcome.files[2].path, "/boot/extlinux/x.conf");
    setup(NULL);
    read_text("include extlinux.conf\nlabel a\nlinux k");
    assert_string_equal(warned, CONF ":1: too many files in one another");
    assert_int_equal(list.count, 8);
}

static void what_is_told(void **state)
{
    static const char *const cases[][2] = {
        { "\ntimeout soon", CONF ":2: TIMEOUT 'soon' is no number" },
        { "label", CONF ":1: LABEL has no name" },
        { "label \x01", CONF ":1: it has control characters or is not UTF-8" },
        { "include none", CONF ":1: there is no /boot/extlinux/none" },
        { "menu include ../../../x", CONF ":1: '../x' leaves the tree" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        read_text(cases[i][0]);
        assert_int_equal(warned_count, 1);
        assert_string_equal(warned, cases[i][1]);
        assert_int_equal(list.count, 0);
        assert_null(outcome.conf.default_entry.data);
    }
    setup(state);
    read_text("frob x\nf1 help.txt\nF10 help\nlabel a\nlinux k\nother");
    assert_int_equal(warned_count, 0);
    assert_int_equal(outcome.unknown_count, 2);
    assert_string_equal(outcome.unknown, "frob in extlinux.conf:1");
}

#define LABELS "label a\nlinux k\nlabel b\nlinux k\nlabel c\nlinux\nlabel d\ncom32 reboot.c32\n"

static void defaults(void **state)
{
    static const char *const cases[][2] = {
        { "", "a" },
        { "default b", "b" },
        { "DEFAULT B single", "b" },
        { "default c", "a" },
        { "default d", "a" },
        { "default vesamenu.c32", "a" },
        { "default none", "a" },
        { "ontimeout b\ndefault a", "b" },
        { "default a\nlabel e\nmenu default\nlinux k", "e" },
        { "ontimeout b\nlabel e\nmenu default\nlinux k", "b" },
    };
    char text[1024];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        snprintf(text, sizeof(text), "%s%s", LABELS, cases[i][0]);
        read_text(text);
        if (strcmp(default_id(&outcome), cases[i][1]) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i][0], default_id(&outcome), cases[i][1]);
    }
}

static void timeouts(void **state)
{
    static const struct {
        const char *text;
        bool given;
        enum bls_timeout timeout;
        uint32_t seconds;
    } cases[] = {
        { "", true, TIMEOUT_SECONDS, 0 }, /* nobody is asked */
        { "timeout 50", true, TIMEOUT_SECONDS, 0 },
        { "timeout 50\nprompt 1", true, TIMEOUT_SECONDS, 5 },
        { "timeout 51\nprompt 1", true, TIMEOUT_SECONDS, 6 },
        { "timeout 50\nui menu.c32", true, TIMEOUT_SECONDS, 5 },
        { "timeout 50\ndefault vesamenu.c32", true, TIMEOUT_SECONDS, 5 },
        { "timeout 50\nmenu title x", true, TIMEOUT_SECONDS, 5 },
        { "timeout 50\nmenu hidden", true, TIMEOUT_HIDDEN, 0 },
        { "timeout 0\nprompt 1", true, TIMEOUT_FORCE, 0 },
        { "prompt 1", false, TIMEOUT_SECONDS, 0 },
        { "timeout 99999999999\nprompt 1", true, TIMEOUT_SECONDS, UINT32_MAX },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        read_text(cases[i].text);
        assert_int_equal(outcome.conf.has_timeout, cases[i].given);
        assert_int_equal(outcome.conf.timeout, cases[i].timeout);
        assert_int_equal(outcome.conf.seconds, cases[i].seconds);
    }
}

static void not_there(void **state)
{
    (void)state;
    make_text("/x", "");
    add_volume(0, PARTITIONS_MBR, 1, "x");
    assert_true(extlinux_entries_add(&volumes[0], CONF, &list, &outcome, &failure));
    assert_int_equal(outcome.added + outcome.file_count + warned_count, 0);
    assert_false(outcome.conf.has_timeout);
}

static char huge[CONF_FILE_MAX + 2];

static void too_much(void **state)
{
    huge[0] = '\0';
    for (unsigned i = 0; i <= ENTRIES_MAX; i++)
        sprintf(huge + i * 20, "label a\nlinux /abcd\n");
    make_text(CONF, huge);
    add_volume(0, PARTITIONS_MBR, 1, "x");
    assert_false(extlinux_entries_add(&volumes[0], CONF, &list, &outcome, &failure));
    assert_string_equal(failure.why, "there are more than 4096");
    setup(state);
    strcpy(huge, "label a\nlinux k\ninitrd ");
    for (unsigned i = 0; i <= RECIPE_MODULES_MAX; i++)
        strcat(huge, "i,");
    expect(huge, "a\n  title a\n  problem extlinux: there are more than 64 initrds or modules\n");
    memset(huge, 'x', sizeof(huge) - 1);
    setup(state);
    make_text(CONF, huge);
    add_volume(0, PARTITIONS_MBR, 1, "x");
    assert_true(extlinux_entries_add(&volumes[0], CONF, &list, &outcome, &failure));
    assert_int_equal(warned_count, 1);
    assert_string_equal(warned, "xvda1: extlinux.conf: 1048577 bytes, and it may have 1048576");
}

static void no_memory(void **state)
{
    bool done = false;

    (void)state;
    for (uint64_t pages = 1; !done && pages < 64; pages++) {
        volumes_start(pages * MAP_PAGE);
        make_text(CONF, LABELS);
        add_volume(0, PARTITIONS_MBR, 1, "x");
        done = extlinux_entries_add(&volumes[0], CONF, &list, &outcome, &failure);
        assert_true(done || failure.why[0]);
    }
    assert_true(done);
    assert_int_equal(list.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(distributions, setup), cmocka_unit_test_setup(labels, setup),
        cmocka_unit_test_setup(problems, setup),      cmocka_unit_test_setup(includes, setup),
        cmocka_unit_test_setup(what_is_told, setup),  cmocka_unit_test_setup(defaults, setup),
        cmocka_unit_test_setup(timeouts, setup),      cmocka_unit_test_setup(not_there, setup),
        cmocka_unit_test_setup(too_much, setup),      cmocka_unit_test_setup(no_memory, setup),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}

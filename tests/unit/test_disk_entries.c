/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/disk_entries.c menu/boot_tree.c menu/kernel_entries.c menu/extlinux.c */
/* sources: menu/grub_conf.c menu/grub_run.c menu/grub_words.c menu/grub_variables.c menu/grub_test.c */
/* sources: menu/grub_frames.c */
/* sources: menu/grub_env.c menu/grub_files.c menu/grub_commands.c menu/grub_menu.c menu/grub_build.c menu/grub_bls.c */
/* sources: menu/conf_entries.c menu/uki_entries.c menu/loader_conf.c menu/counter.c menu/os_release.c */
/* sources: menu/bls.c menu/conf.c menu/files.c menu/entries.c menu/version.c menu/glob.c payloads/uki.c */
/* sources: payloads/sections.c */
/* sources: storage/cpio.c storage/path.c common/arena.c common/map.c common/text.c common/failure.c */
/* Which of a disk's configurations are read, in which order, and what they say together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "menu/disk_entries.h"
#include "tests/unit/volume_fixture.h"

#include <cmocka.h>

#define ENTRY(name) "menuentry " name " { linux /k-" name " }\n"
#define BLS         "title A\nlinux /k\noptions $kernelopts x\n"

static struct loader_conf conf;

static int setup(void **state)
{
    (void)state;
    volumes_start(VOLUME_ROOM_SIZE);
    conf = (struct loader_conf){ 0 };
    return 0;
}

static int end(void **state)
{
    (void)state;
    volumes_end();
    return 0;
}

/* The ids of all entries, in the order of the menu, each with its volume. */
static const char *ids(void)
{
    static char text[4096];
    char *at = text;

    *at = '\0';
    assert_true(entries_sort(&list, &failure));
    for (uint32_t i = 0; i < list.count; i++)
        at += sprintf(at, "%s@%s ", list.entry[i].id, list.entry[i].tree->name);
    return text;
}

static bool search(const char *disk, const char *path)
{
    const struct disk_search wanted = { .volumes = volumes,
                                        .count = volume_count,
                                        .disk = disk ? text_span(disk) : (struct span){ NULL, 0 },
                                        .path = path ? text_span(path) : (struct span){ NULL, 0 } };

    return disk_entries_add(&wanted, &list, &conf, &failure);
}

static void add_all(void)
{
    assert_true(search(NULL, NULL));
}

static void expect(const char *expected, const char *default_)
{
    struct outcome outcome = { 0 };

    add_all();
    outcome.conf = conf;
    assert_string_equal(ids(), expected);
    if (!default_)
        assert_null(conf.default_entry.data);
    else
        assert_string_equal(default_id(&outcome), default_);
}

static void nothing(void **state)
{
    (void)state;
    make_text("/etc/fstab", "");
    add_volume(0, PARTITIONS_GPT, 1, "x");
    expect("", NULL);
    assert_false(conf.has_timeout);
    assert_int_equal(warned_count, 0);
}

/* Everything that a volume may have: extlinux.conf and kernels are for those that have nothing better. */
static void order_in_a_volume(void **state)
{
    (void)state;
    make_text("/loader/entries/b.conf", BLS);
    make_text("/boot/grub/grub.cfg", ENTRY("g") ENTRY("h") "set default=h; set timeout=3");
    make_text("/grub/grub.cfg", ENTRY("no"));
    make_text("/boot/extlinux/extlinux.conf", "label e\nlinux k\n");
    make_text("/boot/vmlinuz-1", "x");
    add_volume(0, PARTITIONS_GPT, 1, "x");
    expect("b.conf@xvda1 g@xvda1 h@xvda1 ", NULL); /* the first, as there is a boot tree */
    assert_true(conf.has_timeout);
    assert_int_equal(conf.seconds, 3);
}

static void loader_conf_holds(void **state)
{
    (void)state;
    make_text("/boot/grub/grub.cfg", ENTRY("g") "set timeout=3");
    add_volume(0, PARTITIONS_GPT, 1, "x");
    make_text("/loader/loader.conf", "default b*\n");
    make_text("/loader/entries/b.conf", BLS);
    add_volume(0, PARTITIONS_GPT, 2, "y");
    make_text("/loader/loader.conf", "default c*\ntimeout 9\n");
    add_volume(0, PARTITIONS_GPT, 3, "z");
    expect("b.conf@xvda2 g@xvda1 ", "b*");
    assert_int_equal(conf.seconds, 3);
}

static void places(void **state)
{
    static const char *const grub[] = { "/boot/grub/grub.cfg", "/grub/grub.cfg", "/boot/grub2/grub.cfg",
                                        "/grub2/grub.cfg", "/EFI/debian/grub.cfg" };
    static const char *const extlinux[] = { "/boot/extlinux/extlinux.conf",
                                            "/extlinux/extlinux.conf",
                                            "/boot/extlinux.conf",
                                            "/extlinux.conf",
                                            "/boot/syslinux/syslinux.cfg",
                                            "/syslinux/syslinux.cfg",
                                            "/isolinux/isolinux.cfg",
                                            "/boot/isolinux/isolinux.cfg",
                                            "/syslinux.cfg",
                                            "/isolinux.cfg" };

    for (size_t i = 0; i < sizeof(grub) / sizeof(*grub); i++) {
        setup(state);
        make_text(grub[i], ENTRY("a"));
        make_text("/boot/vmlinuz-1", "x");
        add_volume(0, PARTITIONS_GPT, 1, "x");
        expect("a@xvda1 ", "a");
    }
    for (size_t i = 0; i < sizeof(extlinux) / sizeof(*extlinux); i++) {
        setup(state);
        make_text(extlinux[i], "label a\nlinux k\n");
        make_text("/boot/vmlinuz-1", "x");
        add_volume(0, PARTITIONS_GPT, 1, "x");
        expect("a@xvda1 ", "a");
        assert_true(conf.has_timeout);
        assert_int_equal(conf.seconds, 0);
    }
}

/* A configuration without entries makes room for the next place. */
static void empty_places(void **state)
{
    (void)state;
    make_text("/boot/grub/grub.cfg", "set x=y\nfrobnicate\n");
    make_text("/grub2/grub.cfg", ENTRY("a"));
    add_volume(0, PARTITIONS_GPT, 1, "x");
    make_text("/extlinux.conf", "");
    make_text("/syslinux.cfg", "label b\nlinux k\n");
    add_volume(0, PARTITIONS_GPT, 2, "y");
    expect("a@xvda1 b@xvda2 ", "a");
    assert_int_equal(warned_count, 1);
    assert_string_equal(warned, "xvda1: /boot/grub/grub.cfg: no entries; 1 commands were passed over, the first is "
                                "frobnicate in grub.cfg:2");
}

/* Whichever comes first, the ESP or what its grub.cfg leads to. */
static void stubs(void **state)
{
    for (unsigned esp_first = 0; esp_first < 2; esp_first++) {
        setup(state);
        for (unsigned i = 0; i < 2; i++) {
            if (i == !esp_first) {
                make_text("/EFI/debian/grub.cfg",
                          "search.fs_uuid root root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n");
                make_text("/EFI/BOOT/grub.cfg", "search.fs_uuid root root\nconfigfile /boot/grub/grub.cfg\n");
                add_volume(0, PARTITIONS_GPT, 1, "ABCD-1234");
            } else {
                make_text("/boot/grub/grub.cfg", ENTRY("a") ENTRY("b") "set default=1");
                add_volume(0, PARTITIONS_GPT, 2, "root");
            }
        }
        expect("a@xvda2 b@xvda2 ", "b");
        assert_int_equal(warned_count, 0);
    }
}

/* Entries of UAPI.1 that grub.cfg reads are there once, with its variables; UKIs beside them stay. */
static void blscfg_once(void **state)
{
    for (unsigned first = 0; first < 2; first++) {
        setup(state);
        for (unsigned i = 0; i < 2; i++) {
            if (i == first) {
                make_text("/EFI/fedora/grub.cfg", "search --fs-uuid --set=root boot\nset kernelopts=ro\nblscfg\n");
                add_volume(0, PARTITIONS_GPT, 1, "ABCD-1234");
            } else {
                make_text("/loader/entries/a.conf", BLS);
                make_text("/loader/entries/b.conf", BLS);
                add_volume(0, PARTITIONS_GPT, 2, "boot");
            }
        }
        expect("b.conf@xvda2 a.conf@xvda2 ", "b.conf");
        assert_string_equal(list.entry[1].recipe->options, "ro x");
    }
    setup(state); /* of another volume's nothing is known */
    make_text("/grub2/grub.cfg", "set kernelopts=ro\nblscfg\n");
    make_text("/loader/entries/a.conf", BLS);
    add_volume(0, PARTITIONS_GPT, 1, "x");
    make_text("/loader/entries/a.conf", BLS);
    add_volume(1, PARTITIONS_GPT, 1, "y");
    expect("a.conf@xvdb1 a.conf@xvda1 ", NULL);
    assert_int_equal(list.entry[0].kind, ENTRY_CONF);
    assert_int_equal(list.entry[1].kind, ENTRY_RECIPE);
}

static void last_resort(void **state)
{
    (void)state;
    make_text("/boot/vmlinuz-1", "x");
    make_text("/boot/vmlinuz-2", "x");
    make_text("/etc/fstab", "");
    add_volume(0, PARTITIONS_GPT, 1, "x");
    make_text("/boot/vmlinuz-3", "x");
    add_volume(1, PARTITIONS_GPT, 1, "y");
    expect("vmlinuz-2@xvda1 vmlinuz-1@xvda1 ", "vmlinuz-2");
    assert_false(conf.has_timeout);
}

static void broken_volumes(void **state)
{
    (void)state;
    make_text("/boot/grub/grub.cfg", ENTRY("a"));
    add_volume(0, PARTITIONS_GPT, 1, "x");
    make_text("/extlinux.conf", "label b\nlinux k\n");
    make_text("/loader/entries/c.conf", BLS);
    volumes[1] = (struct volume){ .tree = *to_be_read(), .disk_name = "xvdb" };
    volume_count = 2;
    made_broken = "/loader/entries";
    add_all();
    assert_string_equal(ids(), "a@xvda1 b@disk ");
    assert_string_equal(warned, "disk: disk: /loader/entries cannot be read");
    volume_count = 1;
}

/* volumes.c's own tests hold how a volume is named. */
bool volume_is_named(const struct volume *volume, struct span name)
{
    return text_equals(name, volume->disk_name);
}

static void two_disks(void)
{
    make_text("/boot/grub/grub.cfg", "search --fs-uuid --set=root y\n" ENTRY("a"));
    make_text("/boot/grub/custom.cfg", ENTRY("c"));
    make_text("/boot/vmlinuz-1", "kernel");
    make_text("/boot/initrd.img-1", "initrd");
    make_text("/etc/fstab", "");
    make_text("/hypervisor", "kernel");
    add_volume(0, PARTITIONS_GPT, 1, "x");
    make_text("/extlinux.conf", "label b\nlinux k\n");
    make_text("/other/extlinux.conf", "label d\nlinux k\n");
    add_volume(1, PARTITIONS_GPT, 1, "y");
}

/* Others are still there to be named by what is wanted. */
static void one_disk_is_wanted(void **state)
{
    (void)state;
    two_disks();
    assert_true(search("xvda", NULL));
    assert_string_equal(ids(), "a@xvda1 ");
    assert_string_equal(list.entry[0].recipe->kernel.tree->name, "xvdb1");
}

static void the_other_disk_is_wanted(void **state)
{
    (void)state;
    two_disks();
    assert_true(search("xvdb", NULL));
    assert_string_equal(ids(), "b@xvdb1 ");
}

static void no_such_disk(void **state)
{
    (void)state;
    two_disks();
    assert_false(search("xvdc", NULL));
    assert_string_equal(failure.what, "qv.disk");
    assert_string_equal(failure.why, "there is no file system on xvdc");
}

static void a_kernel_is_wanted(void **state)
{
    const struct recipe *recipe;

    (void)state;
    two_disks();
    assert_true(search(NULL, "boot/vmlinuz-1"));
    assert_string_equal(ids(), "vmlinuz-1@xvda1 ");
    recipe = list.entry[0].recipe;
    assert_string_equal(recipe->kernel.path, "/boot/vmlinuz-1");
    assert_string_equal(recipe->options, "root=UUID=x ro");
    assert_int_equal(recipe->module_count, 1);
    assert_string_equal(recipe->modules[0].path, "/boot/initrd.img-1");
    assert_string_equal(list.entry[0].version, "1");
}

static void another_kernel_is_wanted(void **state)
{
    (void)state;
    two_disks();
    assert_true(search(NULL, "/hypervisor"));
    assert_string_equal(ids(), "hypervisor@xvda1 ");
    assert_string_equal(list.entry[0].recipe->kernel.path, "/hypervisor");
    assert_string_equal(list.entry[0].recipe->options, "");
    assert_string_equal(list.entry[0].title, "hypervisor");
    assert_int_equal(list.entry[0].recipe->module_count, 0);
}

static void a_configuration_is_wanted(void **state)
{
    (void)state;
    two_disks();
    assert_true(search(NULL, "/boot/grub/custom.cfg"));
    assert_string_equal(ids(), "c@xvda1 ");
}

static void another_configuration_is_wanted(void **state)
{
    (void)state;
    two_disks();
    assert_true(search("xvdb", "/other/extlinux.conf"));
    assert_string_equal(ids(), "d@xvdb1 ");
}

static void no_such_path(void **state)
{
    (void)state;
    two_disks();
    assert_false(search("xvdb", "/boot/vmlinuz-1"));
    assert_string_equal(failure.what, "qv.path");
    assert_string_equal(failure.why, "no disk has a file /boot/vmlinuz-1");
    assert_false(search(NULL, "/../x"));
    assert_false(search(NULL, "/boot"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing, setup),
        cmocka_unit_test_setup(order_in_a_volume, setup),
        cmocka_unit_test_setup(loader_conf_holds, setup),
        cmocka_unit_test_setup(places, setup),
        cmocka_unit_test_setup(empty_places, setup),
        cmocka_unit_test_setup(stubs, setup),
        cmocka_unit_test_setup(blscfg_once, setup),
        cmocka_unit_test_setup(last_resort, setup),
        cmocka_unit_test_setup(broken_volumes, setup),
        cmocka_unit_test_setup(one_disk_is_wanted, setup),
        cmocka_unit_test_setup(the_other_disk_is_wanted, setup),
        cmocka_unit_test_setup(no_such_disk, setup),
        cmocka_unit_test_setup(a_kernel_is_wanted, setup),
        cmocka_unit_test_setup(another_kernel_is_wanted, setup),
        cmocka_unit_test_setup(a_configuration_is_wanted, setup),
        cmocka_unit_test_setup(another_configuration_is_wanted, setup),
        cmocka_unit_test_setup(no_such_path, setup),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}

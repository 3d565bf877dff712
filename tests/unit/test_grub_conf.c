/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/grub_conf.c menu/grub_run.c menu/grub_words.c menu/grub_variables.c menu/grub_test.c */
/* sources: menu/grub_frames.c */
/* sources: menu/grub_env.c menu/grub_files.c menu/grub_commands.c menu/grub_menu.c menu/grub_build.c menu/grub_bls.c */
/* sources: menu/bls.c menu/conf.c menu/files.c menu/entries.c menu/version.c menu/glob.c */
/* sources: storage/cpio.c storage/path.c common/arena.c common/map.c common/text.c common/failure.c */
/*
 * grub.cfg, as distributions write it and as nobody should: its entries, its default, and what is said of it. The files
 * in captured/grub/ are in the form that grub-mkconfig has there; NAME.entries is what they become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/grub_fixture.h"

/* ---- distributions ---- */

static const struct sample {
    const char *name, *expected, *uuid, *path;
    bool efi;
    enum partition_table table;
    const char *files[4][2]; /* where, and of which name here */
} samples[] = {
    { "debian.cfg",
      "debian.entries",
      "3f6c1f0e-9b1a-4c7e-8d0b-2a5d3c1e7f42",
      CFG,
      false,
      PARTITIONS_GPT,
      { { "/boot/grub/grubenv", "debian-grubenv" } } },
    { "ubuntu.cfg",
      "ubuntu.entries",
      "7d1c3b52-66aa-4f0d-a1f5-0c5b7f3ee201",
      "/grub/grub.cfg",
      false,
      PARTITIONS_GPT,
      {} },
    { "fedora.cfg",
      "fedora.entries",
      "b0d1f6a2-4a7e-44d5-9b6e-55f0a1c2d3e4",
      "/grub2/grub.cfg",
      false,
      PARTITIONS_GPT,
      { { "/grub2/grubenv", "fedora-grubenv" },
        { "/loader/entries/ffffffffffffffffffffffffffffffff-6.5.6-300.fc39.x86_64.conf", "fedora-6.5.6.conf" },
        { "/loader/entries/ffffffffffffffffffffffffffffffff-6.10.2-100.fc39.x86_64.conf", "fedora-6.10.2.conf" } } },
    { "centos.cfg",
      "centos.entries",
      "5c6d7e8f-aaaa-4bbb-8ccc-ddddeeeeffff",
      "/grub2/grub.cfg",
      true,
      PARTITIONS_GPT,
      { { "/grub2/grubenv", "centos-grubenv" },
        { "/loader/entries/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-5.14.0-427.el9.x86_64.conf", "centos-427.conf" } } },
    { "opensuse.cfg",
      "opensuse.entries",
      "99998888-7777-4666-8555-444433332222",
      "/boot/grub2/grub.cfg",
      true,
      PARTITIONS_GPT,
      {} },
    { "alpine.cfg",
      "alpine.entries",
      "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f",
      "/grub/grub.cfg",
      false,
      PARTITIONS_MBR,
      {} },
    { "arch.cfg", "arch.entries", "CAFE-F00D", "/grub/grub.cfg", false, PARTITIONS_GPT, {} },
};

static void distributions(void **state)
{
    char path[64];

    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        const struct sample *sample = &samples[i];
        struct span expected;

        setup(state);
        efi = sample->efi;
        snprintf(path, sizeof(path), "grub/%s", sample->name);
        make_captured(sample->path, path);
        for (unsigned f = 0; f < 4 && sample->files[f][0]; f++) {
            snprintf(path, sizeof(path), "grub/%s", sample->files[f][1]);
            make_captured(sample->files[f][0], path);
        }
        add_volume(0, sample->table, 2, sample->uuid);
        assert_true(read_at(&volumes[0], sample->path));
        snprintf(path, sizeof(path), "grub/%s", sample->expected);
        expected = captured(path);
        assert_string_equal(outcome_as_text(&outcome), text_of(expected));
        assert_int_equal(outcome.added, list.count);
    }
}

/* The one on Debian's ESP leads to the real one, on another file system. */
static void debian_from_its_esp(void **state)
{
    (void)state;
    efi = true;
    make_captured("/EFI/debian/grub.cfg", "grub/debian-esp.cfg");
    add_volume(0, PARTITIONS_GPT, 1, "ABCD-1234");
    make_captured(CFG, "grub/debian.cfg");
    make_text("/boot/grub/custom.cfg", "menuentry mine { linux /mine }\nset default=mine");
    add_volume(0, PARTITIONS_GPT, 2, "3f6c1f0e-9b1a-4c7e-8d0b-2a5d3c1e7f42");
    assert_true(read_at(&volumes[0], "/EFI/debian/grub.cfg"));
    assert_int_equal(outcome.added, 11);
    assert_int_equal(outcome.file_count, 3);
    assert_ptr_equal(outcome.files[1].tree, &volumes[1].tree);
    assert_string_equal(outcome.files[1].path, CFG);
    assert_string_equal(outcome.files[2].path, "/boot/grub/custom.cfg");
    assert_string_equal(default_id(&outcome), "mine");
    assert_ptr_equal(list.entry[0].tree, &volumes[1].tree);
    assert_string_equal(list.entry[0].path, CFG);
    assert_ptr_equal(list.entry[0].recipe->kernel.tree, &volumes[1].tree);
    assert_string_equal(list.entry[5].recipe->options, "placeholder dom0_mem=1G no-real-mode edd=off");
    assert_int_equal(warned_count, 0);
}

/* Ubuntu's cloud images start without an initrd, and remember where that failed. */
static void ubuntu_cloud(void **state)
{
    static const char text[] =
        "if [ -s $prefix/grubenv ]; then\n  set have_grubenv=true\n  load_env\nfi\n"
        "if [ \"${initrdfail}\" = 2 ]; then\n   set initrdfail=\nelif [ \"${initrdfail}\" = 1 ]; then\n"
        "   set next_entry=\"${prev_entry}\"\n   set prev_entry=\n   save_env prev_entry\n"
        "   if [ \"${next_entry}\" ]; then\n      set initrdfail=2\n   fi\nfi\n"
        "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\nelse\n   set default=\"0\"\nfi\n"
        "function initrdfail {\n    if [ -n \"${have_grubenv}\" ]; then if [ -n \"${partuuid}\" ]; then\n"
        "      if [ -z \"${initrdfail}\" ]; then\n        set initrdfail=1\n        if [ -n \"${boot_once}\" ]; then\n"
        "          set prev_entry=\"${default}\"\n          save_env prev_entry\n        fi\n      fi\n"
        "      save_env initrdfail\n    fi; fi\n}\n"
        "set partuuid=c2e7bd9b-32c6\nmenuentry_id_option=--id\n"
        "menuentry 'Ubuntu' $menuentry_id_option 'gnulinux-simple' {\n"
        "	if [ \"${initrdfail}\" = 1 ]; then\n	  linux /k root=PARTUUID=c2e7bd9b-32c6 ro\n	  initrd /i\n"
        "	else\n	  linux /k root=PARTUUID=c2e7bd9b-32c6 ro panic=-1\n	fi\n	initrdfail\n}\n";

    (void)state;
    read_text(text);
    assert_string_equal(entries_as_text(0), "gnulinux-simple\n  title Ubuntu\n  kernel xvda2:/k\n"
                                            "  options root=PARTUUID=c2e7bd9b-32c6 ro panic=-1\n");
    setup(state);
    make_text("/boot/grub/grubenv", "# GRUB Environment Block\ninitrdfail=1\n#########");
    read_text(text);
    assert_string_equal(entries_as_text(0), "gnulinux-simple\n  title Ubuntu\n  kernel xvda2:/k\n"
                                            "  options root=PARTUUID=c2e7bd9b-32c6 ro\n  module xvda2:/i\n");
    assert_int_equal(warned_count, 0);
}

/* ---- what entries say ---- */

static void expect(const char *text, const char *expected)
{
    setup(NULL);
    read_text(text);
    assert_string_equal(entries_as_text(0), expected);
}

static void kernels(void **state)
{
    (void)state;
    expect("menuentry a { linux /k a 'b c' \"d=\\\"e\\\"\" f\\\\g\ninitrd /1 /2\n}",
           "a\n  title a\n  kernel xvda2:/k\n  options a \"b c\" d=\\\"e\\\" f\\\\g\n  module xvda2:/1\n  module "
           "xvda2:/2\n");
    expect("menuentry a { linux /k 'a\\x2db' 'c\\xg' 'd\\x2' \"'\" }",
           "a\n  title a\n  kernel xvda2:/k\n  options a\\x2db c\\\\xg d\\\\x2 \\'\n");
    expect("menuentry a { linux16 /k; initrd16 /1; initrd /2; devicetree /x.dtb; }",
           "a\n  title a\n  kernel xvda2:/k\n  module xvda2:/2\n  devicetree xvda2:/x.dtb\n");
    expect("menuentry a { multiboot2 --quirk-modules-after-kernel /x.gz y; module2 --nounzip /1 z w; module2 /2; }",
           "a\n  title a\n  multiboot2 xvda2:/x.gz\n  options y\n  module xvda2:/1 [z w]\n  module xvda2:/2\n");
    expect("menuentry a --id=b { chainloader /EFI/x.efi quiet\n}",
           "b\n  title a\n  efi xvda2:/EFI/x.efi\n  options quiet\n");
    expect("menuentry a { linux (hd0,gpt2)//boot/./k\ninitrd ($root)/i (hd0,2)/j\n}",
           "a\n  title a\n  kernel xvda2:/boot/k\n  module xvda2:/i\n  module xvda2:/j\n");
    expect("menuentry --class x --unrestricted --users root a --hotkey h b c --id i { linux /k }",
           "i\n  title a\n  kernel xvda2:/k\n");
    expect("submenu s { submenu t --id u { set x=y; menuentry a { linux /k $x } }\nmenuentry b { linux /k $x } }\n"
           "menuentry c { linux /k $x }",
           "s>u>a\n  title a\n  kernel xvda2:/k\n  options y\ns>b\n  title b\n  kernel xvda2:/k\nc\n  title c\n"
           "  kernel xvda2:/k\n");
    expect("menuentry 'bell \a \xff' { linux /k }", "bell ? ?\n  title bell ? ?\n  kernel xvda2:/k\n");
}

/* What is wrong with one is its own affair. */
static void problems(void **state)
{
    (void)state;
    expect("menuentry a { linux }\nmenuentry b { linux k }\nmenuentry c { linux (hd7,gpt1)/k }\n"
           "menuentry d { initrd /i }\nmenuentry e { echo }\nmenuentry f { chainloader (hd0)+1 }\n"
           "menuentry g { linux /../k }\nmenuentry h { linux /k \x01 }\nmenuentry i { linux /k; module /m }\n"
           "menuentry j { ntldr /bootmgr }\nmenuentry k { configfile /x }\nmenuentry l { linux (hd0 }\n"
           "menuentry m { linux /k; multiboot /x; module }\nmenuentry good { linux /k }",
           "a\n  title a\n  problem grub.cfg: linux names no file\n"
           "b\n  title b\n  problem grub.cfg: 'k' is no path\n"
           "c\n  title c\n  problem grub.cfg: no file system is 'hd7,gpt1'\n"
           "d\n  title d\n  problem grub.cfg: initrd without linux\n"
           "e\n  title e\n  problem grub.cfg: it names nothing to start\n"
           "f\n  title f\n  problem grub.cfg: chainloader (hd0)+1 means a boot sector, which is not started\n"
           "g\n  title g\n  problem path: '/../k' leaves the tree\n"
           "h\n  title h\n  problem grub.cfg: its options have control characters or are not UTF-8\n"
           "i\n  title i\n  problem grub.cfg: module without multiboot\n"
           "j\n  title j\n  problem grub.cfg: ntldr is not known here\n"
           "k\n  title k\n  problem grub.cfg: it leads to another configuration\n"
           "l\n  title l\n  problem grub.cfg: '(hd0' has no )\n"
           "m\n  title m\n  problem grub.cfg: module names no file\n"
           "good\n  title good\n  kernel xvda2:/k\n");
    assert_string_equal(default_id(&outcome), "");
}

/* Set-up, reboot and power off are ours. */
static void what_is_left_out(void **state)
{
    (void)state;
    expect("menuentry a { fwsetup }\nmenuentry b { reboot }\nmenuentry c { halt }\nmenuentry d { linux /k }\n"
           "set default=1",
           "d\n  title d\n  kernel xvda2:/k\n");
    assert_string_equal(default_id(&outcome), "");
    assert_int_equal(outcome.added, 1);
}

/* ---- file systems ---- */

static void found_file_systems(void **state)
{
    struct volume *named;

    (void)state;
    make_text("/a", "");
    add_volume(1, PARTITIONS_MBR, 5, "AAAA-0001"); /* a copy of the disk that the configuration is on */
    make_text("/marker", "");
    named = add_volume(1, PARTITIONS_NONE, 0, "b0b0");
    snprintf(named->tree.label, sizeof(named->tree.label), "other disk");
    make_text("/a", "");
    add_volume(0, PARTITIONS_GPT, 1, "AAAA-0001");
    snprintf(volumes[2].partition_uuid, sizeof(volumes[2].partition_uuid), "9e7c1c2a-02");
    read_text("menuentry a { search --no-floppy --fs-uuid --set=root --hint-bios=hd1,msdos5 --hint hd1 aaaa-0001; "
              "linux /k }\n"
              "menuentry b { search --label --set root 'other disk'; linux /k }\n"
              "menuentry c { search --file /marker --set=here; linux ($here)/k }\n"
              "menuentry d { search.fs_uuid b0b0; linux /k }\n"
              "menuentry e { search.fs_label 'other disk' x hd0; linux ($x)/k }\n"
              "menuentry f { search.file /marker root; linux $root/k }\n"
              "menuentry g { search --part-uuid --set 9E7C1C2A-02; linux /k }\n"
              "menuentry h { set root='(hd1,msdos5)'; linux /k; initrd (hd1,5)/i }\n"
              "menuentry i { if search -u -s root none; then linux /no; else linux /k; fi }\n"
              "menuentry j { search -s -l ''; linux /k }");
    assert_string_equal(entries_as_text(0),
                        "a\n  title a\n  kernel xvda1:/k\nb\n  title b\n  kernel xvdb0:/k\n"
                        "c\n  title c\n  kernel xvdb0:/k\nd\n  title d\n  kernel xvdb0:/k\n"
                        "e\n  title e\n  kernel xvdb0:/k\nf\n  title f\n  problem grub.cfg: 'hd1/k' is no path\n"
                        "g\n  title g\n  kernel xvda1:/k\nh\n  title h\n  kernel xvdb5:/k\n  module xvdb5:/i\n"
                        "i\n  title i\n  kernel xvda2:/k\nj\n  title j\n  kernel xvda2:/k\n");
    assert_int_equal(warned_count, 0);
}

/* EFI's volumes have no disk that a configuration could name. */
static void volumes_without_disks(void **state)
{
    (void)state;
    make_text(CFG, "menuentry a { linux /k; initrd ($root)/i }\nmenuentry b { set root=hd0,gpt2; linux /k }\n"
                   "menuentry c { search -u -s root 1111-2222; linux /k }");
    add_volume(0, PARTITIONS_GPT, 2, "1111-2222");
    volumes[0].disk_name[0] = '\0';
    assert_true(read_at(&volumes[0], CFG));
    assert_string_equal(entries_as_text(0), "a\n  title a\n  kernel xvda2:/k\n  module xvda2:/i\n"
                                            "b\n  title b\n  problem grub.cfg: no file system is 'hd0,gpt2'\n"
                                            "c\n  title c\n  kernel xvda2:/k\n");
}

/* ---- what is executed ---- */

/* The value of $r behind a text. */
static const char *run(const char *text)
{
    static char all[65536];

    snprintf(all, sizeof(all), "%s\nmenuentry x { linux /k \"$r\" }", text);
    setup(NULL);
    make_text("/file", "x");
    make_text("/empty", "");
    make_text("/folder/x", "set r=sourced$r");
    make_text("/folder/return", "set r=1; return 1; set r=2");
    read_text(all);
    assert_int_equal(list.count, 1);
    return list.entry[0].recipe ? list.entry[0].recipe->options : list.entry[0].problem;
}

static void execution(void **state)
{
    static const char *const cases[][2] = {
        { "r=1", "1" },
        { "set r=1 r=2", "1" },
        { "if [ $none ]; then r=1; fi", "1" },
        { "set r=1 ; unset r", "" },
        { "export r=1", "" },
        { "set r=a; set r=$r$r; set r=\"$r ${r}b\"", "\"aa aab\"" },
        { "if true; then r=1; else r=2; fi", "1" },
        { "if false; then r=1; else r=2; fi", "2" },
        { "if [ a = b ]; then r=1; elif [ a = a ]; then r=2; elif true; then r=3; else r=4; fi", "2" },
        { "if true; then if false; then r=1; else r=2; fi; else if true; then r=3; fi; fi", "2" },
        { "if false; then if true; then r=1; else r=2; fi; elif true; then r=3; fi", "3" },
        { "if [ -f /file -a -s /file -a -d /folder -a -e /empty ]; then r=1; fi", "1" },
        { "if [ -s /empty -o -f /folder -o -e /none -o -d /none ]; then r=1; fi", "" },
        { "if [ x\"${none}\" = x ]; then r=1; fi", "1" },
        { "if test a = a; then r=1; fi", "1" },
        { "if [ a ; then r=1; fi", "" },
        { "if keystatus --shift; then r=1; elif loadfont x; then r=2; elif insmod y; then r=3; fi", "3" },
        { "if nobody_knows; then r=1; else r=2; fi", "2" },
        { "if [ a = a ] && [ b = c ]; then r=1; else r=2; fi", "2" },
        { "if [ a = b ] || [ c = c ]; then r=1; fi", "1" },
        { "false && r=1; false || r=2", "2" },
        { "true && false || r=3", "3" },
        { "function f { r=$1$2$3; }; f a b", "ab" },
        { "function f { r=1; }\nfunction f { r=2; }\nf", "2" },
        { "function f { g $1; }; function g { r=g$1; }; f x", "gx" },
        { "function f { return; r=1; }; r=0; f", "0" },
        { "function f { if true; then return 1; fi; }; r=0; if f; then r=1; fi", "0" },
        { "function f { false; }; f && r=1; f || r=2", "2" },
        { "function f { true; }; f && r=1; f || r=2", "1" },
        { "r=1; source /folder/x", "sourced1" },
        { ". /none; r=$?", "0" },
        { "if source /folder/return; then r=x$r; fi; r=${r}y", "x2y" },
        { "true; r=$?", "0" },
        { "for i in 1 2 3; do r=$i; done; r=x$r", "x" },
        { "while true; do r=1; done", "" },
        { "until false; do if true; then r=1; fi; done; if true; then r=2; fi", "2" },
        { "if true; then for i in 1; do r=1; done; r=2; fi", "2" },
        { "r=$grub_platform-$grub_cpu", "pc-x86_64" },
        { "r=$prefix", "(hd0,gpt2)/boot/grub" },
        { "r=$config_directory/$config_file", "(hd0,gpt2)/boot/grub/(hd0,gpt2)/boot/grub/grub.cfg" },
        { "r=$1", "" },
        { "if cpuid -l; then r=1; fi", "1" },
        { "then r=1; fi; done; else; elif; r=2", "2" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *result = run(cases[i][0]);

        if (strcmp(result, cases[i][1]) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i][0], result, cases[i][1]);
    }
}

static void what_is_told(void **state)
{
    static const char *const cases[][2] = {
        { "set a='b", "grub.cfg:1: it has a quote that is not closed" },
        { "\n\nmenuentry a { linux /k", "grub.cfg:3: it has a { that is not closed" },
        { "a }", "grub.cfg:1: it has a } without its {" },
        { "fi", "grub.cfg:1: an if or a loop is not as it should be" },
        { "if true; then true\n", "grub.cfg:2: an if or a loop is not closed" },
        { "if true; done; fi", "grub.cfg:1: an if or a loop is not as it should be" },
        { "\nwhile true; do true; done", "grub.cfg:2: loops are passed over" },
        { "menuentry { linux /k }", "grub.cfg:1: an entry has no title, or nothing in it" },
        { "menuentry a", "grub.cfg:1: an entry has no title, or nothing in it" },
        { "menuentry a { linux /k\n menuentry b { x }\n}", "grub.cfg:2: there is an entry in an entry" },
        { "[ a", "grub.cfg:1: there is a [ without its ]" },
        { "function { a }", "grub.cfg:1: this is no function" },
        { "configfile (hd3)/x", "grub.cfg:1: no file system is 'hd3'" },
        { "blscfg (hd3)/x", "grub.cfg:1: no file system is 'hd3'" },
        { "function f { f; }; f", "grub.cfg:1: too many files and functions in one another" },
        { "source " CFG, "grub.cfg:1: too many files and functions in one another" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const size_t length = strlen(cases[i][1]);

        setup(state);
        read_text(cases[i][0]);
        if (warned_count != 1 || strlen(warned) < length || strcmp(warned + strlen(warned) - length, cases[i][1]) != 0)
            fail_msg("%s: %u warnings, \"%s\", not \"%s\"", cases[i][0], warned_count, warned, cases[i][1]);
    }
}

static void commands_passed_over(void **state)
{
    (void)state;
    read_text("set a=b\nfrobnicate x\nlinux /k\nmenuentry a { linux /k; cryptomount -a; }");
    assert_int_equal(outcome.unknown_count, 3);
    assert_string_equal(outcome.unknown, "frobnicate in grub.cfg:2");
    assert_int_equal(warned_count, 0);
    assert_string_equal(list.entry[0].problem, "");
}

/* A configuration that leads to another one says nothing more. */
static void configfile(void **state)
{
    (void)state;
    make_text("/other.cfg", "menuentry b { linux $config_directory$x }\nexit\nmenuentry c { linux /k }");
    read_text("menuentry a { linux /k }\nif true; then set x=/k; configfile /other.cfg; menuentry d { linux /k }\nfi");
    assert_string_equal(entries_as_text(0), "a\n  title a\n  kernel xvda2:/k\nb\n  title b\n  kernel xvda2:/k\n");
    assert_int_equal(warned_count, 0);
    assert_int_equal(outcome.file_count, 2);
    assert_string_equal(outcome.files[1].path, "/other.cfg");
}

/* ---- the default ---- */

static void defaults(void **state)
{
    static const char *const cases[][2] = {
        { "", "a" },
        { "set default=0", "a" },
        { "set default=2", "d" },
        { "set default=d", "d" },
        { "set default=D", "d" },
        { "set default=1", "s>b>c" },
        { "set default='s>0'", "s>b>c" },
        { "set default='S>T>C'", "s>t>c" },
        { "set default='1>1>0'", "s>t>c" },
        { "set default='s>t'", "s>t>c" },
        { "set default='s>b>>c'", "s>b>c" },
        { "set default=none", "a" },
        { "set default=99999999999999999999", "a" },
        { "set default=7", "a" },
        { "set default='s>9'", "a" },
        { "set default=bad", "a" },
        { "set default=bad; set fallback=2", "d" },
        { "set default=saved; saved_entry=D", "d" },
        { "set default=\"${saved_entry}\"", "a" },
    };
    char text[1024];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        snprintf(text, sizeof(text), "%s%s", MENU, cases[i][0]);
        read_text(text);
        if (strcmp(default_id(&outcome), cases[i][1]) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i][0], default_id(&outcome), cases[i][1]);
    }
    setup(state);
    read_text("menuentry A { linux /1 }\nmenuentry A { linux /2 }\nmenuentry A { linux /3 }\nset default=2");
    assert_string_equal(list.entry[0].id, "A");
    assert_string_equal(list.entry[1].id, "A#2");
    assert_string_equal(default_id(&outcome), "A#3");
    assert_string_equal(list.entry[2].recipe->kernel.path, "/3");
    setup(state);
    read_text("set default=0");
    assert_null(outcome.conf.default_entry.data);
}

static void timeouts(void **state)
{
    static const struct {
        const char *text;
        bool given;
        enum bls_timeout timeout;
        uint32_t seconds;
    } cases[] = {
        { "", false, TIMEOUT_SECONDS, 0 },
        { "set timeout=7", true, TIMEOUT_SECONDS, 7 },
        { "set timeout=0", true, TIMEOUT_SECONDS, 0 },
        { "set timeout=-1", true, TIMEOUT_FORCE, 0 },
        { "set timeout=-1; timeout_style=hidden", true, TIMEOUT_FORCE, 0 },
        { "set timeout=3; timeout_style=hidden", true, TIMEOUT_HIDDEN, 0 },
        { "set timeout=3; timeout_style=countdown", true, TIMEOUT_HIDDEN, 0 },
        { "set timeout=3; timeout_style=menu", true, TIMEOUT_SECONDS, 3 },
        { "set timeout=soon", false, TIMEOUT_SECONDS, 0 },
        { "set timeout=9999999999", true, TIMEOUT_SECONDS, UINT32_MAX },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        read_text(cases[i].text);
        assert_int_equal(outcome.conf.has_timeout, cases[i].given);
        assert_int_equal(outcome.conf.timeout, cases[i].timeout);
        assert_int_equal(outcome.conf.seconds, cases[i].seconds);
    }
}

/* ---- grubenv ---- */

/* As long as Red Hat's. */
#define KERNEL_OPTIONS                                                                                 \
    "root=/dev/mapper/rhel-root ro crashkernel=auto resume=/dev/mapper/rhel-swap rd.lvm.lv=rhel/root " \
    "rd.lvm.lv=rhel/swap console=tty0 console=ttyS0,115200n8 rhgb quiet"

static void environments(void **state)
{
    (void)state;
    make_text("/boot/grub/grubenv",
              "# GRUB Environment Block\nsaved_entry=2\nother=" KERNEL_OPTIONS "\nnext_entry=1\n####");
    make_text("/env", "# GRUB Environment Block\nmine=1\nothers=2\n");
    make_text("/broken", "saved_entry=1\n");
    read_text(
        "load_env\nset default=$saved_entry\nif [ \"$next_entry\" ]; then default=$next_entry; fi\n"
        "load_env --file=/env mine\nload_env -f /none\nif load_env -f /broken; then mine=2; fi\nsave_env mine\n" MENU
        "menuentry e { linux /k $other $mine $others }");
    assert_string_equal(default_id(&outcome), "d");
    assert_string_equal(list.entry[5].recipe->options, KERNEL_OPTIONS " 1");
    assert_int_equal(warned_count, 1);
    assert_string_equal(warned, CFG ":1: next_entry '1' of grubenv is passed over: it could not be taken back");
}

/* ---- blscfg ---- */

static void bls_entries(void **state)
{
    (void)state;
    make_text("/loader/entries/m-6.9.conf",
              "title Nine\nversion 6.9\nlinux /k-6.9\ninitrd /i-6.9 $more\noptions $kernelopts b\n");
    make_text("/loader/entries/m-6.10.conf",
              "title Ten\nversion 6.10\nlinux k-6.10\ninitrd /a\ninitrd /i\noptions a\noptions b\n");
    make_text("/loader/entries/m-0-rescue.conf", "title Rescue\nversion 0-rescue\nlinux /k-r\n");
    make_text("/loader/entries/none.conf", "linux /k\ndevicetree /x.dtb\n");
    make_text("/loader/entries/xen.conf",
              "title Xen\nversion 1\nmultiboot2 /xen\noptions x\nmodule /k root=1\nmodule /i\n");
    make_text("/loader/entries/app.conf", "title App\nversion 0.5\nefi /app.efi\n");
    make_text("/loader/entries/broken.conf", "title Broken\nversion 0.1\ninitrd /i\n");
    make_text("/loader/entries/arm.conf", "title Arm\narchitecture aa64\nlinux /k\n");
    read_text("kernelopts='root=x y'\nmore='/more /evenmore'\nblscfg\nblscfg\nset default=m-6.9");
    assert_string_equal(
        entries_as_text(0),
        "m-6.10.conf\n  title Ten\n  version 6.10\n  kernel xvda2:/k-6.10\n  options a b\n  module xvda2:/a\n"
        "  module xvda2:/i\n"
        "m-6.9.conf\n  title Nine\n  version 6.9\n  kernel xvda2:/k-6.9\n  options root=x y b\n"
        "  module xvda2:/i-6.9\n  module xvda2:/more\n  module xvda2:/evenmore\n"
        "xen.conf\n  title Xen\n  version 1\n  multiboot2 xvda2:/xen\n  options x\n"
        "  module xvda2:/k [root=1]\n  module xvda2:/i\n"
        "app.conf\n  title App\n  version 0.5\n  efi xvda2:/app.efi\n"
        "broken.conf\n  title Broken\n  version 0.1\n"
        "  problem broken.conf: nothing to start: no linux, efi, uki, multiboot2 or pvh\n"
        "m-0-rescue.conf\n  title Rescue\n  version 0-rescue\n  kernel xvda2:/k-r\n"
        "none.conf\n  title none.conf\n  kernel xvda2:/k\n  devicetree xvda2:/x.dtb\n");
    assert_string_equal(default_id(&outcome), "m-6.9.conf");
    assert_int_equal(outcome.folder_count, 1);
    assert_ptr_equal(outcome.folders[0].tree, &volumes[0].tree);
    assert_string_equal(outcome.folders[0].path, "/loader/entries");
    assert_string_equal(list.entry[0].path, "/loader/entries/m-6.10.conf");
}

static void bls_folders(void **state)
{
    (void)state;
    make_text("/boot/loader/entries/a.conf", "title A\nlinux /boot/k\n");
    make_text("/mine/b.conf", "title B\nlinux /k\n");
    read_text("blscfg\nset blsdir=/mine\nblscfg default\nblscfg (hd0,gpt2)/none");
    assert_string_equal(entries_as_text(0),
                        "a.conf\n  title A\n  kernel xvda2:/boot/k\nb.conf\n  title B\n  kernel xvda2:/k\n");
    assert_int_equal(outcome.folder_count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(distributions, setup),
        cmocka_unit_test_setup(debian_from_its_esp, setup),
        cmocka_unit_test_setup(ubuntu_cloud, setup),
        cmocka_unit_test_setup(kernels, setup),
        cmocka_unit_test_setup(problems, setup),
        cmocka_unit_test_setup(what_is_left_out, setup),
        cmocka_unit_test_setup(found_file_systems, setup),
        cmocka_unit_test_setup(volumes_without_disks, setup),
        cmocka_unit_test_setup(execution, setup),
        cmocka_unit_test_setup(what_is_told, setup),
        cmocka_unit_test_setup(commands_passed_over, setup),
        cmocka_unit_test_setup(configfile, setup),
        cmocka_unit_test_setup(defaults, setup),
        cmocka_unit_test_setup(timeouts, setup),
        cmocka_unit_test_setup(environments, setup),
        cmocka_unit_test_setup(bls_entries, setup),
        cmocka_unit_test_setup(bls_folders, setup),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}

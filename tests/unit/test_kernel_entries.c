/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/kernel_entries.c menu/files.c menu/entries.c menu/version.c menu/glob.c */
/* sources: storage/cpio.c storage/path.c common/arena.c common/map.c common/text.c common/failure.c */
/* Kernels that no configuration names, as they lie in /boot of distributions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "menu/kernel_entries.h"
#include "tests/unit/volume_fixture.h"

#include <cmocka.h>

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

static void make(const char *path)
{
    make_text(path, "x");
}

static void expect(uint32_t index, const char *default_, const char *expected)
{
    const struct volumes_view view = { .volume = volumes, .count = volume_count };

    assert_true(kernel_entries_add(&view, &volumes[index], &list, &outcome, &failure));
    assert_string_equal(entries_as_text(0), expected);
    assert_string_equal(default_id(&outcome), default_);
    assert_int_equal(outcome.added, list.count);
    assert_int_equal(warned_count, 0);
}

static void debian(void **state)
{
    (void)state;
    make("/boot/vmlinuz-6.1.0-9-amd64");
    make("/boot/initrd.img-6.1.0-9-amd64");
    make("/boot/vmlinuz-6.1.0-21-amd64");
    make("/boot/initrd.img-6.1.0-21-amd64");
    make("/boot/config-6.1.0-21-amd64");
    make("/boot/System.map-6.1.0-21-amd64");
    make("/boot/vmlinuz-5.10.0-1-amd64"); /* its initrd is gone */
    make("/boot/.vmlinuz-9");
    make("/etc/fstab");
    add_volume(0, PARTITIONS_GPT, 2, "3f6c1f0e-9b1a-4c7e-8d0b-2a5d3c1e7f42");
    strcpy(volumes[0].partition_uuid, "9e7c1c2a-0000-4000-8000-000000000002");
    expect(0, "vmlinuz-6.1.0-21-amd64",
           "vmlinuz-6.1.0-21-amd64\n  title Linux 6.1.0-21-amd64\n  version 6.1.0-21-amd64\n"
           "  kernel xvda2:/boot/vmlinuz-6.1.0-21-amd64\n  options root=UUID=3f6c1f0e-9b1a-4c7e-8d0b-2a5d3c1e7f42 ro\n"
           "  module xvda2:/boot/initrd.img-6.1.0-21-amd64\n"
           "vmlinuz-6.1.0-9-amd64\n  title Linux 6.1.0-9-amd64\n  version 6.1.0-9-amd64\n"
           "  kernel xvda2:/boot/vmlinuz-6.1.0-9-amd64\n  options root=UUID=3f6c1f0e-9b1a-4c7e-8d0b-2a5d3c1e7f42 ro\n"
           "  module xvda2:/boot/initrd.img-6.1.0-9-amd64\n"
           "vmlinuz-5.10.0-1-amd64\n  title Linux 5.10.0-1-amd64\n  version 5.10.0-1-amd64\n"
           "  kernel xvda2:/boot/vmlinuz-5.10.0-1-amd64\n"
           "  options root=PARTUUID=9e7c1c2a-0000-4000-8000-000000000002 ro\n");
    assert_string_equal(list.entry[0].path, "/boot/vmlinuz-6.1.0-21-amd64");
    assert_ptr_equal(list.entry[0].tree, &volumes[0].tree);
}

/* /boot is a file system of its own; the root is on the same disk, and there is another system on another one. */
static void fedora(void **state)
{
    (void)state;
    make("/usr/lib/systemd/systemd");
    add_volume(1, PARTITIONS_GPT, 1, "other");
    make("/vmlinuz-6.5.6-300.fc39.x86_64");
    make("/.vmlinuz-6.5.6-300.fc39.x86_64.hmac");
    make("/vmlinuz-6.5.6-300.fc39.x86_64.hmac");
    make("/initramfs-6.5.6-300.fc39.x86_64.img");
    make("/vmlinuz-0-rescue-ffff");
    make("/initramfs-0-rescue-ffff.img");
    add_volume(0, PARTITIONS_GPT, 2, "boot");
    make("/sbin/init");
    add_volume(0, PARTITIONS_GPT, 3, "root");
    expect(1, "vmlinuz-6.5.6-300.fc39.x86_64",
           "vmlinuz-6.5.6-300.fc39.x86_64\n  title Linux 6.5.6-300.fc39.x86_64\n  version 6.5.6-300.fc39.x86_64\n"
           "  kernel xvda2:/vmlinuz-6.5.6-300.fc39.x86_64\n  options root=UUID=root ro\n"
           "  module xvda2:/initramfs-6.5.6-300.fc39.x86_64.img\n"
           "vmlinuz-0-rescue-ffff\n  title Linux 0-rescue-ffff\n  version 0-rescue-ffff\n"
           "  kernel xvda2:/vmlinuz-0-rescue-ffff\n  options root=UUID=root ro\n"
           "  module xvda2:/initramfs-0-rescue-ffff.img\n");
}

static void root_of_another_disk(void **state)
{
    (void)state;
    make("/vmlinuz");
    make("/initrd.img");
    add_volume(0, PARTITIONS_NONE, 0, "boot");
    make("/x");
    add_volume(1, PARTITIONS_NONE, 0, "data");
    make("/etc/fstab");
    add_volume(2, PARTITIONS_NONE, 0, "root");
    expect(0, "vmlinuz",
           "vmlinuz\n  title Linux vmlinuz\n  kernel xvda0:/vmlinuz\n  options root=UUID=root ro\n"
           "  module xvda0:/initrd.img\n");
}

static void arch_and_alpine(void **state)
{
    (void)state;
    make("/vmlinuz-linux");
    make("/initramfs-linux.img");
    make("/initramfs-linux-fallback.img");
    make("/intel-ucode.img");
    make("/amd-ucode.img");
    make("/vmlinuz-lts");
    make("/initramfs-lts");
    add_volume(0, PARTITIONS_GPT, 1, "boot");
    expect(
        0, "vmlinuz-lts",
        "vmlinuz-lts\n  title Linux lts\n  version lts\n  kernel xvda1:/vmlinuz-lts\n  module xvda1:/intel-ucode.img\n"
        "  module xvda1:/amd-ucode.img\n  module xvda1:/initramfs-lts\n"
        "vmlinuz-linux\n  title Linux linux\n  version linux\n  kernel xvda1:/vmlinuz-linux\n"
        "  module xvda1:/intel-ucode.img\n  module xvda1:/amd-ucode.img\n  module xvda1:/initramfs-linux.img\n");
}

static void others(void **state)
{
    (void)state;
    make("/boot/kernel-6.6.1-gentoo");
    make("/boot/initramfs-6.6.1-gentoo.img");
    make("/boot/bzImage");
    make("/boot/initrd-5.14.21-default");
    make("/boot/vmlinuz-5.14.21-default");
    make("/boot/intel-ucode.img");
    make("/boot/vmlinuz.old.sig");
    make("/boot/kernels");
    make("/boot/kernel/kernel"); /* FreeBSD's: a folder */
    make_text("/boot/vmlinuz-9.9", "");
    make("/etc/fstab");
    add_volume(0, PARTITIONS_MBR, 1, "");
    strcpy(volumes[0].partition_uuid, "1234abcd-01");
    expect(0, "kernel-6.6.1-gentoo",
           "kernel-6.6.1-gentoo\n  title Linux 6.6.1-gentoo\n  version 6.6.1-gentoo\n"
           "  kernel xvda1:/boot/kernel-6.6.1-gentoo\n  options root=PARTUUID=1234abcd-01 ro\n"
           "  module xvda1:/boot/intel-ucode.img\n  module xvda1:/boot/initramfs-6.6.1-gentoo.img\n"
           "vmlinuz-5.14.21-default\n  title Linux 5.14.21-default\n  version 5.14.21-default\n"
           "  kernel xvda1:/boot/vmlinuz-5.14.21-default\n  options root=PARTUUID=1234abcd-01 ro\n"
           "  module xvda1:/boot/intel-ucode.img\n  module xvda1:/boot/initrd-5.14.21-default\n"
           "bzImage\n  title Linux bzImage\n  kernel xvda1:/boot/bzImage\n  options root=PARTUUID=1234abcd-01 ro\n");
}

static void nothing(void **state)
{
    (void)state;
    make("/etc/fstab");
    add_volume(0, PARTITIONS_MBR, 1, "x");
    expect(0, "", "");
    assert_false(outcome.conf.has_timeout);
}

static void broken(void **state)
{
    const struct volumes_view view = { .volume = volumes, .count = 1 };

    (void)state;
    make("/boot/vmlinuz-1");
    volumes[0] = (struct volume){ .tree = *to_be_read() };
    made_broken = "/boot";
    assert_false(kernel_entries_add(&view, &volumes[0], &list, &outcome, &failure));
    assert_string_equal(failure.why, "/boot cannot be read");
    made_broken = NULL;
    assert_true(kernel_entries_add(&view, &volumes[0], &list, &outcome, &failure));
    assert_int_equal(list.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(debian, setup),
        cmocka_unit_test_setup(fedora, setup),
        cmocka_unit_test_setup(root_of_another_disk, setup),
        cmocka_unit_test_setup(arch_and_alpine, setup),
        cmocka_unit_test_setup(others, setup),
        cmocka_unit_test_setup(nothing, setup),
        cmocka_unit_test_setup(broken, setup),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/volumes.c storage/disk.c common/text.c common/failure.c */
/* Which file systems of which disks are searched, in which order, and what people call them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/console.h"
#include "common/progress.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "storage/block.h"
#include "storage/filesystems.h"
#include "storage/iso9660.h"
#include "storage/volumes.h"

static bool no_such(struct failure *failure, const char *why)
{
    return fail(failure, "made up", "%s", why);
}

#include <cmocka.h>

#define MIB (1024ull * 1024)

static struct handoff handoff;
static const struct machine machine = { .handoff = &handoff };
static struct volumes volumes;
static char warned[512];
static bool ended;

/* ---- the machine: disks, their partitions, and what is on these, by where they begin ---- */

static struct block_device devices[4];
static uint32_t device_count;
static struct partitions tables[4];
static bool table_broken[4];
static struct {
    uint32_t device;
    uint64_t start;
    const char *uuid, *label;
    bool broken;
} file_systems[80];
static uint32_t file_system_count;

void drivers_find(const struct machine *asked, struct devices *found)
{
    assert_ptr_equal(asked, &machine);
    found->count = device_count;
    for (uint32_t i = 0; i < device_count; i++)
        found->device[i] = &devices[i];
}

bool drivers_end(struct devices *found, struct failure *failure)
{
    (void)failure;
    assert_int_equal(found->count, device_count);
    ended = true;
    return true;
}

bool block_cache_start(struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size), struct failure *failure)
{
    (void)map;
    (void)reach;
    (void)failure;
    return true;
}

void block_cache_end(void) {}

static bool read_nothing(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    (void)disk;
    (void)offset;
    (void)buffer;
    (void)size;
    (void)failure;
    return true;
}

bool disk_of_device(struct block_device *device, struct disk *disk, struct failure *failure)
{
    if (!device->block_size)
        return no_such(failure, "no blocks");
    *disk = (struct disk){ .size = device->block_count * device->block_size, .read = read_nothing, .below = device };
    return true;
}

bool partitions_read(const struct disk *disk, struct partitions *partitions, struct failure *failure)
{
    const unsigned index = (unsigned)((struct block_device *)disk->below - devices);

    if (table_broken[index])
        return no_such(failure, "broken table");
    *partitions = tables[index];
    return true;
}

bool iso_is(const struct disk *disk)
{
    for (uint32_t i = 0; i < file_system_count; i++) {
        if (file_systems[i].device == (uint32_t)((struct block_device *)disk->below - devices) &&
            !file_systems[i].start)
            return true;
    }
    return false;
}

bool filesystem_open(const struct disk *disk, struct tree *tree, bool *known, struct failure *failure)
{
    const struct disk *whole = disk->below;
    const uint32_t device = (uint32_t)((struct block_device *)whole->below - devices);

    *known = false;
    for (uint32_t i = 0; i < file_system_count; i++) {
        if (file_systems[i].device != device || file_systems[i].start != disk->start)
            continue;
        *known = true;
        if (file_systems[i].broken)
            return no_such(failure, "broken file system");
        *tree = (struct tree){ .name = "ext4" };
        text_format(tree->uuid, sizeof(tree->uuid), "%s", file_systems[i].uuid);
        text_format(tree->label, sizeof(tree->label), "%s", file_systems[i].label ? file_systems[i].label : "");
    }
    return true;
}

void warn(const char *format, ...)
{
    va_list arguments;
    const size_t length = strlen(warned);

    va_start(arguments, format);
    text_vformat(warned + length, sizeof(warned) - length, format, arguments);
    va_end(arguments);
    text_append(warned, sizeof(warned), "\n");
}

void progress_clock(uint64_t (*frequency)(void))
{
    (void)frequency;
}

uint64_t tsc_hertz(void)
{
    return 1;
}

static uint32_t add_device(const char *name, bool removable)
{
    struct block_device *device = &devices[device_count];

    *device = (struct block_device){ .block_size = 512, .block_count = 1024 * MIB / 512, .removable = removable };
    text_format(device->name, sizeof(device->name), "%s", name);
    return device_count++;
}

static void add_partition(uint32_t device, enum partition_role role, const char *partition_uuid)
{
    struct partitions *table = &tables[device];
    struct partition *partition = &table->partition[table->count];

    table->table = PARTITIONS_GPT;
    *partition = (struct partition){ .start = ++table->count * MIB, .size = MIB, .number = table->count, .role = role };
    text_format(partition->uuid, sizeof(partition->uuid), "%s", partition_uuid);
}

static void add_file_system(uint32_t device, uint32_t partition, const char *uuid, const char *label)
{
    file_systems[file_system_count].device = device;
    file_systems[file_system_count].start = partition * MIB;
    file_systems[file_system_count].uuid = uuid;
    file_systems[file_system_count++].label = label;
}

static int setup(void **state)
{
    (void)state;
    device_count = file_system_count = 0;
    memset(tables, 0, sizeof(tables));
    memset(table_broken, 0, sizeof(table_broken));
    memset(file_systems, 0, sizeof(file_systems));
    memset(&volumes, 0, sizeof(volumes));
    warned[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    struct failure failure;

    (void)state;
    ended = false;
    assert_true(volumes_close_disks(&failure));
    assert_true(ended);
    ended = false;
    assert_true(volumes_close_disks(&failure)); /* once is enough */
    assert_false(ended);
    return 0;
}

static void find(void)
{
    volumes_add_disks(&machine, &volumes);
}

static bool is_named(uint32_t index, const char *name)
{
    return volume_is_named(&volumes.volume[index], text_span(name));
}

/* ---- tests ---- */

static void no_disks(void **state)
{
    (void)state;
    find();
    assert_int_equal(volumes.count, 0);
}

static void order(void **state)
{
    uint32_t cd, first, second;

    (void)state;
    cd = add_device("sr0", true);
    first = add_device("xvda", false);
    second = add_device("xvdb", false);
    add_file_system(cd, 0, "cd", NULL);
    add_partition(first, PARTITION_OTHER, "a");
    add_partition(first, PARTITION_ESP, "b");
    add_partition(first, PARTITION_OTHER, "c"); /* swap, say */
    add_partition(second, PARTITION_XBOOTLDR, "d");
    add_file_system(first, 1, "root", NULL);
    add_file_system(first, 2, "esp", NULL);
    add_file_system(second, 1, "xbootldr", NULL);
    find();
    assert_int_equal(volumes.count, 4);
    assert_string_equal(volumes.volume[0].tree.uuid, "esp");
    assert_int_equal(volumes.volume[0].role, VOLUME_ESP);
    assert_int_equal(volumes.volume[0].disk_number, first);
    assert_int_equal(volumes.volume[0].partition, 2);
    assert_string_equal(volumes.volume[1].tree.uuid, "xbootldr");
    assert_string_equal(volumes.volume[2].tree.uuid, "root");
    assert_string_equal(volumes.volume[2].tree.name, "xvda1 ext4");
    assert_int_equal(volumes.volume[2].disk.start, MIB);
    assert_string_equal(volumes.volume[3].tree.name, "sr0 ext4");
    assert_int_equal(volumes.volume[3].role, VOLUME_REMOVABLE);
    assert_int_equal(volumes.volume[3].table, PARTITIONS_NONE);
    assert_string_equal(warned, "");
}

static void names(void **state)
{
    uint32_t disk, other;

    (void)state;
    disk = add_device("xvda", false);
    other = add_device("nvme0n1", false);
    for (unsigned i = 0; i < 2; i++) {
        add_partition(disk, PARTITION_OTHER, "");
        add_partition(other, PARTITION_OTHER, "0be7a3d0-01");
    }
    add_file_system(disk, 2, "1234-ABCD", "Root");
    add_file_system(other, 2, "", NULL);
    find();
    assert_true(is_named(0, "xvda"));
    assert_true(is_named(0, "xvda2"));
    assert_true(is_named(0, "/dev/xvda2"));
    assert_false(is_named(0, "xvda1"));
    assert_false(is_named(0, "xvdap2"));
    assert_false(is_named(0, "xvd"));
    assert_true(is_named(0, "UUID=1234-abcd"));
    assert_false(is_named(0, "UUID=1234-abc"));
    assert_true(is_named(0, "LABEL=ROOT"));
    assert_false(is_named(0, "PARTUUID="));
    assert_true(is_named(1, "nvme0n1p2"));
    assert_false(is_named(1, "nvme0n12"));
    assert_true(is_named(1, "PARTUUID=0BE7A3D0-01"));
    assert_false(is_named(1, "UUID="));
    assert_false(is_named(1, ""));
    volumes.volume[1].disk_name[0] = '\0'; /* one of EFI's */
    assert_false(is_named(1, ""));
}

static void what_is_broken_is_told_once(void **state)
{
    (void)state;
    add_device("xvda", false);
    add_device("xvdb", false);
    add_device("xvdc", false);
    table_broken[0] = true;
    devices[1].block_size = 0;
    add_partition(2, PARTITION_OTHER, "");
    add_partition(2, PARTITION_OTHER, "");
    tables[2].from_backup = true;
    tables[2].partition[0].start = 2048 * MIB; /* where the disk has ended */
    add_file_system(2, 2, "good", NULL);
    find();
    assert_int_equal(volumes.count, 1);
    assert_string_equal(volumes.volume[0].tree.uuid, "good");
    assert_string_equal(warned, "made up: no blocks\n"
                                "xvda: made up: broken table\n"
                                "xvdc: its partition table is broken; the backup holds\n"
                                "xvdc1: the partition is not inside its disk\n");
}

static void a_broken_file_system(void **state)
{
    (void)state;
    add_device("xvda", false);
    add_file_system(0, 0, "bad", NULL);
    file_systems[0].broken = true;
    find();
    assert_int_equal(volumes.count, 0);
    assert_string_equal(warned, "xvda: made up: broken file system\n");
}

/* Its table counts, and it counts as a whole; a partition that is all of it is not found twice. */
static void a_hybrid_image(void **state)
{
    (void)state;
    add_device("xvda", false);
    for (unsigned i = 0; i < 2; i++)
        add_partition(0, i ? PARTITION_ESP : PARTITION_OTHER, "");
    tables[0].partition[0].start = 0;
    add_file_system(0, 0, "iso", NULL);
    add_file_system(0, 2, "esp", NULL);
    find();
    assert_int_equal(volumes.count, 2);
    assert_string_equal(volumes.volume[0].tree.name, "xvda2 ext4");
    assert_string_equal(volumes.volume[1].tree.name, "xvda ext4");
    assert_string_equal(volumes.volume[1].tree.uuid, "iso");
}

static void too_many(void **state)
{
    (void)state;
    add_device("xvda", false);
    for (uint32_t i = 1; i <= VOLUMES_MAX + 3; i++) {
        add_partition(0, PARTITION_OTHER, "");
        add_file_system(0, i, "x", NULL);
    }
    find();
    assert_int_equal(volumes.count, VOLUMES_MAX);
    assert_string_equal(warned, "xvda65: there are 64 file systems already: it and what follows are left out\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_disks, setup, teardown),
        cmocka_unit_test_setup_teardown(order, setup, teardown),
        cmocka_unit_test_setup_teardown(names, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_broken_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_file_system, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hybrid_image, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

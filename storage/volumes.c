/* SPDX-License-Identifier: BSD-2-Clause */
/* The file systems of disks; see volumes.h. */
#include "storage/volumes.h"

#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/progress.h"
#include "common/string.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "storage/block.h"
#include "storage/filesystems.h"
#include "storage/iso9660.h"

static struct devices devices NOINIT;
static struct disk disks[DEVICES_MAX] NOINIT;
static struct partitions partitions NOINIT;
static bool open, full;

/* ---- names ---- */

/* As Linux names it: a number goes behind a "p" where the disk's name ends in a digit. */
static void partition_name(const char *disk, uint32_t number, char *name, uint64_t size)
{
    const uint64_t length = strlen(disk);
    const bool digit = length && disk[length - 1] >= '0' && disk[length - 1] <= '9';

    if (number)
        text_format(name, size, "%s%s%u", disk, digit ? "p" : "", number);
    else
        text_format(name, size, "%s", disk);
}

bool volume_is_named(const struct volume *volume, struct span name)
{
    char partition[32];
    struct span value;

    if (text_prefix(name, "UUID=", &value))
        return value.size && text_same(value, volume->tree.uuid);
    if (text_prefix(name, "LABEL=", &value))
        return value.size && text_same(value, volume->tree.label);
    if (text_prefix(name, "PARTUUID=", &value))
        return value.size && text_same(value, volume->partition_uuid);
    text_prefix(name, "/dev/", &name);
    partition_name(volume->disk_name, volume->partition, partition, sizeof(partition));
    return volume->disk_name[0] && (text_same(name, volume->disk_name) || text_same(name, partition));
}

/* ---- finding ---- */

enum pass { PASS_BOOT_PARTITIONS, PASS_OTHERS, PASS_REMOVABLE, PASSES };

static enum volume_role role_of(const struct block_device *device, const struct partition *partition)
{
    if (partition && partition->role == PARTITION_ESP)
        return VOLUME_ESP;
    if (partition && partition->role == PARTITION_XBOOTLDR)
        return VOLUME_XBOOTLDR;
    return device->removable ? VOLUME_REMOVABLE : VOLUME_OTHER;
}

static enum pass pass_of(enum volume_role role)
{
    return role == VOLUME_OTHER ? PASS_OTHERS : role == VOLUME_REMOVABLE ? PASS_REMOVABLE : PASS_BOOT_PARTITIONS;
}

/* Adds a partition, or where there is none a whole disk, if it holds a file system. There is room for one more. */
static bool add(struct volumes *volumes, uint32_t number, const struct partition *partition, struct failure *failure)
{
    struct volume *volume = &volumes->volume[volumes->count];
    const struct disk *disk = &disks[number];
    char file_system[sizeof(volume->tree.name)], name[32];
    bool known;

    *volume = (struct volume){ .disk_number = number,
                               .table = partition ? partitions.table : PARTITIONS_NONE,
                               .partition = partition ? partition->number : 0 };
    text_format(volume->disk_name, sizeof(volume->disk_name), "%s", devices.device[number]->name);
    if (partition)
        memcpy(volume->partition_uuid, partition->uuid, sizeof(volume->partition_uuid));
    volume->role = role_of(devices.device[number], partition);
    partition_name(volume->disk_name, volume->partition, name, sizeof(name));
    if (!disk_part(disk, partition ? partition->start : 0, partition ? partition->size : disk->size, &volume->disk))
        return fail(failure, name, "the partition is not inside its disk");
    if (!filesystem_open(&volume->disk, &volume->tree, &known, failure))
        return false;
    if (!known)
        return true;
    memcpy(file_system, volume->tree.name, sizeof(file_system));
    text_format(volume->tree.name, sizeof(volume->tree.name), "%s %s", name, file_system);
    volumes->count++;
    return true;
}

/* A failure that names the disk by itself names it enough. */
static void report(const char *place, const struct failure *failure)
{
    if (strcmp(place, failure->what) == 0)
        warn("%s: %s", failure->what, failure->why);
    else
        warn("%s: %s: %s", place, failure->what, failure->why);
}

static void add_if_due(struct volumes *volumes, uint32_t number, const struct partition *partition, enum pass pass)
{
    const struct block_device *device = devices.device[number];
    struct failure failure;
    char name[32];

    if (pass_of(role_of(device, partition)) != pass)
        return;
    partition_name(device->name, partition ? partition->number : 0, name, sizeof(name));
    if (volumes->count == VOLUMES_MAX) {
        if (!full)
            warn("%s: there are %u file systems already: it and what follows are left out", name, VOLUMES_MAX);
        full = true;
    } else if (!add(volumes, number, partition, &failure)) {
        report(name, &failure);
    }
}

static void add_disk(struct volumes *volumes, uint32_t number, enum pass pass)
{
    const struct block_device *device = devices.device[number];
    struct failure failure;
    bool whole;

    /* Read anew in each pass, from the cache: tables of all disks at once would be much memory for nothing. */
    if (!partitions_read(&disks[number], &partitions, &failure)) {
        if (pass == 0)
            report(device->name, &failure);
        return;
    }
    if (pass == 0 && partitions.from_backup)
        warn("%s: its partition table is broken; the backup holds", device->name);
    if (pass == 0 && partitions.cut_off)
        warn("%s: it has more partitions than %u, or a chain of them without end", device->name, PARTITIONS_MAX);
    /* An image for discs and sticks alike has a table, and is a file system as a whole. Of other kinds that is a trace
     * of what the disk was before it was partitioned. */
    whole = partitions.table == PARTITIONS_NONE || iso_is(&disks[number]);
    if (whole)
        add_if_due(volumes, number, NULL, pass);
    for (uint32_t i = 0; i < partitions.count; i++) {
        if (!whole || partitions.partition[i].start) /* else the same once more */
            add_if_due(volumes, number, &partitions.partition[i], pass);
    }
}

void volumes_add_disks(const struct machine *machine, struct volumes *volumes)
{
    struct failure failure;

    drivers_find(machine, &devices);
    open = true;
    full = false;
    if (!devices.count)
        return;
    progress_clock(tsc_hertz);
    if (!block_cache_start(&machine->handoff->map, machine->reach, &failure)) {
        warn("%s: %s", failure.what, failure.why);
        return;
    }
    for (uint32_t i = 0; i < devices.count; i++) {
        if (!disk_of_device(devices.device[i], &disks[i], &failure)) {
            warn("%s: %s", failure.what, failure.why);
            disks[i] = (struct disk){ .size = 0, .read = NULL };
        }
    }
    for (enum pass pass = 0; pass < PASSES; pass++) {
        for (uint32_t i = 0; i < devices.count; i++) {
            if (disks[i].read)
                add_disk(volumes, i, pass);
        }
    }
}

bool volumes_close_disks(struct failure *failure)
{
    if (!open)
        return true;
    open = false;
    block_cache_end();
    return drivers_end(&devices, failure);
}

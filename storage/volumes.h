/* SPDX-License-Identifier: BSD-2-Clause */
/* Where files come from when they are not in memory: the file systems of disks and of EFI, in the order of searching.
 */
#ifndef STORAGE_VOLUMES_H
#define STORAGE_VOLUMES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "storage/disk.h"
#include "storage/drivers.h"
#include "storage/partitions.h"
#include "storage/tree.h"

#define VOLUMES_MAX 64

enum volume_role {
    VOLUME_OWN,       /* the one that our image was loaded from */
    VOLUME_ESP,       /* another EFI system partition */
    VOLUME_XBOOTLDR,  /* UAPI.2, bc13c2ff-59e6-4262-a352-b275fd6f7172 */
    VOLUME_REMOVABLE, /* optical media, and others without a partition table */
    VOLUME_OTHER,     /* any other file system */
};

struct volume {
    enum volume_role role;
    struct tree tree; /* its uuid and label are the file system's */
    /* Of a disk that we read ourselves; of EFI's volumes `disk_name` is "". */
    struct disk disk;           /* what the tree is on */
    char disk_name[16];         /* "xvda" */
    uint32_t disk_number;       /* from 0 on, as GRUB's (hdN) */
    enum partition_table table; /* PARTITIONS_NONE: it fills the disk */
    uint32_t partition;         /* its number; 0: it fills the disk */
    char partition_uuid[40];    /* "": it has none */
};

struct volumes {
    uint32_t count;
    struct volume volume[VOLUMES_MAX]; /* in the order of searching */
};

/*
 * Adds the file systems of all disks that a driver finds: ESP and XBOOTLDR partitions, then others, then removable
 * media. What is broken is warned of and left out. The disks stay open; *volumes must not move.
 */
void volumes_add_disks(const struct machine *machine, struct volumes *volumes);

/*
 * Puts all devices back as they were found; the volumes of disks are dead then. A failure: a device did not let go of
 * our memory, and nothing must be started there.
 */
bool volumes_close_disks(struct failure *failure);

/*
 * Whether a person means this volume: by the name of its disk ("xvda") or of the partition ("xvda2", "nvme0n1p2"), or
 * by "UUID=…", "LABEL=…", "PARTUUID=…", as Linux and mount(8) have them; letters in any case.
 */
bool volume_is_named(const struct volume *volume, struct span name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to start on the file systems of disks, whatever loader it was meant for. */
#ifndef MENU_DISK_ENTRIES_H
#define MENU_DISK_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "menu/entry.h"
#include "menu/loader_conf.h"
#include "storage/volumes.h"

struct disk_search {
    const struct volume *volumes; /* live as long as the list */
    uint32_t count;
    bool efi;         /* grub.cfg sees EFI as its platform */
    struct span disk; /* qv.disk=: only these volumes' entries are wanted (volume_is_named); data NULL: all */
    struct span path; /* qv.path=: only this kernel, or this configuration of GRUB or Syslinux; data NULL: any */
};

/*
 * Adds the entries of all volumes, in their order; of each its boot tree (UAPI.1), then those of its grub.cfg (the
 * first place where one has entries: /boot/grub, /grub, /boot/grub2, /grub2, folders of /EFI), and of its extlinux.conf
 * or syslinux.cfg where neither has any. Where no volume has anything, the kernels that lie there:
 * menu/kernel_entries.h.
 *
 * No configuration is read twice, and entries of UAPI.1 that grub.cfg reads (blscfg), with its variables, are there
 * once. *conf is the first loader.conf; what that does not say of the timeout, and where no boot tree has entries of
 * the default, the first other configuration with entries does. What is broken is warned of, and stops nothing else. A
 * failure: what the search names is nowhere.
 */
bool disk_entries_add(const struct disk_search *search, struct entries *entries, struct loader_conf *conf,
                      struct failure *failure);

#endif

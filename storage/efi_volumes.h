/* SPDX-License-Identifier: BSD-2-Clause */
/* The volumes of EFI, by EFI_SIMPLE_FILE_SYSTEM_PROTOCOL (UEFI 2.10, section 13.4), as trees that can be written. */
#ifndef STORAGE_EFI_VOLUMES_H
#define STORAGE_EFI_VOLUMES_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/volumes.h"

#define EFI_VOLUMES_MAX 16

/*
 * Fills volumes (EFI_VOLUMES_MAX of them) in the order in which they are searched: our own, XBOOTLDR on the same disk,
 * other ESPs, other XBOOTLDRs, removable ones. Returns how many; 0 without boot services. Volumes of other partitions
 * are none of ours. Nothing is opened that is not searched.
 */
uint32_t efi_volumes(struct volume *volumes);

/* The path of our own image in its volume, normalised, into path (TREE_PATH_MAX bytes); false where it has none. */
bool efi_own_path(char *path);

/* Has the firmware look for disks behind every controller that may have some, once. Only while boot services live. */
void efi_connect_disks(void);

#endif

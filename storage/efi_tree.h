/* SPDX-License-Identifier: BSD-2-Clause */
/* A volume of EFI as a tree, by EFI_FILE_PROTOCOL (UEFI 2.10, section 13.5). */
#ifndef STORAGE_EFI_TREE_H
#define STORAGE_EFI_TREE_H

#include <stdbool.h>

#include "storage/tree.h"

/*
 * Fills the methods of a tree, whose name is the caller's affair. volume: a handle with
 * EFI_SIMPLE_FILE_SYSTEM_PROTOCOL, which is opened when something in it is asked for. slot: below EFI_VOLUMES_MAX, each
 * volume its own.
 */
void efi_tree_make(void *volume, unsigned slot, bool writable, struct tree *tree);

#endif

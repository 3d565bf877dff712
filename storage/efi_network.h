/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files beside our image where the firmware loaded that over a network: by HTTP (EFI_LOAD_FILE_PROTOCOL with a URI in
 * the device path, UEFI 2.10, section 24.7) or by PXE (EFI_PXE_BASE_CODE_PROTOCOL, section 24.3, TFTP from the server
 * that gave us).
 */
#ifndef STORAGE_EFI_NETWORK_H
#define STORAGE_EFI_NETWORK_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/map.h"
#include "common/span.h"

/* Whether our image came over a network. */
bool efi_network_is_origin(void);

/*
 * Fetches the file that has our image's name with `suffix` (".itb") in place of its own, into memory from the map
 * (MAP_WORK). *content is absent (data NULL) where the server has none. A failure where it broke off. Progress is
 * shown.
 */
bool efi_network_fetch(const char *suffix, struct memory_map *map, struct span *content, struct failure *failure);

#endif

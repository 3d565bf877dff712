/* SPDX-License-Identifier: BSD-2-Clause */
/* What a DHCPv4 packet says of the boot file (RFC 2131, section 2; RFC 2132, options 54, 66 and 67). Pure. */
#ifndef STORAGE_PXE_PACKET_H
#define STORAGE_PXE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

#define PXE_FILE_MAX 256 /* bytes of a file's name, its NUL included */

struct pxe_source {
    uint8_t server[4]; /* its IPv4 address */
    char file[PXE_FILE_MAX];
};

/* False where the packet names no server or no file. */
bool pxe_packet_read(struct span packet, struct pxe_source *source);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Grants: pages of ours that another domain, which serves a device, may map. */
#ifndef FIRMWARE_XEN_GRANTS_H
#define FIRMWARE_XEN_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/map.h"

/* Maps the grant table where `map` has nothing. Once: later calls do nothing until xen_grants_end. */
bool xen_grants_start(struct memory_map *map, struct failure *failure);

/*
 * Lets a domain map the page at a physical address, which is a multiple of 4096. It keeps that until xen_grant_revoke.
 * Needs xen_grants_start.
 */
bool xen_grant(uint16_t domain, uint64_t address, bool read_only, uint32_t *reference, struct failure *failure);

/* Takes it back. False while the domain has it mapped, or where it was never granted; then nothing has changed. */
bool xen_grant_revoke(uint32_t reference);

/*
 * Unmaps the table. A failure where a grant was not taken back, and so a page may be written to behind the kernel's
 * back; the table stays then.
 */
bool xen_grants_end(struct failure *failure);

#endif

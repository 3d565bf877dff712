/* SPDX-License-Identifier: BSD-2-Clause */
/* What we ask of Xen when we are its guest. */
#ifndef FIRMWARE_XEN_H
#define FIRMWARE_XEN_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/map.h"

enum xen_shutdown { XEN_POWEROFF, XEN_REBOOT, XEN_CRASH };

/* Ends the domain (Xen public/sched.h, SCHEDOP_shutdown). Returns only where Xen refuses. */
void xen_shutdown(enum xen_shutdown reason);

/* Adds the domain's memory map, for loaders that leave none (XENMEM_memory_map, public/memory.h). */
bool xen_memory_map(struct memory_map *map, struct failure *failure);

#endif

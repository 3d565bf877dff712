/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where to read a kernel's file so that its code need not be moved before it is entered (handoff/linux.c, may_stay).
 */
#ifndef PAYLOADS_LANDING_H
#define PAYLOADS_LANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/map.h"
#include "common/span.h"
#include "payloads/bzimage.h"

#define LANDING_HEAD BZIMAGE_HEAD /* bytes of the file that are to be known */

/*
 * The address for the first byte of a file of `size` bytes that begins with `head`; nothing is taken from the map.
 * False: nothing is gained by a certain place, or there is none.
 */
bool landing_find(struct span head, uint64_t size, const struct memory_map *map, uint64_t *address);

#endif

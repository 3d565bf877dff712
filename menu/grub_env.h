/* SPDX-License-Identifier: BSD-2-Clause */
/* grubenv, in which GRUB keeps variables from one boot to the next. GNU GRUB manual, "Environment block". Pure. */
#ifndef MENU_GRUB_ENV_H
#define MENU_GRUB_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

#define GRUB_ENV_MAX 65536 /* bytes of a file; GRUB makes it of 1024 */

/* Whether it begins as one does; then *rest is what follows. */
bool grub_env_open(struct span text, struct span *rest);

/*
 * Takes the next variable: its name in at most `name_size` bytes and its value in `value_size`, NUL-terminated, its
 * backslashes undone. Lines that are none, or too long, are passed over. False at the end.
 */
bool grub_env_next(struct span *rest, char *name, uint64_t name_size, char *value, uint64_t value_size);

#endif

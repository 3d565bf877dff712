/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of assignments, as os-release(5) and the `.profile` section of UAPI.5 have them: KEY=value, KEY="value". Pure.
 */
#ifndef MENU_OS_RELEASE_H
#define MENU_OS_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

/*
 * The value of the last assignment to key, without its quotes and backslashes, NUL-terminated and cut to `size` bytes.
 * False, and an empty value, where there is none or it is not clean UTF-8.
 */
bool os_release_find(struct span text, const char *key, char *value, uint64_t size);

#endif

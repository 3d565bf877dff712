/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shell patterns: `*`, `?`, `[a-z]`, `[!a-z]` and backslash, as fnmatch(3) without flags has them in a UTF-8 locale,
 * less its classes (`[:alpha:]` and the like). A `[` without its `]` stands for itself. Pure.
 */
#ifndef MENU_GLOB_H
#define MENU_GLOB_H

#include <stdbool.h>

/* Whether all of text matches, ASCII letters without regard to case (systemd-boot's `default` and FAT do so). */
bool glob_matches(const char *pattern, const char *text);

/* Whether both are the same but for the case of ASCII letters. */
bool glob_same(const char *a, const char *b);

#endif

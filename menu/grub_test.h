/* SPDX-License-Identifier: BSD-2-Clause */
/* `[ … ]` and `test …` of grub.cfg. GNU GRUB manual, "test". Pure. */
#ifndef MENU_GRUB_TEST_H
#define MENU_GRUB_TEST_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the words between the brackets are true; none are. file: what -d, -e, -f or -s (`kind`: that letter) say of a
 * path. Parentheses are not known, and words like others.
 */
bool grub_test(const char *const *words, uint32_t count, bool (*file)(void *context, char kind, const char *path),
               void *context);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* UAPI.10, Version Format Specification: comparing two versions. Pure. */
#ifndef MENU_VERSION_H
#define MENU_VERSION_H

/* Less than, equal to, or greater than 0, as a is older than, as old as, or newer than b. NUL-terminated. */
int version_compare(const char *a, const char *b);

#endif

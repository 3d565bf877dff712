/* SPDX-License-Identifier: BSD-2-Clause */
/* A cpio archive (newc, with or without checksums) in memory, as a tree. Pure. */
#ifndef STORAGE_CPIO_H
#define STORAGE_CPIO_H

#include <stdbool.h>

#include "storage/tree.h"

/* Whether it begins with a newc header ("070701" or "070702"). */
bool cpio_is(struct span archive);

/*
 * Makes a tree of an uncompressed archive, which stays the caller's and is not copied. Several archives may lie one
 * behind the other, padded with zeros (Linux, Documentation/driver-api/early-userspace/buffer-format.rst); of a name
 * that is there twice the last holds. Every header is checked here, and every sum of 070702; a failure says which
 * member is broken. As for Linux, what follows a trailer and no `0` begins is another thing (a compressed archive), and
 * no part of the tree. Hard links share their data with the member that has it. "./a/b", "/a/b" and "a/b" are one name.
 * Links among folders are not followed. tree->name is set to "cpio archive".
 */
bool cpio_open(struct span archive, struct tree *tree, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths from configuration files. Pure. */
#ifndef STORAGE_PATH_H
#define STORAGE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "storage/tree.h"

/*
 * Writes `given` as an absolute path with single slashes to path, which holds TREE_PATH_MAX bytes: "\EFI\x", "EFI/x"
 * and
 * "/EFI//./x" are all "/EFI/x" (backslashes as EFI has them). A failure, which names the path, where it would leave the
 * tree (".." anywhere), is empty or too long, has too many folders, control characters, NULs or invalid UTF-8.
 */
bool path_normalise(struct span given, char *path, struct failure *failure);

/* The same, relative to the folder of the file `base` where it does not begin with a slash. */
bool path_relative(const char *base, struct span given, char *path, struct failure *failure);

/* "folder" + "/" + "name" into path (TREE_PATH_MAX bytes). False where it does not fit. folder may be "/". */
bool path_join(const char *folder, const char *name, char *path);

/* The last part of a path: points into it. */
const char *path_name(const char *path);

/* Whether text is UTF-8 without control characters (TAB counts as none here), and has no NUL. */
bool text_is_clean(struct span text);

#endif

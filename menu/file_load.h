/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading whole files of a tree into memory from the memory map. */
#ifndef MENU_FILE_LOAD_H
#define MENU_FILE_LOAD_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/span.h"
#include "payloads/expand.h"
#include "storage/tree.h"

/*
 * The whole of a file of any size, which must be there and not empty: where it lies in memory, or in memory of its own
 * (MAP_WORK, whole pages, below 4 GiB where there is room). Shows progress.
 */
bool file_load(const struct tree *tree, const char *path, const struct expander *expander, struct span *content,
               struct failure *failure);

/* The same for a kernel, which is read straight to where it may run, if it can (payloads/landing.h). */
bool file_load_kernel(const struct tree *tree, const char *path, const struct expander *expander, struct span *content,
                      struct failure *failure);

#endif

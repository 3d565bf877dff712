/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors are values: what failed and why, carried up to the one place that prints `quadrivium: error: WHAT: WHY`.
 *
 *     if (size < 64)
 *         return fail(failure, "kernel", "%lu bytes are too few for a setup header", size);
 */
#ifndef COMMON_FAILURE_H
#define COMMON_FAILURE_H

#include <stdbool.h>

struct failure {
    char what[48]; /* the thing, NUL-terminated: "kernel", "memory map" */
    char why[160]; /* one clause, NUL-terminated, control characters escaped */
};

/*
 * Fills *failure (owned by the caller; both texts are cut where they would not fit) and returns false, so that a
 * function can end with it. The format is that of text_format (common/text.h).
 */
bool fail(struct failure *failure, const char *what, const char *why, ...) __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* That an error is the one that a test provokes. To be included behind our own headers, as cmocka.h is. */
#ifndef TESTS_UNIT_ASSERT_FAILURE_H
#define TESTS_UNIT_ASSERT_FAILURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/failure.h"

#include <cmocka.h>

/* Fails the test unless the failure is one of `what`, or of whatever where that is NULL, and its reason holds `why`. */
static inline void assert_failure(const struct failure *failure, const char *what, const char *why)
{
    if (what)
        assert_string_equal(failure->what, what);
    if (!strstr(failure->why, why))
        fail_msg("\"%s: %s\" does not say \"%s\"", failure->what, failure->why, why);
}

#endif

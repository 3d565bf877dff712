/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/failure.h"

#include "common/text.h"

bool fail(struct failure *failure, const char *what, const char *why, ...)
{
    va_list arguments;

    va_start(arguments, why);
    text_format(failure->what, sizeof(failure->what), "%s", what);
    text_vformat(failure->why, sizeof(failure->why), why, arguments);
    va_end(arguments);
    return false;
}

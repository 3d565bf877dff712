/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text files of lines that are a key, blanks and a value: entries of UAPI.1 and loader.conf. Lines end with LF or CR
 * LF; those that are empty or begin with `#` are passed over, and so are blanks around, and a byte order mark before,
 * all.
 */
#ifndef MENU_CONF_H
#define MENU_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

#define CONF_FILE_MAX (1024 * 1024) /* bytes of one file */
#define CONF_LINE_MAX 16384         /* bytes of one line */

struct conf_reader {
    struct span rest;
    uint32_t number; /* of the last line taken, from 1 on */
};

struct conf_line {
    uint32_t number;
    struct span key, value; /* of the file; the value's size is 0 where there is none */
    const char *problem;    /* NULL: none; else why there is neither key nor value, a clause that follows "it " */
};

void conf_start(struct conf_reader *reader, struct span text);

/* Takes the next line that says something, if only that it is none. False at the end. */
bool conf_next(struct conf_reader *reader, struct conf_line *line);

/* Fails with what = "NAME:LINE", of which the first part is cut where it is too long; "NAME" where number is 0. */
bool conf_fail(struct failure *failure, const char *name, uint32_t number, const char *why, ...)
    __attribute__((format(printf, 4, 5)));

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* UAPI.1, "Boot counting": NAME+LEFT.conf and NAME+LEFT-DONE.conf. Pure. */
#ifndef MENU_COUNTER_H
#define MENU_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

struct counter {
    bool counted;        /* the name has one */
    uint32_t left, done; /* tries */
};

/*
 * Reads the counter in a file name that ends with suffix (".conf", ".efi", whatever case), and writes the name without
 * it to id, which holds TREE_NAME_MAX + 1 bytes: "a+3-1.conf" is "a.conf". What looks like a counter but is none ("+x",
 * "+1-") is part of the name. So it is where its numbers are above 9999, and then the result is false, so that a person
 * should be told.
 */
bool counter_read(const char *name, const char *suffix, struct counter *counter, char *id);

/*
 * The name after one more try, TREE_NAME_MAX + 1 bytes at `next`; false where there is none left, or no room. Both
 * numbers keep their digits, "+10-00" becomes "+09-01"; where there is no second one, "+3" becomes "+2-1".
 */
bool counter_next(const char *name, const char *suffix, char *next);

#endif

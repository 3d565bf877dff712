/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said on command lines: packed into our image, by the loader before us, by an entry, by a person at the menu.
 * Words that begin with `qv.` are ours (menu/options.h), all others the payload's. Pure.
 */
#ifndef MENU_WORDS_H
#define MENU_WORDS_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/layout.h"
#include "menu/options.h"
#include "menu/parts.h"
#include "payloads/sections.h"

/* All texts are NUL-terminated, and without our words. */
struct words {
    struct options ours;                      /* those packed and given; of two the given one holds */
    struct options of_entry;                  /* those in the entry's own command line, or what became of that */
    bool refused;                             /* some of ours were left out, because nobody vouches for who gave them */
    char given[LAYOUT_COMMAND_LINE_MAX + 1];  /* by the loader before us */
    char packed[LAYOUT_COMMAND_LINE_MAX + 1]; /* into an image without a kernel, for whatever is selected */
    char line[2 * LAYOUT_COMMAND_LINE_MAX + 2]; /* all of them, for the payload */
};

/* Nothing is said yet. The structure need not have begun as zeros. */
void words_start(struct words *words);

/*
 * Reads what is packed and what is given. "@1" in front of what is given picks a profile of a packed kernel (UAPI.5,
 * "Multi-Profile UKIs"). secure: the loader before us, whose words nobody verifies, may choose and show, but not touch
 * the machine (qv.mark, qv.fault). Spans in ours and of_entry point into the texts that were read. A failure where they
 * are too long.
 */
bool words_read(struct words *words, const struct sections *sections, const char *given, bool secure,
                struct failure *failure);

/*
 * Makes `line` for an entry: its own words, those packed, then those given, which are left out where secure; or what a
 * person made of them (edited; NULL: nobody did), and those of addons, which no editor shows. A failure where they are
 * too long.
 */
bool words_compose(struct words *words, const struct parts *parts, const char *edited, bool secure,
                   struct failure *failure);

/* By which protocol the payload shall be entered: ours, the entry's word, its format's. data NULL: nobody says. */
struct span words_exit(const struct words *words, const struct parts *parts);

/* Whether nothing is printed while all goes well: so the payload is told to be, and we were asked nothing. */
bool words_quiet(const struct words *words);

/* Whether a bzImage is unpacked by us: as we are told, or the entry's word says; else by itself. */
bool words_unpack(const struct words *words);

#endif

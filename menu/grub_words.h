/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of grub.cfg: one command after the other, its quotes taken away and its variables put in. GNU GRUB manual,
 * "Shell-like scripting". Pure.
 */
#ifndef MENU_GRUB_WORDS_H
#define MENU_GRUB_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

#define GRUB_WORDS_MAX 512   /* of one command */
#define GRUB_WORD_ROOM 32768 /* bytes of all words of a command, a NUL behind each */
#define GRUB_NAME_MAX  64    /* bytes of a name of a variable or a function, its NUL included */

/* Text that is taken from the front. */
struct grub_reader {
    struct span rest;
    uint32_t line; /* of its first byte */
};

enum grub_keyword {
    GRUB_NO_KEYWORD,
    GRUB_IF,
    GRUB_THEN,
    GRUB_ELIF,
    GRUB_ELSE,
    GRUB_FI,
    GRUB_LOOP, /* for, while, until */
    GRUB_DO,
    GRUB_DONE,
};

enum grub_end { GRUB_END_LINE, GRUB_END_AND /* && */, GRUB_END_OR /* || */ };

struct grub_command {
    uint32_t line; /* where it begins */
    enum grub_keyword keyword;
    enum grub_end end;
    const char *problem; /* NULL: none; else why it cannot be understood, a clause that follows "it " */
    uint32_t count;
    const char *word[GRUB_WORDS_MAX]; /* in room */
    struct grub_reader block;         /* what stands in { } behind the words; rest.data NULL: nothing does */
    uint32_t used;
    char room[GRUB_WORD_ROOM];
};

/* The value of a variable, which lives until the next command is read; NULL: it has none. */
typedef const char *grub_lookup(void *context, const char *name);

/*
 * Takes the next command. A keyword is a command without words. lookup NULL: it is not to be executed, and its words
 * are left out. False at the end of the text.
 */
bool grub_next(struct grub_reader *reader, grub_lookup *lookup, void *context, struct grub_command *command);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which entry is started: what the host, the system before, the configuration and the person at the console want. */
#ifndef MENU_SELECT_H
#define MENU_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/loader_interface.h"
#include "menu/collect.h"
#include "menu/words.h"

/* What decides; texts are NUL-terminated, "" where not given. */
struct wishes {
    const char *entry; /* qv.entry */
    bool has_timeout;  /* qv.timeout */
    uint32_t timeout;
    const struct loader_wishes *system; /* EFI variables */
    const struct loader_conf *conf;
    bool interactive; /* there are keys to press, and a screen or a line to see the list on */
    bool key_held;
};

struct choice {
    uint32_t index; /* of the entry that is started unless somebody chooses another */
    bool menu;      /* show it */
    bool counting;  /* for so many seconds; else until a key is pressed */
    uint32_t seconds;
    bool unattended; /* nothing is started when they are over: something failed, and nobody may be there */
    bool missing;    /* no entry is what qv.entry asks for */
};

/* The seconds that a menu is shown where nobody said how long. */
#define SELECT_SECONDS 5

/* And after a failure: where nobody presses a key for so long, the failure ends the boot as if there were no menu. */
#define SELECT_UNATTENDED 60

/*
 * Decides. The default is the first of these that names an entry: qv.entry, LoaderEntryOneShot, LoaderEntryDefault,
 * loader.conf, the first entry that is neither bad nor broken nor found by itself. The menu is shown where there are
 * several entries and the timeout (qv.timeout, the EFI variables, loader.conf, SELECT_SECONDS) is not 0, or
 * LoaderConfigTimeoutOneShot is the one that holds; for a qv.entry that is there only if qv.timeout asks for it. A key
 * that is held brings it up, unless loader.conf disables it. Pure.
 */
struct choice select_choose(const struct entries *entries, const struct wishes *wishes);

struct selector {
    const struct surroundings *around;
    const struct words *words;
    bool secure; /* Secure Boot: neither words nor editing */
    struct collection *collection;
    struct choice choice;
    bool interactive, key_held;
    bool asked;           /* the menu was shown, and holds what a person did there */
    const char *edited;   /* the command line as a person wants it, whole; NULL: nobody edited it */
    struct failure again; /* why the entry before could not be started; why[0] == 0: there was none */
};

/* Finds the entries, tells the system of them, and decides. */
bool select_start(struct selector *selector, struct failure *failure);

/*
 * The entry to be started, from the menu where it is to be shown; set-up, reboot and power off are done here. Its try
 * is counted, and the system told. A failure where nothing can be chosen, or nobody is there to choose after one.
 */
const struct entry *select_next(struct selector *selector, struct failure *failure);

/*
 * The command line of an entry as the menu shows it for editing: its own and the host's words, without our own.
 * NUL-terminated; false where it has none.
 */
bool select_command_line(const struct selector *selector, const struct entry *entry, char *text, uint64_t size,
                         struct failure *failure);

/* The entry could not be started: whether a person can choose another, to whom this is told. */
bool select_again(struct selector *selector, const struct failure *failure);

#endif

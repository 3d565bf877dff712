/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consoles: printing, keys, and a screen to draw on. A console is one row: a name as `qv.console=` has it and its
 * functions. Those that need no more than I/O ports and memory are known here (console_NAME.c); one that lives in a
 * firmware registers itself.
 */
#ifndef COMMON_CONSOLE_H
#define COMMON_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

enum style {
    STYLE_PLAIN,
    STYLE_SELECTED, /* the line that Enter would take */
    STYLE_TITLE,    /* what stands above and below */
    STYLE_MUTED,    /* what cannot be taken */
    STYLE_WARNING,
};

/* A console whose characters have places. Row and column count from 0. */
struct screen {
    void (*size)(unsigned *columns, unsigned *rows); /* as it is now */
    void (*clear)(void);                             /* in plain style, the cursor at 0, 0 */
    void (*move)(unsigned column, unsigned row);
    void (*style)(enum style style); /* of what is written from now on */
    void (*cursor)(bool visible);
};

struct console {
    const char *name;
    /*
     * Makes the device ready. options: what followed the name and a comma in qv.console=, size 0 where nothing did;
     * forced: the user named it, so that a device which cannot be probed is to be trusted. False: it is not there.
     */
    bool (*start)(struct span options, bool forced);
    void (*write)(char byte);
    int (*read)(void);           /* the next key (common/keys.h), without waiting; NULL: it has none */
    bool (*begun)(void);         /* a part of a key has come, of which read says nothing yet; NULL: they come whole */
    const struct screen *screen; /* NULL: it only prints, line by line */
    void (*flush)(void);         /* shows what was written and kept back, as screen does; NULL: nothing is */
};

/* Makes a console known, before any is started. The structure stays the caller's and must live on. */
void console_register(const struct console *console);

/*
 * Starts the console that `spec` ("com1,9600") names and adds it to those that print writes to. False where no console
 * has that name, its options are wrong, or it is not there; `forced` as above.
 */
bool console_start(struct span spec, bool forced);

/* Starts several, named by one text with blanks between them, where they are there. */
void console_start_present(const char *specs);

/* Stops printing on a console (its firmware is about to go). */
void console_stop(const char *name);

/* Whether any console is started. */
bool console_any(void);

/* The next key of any started console, without waiting; KEY_NONE where nobody pressed one. */
int console_read(void);

/* Whether somebody presses a key, which is taken, or of which the first part has come. */
bool console_pressed(void);

/* Whether any started console has keys. */
bool console_has_keys(void);

/* Calls visit for each started console. */
void console_each(void (*visit)(void *context, const struct console *console), void *context);

/* Prints on every started console; the format is that of text_format. A newline becomes CR LF. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `quadrivium: warning: …` and a newline. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many warnings there were, and the last one, cut where it is very long. */
uint32_t warnings(const char **last);

/*
 * From now on print calls `more` behind each `rows` rows of `columns` characters, so that a person can read them; where
 * it says no, what follows is not printed. rows 0: as ever.
 */
void console_page(unsigned columns, unsigned rows, bool (*more)(void *context), void *context);

/* The devices of console_com1.c, console_debugcon.c and console_vga.c */
extern const struct console console_com1, console_debugcon, console_vga;

#endif

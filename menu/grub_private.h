/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the reader of grub.cfg share; see grub_conf.h. */
#ifndef MENU_GRUB_PRIVATE_H
#define MENU_GRUB_PRIVATE_H

#include "menu/grub_conf.h"
#include "menu/grub_variables.h"
#include "menu/grub_words.h"

#define GRUB_COMMANDS_MAX  100000        /* that are executed */
#define GRUB_BYTES_MAX     (16ull << 20) /* that are read, functions each time anew */
#define GRUB_PROBES_MAX    2000          /* looks for a file, which a disk may have to answer */
#define GRUB_FRAMES_MAX    16            /* files, functions and entries in one another */
#define GRUB_BLOCKS_MAX    64            /* if and for in one another */
#define GRUB_FUNCTIONS_MAX 64
#define GRUB_ARGUMENTS_MAX 9
#define GRUB_DEPTH_MAX     8 /* submenus in one another */
#define GRUB_REPORTS_MAX   16

/* A configuration file. */
struct grub_source {
    const struct volume *volume;
    const char *path;
    struct span text;
};

enum grub_frame_kind { GRUB_FRAME_FILE, GRUB_FRAME_FUNCTION, GRUB_FRAME_ITEM };

/* Text that is being executed. */
struct grub_frame {
    enum grub_frame_kind kind;
    struct grub_reader reader;
    const struct grub_source *source;
    enum grub_end end;   /* what stands behind the command that led here */
    uint32_t block_base; /* blocks of the frames below */
    uint32_t argument_count;
    char argument[GRUB_ARGUMENTS_MAX][256];
};

/* if … fi, and loops */
enum grub_block {
    GRUB_BLOCK_CONDITION, /* between if and then */
    GRUB_BLOCK_TAKEN,     /* this branch is executed */
    GRUB_BLOCK_SEARCH,    /* none was until now */
    GRUB_BLOCK_DONE,      /* one was */
    GRUB_BLOCK_SKIPPED,   /* of what is around it nothing is executed */
    GRUB_BLOCK_LOOP,      /* never executed */
};

struct grub_function {
    char name[GRUB_NAME_MAX];
    struct grub_reader body;
    const struct grub_source *source;
};

/* A menu entry or a submenu. */
struct grub_item {
    struct grub_item *next, *parent, *first, *last; /* first and last: what is in a submenu */
    bool is_submenu;
    const char *id, *title, *version;
    struct grub_reader body;
    const struct grub_source *source;
    const char *problem;     /* "": none */
    struct grub_scope scope; /* of a submenu that is open */
    bool added;              /* as entries->entry[index]; else it is left out */
    uint32_t index;
};

/* What the body of an entry says. */
struct grub_build {
    struct recipe_draft recipe;
    bool has_modules; /* of multiboot: not initrds */
    bool leaves;      /* for the firmware, or what else we have entries of our own for */
    bool failed;
    struct failure problem; /* the first one */
};

struct grub {
    const struct volumes_view *view;
    struct entries *entries;
    struct outcome *outcome;
    bool fatal;   /* nothing goes on: *failure says why */
    bool stopped; /* nothing more is executed: too much was */
    struct failure *failure;
    bool status; /* of the last command: whether it did what it should */
    bool probed_out;
    bool skip_next; /* behind && or || */
    uint32_t commands, probes, reports, item_count;
    uint64_t bytes;
    uint32_t frame_count, block_count, function_count;
    struct grub_item *menu;   /* whose items are being added */
    struct grub_build *build; /* of the entry whose body is being executed; NULL: none is */
    struct grub_variables variables;
    struct grub_command command;
    struct grub_build built;
    struct grub_item root;
    struct grub_frame frame[GRUB_FRAMES_MAX];
    uint8_t block[GRUB_BLOCKS_MAX]; /* enum grub_block */
    struct grub_function function[GRUB_FUNCTIONS_MAX];
    char path[TREE_PATH_MAX], name[2 * GRUB_NAME_MAX], value[GRUB_VALUE_MAX];
};

/* ---- grub_frames.c ---- */

/* Warns of something at a line of a source. */
void grub_report(struct grub *grub, const struct grub_source *source, uint32_t line, const char *why, ...)
    __attribute__((format(printf, 4, 5)));

/* Says it of the command that is being executed. */
void grub_report_here(struct grub *grub, const char *why);

const struct grub_source *grub_source(const struct grub *grub);

/* The body of an entry or a submenu is executed next. */
bool grub_enter_item(struct grub *grub, const struct grub_item *item);

/* Reads a file, which is executed next. alone: and nothing behind it of what is being executed. */
bool grub_enter_file(struct grub *grub, const struct volume *volume, const char *path, bool alone);

/* Ends what is being executed: of the function or the entry, which must be there, or of all. */
bool grub_return(struct grub *grub);
void grub_leave(struct grub *grub);

void grub_set_variable(struct grub *grub, const char *name, const char *value);

/* "" where it has none. */
const char *grub_variable(const struct grub *grub, const char *name);

/* A copy in the list's memory, of what may come from outside as text; NULL, and fatal is set, where there is none. */
const char *grub_keep(struct grub *grub, const char *text);

/* The value of a variable, or of a function's argument; NULL: it has none. For grub_next; context: the struct grub. */
const char *grub_look_up(void *context, const char *name);

/* The innermost frame is at its end. */
void grub_pop_frame(struct grub *grub);

/* Nothing more of the frame with this index, and of those above it, is executed. */
void grub_end_frames(struct grub *grub, uint32_t index);

/* Whether the next command is passed over, because of the && or || behind the last. */
bool grub_is_decided(const struct grub *grub, enum grub_end end);

/* Functions: NULL where there is none of that name; one that is defined again is another from then on. */
struct grub_function *grub_find_function(struct grub *grub, const char *name);
void grub_define_function(struct grub *grub, const struct grub_command *command);
void grub_call_function(struct grub *grub, const struct grub_function *function, const struct grub_command *command);

/* ---- grub_files.c ---- */

/* "hd0,gpt2": what `root` is set to for a volume. Buffer of 32 bytes. */
void grub_device_name(const struct volumes_view *view, const struct volume *volume, char *name);

/*
 * The volume and the path (TREE_PATH_MAX bytes) that "(hd0,gpt2)/boot/x" or, on $root, "/boot/x" means. A failure where
 * there is no such volume, or the path is none.
 */
bool grub_locate(struct grub *grub, const char *word, const struct volume **volume, char *path,
                 struct failure *failure);

/* What is there; TREE_ABSENT where there is no such volume, or it cannot be read. */
struct tree_node grub_probe(struct grub *grub, const char *word);

/* The commands. False: as of a command that fails. */
bool grub_search(struct grub *grub, const struct grub_command *command);
bool grub_search_uuid(struct grub *grub, const struct grub_command *command);
bool grub_search_label(struct grub *grub, const struct grub_command *command);
bool grub_search_file(struct grub *grub, const struct grub_command *command);
bool grub_load_env(struct grub *grub, const struct grub_command *command);

/* ---- grub_menu.c ---- */

bool grub_menuentry(struct grub *grub, const struct grub_command *command);
bool grub_submenu(struct grub *grub, const struct grub_command *command);

/* Puts an item at the end of the menu that is open. NULL, and fatal is set, where there is no memory. */
struct grub_item *grub_add_item(struct grub *grub);

/* Makes entries of all items. */
void grub_add_entries(struct grub *grub);

/* Fills outcome->conf: what GRUB would start, and when. */
void grub_choose(struct grub *grub);

/* ---- grub_build.c ---- */

/* What the body of an entry says besides: the commands that name files. */
bool grub_build_command(struct grub *grub, const struct grub_command *command, bool *known);

/* The entry cannot be started, because. */
void grub_build_fail(struct grub *grub, const char *what, const char *why, ...) __attribute__((format(printf, 3, 4)));

/* A recipe of what was said, in the list's memory; NULL where fatal is set, or the build has a problem. */
const struct recipe *grub_build_recipe(struct grub *grub);

/* ---- grub_bls.c ---- */

bool grub_blscfg(struct grub *grub, const struct grub_command *command);

/* ---- grub_commands.c ---- */

/* Executes one that is no function; whether it did what it should. */
bool grub_execute(struct grub *grub, const struct grub_command *command);

/* ---- grub_run.c ---- */

/* Executes what was entered, and what that calls, to its end. */
void grub_run(struct grub *grub);

#endif

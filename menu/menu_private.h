/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the menu share. */
#ifndef MENU_MENU_PRIVATE_H
#define MENU_MENU_PRIVATE_H

#include "menu/menu.h"

/* The message; the format is that of text_format. */
void menu_say(struct menu *menu, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The message is a name, which keeps its bytes for the canvas to show, and what is said of it. */
void menu_say_of(struct menu *menu, const char *name, const char *what);

/* Begins to edit the selected entry's command line, if that may be. */
void menu_edit(struct menu *menu, const struct menu_calls *calls);

/* A key while editing. */
enum menu_action menu_edit_key(struct menu *menu, int key);

#endif

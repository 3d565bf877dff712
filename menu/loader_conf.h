/* SPDX-License-Identifier: BSD-2-Clause */
/* /loader/loader.conf, as systemd-boot has it (loader.conf(5)): what concerns all entries. Pure; spans point into it.
 */
#ifndef MENU_LOADER_CONF_H
#define MENU_LOADER_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "menu/conf.h"

enum bls_timeout {
    TIMEOUT_SECONDS,
    TIMEOUT_FORCE, /* the menu stays */
    TIMEOUT_HIDDEN,
    TIMEOUT_DISABLED,
};

enum bls_tristate { BLS_UNSET, BLS_NO, BLS_YES };

/* All zero is what holds where the file says nothing. */
struct loader_conf {
    struct span default_entry; /* a glob over ids; "@saved"; data NULL: not given */
    bool has_timeout;
    enum bls_timeout timeout;
    uint32_t seconds; /* of TIMEOUT_SECONDS */
    bool no_editor;
    struct span console_mode; /* a decimal number, "auto", "max", "keep"; data NULL: not given */
    bool no_auto_entries, no_auto_firmware;
    enum bls_tristate auto_reboot, auto_poweroff;
    bool random_seed_off; /* random-seed-mode off */
};

#define LOADER_CONF_REPORTS_MAX 16 /* lines told one by one; of further ones only their number is */

/*
 * Reads loader.conf into *conf. A line that cannot be understood, or has a key that neither we nor systemd-boot know,
 * is told to report (which may be NULL): what = "NAME:LINE". The others hold; of two that say the same thing, the
 * later. One pair of double quotes around a value is taken off, as systemd-boot does. A text with more than
 * CONF_FILE_MAX bytes is reported and not read.
 */
void loader_conf_parse(struct span text, const char *name, struct loader_conf *conf,
                       void (*report)(void *context, const struct failure *failure), void *context);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* UAPI.1, Boot Loader Specification, type #1: /loader/entries/NAME.conf. Pure functions over text; spans point into it.
 */
#ifndef MENU_BLS_H
#define MENU_BLS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "menu/conf.h"

#define BLS_FILE_MAX    CONF_FILE_MAX /* bytes of one file */
#define BLS_LINE_MAX    CONF_LINE_MAX /* bytes of one line */
#define BLS_MODULES_MAX 64
#define BLS_OPTIONS_MAX 64

enum bls_kernel { BLS_NONE, BLS_LINUX, BLS_EFI, BLS_UKI, BLS_MULTIBOOT2, BLS_PVH };

struct bls_module {
    struct span path;
    struct span string; /* of `module PATH STRING…`; size 0 for an initrd */
};

/* What is not given has data NULL. */
struct bls {
    struct span title, version, machine_id, sort_key, devicetree, architecture;
    enum bls_kernel kernel_kind; /* by which key: linux, efi, uki, and ours, multiboot2 and pvh */
    struct span kernel;          /* its path */
    uint32_t profile;            /* of a uki; 0 where not given */
    uint32_t module_count;       /* initrd and module lines, in order */
    struct bls_module modules[BLS_MODULES_MAX];
    uint32_t options_count;
    struct span options[BLS_OPTIONS_MAX];
    uint32_t unknown_count; /* keys that we do not know, which the specification has us pass over */
    struct span unknown;    /* the first of them */
};

/*
 * Reads an entry. `name` is the file's, for the failure: what = "NAME:LINE" of the first line that is wrong, or "NAME",
 * why = what is wrong there. *bls then holds what could be understood all the same (its title, for the menu), but the
 * entry must not be started. Wrong are: a line, other than a comment, that is too long, has NULs, control characters or
 * is not UTF-8; a key that names a file or a number without a value (others without one are as if they were not there,
 * as systemd has it and kernel-install may write them); a key given twice that may be there once; two kernels, or none;
 * a profile that is no number; module without multiboot2; initrd with multiboot2.
 */
bool bls_parse(struct span text, const char *name, struct bls *bls, struct failure *failure);

/* "linux", "efi" …: the key. */
const char *bls_kernel_key(enum bls_kernel kind);

/* Whether an `architecture` value is this machine's ("x64" in any case; absent: yes). */
bool bls_is_ours(struct span architecture);

/* Whether the content of /loader/entries.srel says that the entries are of type #1 (absent: yes; UAPI.1). */
bool bls_srel_is_type1(struct span text);

#endif

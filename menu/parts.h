/* SPDX-License-Identifier: BSD-2-Clause */
/* What an entry is made of, as it came: perhaps compressed, perhaps with more behind it in one piece. */
#ifndef MENU_PARTS_H
#define MENU_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/boot.h"
#include "payloads/sections.h"

struct parts {
    const char *source;  /* for people: "packed", "modules", a volume; NULL: there is no kernel */
    bool exact;          /* each file is itself, and not several as one */
    bool packed;         /* the kernel is one of our own image's sections */
    bool is_uki;         /* its entry says that it is one, whatever else it might be: our own image is a bzImage, too */
    bool verified;       /* by whoever verified our own image, or by a key in it, or by the firmware as a UKI */
    bool by_firmware;    /* that one, which measured it, too */
    bool whole;          /* a UKI is started by its own stub */
    struct span content; /* the kernel */
    unsigned profile;    /* of a UKI: SECTIONS_FIRST_PROFILE and on */
    uint32_t module_count;
    struct boot_module modules[BOOT_MODULES_MAX]; /* in order */
    uint32_t microcode_count;                     /* of them, in front: microcode that addons brought */
    struct span command_line;                     /* the kernel's own, or the entry's */
    uint32_t addon_count;                         /* of a UKI */
    struct span addons;                           /* what they put behind that */
    struct span options;                          /* of a UKI: what its entry says behind all that */
    struct span string;                           /* what the loader before us says of the module that it came from */
    struct span device_tree;                      /* data NULL: none */
    struct span os_release, uname;                /* of a UKI, for people; data NULL: none */
    struct span uki;                              /* the file, where it was taken apart */
    const char *exit;                             /* by which protocol the entry is meant to be started; "": any */
    void *volume;                                 /* EFI: the one that the kernel's file is of; NULL: none */
    const char *path;                             /* of the kernel in it */
};

/* Loaders with one ramdisk to give put files one after the other into it, each padded to so many bytes (boot.rst). */
#define PARTS_PADDING 4

/* What lies `used` bytes and their padding behind the start of content; absent where nothing does. */
struct span parts_behind(struct span content, uint64_t used);

/* Adds a module; one without content is none. joined: several files may lie in it, each padded to 4 bytes. */
bool parts_add_module(struct parts *parts, struct span content, const char *string, bool joined,
                      struct failure *failure);

/*
 * Puts microcode in front of all modules: the kernel takes the first that it finds, so that the last added holds.
 */
bool parts_add_microcode(struct parts *parts, struct span content, struct failure *failure);

/*
 * Fills the parts of a UKI's profile from its sections (UAPI.5, "UKI Components"). Microcode comes before other
 * initrds, because the kernel looks for it in the first bytes. The modules that are there already go behind those of
 * the sections, but microcode before; a device tree that is there holds. A failure where there is no such profile.
 */
bool parts_take_sections(struct parts *parts, const struct sections *sections, struct failure *failure);

#endif

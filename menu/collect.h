/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding all that there is to choose from, wherever it comes from. */
#ifndef MENU_COLLECT_H
#define MENU_COLLECT_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/physical.h"
#include "handoff/handoff.h"
#include "menu/carried.h"
#include "menu/entry.h"
#include "menu/loader_conf.h"
#include "menu/options.h"
#include "payloads/expand.h"
#include "payloads/fit.h"
#include "payloads/sections.h"
#include "storage/volumes.h"

/* What the collector needs to know of the machine; all of it lives as long as the collection. */
struct surroundings {
    struct handoff *handoff;
    const struct sections *sections; /* packed into our image */
    const struct physical *physical;
    const struct expander *expander;
    const struct options *options; /* what is said on the command line */
};

struct collection {
    struct entries entries;
    struct loader_conf conf; /* of the first tree that has one */
    struct carried carried;
    struct fit fit;                    /* whose configurations are entries, where carried.kind is CARRIED_FIT */
    struct fit_key keys[FIT_KEYS_MAX]; /* built in */
    uint32_t key_count;
    struct volumes volumes;
};

/*
 * The first of these sources that has something: what is carried in memory; over a network, the files beside our own
 * (NAME.itb, NAME.cpio, NAME.img); EFI's volumes, all of them together; disks, all of them together. qv.disk= and
 * qv.path= leave out all but disks, and of those what they do not name. Set-up, reboot and power off stand behind. The
 * list is sorted. A failure where there is nothing to start, or a source in memory is broken; a broken volume is warned
 * of and passed over. The collection need not have begun as zeros.
 */
bool collect(const struct surroundings *around, struct collection *collection, struct failure *failure);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in memory when we begin: sections that are packed into our image, modules of the loader before us. */
#ifndef MENU_CARRIED_H
#define MENU_CARRIED_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/physical.h"
#include "handoff/handoff.h"
#include "menu/parts.h"
#include "payloads/expand.h"
#include "payloads/sections.h"
#include "storage/disk.h"
#include "storage/tree.h"

enum carried_kind {
    CARRIED_NOTHING, /* to be started: at most modules for what is found elsewhere */
    CARRIED_KERNEL,
    CARRIED_FIT,
    CARRIED_TREE, /* files, with a boot tree among them */
};

struct carried {
    enum carried_kind kind;
    struct parts parts;  /* of a kernel; otherwise only its modules are filled */
    struct span content; /* of a FIT */
    struct tree tree;
    struct disk disk; /* the image that the tree is on, */
    struct disk part; /* and the partition, where that has some */
};

/*
 * The first of: what quadrivium-pack put into the image; the first module that can be started or chosen from. The
 * modules behind it, or beside a packed kernel, are further ones of it. Spans point to where the bytes lie, or to
 * memory from the expander where they had to be unpacked. A failure where what was found is broken.
 */
bool carried_find(const struct handoff *handoff, const struct sections *sections, const struct physical *physical,
                  const struct expander *expander, struct carried *carried, struct failure *failure);

/*
 * Whether a run of bytes, compressed or not, is a FIT, or files: an archive with a boot tree, a disk image. Of one with
 * partitions the first serves that has a boot tree, or else that we can read: ESPs, then XBOOTLDRs, then others. Fills
 * kind, content, tree and disks, which stay where they are. A failure only where it is one and is broken.
 */
bool carried_recognise(struct span content, const struct expander *expander, struct carried *carried,
                       struct failure *failure);

#endif

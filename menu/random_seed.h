/* SPDX-License-Identifier: BSD-2-Clause */
/* /loader/random-seed (systemd.io/RANDOM_SEEDS, as bootctl install makes it): renewed at each boot, a part for the
 * kernel. */
#ifndef MENU_RANDOM_SEED_H
#define MENU_RANDOM_SEED_H

#include <stdbool.h>

#include "common/failure.h"
#include "handoff/handoff.h"
#include "storage/tree.h"

/*
 * Reads the seed of a tree that can be written, mixes it with the system token, what the firmware's generator gives
 * (handoff->random_seed) and the clock; writes a new one back before the kernel gets its own part, by EFI's
 * configuration table and in handoff->random_seed, and the system another in a variable. Does nothing where there is no
 * seed file, neither a token nor a generator, or the tree cannot be written; true then too. A failure: the kernel gets
 * nothing of it.
 */
bool random_seed_use(const struct tree *tree, struct handoff *handoff, struct failure *failure);

#endif

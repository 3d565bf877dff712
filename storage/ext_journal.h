/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal of ext3 and ext4, read: what it would write to the file system is put in ext_disk.h's list instead. */
#ifndef STORAGE_EXT_JOURNAL_H
#define STORAGE_EXT_JOURNAL_H

#include <stdbool.h>

#include "storage/ext_super.h"

/*
 * Makes the list of the file system's disk, as it is (ext->disk.replayed is false). A failure: the journal is broken,
 * elsewhere or too large, and the list is not to be used. *whole: false where it has fast commits, which are left out.
 */
bool ext_journal_read(const struct ext *ext, bool *whole, struct failure *failure);

#endif

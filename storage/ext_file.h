/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of files, folders and links of ext file systems. */
#ifndef STORAGE_EXT_FILE_H
#define STORAGE_EXT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/ext_inode.h"

/* Reads bytes that are inside it: what follows on the disk by one call, straight into the buffer; holes are zeros. */
bool ext_file_read(const struct ext *ext, const struct ext_inode *inode, uint64_t offset, void *buffer, uint64_t size,
                   struct failure *failure);

/* Where a file lies in memory, if it does so in one piece; otherwise NULL. */
const uint8_t *ext_file_in_memory(const struct ext *ext, const struct ext_inode *inode);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* EFI device paths (UEFI 2.10, chapter 10): taking them apart, and making new ones. Pure. */
#ifndef FIRMWARE_EFI_PATH_H
#define FIRMWARE_EFI_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

#define EFI_PATH_MAX 4096 /* bytes of the paths that we make */

/* A path from the firmware as a span, its end node included; absent where it is NULL or never ends. */
struct span efi_path(const void *path);

struct efi_node {
    uint8_t type, subtype;
    uint64_t start;   /* offset in the path */
    struct span data; /* behind its header */
};

/* The node at *offset, which moves behind it. False at the end. */
bool efi_path_next(struct span path, uint64_t *offset, struct efi_node *node);

enum { EFI_PATH_MBR = 1, EFI_PATH_GPT = 2 };

/* Section 10.3.5.1, "Hard Drive". */
struct efi_partition {
    uint32_t number;       /* from 1 on */
    uint8_t table;         /* EFI_PATH_MBR or EFI_PATH_GPT; 0: unknown */
    uint8_t signature[16]; /* of GPT: the partition's unique GUID; of MBR: the disk's, in the first 4 bytes */
    uint64_t start;        /* offset of the node: what lies before is the path of the disk */
};

/*
 * The partition that a volume is. False: it is none, or one that begins at block 0: mtools writes such a record into
 * the boot sector of a file system that has its medium to itself.
 */
bool efi_path_partition(struct span path, struct efi_partition *partition);

/* Whether a path has a node of this kind. */
bool efi_path_has(struct span path, uint8_t type, uint8_t subtype);

/* Its first `length` bytes with an end node, into `path`, EFI_PATH_MAX bytes. Returns its size, 0 where it is too long.
 */
uint64_t efi_path_cut(struct span path, uint64_t length, uint8_t *cut);

/* The path of the file /EFI/x of a volume, into `made`, EFI_PATH_MAX bytes. Returns its size; 0 where it is too long.
 */
uint64_t efi_path_of_file(struct span volume, const char *file, uint8_t *made);

/* The file of a path, its file nodes joined, as EFI has it, with backslashes. False: it has none, or no such text. */
bool efi_path_file(struct span path, char *file, uint64_t size);

/*
 * The same path with the last part of its URI, up to a query, ending in `suffix` in place of its own. Returns its
 * size, 0 where there is no URI with a file name, or it is too long.
 */
uint64_t efi_path_of_uri(struct span path, const char *suffix, uint8_t *made);

/*
 * The name of a file (of a URI: up to a query) with `suffix` in place of what follows the last dot of its last part,
 * NUL-terminated, into `made` of `size` bytes. False where it has no last part, or does not fit.
 */
bool name_with_suffix(struct span name, const char *suffix, char *made, uint64_t size);

#endif

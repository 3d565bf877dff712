/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Editing quadrivium.efi and quadrivium.elf: appending sections, and telling every header in the image how long it has
 * become. Works on bytes in memory; the caller reads and writes files.
 */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

/* The PE, multiboot2 and Linux fields are u32, and some loaders take them for signed numbers. */
#define IMAGE_SIZE_MAX 0x7fffffffu

enum image_kind {
    IMAGE_EFI, /* begins with "MZ" */
    IMAGE_ELF, /* begins with "\x7f" "ELF" */
};

struct image {
    uint8_t *data; /* from malloc, the caller's to free */
    uint64_t size; /* bytes */
    enum image_kind kind;
};

/*
 * Checks that image->data and ->size, a whole file, are one of ours, plain or packed; sets ->kind; and pads the file
 * with zeroes to SizeOfImage, so that what follows has an offset equal to its RVA. False, with *failure filled, where
 * it is not.
 */
bool image_open(struct image *image, struct failure *failure);

/*
 * Appends content as a read-only section called name, page-aligned, and enters it in the section table. False, with
 * *failure filled and the image as it was, where the name is not one or is there already, or the image would grow too
 * large.
 */
bool image_append(struct image *image, const char *name, struct span content, struct failure *failure);

/* Makes the ELF program header, the Linux setup header and the multiboot2 header say how long the image now is. */
void image_seal(struct image *image);

#endif

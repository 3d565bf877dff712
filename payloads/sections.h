/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's own table of contents: the PE section table at LAYOUT_PE_SECTIONS, in which quadrivium-pack enters what
 * it appends, under the names of the UKI specification (UAPI.5). It is in the image whichever magic the file wears, so
 * it serves every door.
 */
#ifndef PAYLOADS_SECTIONS_H
#define PAYLOADS_SECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/layout.h"
#include "common/span.h"
#include "payloads/pe.h"

/* UAPI.5, "Multi-Profile UKIs": a .profile section begins a profile; what stands before the first is the base profile.
 */
#define SECTIONS_BASE_PROFILE  0
#define SECTIONS_FIRST_PROFILE 1

struct section {
    char name[PE_SECTION_NAME_SIZE + 1]; /* NUL-terminated */
    unsigned profile;                    /* SECTIONS_BASE_PROFILE, or SECTIONS_FIRST_PROFILE + n for UAPI.5's "@n" */
    struct span content;                 /* VirtualSize bytes in the image that was parsed, not copied */
};

/* Those sections whose names UAPI.5 knows, and .fitkey (payloads/fit.h), in the order of the table. */
struct sections {
    unsigned count;
    struct section section[LAYOUT_PE_SECTIONS_MAX];
};

/*
 * The bytes of memory that the image at `image` (its byte 0) takes, .bss and packed sections included: SizeOfImage, for
 * use before anything else is known. 0 where there is no PE header of ours. Reads the LAYOUT_PAGE bytes at
 * LAYOUT_ENTRY32 only.
 */
uint64_t sections_image_size(const uint8_t *image);

/*
 * Reads the table of the image that lies at image.data from its byte 0 on, in a file or in memory, and is image.size
 * bytes long (in memory: sections_image_size). The boot.txt doors bring no page 0, and nothing before LAYOUT_PE is
 * read. False with *failure filled where the table contradicts itself or the image; then *sections holds nothing.
 */
bool sections_parse(struct span image, struct sections *sections, struct failure *failure);

/* Copies a section's name out and ends it with a NUL; name has room for PE_SECTION_NAME_SIZE + 1 characters. */
void section_name(const struct pe_section_header *header, char *name);

/*
 * What all readers of a section table do with its next entry: adds it, where UAPI.5 knows its name, to the profile that
 * has begun. `content` is where the reader found its bytes. False with *failure filled, its `what` as given, where the
 * entry has more bytes in memory than in the file, is there twice in its profile, or finds no room.
 */
bool sections_add(struct sections *sections, const char *what, const struct pe_section_header *header,
                  struct span content, struct failure *failure);

/*
 * The content of the first section of that name in the profile or, where it has none, in the base profile. Absent: data
 * is NULL.
 */
struct span section_find_in(const struct sections *sections, unsigned profile, const char *name);

/* The same for a boot for which nobody chose a profile: that is "@0", and the base profile where there is no other. */
struct span section_find(const struct sections *sections, const char *name);

/* Whether UAPI.5 (or systemd-stub, which is ahead of it) knows the name, and whether it allows several sections of it
 * in one profile. */
bool section_name_known(const char *name);
bool section_name_repeats(const char *name);

/*
 * Which of `count` rows, of `row` bytes each, begins with the name, padded with zeros to PE_SECTION_NAME_SIZE bytes;
 * count where none does.
 */
size_t section_name_find(const char *name, const void *names, size_t row, size_t count);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* PE files as payloads: EFI applications, and unified kernel images (UAPI.5) among them. */
#ifndef PAYLOADS_UKI_H
#define PAYLOADS_UKI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "payloads/sections.h"

struct pe {
    bool is_efi_x64; /* machine AMD64, PE32+, subsystem EFI application (or boot or runtime driver): can be started */
    bool is_uki;     /* it has a .linux section */
    bool is_addon;   /* it has none, but what adds to one: .cmdline, .dtb, .ucode, .initrd */
    uint64_t size;   /* bytes of the file that are the PE: headers, raw sections, certificate table, COFF symbols */
    struct sections sections; /* those that UAPI.5 knows, their content in the file; only of these two */
    uint32_t unknown_count;   /* sections with other names than UAPI.5's and those of plain code and data */
    char unknown_first[PE_SECTION_NAME_SIZE + 1];
};

/* Whether it begins with MZ and has a PE signature where that says. */
bool pe_is(struct span file);

/*
 * Takes a PE file of any machine, PE32 or PE32+, as it lies on a disk, apart. The file may go on behind it. Spans point
 * into file. A failure names the field that is wrong: e_lfanew, the sizes of the headers, the section table, a section
 * or the certificates outside the file or over each other; sections of a UKI that have more bytes in memory than in the
 * file, or are there twice in a profile. *pe is then all zero.
 */
bool pe_parse(struct span file, struct pe *pe, struct failure *failure);

/*
 * The same of a file of `size` bytes of which only the beginning is at hand, with its headers: who lists files need not
 * read all of them. The content of a section has data == head.data + its offset in the file, which is nothing to be
 * read there.
 */
bool pe_parse_head(struct span head, uint64_t size, struct pe *pe, struct failure *failure);

#endif

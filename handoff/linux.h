/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux exits: the 64-bit and the 32-bit boot protocol of Documentation/arch/x86/boot.rst.
 */
#ifndef HANDOFF_LINUX_H
#define HANDOFF_LINUX_H

#include <asm/bootparam.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "handoff/handoff.h"
#include "handoff/launch.h"
#include "handoff/program.h"

/* struct boot_params from the setup header on to where other fields begin (edd_mbr_sig_buffer): room for headers to
 * come. */
#define LINUX_SETUP_OFFSET 0x1f1
#define LINUX_SETUP_MAX    (0x290 - LINUX_SETUP_OFFSET)
/* boot.rst, "64-bit boot protocol": its entry lies so many bytes behind the 32-bit one. */
#define LINUX_ENTRY64 0x200

/* A bzImage, taken apart (payloads/bzimage.c), or a vmlinux (payloads/vmlinux.c), or one from the other (direct.c). */
struct linux_kernel {
    struct span setup;             /* its setup header, at most LINUX_SETUP_MAX bytes, from 0x1f1 on */
    struct span code;              /* a bzImage's protected-mode part, to be placed as it is */
    struct span payload;           /* what of it is the packed vmlinux; data NULL: it does not say */
    const struct program *program; /* a vmlinux's segments, which stay where they are linked; NULL: a bzImage */
    uint64_t entry;                /* physical address of a vmlinux's 64-bit entry */
    uint16_t version;              /* of the boot protocol, 0x020f is 2.15 */
    bool repacked;                 /* a bzImage without its own unpacker (tools/recompress.h): we have to unpack it */
    bool relocatable;
    bool has_64bit_entry;
    bool five_levels;           /* it may be entered with 5 levels of page tables */
    bool has_five_levels;       /* a bzImage: unpacking itself it turns them on, where the CPU has them */
    bool needs_five_levels;     /* unpacked by us: it runs with 5 levels, and will not turn them on any more */
    bool randomised;            /* unpacked by us: its addresses were left to chance, and it is told so */
    bool above_4g;              /* kernel, initrd, command line and parameters may lie above 4 GiB */
    uint64_t preferred;         /* address */
    uint64_t alignment;         /* bytes, wanted */
    uint64_t minimum_alignment; /* bytes, good enough */
    uint64_t init_size;         /* bytes of RAM needed from the load address on */
    uint64_t initrd_last;       /* the highest address that a byte of the initrd may have */
    uint32_t command_line_max;  /* bytes, without the NUL */
};

struct boot;

struct linux_initrd {
    uint64_t address;
    uint64_t size; /* bytes; 0: there is none */
};

/*
 * Places the modules of `boot` as one initrd: one after the other, each padded to 4 bytes with zeroes; a single one
 * that already lies well stays there. Not above the address `last`, or only if there is no other place and `anywhere`.
 */
bool linux_place_initrds(const struct boot *boot, uint64_t last, bool anywhere, struct handoff *handoff,
                         struct launch *launch, struct linux_initrd *initrd, struct failure *failure);

/* ---- struct boot_params (boot_params.c): pure, over memory that the caller gives ---- */

/* Where linux_prepare put things. */
struct linux_places {
    uint64_t kernel;
    uint64_t kernel_alignment; /* that `kernel` has */
    uint64_t initrd, initrd_size;
    uint64_t command_line;
};

/* Zeroes *params and fills everything but the memory map (and, with EFI, the firmware's own map). */
void boot_params_fill(struct boot_params *params, const struct linux_kernel *kernel, const struct linux_places *places,
                      const struct handoff *handoff);

/*
 * Writes the map: 128 entries into the table, the others to `more`, room for more_max entries. Returns how many went
 * there, or -1 where they do not fit.
 */
int64_t boot_params_map(struct boot_params *params, const struct memory_map *map, struct boot_e820_entry *more,
                        uint32_t more_max);

/* Tells where EFI is, for a kernel that was not started by its EFI stub. */
void boot_params_efi(struct boot_params *params, const struct handoff_efi *efi);

#endif

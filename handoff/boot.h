/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be started: a payload, unpacked and taken apart (payloads/ fills this), and what belongs to it. A payload
 * has a face for each protocol by which it can be entered, as our own image has; an exit needs the face of its
 * protocol.
 */
#ifndef HANDOFF_BOOT_H
#define HANDOFF_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"
#include "common/string.h"
#include "handoff/handoff.h"
#include "handoff/linux.h"
#include "handoff/program.h"

#define BOOT_MODULES_MAX HANDOFF_MODULES_MAX

/*
 * How we call ourselves. Xen takes the first word of its command line for the image's name, as older loaders have it
 * there, unless the loader's name has "GRUB " and a digit in it (xen/arch/x86/setup.c, loader_is_grub2): ours is like
 * it.
 */
#define BOOT_LOADER_NAME "quadrivium " QUADRIVIUM_VERSION " (command lines as GRUB 2 has them)"

enum face {
    FACE_LINUX = 1 << 0,      /* boot.rst: a bzImage, or an uncompressed vmlinux */
    FACE_PVH = 1 << 1,        /* XEN_ELFNOTE_PHYS32_ENTRY */
    FACE_MULTIBOOT2 = 1 << 2, /* a multiboot2 header */
    FACE_MULTIBOOT = 1 << 3,  /* a multiboot header, version 0.6.96 */
    FACE_EFI = 1 << 4,        /* a PE for x86-64 EFI */
};

#define FACES 5

/* Xen public/elfnote.h: PHYS32_ENTRY, PHYS32_RELOC. */
struct pvh_kernel {
    struct program program;
    uint64_t entry;     /* physical address, as linked */
    bool relocatable;   /* as a whole, to any address that the next three allow */
    uint64_t alignment; /* bytes, a power of two */
    uint64_t minimum;   /* the lowest address of its first byte */
    uint64_t maximum;   /* the highest address of its last byte */
};

/* Multiboot specification 0.6.96, section 3.1. */
struct multiboot_kernel {
    struct program program;
    uint32_t entry;   /* physical address */
    bool wants_video; /* flag 2 */
};

/* Multiboot2 specification 2.0, section 3.1: the header's tags. Unknown optional ones are counted, no more. */
struct multiboot2_kernel {
    struct program program;
    uint64_t entry;          /* physical, as linked; of the entry tag, else of the ELF */
    bool has_entry;          /* false: only by the EFI64 entry */
    bool has_entry_efi64;    /* tag 9 */
    uint64_t entry_efi64;    /* physical, as linked */
    bool boot_services;      /* tag 7 */
    bool page_aligned;       /* tag 6: modules */
    bool console_required;   /* tag 4, flag 0 */
    bool framebuffer_wanted; /* tag 5 */
    bool framebuffer_required;
    bool relocatable;       /* tag 10 */
    uint64_t alignment;     /* bytes, a power of two, 1 or more */
    uint64_t minimum;       /* the lowest address of its first byte */
    uint64_t maximum;       /* the highest address of its last byte */
    uint32_t preference;    /* 0 none, 1 lowest, 2 highest possible address */
    uint64_t required;      /* bit N: information tag N is required (tag 1 without the optional flag) */
    uint32_t unknown_count; /* optional tags that we do not know, and the type of the first */
    uint16_t unknown_first;
};

struct boot_module {
    struct span content;
    const char *string; /* its command line; never NULL */
    bool joined;        /* several files may lie in it one after the other, each padded to 4 bytes */
};

struct boot {
    struct span file;         /* the payload, unpacked */
    const char *kind;         /* for people: "bzImage" */
    const char *command_line; /* never NULL */
    uint32_t module_count;
    struct span device_tree;   /* data NULL: none */
    uint32_t unknown_sections; /* of the UKI that it came in, and the name of the first */
    char unknown_section[9];
    bool verified; /* by whoever verified our own image: it is packed into it */
    struct {
        void *volume;     /* EFI: the handle of the volume that `file` came from; or NULL */
        const char *path; /* its path there: "/EFI/x.efi"; or NULL */
    } origin;

    unsigned faces;  /* of enum face; the members below are filled where the bit is set */
    unsigned broken; /* faces that are there, but contradict themselves */

    /* What says nothing beyond what is above: boot_start leaves it as it is. */
    struct boot_module modules[BOOT_MODULES_MAX];
    struct failure refusals[FACES]; /* of the face 1 << index: how, where its bit in `broken` is set */
    struct linux_kernel as_linux;
    struct pvh_kernel as_pvh;
    struct multiboot_kernel as_multiboot;
    struct multiboot2_kernel as_multiboot2;
    struct program vmlinux;           /* as_linux.program, where it is one */
    struct program_sections sections; /* of an ELF */
};

/* Makes *boot that of no payload. */
static inline void boot_start(struct boot *boot)
{
    memset(boot, 0, offsetof(struct boot, modules));
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What kind of thing a run of bytes is, by its content, and by which protocols it can be entered. */
#ifndef PAYLOADS_PAYLOAD_H
#define PAYLOADS_PAYLOAD_H

#include "common/failure.h"
#include "common/span.h"
#include "handoff/boot.h"

enum payload_kind {
    PAYLOAD_DATA,    /* nothing that is started: an initrd */
    PAYLOAD_BZIMAGE, /* Linux, boot.rst; with an EFI stub it is one too */
    PAYLOAD_ELF,
    PAYLOAD_PE,
    PAYLOAD_FLAT, /* none of these, but with a multiboot header */
};

/* Looks into what is compressed: its kind is that of what it unpacks to. */
enum payload_kind payload_recognise(struct span content);

/* Whether it begins as an initrd does: a cpio archive, or one that a kernel unpacks. */
bool payload_is_archive(struct span content);

/* "bzImage", "ELF" …: for people. */
const char *payload_kind_name(enum payload_kind kind);

/*
 * Takes an unpacked payload apart: fills boot's kind, file, faces and all that belongs to them. `content` may go on
 * behind it; boot->file is what of it is the payload. A failure where the file is broken as a whole, or has no face; a
 * single face that is broken is kept for who asks for it. The faces of multiboot, for which 40 KiB have to be searched,
 * are left to payload_find_multiboot where there is that of Linux, which nobody leaves for them unless he is told to.
 */
bool payload_take_apart(struct span content, struct boot *boot, struct failure *failure);

/* Adds the faces of multiboot of what was taken apart, if they were left out. */
void payload_find_multiboot(struct boot *boot);

/* Prints the faces (qv.debug), and what of them is newer than we are. */
void payload_print(const struct boot *boot);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What kind of thing a run of bytes is, by its content. */
#ifndef PAYLOADS_PAYLOAD_H
#define PAYLOADS_PAYLOAD_H

#include "common/span.h"

enum payload_kind {
    PAYLOAD_DATA,    /* nothing that is started: an initrd */
    PAYLOAD_BZIMAGE, /* Linux, boot.rst */
    PAYLOAD_ELF,
    PAYLOAD_PE,
};

/* A bzImage with an EFI stub is a bzImage. Reads at most the first 0x206 bytes. */
enum payload_kind payload_recognise(struct span content);

/* "bzImage", "ELF" …: for people. */
const char *payload_kind_name(enum payload_kind kind);

#endif

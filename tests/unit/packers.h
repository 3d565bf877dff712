/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed streams for tests, made by the libraries' own compressors. */
#ifndef TESTS_UNIT_PACKERS_H
#define TESTS_UNIT_PACKERS_H

#include <stdint.h>

#include "common/span.h"
#include "payloads/unpack.h"

/* A growing run of bytes; release with free(data). */
struct packed {
    uint8_t *data;
    uint64_t size, room;
};

struct packer {
    const char *name;
    enum packing packing;
    bool says_size;
    bool checked; /* a checksum covers the content */
    /* Packs `content` `times` over, as one stream, behind what is there. */
    void (*pack)(struct packed *packed, struct span content, uint64_t times);
};

#define PACKERS 15
extern const struct packer packers[PACKERS];

/* Aborts the test where it is unknown. */
const struct packer *packer_named(const char *name);

void packed_add(struct packed *packed, const void *bytes, uint64_t size);
void packed_add32(struct packed *packed, uint32_t value);

#endif

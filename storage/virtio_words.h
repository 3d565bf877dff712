/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio devices in memory that the command line tells of. Linux, admin-guide/kernel-parameters: virtio_mmio.device=.
 */
#ifndef STORAGE_VIRTIO_WORDS_H
#define STORAGE_VIRTIO_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"

struct virtio_word {
    uint64_t address, size; /* of the registers, bytes */
};

/*
 * Takes the next word `virtio_mmio.device=SIZE@ADDRESS:IRQ[:ID]` off the front of *rest, and what stands before it.
 * False: there is none before the end, or before ` -- `. *good: it is as Linux understands it, else *text is it.
 */
bool virtio_word_next(struct span *rest, struct virtio_word *word, bool *good, struct span *text);

#endif

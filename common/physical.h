/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A window onto physical memory. What the loaders before us leave is a web of structures that point at each other by
 * physical address; a normaliser reads them through this and nothing else, so that the same code runs in the image,
 * where memory is memory, and natively, over the bytes of a boot that was captured.
 */
#ifndef COMMON_PHYSICAL_H
#define COMMON_PHYSICAL_H

#include <stdint.h>

struct physical {
    /*
     * The `size` bytes at physical `address`, readable until the machine is handed on; NULL where that range wraps or
     * is not memory that this window shows. Address 0 is an address.
     */
    const void *(*view)(const struct physical *physical, uint64_t address, uint64_t size);
};

static inline const void *physical_view(const struct physical *physical, uint64_t address, uint64_t size)
{
    return physical->view(physical, address, size);
}

/*
 * The length of the NUL-terminated text at address, or -1 where no NUL lies within limit bytes or the window ends
 * first. *text is its first byte.
 */
int64_t physical_text(const struct physical *physical, uint64_t address, uint64_t limit, const char **text);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The section headers of our own ELF, as a multiboot loader passes them on. */
#ifndef CONFORMANCE_SECTIONS_H
#define CONFORMANCE_SECTIONS_H

#include <stdint.h>

/*
 * Clause elf-sections: `headers` are `count` headers of `size` bytes; that of number `names` has been loaded, and says
 * that one of them is .text, which lies where we are.
 */
void check_sections(const void *headers, uint32_t count, uint32_t size, uint32_t names);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Clauses on the processor, and the page tables: what several protocols promise in the same words. */
#ifndef CONFORMANCE_PROCESSOR_H
#define CONFORMANCE_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/conformance/state.h"

/*
 * Clauses cs, ds, es, ss, fs, gs: base 0, limit 0xffffffff, 32-bit, code that can be read or data that can be written;
 * only those with a bit (1 << SEGMENT_*) in `segments`.
 */
void check_flat_segments(unsigned segments);

/* Clause a20: addresses that differ in bit 20 only are different memory. */
void check_a20(void);

/* Clauses if, vm, tf, df: bits of EFLAGS that are 0; those whose bit is in `flags`. */
void check_flags_clear(uint64_t flags);

/* Clause bss: what the file does not fill is zero. */
void check_bss(void);

/* Clause whole: the last bytes of the file came too. */
void check_whole(void);

/* A register of 32 or 64 bits against a value. */
void check_register(const char *clause, uint64_t value, uint64_t wanted);

/* Reads the descriptor of a selector from the descriptor table that we were entered with. */
bool descriptor_read(uint64_t selector, struct hidden_segment *segment);

/* ---- page tables ---- */

/* Leaves the page tables that we were given for our own, which map the first 4 GiB (64-bit entries without EFI). */
void tables_take_over(void);

/* Makes [address, address + size) accessible on our own tables; no effect on those of EFI. False: no tables left. */
bool tables_reach(uint64_t address, uint64_t size);

enum mapping { MAPPING_NONE, MAPPING_ELSEWHERE, MAPPING_IDENTITY };

/* How the tables that we were given map all of [address, address + size); *writable and *executable: every page. */
enum mapping tables_look_up(uint64_t address, uint64_t size, bool *writable, bool *executable);

#endif

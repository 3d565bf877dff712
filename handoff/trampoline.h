/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trampoline page: code from launch.S at its start, this table in its middle, a stack at its end. Shared by
 * launch.c, which fills it, and launch.S, which obeys it from wherever it was put.
 */
#ifndef HANDOFF_TRAMPOLINE_H
#define HANDOFF_TRAMPOLINE_H

#define TRAMPOLINE_SIZE  4096
#define TRAMPOLINE_TABLE 0x400 /* offset of the table */

/* Selectors of the table's GDT. CODE is the payload's (boot.rst: __BOOT_CS, __BOOT_DS). */
#define TRAMPOLINE_TASK     0x08 /* base 0, limit 0x67, as PVH wants it */
#define TRAMPOLINE_CODE     0x10
#define TRAMPOLINE_DATA     0x18
#define TRAMPOLINE_CODE32   0x20
#define TRAMPOLINE_GDT_SIZE 0x28

/* Offsets in the table. */
#define TABLE_GDT             0x00
#define TABLE_GDT_LIMIT       0x2e /* a word, then the base: what LGDT takes */
#define TABLE_GDT_BASE        0x30
#define TABLE_ROOT            0x38 /* the payload's page tables */
#define TABLE_INSTRUCTION     0x40
#define TABLE_RAX             0x48 /* the payload's registers; others are 0 */
#define TABLE_RBX             0x50
#define TABLE_RSI             0x58
#define TABLE_CR4             0x60 /* for a payload entered in 64-bit mode */
#define TABLE_LONG            0x64 /* word: the payload is entered in 64-bit mode */
#define TABLE_CHANGE_LEVEL    0x68 /* word: CR4.LA57 is not as the payload needs it */
#define TABLE_COUNT           0x70
#define TABLE_COPIES          0x78
#define COPY_DESTINATION      0
#define COPY_SOURCE           8
#define COPY_FILE_SIZE        16
#define COPY_ZERO_SIZE        24
#define COPY_SIZE             32
#define TRAMPOLINE_COPIES_MAX 80

#endif

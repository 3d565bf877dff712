/* SPDX-License-Identifier: BSD-2-Clause */
/* What the stubs share: a vocabulary for symbols, and the numbers of the doors (enum door, handoff/handoff.h). */
#ifndef ENTRIES_ASSEMBLER_H
#define ENTRIES_ASSEMBLER_H

#define DOOR_NUMBER_PVH 1
#define DOOR_NUMBER_EFI 2
#define DOOR_NUMBER_MULTIBOOT2 3
#define DOOR_NUMBER_MULTIBOOT2_EFI 4
#define DOOR_NUMBER_LINUX16 5
#define DOOR_NUMBER_LINUX32 6
#define DOOR_NUMBER_LINUX64 7
#define DOOR_NUMBER_EFI_HANDOVER 8

#ifdef __ASSEMBLER__

.macro FUNCTION name
    .globl \name
    .hidden \name
    .type \name, @function
    .balign 16
\name:
.endm

.macro END name
    .size \name, . - \name
.endm

/*
 * 32-bit code does not know where it runs, and no protocol here promises a stack. Each leaves one readable and writable
 * word in a structure of its own, though: \scratch is its address, as an effective address. It holds the return address
 * for the moment in which the call is made, and is restored. Afterwards EBP is the address of image_base; EAX and ESP
 * are changed.
 */
.macro FIND_IMAGE_BASE scratch:vararg
    movl \scratch, %eax
    leal 4 + \scratch, %esp
    calll .Lhere\@
.Lhere\@:
    popl %ebp
    movl %eax, -4(%esp)
    addl $(image_base - .Lhere\@), %ebp
.endm

#endif
#endif

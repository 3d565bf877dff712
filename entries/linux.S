/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 32-bit and 64-bit Linux doors; linux16.S is the real-mode one. Documentation/arch/x86/boot.rst:
 *
 * "32-bit boot protocol": "At entry, the CPU must be in 32-bit protected mode with paging disabled; a GDT must be loaded
 * with the descriptors for selectors __BOOT_CS(0x10) and __BOOT_DS(0x18); both descriptors must be 4G flat segment;
 * __BOOT_CS must have execute/read permission, and __BOOT_DS must have read/write permission; CS must be __BOOT_CS and
 * DS, ES, SS must be __BOOT_DS; interrupt must be disabled; %esi must hold the base address of the struct boot_params;
 * %ebp, %edi and %ebx must be zero." No stack is promised; boot_params has a field, scratch, to be used as one.
 *
 * "64-bit boot protocol": "At entry, the CPU must be in 64-bit mode with paging enabled. The range with
 * setup_header.init_size from start address of loaded kernel and zero page and command line buffer get ident mapping;
 * a GDT must be loaded with [selectors as above]; interrupt must be disabled; %rsi must hold the base address of the
 * struct boot_params."
 */
#include "entries/assembler.h"

#define BOOT_PARAMS_SCRATCH 0x1e4

    .text
    .code32
FUNCTION linux32_start
    cld
    cli
    movl %esi, %ebx
    FIND_IMAGE_BASE BOOT_PARAMS_SCRATCH(%ebx)
    movl $DOOR_NUMBER_LINUX32, %edi
    jmp long_mode
END linux32_start

/* From linux16.S, in the state of the 32-bit boot protocol. */
FUNCTION linux16_continue
    cld
    cli
    movl %esi, %ebx
    FIND_IMAGE_BASE BOOT_PARAMS_SCRATCH(%ebx)
    movl $DOOR_NUMBER_LINUX16, %edi
    jmp long_mode
END linux16_continue

    .code64
FUNCTION linux64_start
    cld
    cli
    rdtsc
    movl %eax, door_ticks(%rip)
    movl %edx, door_ticks + 4(%rip)
    leaq stack_top(%rip), %rsp
    movl $DOOR_NUMBER_LINUX64, %edi
    xorl %edx, %edx
    jmp start
END linux64_start

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two multiboot2 doors. Multiboot2 specification 2.0:
 *
 * Section 3.3, I386 machine state: EAX = 0x36d76289; EBX = "the 32-bit physical address of the Multiboot2 information
 * structure"; CS a 32-bit read/execute segment and DS, ES, FS, GS, SS 32-bit read/write segments with offset 0 and limit
 * 0xFFFFFFFF; A20 enabled; CR0: PG cleared, PE set; EFLAGS: VM and IF cleared. ESP, GDTR and IDTR are ours to set up.
 * total_size, the first word of the information, serves as a stack for one moment.
 *
 * Section 3.5, EFI amd64 machine state with boot services enabled: EAX = 0x36d76289; RBX = "the 64-bit physical address
 * (pointer) to the Multiboot2 information structure"; 64-bit mode "as defined in UEFI specification", a stack of at least
 * 128 KiB among the rest.
 */
#include "entries/assembler.h"

    .text
    .code32
FUNCTION multiboot2_start
    cld
    FIND_IMAGE_BASE 0(%ebx)
    movl $DOOR_NUMBER_MULTIBOOT2, %edi
    jmp long_mode
END multiboot2_start

    .code64
FUNCTION multiboot2_efi_start
    cld
    rdtsc
    movl %eax, door_ticks(%rip)
    movl %edx, door_ticks + 4(%rip)
    movl $DOOR_NUMBER_MULTIBOOT2_EFI, %edi
    movl %ebx, %ebx
    movq %rbx, %rsi
    xorl %edx, %edx
    jmp start
END multiboot2_efi_start

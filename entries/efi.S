/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EFI doors. UEFI 2.10, section 2.3.4.1, handoff state of x64 platforms: 64-bit long mode, paging on with memory
 * identity-mapped, interrupts enabled, "128 KiB, or more, of available stack space", RCX = EFI_HANDLE of the image,
 * RDX = EFI_SYSTEM_TABLE *, direction flag clear.
 *
 * Documentation/arch/x86/boot.rst, "EFI handover protocol" (deprecated, and GRUB 2.06 uses it): entered by a call of the
 * System V ABI as efi_handover_entry(handle, system table, boot_params): RDI, RSI, RDX. Boot services are alive, GRUB has
 * cleared IF.
 */
#include "entries/assembler.h"

    .text
    .code64
FUNCTION efi_start
    cld
    movl $DOOR_NUMBER_EFI, %edi
    movq %rcx, %rsi
    movq %rdx, %r14
    rdtsc
    movl %eax, door_ticks(%rip)
    movl %edx, door_ticks + 4(%rip)
    movq %r14, %rdx
    jmp start
END efi_start

FUNCTION efi_handover_start
    cld
    movq %rdx, efi_handover_boot_params(%rip)
    movq %rsi, %r14
    movq %rdi, %rsi
    rdtsc
    movl %eax, door_ticks(%rip)
    movl %edx, door_ticks + 4(%rip)
    movl $DOOR_NUMBER_EFI_HANDOVER, %edi
    movq %r14, %rdx
    sti
    jmp start
END efi_handover_start

    .data
    .balign 8
    .globl efi_handover_boot_params
    .hidden efi_handover_boot_params
efi_handover_boot_params:
    .quad 0

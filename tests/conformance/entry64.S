/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 64-bit entries: everything that the processor shows is written into `state`; then the checks run on our own
 * stack, and on the page tables that we were given until they have been looked at.
 *
 * In:  64-bit mode; where this is, is mapped and writable; nothing is known of the stack, so that R8, in which no
 *      protocol says anything, keeps the way back from save64
 *      entry64: never to return    entry64_efi: an EFI entry point, RSP as a call leaves it
 * Out: conformance (report.c); entry64_efi returns what that returns, every register that must be kept restored
 */
#include "tests/conformance/entry.inc"

.macro SAVE64 offset register
    movq \register, state + \offset(%rip)
.endm

.macro SAVE64_BY_RAX offset register
    movq \register, %rax
    movq %rax, state + \offset(%rip)
.endm

    .text
    .code64
FUNCTION save64
    SAVE64 STATE_RAX, %rax
    SAVE64 STATE_RCX, %rcx
    SAVE64 STATE_RDX, %rdx
    SAVE64 STATE_RBX, %rbx
    SAVE64 STATE_RSP, %rsp
    SAVE64 STATE_RBP, %rbp
    SAVE64 STATE_RSI, %rsi
    SAVE64 STATE_RDI, %rdi
    SAVE64 STATE_R(9), %r9
    SAVE64 STATE_R(10), %r10
    SAVE64 STATE_R(11), %r11
    SAVE64 STATE_R(12), %r12
    SAVE64 STATE_R(13), %r13
    SAVE64 STATE_R(14), %r14
    SAVE64 STATE_R(15), %r15
    leaq stack_top(%rip), %rsp
    pushfq
    cld
    popq state + STATE_RFLAGS(%rip)
    SAVE64_BY_RAX STATE_CR0, %cr0
    SAVE64_BY_RAX STATE_CR3, %cr3
    SAVE64_BY_RAX STATE_CR4, %cr4
    SAVE64_BY_RAX SELECTOR_OF(SEGMENT_ES), %es
    SAVE64_BY_RAX SELECTOR_OF(SEGMENT_CS), %cs
    SAVE64_BY_RAX SELECTOR_OF(SEGMENT_SS), %ss
    SAVE64_BY_RAX SELECTOR_OF(SEGMENT_DS), %ds
    SAVE64_BY_RAX SELECTOR_OF(SEGMENT_FS), %fs
    SAVE64_BY_RAX SELECTOR_OF(SEGMENT_GS), %gs
    sldt state + SELECTOR_OF(SEGMENT_LDTR)(%rip)
    str state + SELECTOR_OF(SEGMENT_TR)(%rip)
    sgdt state + STATE_GDTR(%rip)
    sidt state + STATE_IDTR(%rip)
    movl $MSR_EFER, %ecx
    rdmsr
    movl %eax, state + STATE_EFER(%rip)
    movl %edx, state + STATE_EFER + 4(%rip)
    movl $64, state + STATE_MODE(%rip)
    jmp *%r8
END save64

FUNCTION entry64
    leaq 1f(%rip), %r8
    jmp save64
1:  cli
    call conformance
1:  cli
    hlt
    jmp 1b
END entry64

FUNCTION entry64_efi
    leaq 1f(%rip), %r8
    jmp save64
1:  call conformance
    movq state + STATE_RBX(%rip), %rbx
    movq state + STATE_RBP(%rip), %rbp
    movq state + STATE_RSI(%rip), %rsi
    movq state + STATE_RDI(%rip), %rdi
    movq state + STATE_R(12)(%rip), %r12
    movq state + STATE_R(13)(%rip), %r13
    movq state + STATE_R(14)(%rip), %r14
    movq state + STATE_R(15)(%rip), %r15
    movq state + STATE_RSP(%rip), %rsp
    ret
END entry64_efi

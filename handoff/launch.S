/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trampoline: the last code of ours that runs. launch.c copies it to the start of a page that no destination covers;
 * it finds its table (trampoline.h) relative to itself.
 *
 * In:  64-bit mode on page tables that map this page, every source and every destination, 4 or 5 levels; IF=0
 *      RDI = address of the page
 * Out: one state that each protocol's own is part of: CS = 0x10, DS = ES = SS = 0x18, RAX RBX RSI as the table says, all other
 *      registers 0, EFLAGS = 2, IDT empty
 *      64-bit  boot.rst, "64-bit boot protocol"; FS and GS null
 *      32-bit  boot.rst, "32-bit boot protocol"; Xen's docs/misc/pvh.pandoc; Multiboot 0.6.96, section 3.2; Multiboot2 2.0,
 *              section 3.3: CR0 = PE, CR4 = 0, EFER = 0, FS and GS as DS, a 32-bit TSS with base 0 and limit 0x67
 */
#include "handoff/trampoline.h"

#define CR0_PE_PG 0x80000001
#define CR0_PE 0x1
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100

    .section .rodata
    .balign 16
    .globl trampoline_start, trampoline_end
    .hidden trampoline_start, trampoline_end
    .code64
trampoline_start:
    cli
    leaq TRAMPOLINE_SIZE(%rdi), %rsp
    leaq TRAMPOLINE_TABLE(%rdi), %rbx
    lgdt TABLE_GDT_LIMIT(%rbx)
    lidt no_idt(%rip)

    leaq TABLE_COPIES(%rbx), %rbp
    movq TABLE_COUNT(%rbx), %r8
    xorl %eax, %eax
next_copy:
    testq %r8, %r8
    jz copied
    movq COPY_DESTINATION(%rbp), %rdi
    movq COPY_SOURCE(%rbp), %rsi
    movq COPY_FILE_SIZE(%rbp), %rcx
    movq %rdi, %rdx
    subq %rsi, %rdx
    jz stays
    cmpq %rcx, %rdx /* the destination begins inside the source: from the end */
    jb backward
    movq %rcx, %r9
    shrq $3, %rcx
    rep movsq
    movl %r9d, %ecx
    andl $7, %ecx
    rep movsb
    jmp zero
stays:
    addq %rcx, %rdi
zero:
    movq COPY_ZERO_SIZE(%rbp), %rcx
    movq %rcx, %r9
    shrq $3, %rcx
    rep stosq
    movl %r9d, %ecx
    andl $7, %ecx
    rep stosb
    addq $COPY_SIZE, %rbp
    decq %r8
    jmp next_copy
backward:
    leaq (%rdi, %rcx), %r9
    leaq -1(%rdi, %rcx), %rdi
    leaq -1(%rsi, %rcx), %rsi
    movq %rcx, %r10
    std
    andl $7, %ecx
    rep movsb
    subq $7, %rdi /* now of the first byte of eight, not of the last */
    subq $7, %rsi
    movq %r10, %rcx
    shrq $3, %rcx
    rep movsq
    cld
    movq %r9, %rdi
    jmp zero

copied:
    cmpl $0, TABLE_CHANGE_LEVEL(%rbx)
    jne leave_long_mode
    cmpl $0, TABLE_LONG(%rbx)
    je leave_long_mode
    movq TABLE_ROOT(%rbx), %rax
    movq %rax, %cr3
    movl TABLE_CR4(%rbx), %eax
    movq %rax, %cr4
    movl $CR0_PE_PG, %eax
    movq %rax, %cr0
    movl $MSR_EFER, %ecx
    movl $EFER_LME, %eax /* LMA is the CPU's own; NXE and SCE go */
    xorl %edx, %edx
    wrmsr
enter_long:
    movl %esp, %esp /* below 4 GiB; the upper halves are undefined after a change of mode */
    movl %ebx, %ebx
    movl $TRAMPOLINE_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq TABLE_RSI(%rbx), %rsi
    movq TABLE_RAX(%rbx), %rax
    pushq $2
    popfq
    pushq $TRAMPOLINE_CODE
    pushq TABLE_INSTRUCTION(%rbx)
    movq TABLE_RBX(%rbx), %rbx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %edi, %edi
    xorl %ebp, %ebp
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
    lretq

/* By 32-bit compatibility mode to paging off: only there may LA57 change. The page lies below 4 GiB. */
leave_long_mode:
    pushq $TRAMPOLINE_CODE32
    leaq compatibility(%rip), %rax
    pushq %rax
    lretq

    .code32
compatibility:
    movl $TRAMPOLINE_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movl $CR0_PE, %eax
    movl %eax, %cr0
    movl $MSR_EFER, %ecx
    xorl %eax, %eax
    xorl %edx, %edx
    wrmsr
    cmpl $0, TABLE_LONG(%ebx)
    jne back_to_long_mode
    xorl %eax, %eax
    movl %eax, %cr4
    movl %eax, %cr3
    movl $TRAMPOLINE_TASK, %eax
    ltr %ax
    movl TABLE_RSI(%ebx), %esi
    movl TABLE_RAX(%ebx), %eax
    pushl $2
    popfl
    pushl $TRAMPOLINE_CODE
    pushl TABLE_INSTRUCTION(%ebx)
    movl TABLE_RBX(%ebx), %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %edi, %edi
    xorl %ebp, %ebp
    lretl

back_to_long_mode:
    movl TABLE_CR4(%ebx), %eax
    movl %eax, %cr4
    movl TABLE_ROOT(%ebx), %eax
    movl %eax, %cr3
    movl $EFER_LME, %eax
    wrmsr /* ECX and EDX are still right */
    movl $CR0_PE_PG, %eax
    movl %eax, %cr0
    pushl $TRAMPOLINE_CODE
    calll 1f
1:  addl $(enter_long - 1b), (%esp)
    lretl

    .balign 4
no_idt:
    .short 0
    .quad 0
trampoline_end:
    .org trampoline_start + TRAMPOLINE_TABLE /* fails where the code runs into the table */

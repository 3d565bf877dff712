/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where all doors meet in 64-bit mode, before any C runs: what must be zero is made zero, and the image is relocated to
 * where it lies. Neither may be left to the loader before us.
 *
 * In:  64-bit mode, direction flag clear, RSP = a stack of 16 KiB or more
 *      EDI = number of the door, RSI and RDX = what the door was given
 *      the image mapped to itself, readable, its .data and .bss writable
 * Out: quadrivium_main(door, RSI, RDX) (main.c), which does not return
 */
#include "entries/assembler.h"
#include "common/layout.h"

#define R_X86_64_RELATIVE 8
#define RELA_SIZE 24
#define STACK_SIZE 0x8000
#define MSR_FS_BASE 0xc0000100

    .text
    .code64
FUNCTION start
    movl %edi, %r12d
    movq %rsi, %r13
    movq %rdx, %r14

    leaq bss_start(%rip), %rdi
    leaq bss_end(%rip), %rcx
    subq %rdi, %rcx
    shrq $3, %rcx
    xorl %eax, %eax
    rep stosq

    /* Each Elf64_Rela: the word at r_offset is r_addend, both counted from the link base. */
    leaq image_base(%rip), %rax
    subq $LAYOUT_LINK_BASE, %rax
    leaq rela_start(%rip), %r8
    leaq rela_end(%rip), %r9
    jmp 2f
1:  movq (%r8), %rdi
    movq 16(%r8), %rcx
    addq %rax, %rcx
    movq %rcx, (%rdi, %rax)
    addq $RELA_SIZE, %r8
2:  cmpq %r9, %r8
    jb 1b

    /* The stack protector's canary is at FS:0x28 (System V ABI x86-64 psABI, as gcc has it). */
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    leaq thread_block(%rip), %rdx
    xorq %rdx, %rax
    movb $0, %al /* stops string functions */
    movq %rax, 0x28(%rdx)
    movl %edx, %eax
    shrq $32, %rdx
    movl $MSR_FS_BASE, %ecx
    wrmsr

    movl %r12d, %edi
    movq %r13, %rsi
    movq %r14, %rdx
    xorl %ebp, %ebp /* the back trace ends here */
    andq $-16, %rsp
    call quadrivium_main
3:  cli
    hlt
    jmp 3b
END start

    .bss
    .balign 16
thread_block:
    .skip 0x30

/* Below the stack lies a page that is never mapped: an overflow is an exception, not a silent overwrite. */
    .section .noinit, "aw", @nobits
    .balign LAYOUT_PAGE
    .globl stack_guard, stack_top
    .hidden stack_guard, stack_top
stack_guard:
    .skip LAYOUT_PAGE
    .skip STACK_SIZE
stack_top:

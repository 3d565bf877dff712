/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 32 exception entries (AMD64 Architecture Programmer's Manual 2, section 8.2). The CPU pushes SS, RSP, RFLAGS, CS
 * and RIP, and for some vectors an error code; each entry makes up for the missing one and adds its vector, so that all
 * frames look like struct exception_frame.
 */
/* Vectors with an error code: 8, 10 to 14, 17, 21, 29, 30. */
#define HAS_ERROR_CODE(vector) ((0x60227d00 >> (vector)) & 1)

    .text
    .code64
    .globl exception_entries
    .hidden exception_entries
    .balign 16
exception_entries:
    .set vector, 0
    .rept 32
    .balign 16
    .if !HAS_ERROR_CODE(vector)
    pushq $0
    .endif
    pushq $vector
    jmp common
    .set vector, vector + 1
    .endr

common:
    cld
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    andq $-16, %rsp
    call exception_dump

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /init of the bench's guest: says that it is there, as early as a program can be, and sleeps. It writes 7, qemu-boot-time's
 * linux_start_user, to port 0xf4, and the time stamp counter to the console: `BENCH tsc=` and sixteen digits. With
 * -icount that counts instructions and waits since the reset.
 *
 * It is linked at an address of its own (bench.mk), by which the plugin (points.c) knows it.
 */
#include <asm/unistd.h>

#define LINUX_EXIT_PORT 0xf4
#define LINUX_START_USER 7
#define STDOUT 1
#define DIGITS 16

    .globl _start
    .text
_start:
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, %r12

    movl $__NR_iopl, %eax
    movl $3, %edi
    syscall
    testq %rax, %rax        /* under Secure Boot it is refused */
    jnz 1f
    movb $LINUX_START_USER, %al
    outb %al, $LINUX_EXIT_PORT

1:  leaq digits(%rip), %rdi
    movl $DIGITS, %ecx
2:  rolq $4, %r12
    movl %r12d, %eax
    andl $0xf, %eax
    leaq hexadecimal(%rip), %rsi
    movb (%rsi, %rax), %al
    stosb
    loop 2b

    movl $__NR_write, %eax
    movl $STDOUT, %edi
    leaq message(%rip), %rsi
    movl $message_end - message, %edx
    syscall
3:  movl $__NR_pause, %eax
    syscall
    jmp 3b

    .section .rodata, "a"
hexadecimal:
    .ascii "0123456789abcdef"

    .data
message:
    .ascii "\nBENCH tsc="
digits:
    .space DIGITS, '0'
    .ascii "\n"
message_end:

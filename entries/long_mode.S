/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From 32-bit protected mode to 64-bit mode: what the 32-bit doors share (AMD64 Architecture Programmer's Manual 2,
 * section 14.6).
 *
 * In:  flat 32-bit protected mode, paging off, interrupts off, direction flag clear
 *      EBP = address of image_base, EBX = address of the loader's structure, EDI = number of the door
 *      no stack
 * Out: start (start.S), in 64-bit mode, the first 4 GiB mapped to themselves, on our stack
 *
 * Position-independent: `here` is the anchor, and EBP points to it as soon as we are here.
 */
#include "entries/assembler.h"
#include "common/layout.h"

#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_EM 0x00000004
#define CR0_TS 0x00000008
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFLAGS_ID 0x200000
#define CPUID_EXTENDED_LONG_MODE 29 /* leaf 0x80000001, EDX */
#define TABLE_ENTRY 0x3 /* present, writable */
#define LARGE_PAGE_ENTRY 0x83
#define SELECTOR_CODE64 0x10
#define COM1 0x3f8
#define DEBUGCON 0xe9

#define at(symbol) ((symbol) - here)(%ebp)

    .text
    .code32
FUNCTION long_mode
here:
    subl $(image_base - here), %ebp
    leal at(stack_top), %esp
    pushl %ebx
    pushl %edi
    rdtsc
    movl %eax, at(door_ticks)
    movl %edx, at(door_ticks + 4)

    /* CPUID is there if its flag can be changed; then ask for long mode. */
    pushfl
    popl %eax
    movl %eax, %ecx
    xorl $EFLAGS_ID, %eax
    pushl %eax
    popfl
    pushfl
    popl %eax
    cmpl %eax, %ecx
    je no_long_mode
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $CPUID_EXTENDED_LONG_MODE, %edx
    jnc no_long_mode

    /* One level-4 table, one level-3, four level-2 with 512 pages of 2 MiB each: 4 GiB. */
    leal at(entry_tables), %edi
    xorl %eax, %eax
    movl $2 * LAYOUT_PAGE / 4, %ecx
    rep stosl
    leal at(entry_tables), %edi
    leal LAYOUT_PAGE + TABLE_ENTRY(%edi), %eax
    movl %eax, (%edi)
    xorl %ecx, %ecx
1:  addl $LAYOUT_PAGE, %eax
    movl %eax, LAYOUT_PAGE(%edi, %ecx, 8)
    incl %ecx
    cmpl $4, %ecx
    jb 1b
    movl $LARGE_PAGE_ENTRY, %eax
    xorl %ecx, %ecx
2:  movl %eax, 2 * LAYOUT_PAGE(%edi, %ecx, 8)
    movl $0, 2 * LAYOUT_PAGE + 4(%edi, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $4 * 512, %ecx
    jb 2b

    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl %edi, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl %cr0, %eax
    andl $~(CR0_EM | CR0_TS), %eax
    orl $(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
    movl %eax, %cr0

    popl %edi
    popl %esi
    leal at(entry_gdt), %eax
    pushl %eax
    pushw $entry_gdt_end - entry_gdt - 1
    lgdt (%esp)
    pushl $SELECTOR_CODE64
    leal at(in_long_mode), %eax
    pushl %eax
    lretl

    .code64
in_long_mode:
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    leaq stack_top(%rip), %rsp
    movl %edi, %edi /* the upper halves are undefined after a change of mode */
    movl %esi, %esi
    xorl %edx, %edx
    jmp start
END long_mode

/* The one message that 64-bit code cannot print. */
    .code32
FUNCTION no_long_mode
    leal at(no_long_mode_text), %esi
3:  lodsb
    testb %al, %al
    jz 5f
    outb %al, $DEBUGCON
    movb %al, %ah
    movl $0x10000, %ecx /* polls: there may be no port */
    movw $COM1 + 5, %dx
4:  inb (%dx), %al
    testb $0x20, %al
    loopz 4b
    movb %ah, %al
    movw $COM1, %dx
    outb %al, (%dx)
    jmp 3b
5:  hlt
    jmp 5b
END no_long_mode

    .section .rodata
no_long_mode_text:
    .asciz "quadrivium: error: cpu: no 64-bit mode (long mode)\r\n"

    .data
    .balign 8
entry_gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff /* 0x10: 64-bit code; accessed already, so that the CPU need not write here */
entry_gdt_end:

    .globl door_ticks
    .hidden door_ticks
    .balign 8
door_ticks:
    .quad 0

    .section .noinit, "aw", @nobits
    .balign LAYOUT_PAGE
entry_tables:
    .skip 6 * LAYOUT_PAGE

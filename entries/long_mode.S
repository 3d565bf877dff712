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
#define CR4_OSFXSR 0x200
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFLAGS_ID 0x200000
#define CPUID_EXTENDED_GIGABYTE_PAGES 26 /* leaf 0x80000001, EDX */
#define CPUID_EXTENDED_LONG_MODE 29
#define TABLE_ENTRY 0x3 /* present, writable */
#define LARGE_PAGE_ENTRY 0x83
#define LARGE_PAGE_SIZE 0x200000
#define SSE_SIZE 16 /* bytes of a register */
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

    /* Every CPU that has long mode has SSE2, which writes two entries of a table at once. */
    movl $CR0_PE, %eax
    movl %eax, %cr0
    movl $(CR4_PAE | CR4_OSFXSR), %eax
    movl %eax, %cr4

    /* One level-4 table and one level-3, of zeros, for 4 GiB. */
    leal at(entry_tables), %edi
    movl $2 * LAYOUT_PAGE / (4 * SSE_SIZE), %ecx
    movl %edi, %esi
    xorps %xmm0, %xmm0
1:  movaps %xmm0, (%esi)
    movaps %xmm0, SSE_SIZE(%esi)
    movaps %xmm0, 2 * SSE_SIZE(%esi)
    movaps %xmm0, 3 * SSE_SIZE(%esi)
    addl $4 * SSE_SIZE, %esi
    decl %ecx
    jnz 1b
    leal LAYOUT_PAGE + TABLE_ENTRY(%edi), %eax
    movl %eax, (%edi)
    btl $CPUID_EXTENDED_GIGABYTE_PAGES, %edx
    jnc 2f
    movl $LARGE_PAGE_ENTRY, LAYOUT_PAGE(%edi)
    movl $LARGE_PAGE_ENTRY + (1 << 30), LAYOUT_PAGE + 8(%edi)
    movl $LARGE_PAGE_ENTRY + (2 << 30), LAYOUT_PAGE + 16(%edi)
    movl $LARGE_PAGE_ENTRY + (3 << 30), LAYOUT_PAGE + 24(%edi)
    jmp 5f

    /* Four level-2 tables with 512 pages of 2 MiB each. */
2:  xorl %ecx, %ecx
3:  addl $LAYOUT_PAGE, %eax
    movl %eax, LAYOUT_PAGE(%edi, %ecx, 8)
    incl %ecx
    cmpl $4, %ecx
    jb 3b
    movaps at(first_large_pages), %xmm0
    movaps at(two_large_pages), %xmm1
    movl $4 * LAYOUT_PAGE / (4 * SSE_SIZE), %ecx
4:  movaps %xmm0, (%esi)
    paddq %xmm1, %xmm0
    movaps %xmm0, SSE_SIZE(%esi)
    paddq %xmm1, %xmm0
    movaps %xmm0, 2 * SSE_SIZE(%esi)
    paddq %xmm1, %xmm0
    movaps %xmm0, 3 * SSE_SIZE(%esi)
    paddq %xmm1, %xmm0
    addl $4 * SSE_SIZE, %esi
    decl %ecx
    jnz 4b

5:  movl %edi, %cr3
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
6:  lodsb
    testb %al, %al
    jz 8f
    outb %al, $DEBUGCON
    movb %al, %ah
    movl $0x10000, %ecx /* polls: there may be no port */
    movw $COM1 + 5, %dx
7:  inb (%dx), %al
    testb $0x20, %al
    loopz 7b
    movb %ah, %al
    movw $COM1, %dx
    outb %al, (%dx)
    jmp 6b
8:  hlt
    jmp 8b
END no_long_mode

    .section .rodata
no_long_mode_text:
    .asciz "quadrivium: error: cpu: no 64-bit mode (long mode)\r\n"

    .balign SSE_SIZE
first_large_pages:
    .quad LARGE_PAGE_ENTRY, LARGE_PAGE_ENTRY + LARGE_PAGE_SIZE
two_large_pages:
    .quad 2 * LARGE_PAGE_SIZE, 2 * LARGE_PAGE_SIZE

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

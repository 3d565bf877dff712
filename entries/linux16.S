/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real-mode Linux door: asks the BIOS what only it knows, switches to protected mode and goes on as the 32-bit door
 * does. Documentation/arch/x86/boot.rst, "Running the Kernel": "ds == es == ss == the segment where the real-mode kernel
 * code was loaded, … set up sp so that the stack is within this segment, … interrupts disabled", CS = that segment + 0x20.
 *
 * The segment holds page 0 of the image; behind it come struct boot_params (zeroed here, then filled) and the stack. The
 * loader wrote its own fields into the setup header, which is copied over.
 *
 * BIOS calls: Ralf Brown's list, INT 15h E820h, 2401h; INT 10h 0Fh, 03h. ACPI 6.5, section 15.1 for E820.
 */
#include <asm/bootparam.h>

#include "common/layout.h"

/* struct boot_params, offsets (asm/bootparam.h is C where it has them; linux.c asserts these) */
#define SCREEN_ORIG_X 0x00
#define SCREEN_ORIG_Y 0x01
#define SCREEN_ORIG_MODE 0x06
#define SCREEN_ORIG_COLUMNS 0x07
#define SCREEN_ORIG_LINES 0x0e
#define SCREEN_IS_VGA 0x0f
#define E820_ENTRIES 0x1e8
#define E820_TABLE 0x2d0
#define E820_ENTRY_SIZE 20
#define E820_MAX 128
#define CODE32_START 0x214
#define BOOT_PARAMS_SIZE 4096

#define SMAP 0x534d4150
#define SELECTOR_CODE 0x10
#define SELECTOR_DATA 0x18

#define at(label) ((label) - real_mode + LAYOUT_REAL_MODE)
#define params(field) (LAYOUT_BOOT_PARAMS16 + (field))

    .section .real_mode, "ax"
    .code16
real_mode:
    cli
    cld
    movw %ds, %ax
    movw %ax, %es
    movw %ax, %ss
    movl $LAYOUT_REAL_MODE_END, %esp
    sti
    /* CS becomes DS, so that code and data count from one place. */
    pushw %ds
    pushw $at(1f)
    lretw
1:
    movw $LAYOUT_BOOT_PARAMS16, %di
    movw $BOOT_PARAMS_SIZE / 4, %cx
    xorl %eax, %eax
    rep stosl
    /* The header ends at 0x202 + the byte at 0x201. */
    movw $LAYOUT_SETUP_HEADER, %si
    movw $params(LAYOUT_SETUP_HEADER), %di
    movw $LAYOUT_REAL_MODE - LAYOUT_SETUP_HEADER, %cx
    rep movsb

    call read_memory_map
    call read_screen
    call enable_a20

    /* To protected mode: addresses become linear, DS * 16 + offset. */
    cli
    movw %ds, %ax
    movzwl %ax, %eax
    shll $4, %eax
    leal LAYOUT_BOOT_PARAMS16(%eax), %esi
    addl %eax, at(gdt_base)
    addl %eax, at(protected_mode_address)
    lgdtl at(gdt_limit)
    movl params(CODE32_START), %ebx
    movl %cr0, %ecx
    orb $1, %cl
    movl %ecx, %cr0
    .byte 0x66, 0xea /* ljmpl */
protected_mode_address:
    .long at(protected_mode)
    .word SELECTOR_CODE

/* E820: the BIOS keeps its place in EBX and ends with 0 or the carry flag. */
read_memory_map:
    xorl %ebx, %ebx
    movw $params(E820_TABLE), %di
2:  movl $0xe820, %eax
    movl $E820_ENTRY_SIZE, %ecx
    movl $SMAP, %edx
    int $0x15
    jc 3f
    cmpl $SMAP, %eax
    jne 3f
    incb params(E820_ENTRIES)
    addw $E820_ENTRY_SIZE, %di
    cmpb $E820_MAX, params(E820_ENTRIES)
    jae 3f
    testl %ebx, %ebx
    jnz 2b
3:  ret

/* What the screen shows now, so that text goes on below it. */
read_screen:
    movb $0x0f, %ah
    int $0x10
    andb $0x7f, %al
    movb %al, params(SCREEN_ORIG_MODE)
    movb %ah, params(SCREEN_ORIG_COLUMNS)
    movb $25, params(SCREEN_ORIG_LINES)
    cmpb $3, %al /* colour text */
    jne 4f
    movb $1, params(SCREEN_IS_VGA)
4:  movb $0x03, %ah
    int $0x10
    movb %dl, params(SCREEN_ORIG_X)
    movb %dh, params(SCREEN_ORIG_Y)
    ret

/* A20: by the BIOS, then the fast gate of port 0x92, then the keyboard controller; none may be there. */
enable_a20:
    call test_a20
    jnz 5f
    movw $0x2401, %ax
    int $0x15
    call test_a20
    jnz 5f
    inb $0x92, %al
    orb $2, %al
    andb $~1, %al /* bit 0 would reset */
    outb %al, $0x92
    call test_a20
    jnz 5f
    call wait_keyboard
    movb $0xd1, %al
    outb %al, $0x64
    call wait_keyboard
    movb $0xdf, %al
    outb %al, $0x60
    call wait_keyboard
5:  ret

wait_keyboard:
    movw $0xffff, %cx
6:  inb $0x64, %al
    testb $2, %al
    loopnz 6b
    ret

/* ZF clear: on. Without it 0xffff:0x510 is 0x0:0x500, a word that the BIOS leaves to us. */
test_a20:
    pushw %fs
    pushw %gs
    xorw %ax, %ax
    movw %ax, %fs
    decw %ax
    movw %ax, %gs
    movw $0x1000, %cx
    movw %fs:0x500, %dx
7:  incw %ax
    movw %ax, %fs:0x500
    outb %al, $0x80 /* a moment for the gate */
    cmpw %gs:0x510, %ax
    loope 7b
    movw %dx, %fs:0x500
    popw %gs
    popw %fs
    ret

    .code32
protected_mode:
    movl $SELECTOR_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %ebp, %ebp
    xorl %edi, %edi
    addl $LAYOUT_ENTRY16 - LAYOUT_ENTRY32, %ebx
    movl %ebx, %eax
    xorl %ebx, %ebx
    jmp *%eax

    .balign 8
gdt:
    .quad 0
    .quad 0
    .quad 0x00cf9b000000ffff /* 0x10: flat 32-bit code */
    .quad 0x00cf93000000ffff /* 0x18: flat data */
gdt_end:
gdt_limit:
    .word gdt_end - gdt - 1
gdt_base:
    .long at(gdt)

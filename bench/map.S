/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PVH kernel (Xen docs/misc/pvh.pandoc) that has our image in it: it cuts the RAM in start_info's memory map into PAIRS pieces
 * more, each with a reserved page behind it, and enters the image by the same protocol. So the map can be as long as is wanted.
 */

#define MEMMAP_PADDR 40         /* struct hvm_start_info, of xen/arch-x86/hvm/start_info.h, which is C */
#define MEMMAP_ENTRIES 48
#define ENTRY_SIZE 24           /* struct hvm_memmap_table_entry: addr, size, type, reserved */
#define ADDR 0
#define SIZE 8
#define TYPE 16
#define TYPE_RAM 1
#define TYPE_RESERVED 2
#define ENTRIES_MAX 1024

#define FIRST 0x100000          /* where the RAM begins that is cut */
#define CUT 0x10000000          /* from here on */
#define PIECE 0xff000
#define PAGE 0x1000

    .section .image, "awx"
    .incbin IMAGE

    .section .note.Xen, "a", @note
    .long 4, 4, 18              /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long start

    .text
    .code32
    .globl start
start:
    cld
    movl MEMMAP_PADDR(%ebx), %esi
    movl MEMMAP_ENTRIES(%ebx), %edx
    movl $table, %edi
next:
    cmpl $FIRST, ADDR(%esi)
    jne whole
    cmpl $TYPE_RAM, TYPE(%esi)
    je cut
whole:
    movl $ENTRY_SIZE / 4, %ecx
    rep movsl
counted:
    decl %edx
    jnz next

    movl $table, MEMMAP_PADDR(%ebx)
    movl %edi, %eax
    subl $table, %eax
    xorl %edx, %edx
    movl $ENTRY_SIZE, %ecx
    divl %ecx
    movl %eax, MEMMAP_ENTRIES(%ebx)
    movl $ENTRY, %eax
    jmp *%eax

.macro ADD size, type
    movl %eax, ADDR(%edi)
    movl \size, SIZE(%edi)
    movl \type, TYPE(%edi)
    addl \size, %eax
    addl $ENTRY_SIZE, %edi
.endm

cut:
    movl SIZE(%esi), %ebp
    addl $FIRST, %ebp           /* its end */
    movl $FIRST, %eax
    ADD $(CUT-FIRST), $TYPE_RAM
    movl $PAIRS, %ecx
    jecxz rest
piece:
    ADD $PIECE, $TYPE_RAM
    ADD $PAGE, $TYPE_RESERVED
    loop piece
rest:
    subl %eax, %ebp
    ADD %ebp, $TYPE_RAM
    addl $ENTRY_SIZE, %esi
    jmp counted

    .bss
    .balign 8
table:
    .space ENTRIES_MAX * ENTRY_SIZE

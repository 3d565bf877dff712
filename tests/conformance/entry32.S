/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 32-bit entries: everything that the processor shows is written into `state`, and then the checks, which are
 * 64-bit code, are started on page tables and a stack of our own.
 *
 * In:  32-bit protected mode, segments of base 0, paging off; no stack, and no knowledge of where we run. The debug
 *      registers keep three registers until the address is known: they are the only place that needs no memory.
 *      entry32_ebx: EBX points to a word that may be changed for a moment (start_info, multiboot information)
 *      entry32_esi: ESI likewise points to struct boot_params, of which `scratch` is such a word
 * Out: conformance (report.c)
 */
#include "tests/conformance/entry.inc"

#define CPUID_TCG 0x54474354    /* "TCGT": QEMU's own processor */
#define CPUID_SVM 2             /* leaf 0x80000001, ECX */
#define MSR_VM_HSAVE_PA 0xc0010117
#define BOOT_PARAMS_SCRATCH 0x1e4
#define TABLE_ENTRY 0x3         /* present, writable */
#define LARGE_PAGE_ENTRY 0x83
#define SELECTOR_CODE64 0x08
#define LARGE_PAGES 2048        /* of 2 MiB: 4 GiB */

#define at(symbol) ((symbol) - save32)(%ebp)

.macro FIND_PAYLOAD scratch:vararg
    movl %eax, %dr0
    movl %esp, %dr1
    movl %ebp, %dr2
    movl \scratch, %eax
    leal \scratch, %esp
    leal 4(%esp), %esp
    calll .Lhere\@
.Lhere\@:
    popl %ebp
    movl %eax, -4(%esp)
    leal (save32 - .Lhere\@)(%ebp), %ebp /* unlike an addition it leaves the flags alone */
.endm

    .text
    .code32
FUNCTION entry32_ebx
    FIND_PAYLOAD (%ebx)
    jmp save32
END entry32_ebx

FUNCTION entry32_esi
    FIND_PAYLOAD BOOT_PARAMS_SCRATCH(%esi)
    jmp save32
END entry32_esi

.macro SAVE32 offset register
    movl \register, at(state + \offset)
.endm

.macro SAVE32_BY_EAX offset register
    movl \register, %eax
    movl %eax, at(state + \offset)
.endm

FUNCTION save32
    SAVE32 STATE_RCX, %ecx
    SAVE32 STATE_RDX, %edx
    SAVE32 STATE_RBX, %ebx
    SAVE32 STATE_RSI, %esi
    SAVE32 STATE_RDI, %edi
    SAVE32_BY_EAX STATE_RAX, %dr0
    SAVE32_BY_EAX STATE_RSP, %dr1
    SAVE32_BY_EAX STATE_RBP, %dr2
    leal at(stack_top), %esp
    pushfl
    cli
    cld
    popl at(state + STATE_RFLAGS)
    SAVE32_BY_EAX STATE_CR0, %cr0
    SAVE32_BY_EAX STATE_CR3, %cr3
    SAVE32_BY_EAX STATE_CR4, %cr4
    SAVE32_BY_EAX SELECTOR_OF(SEGMENT_ES), %es
    SAVE32_BY_EAX SELECTOR_OF(SEGMENT_CS), %cs
    SAVE32_BY_EAX SELECTOR_OF(SEGMENT_SS), %ss
    SAVE32_BY_EAX SELECTOR_OF(SEGMENT_DS), %ds
    SAVE32_BY_EAX SELECTOR_OF(SEGMENT_FS), %fs
    SAVE32_BY_EAX SELECTOR_OF(SEGMENT_GS), %gs
    sldt at(state + SELECTOR_OF(SEGMENT_LDTR))
    str at(state + SELECTOR_OF(SEGMENT_TR))
    sgdtl at(state + STATE_GDTR)
    sidtl at(state + STATE_IDTR)
    movl $MSR_EFER, %ecx
    rdmsr
    movl %eax, at(state + STATE_EFER)
    movl %edx, at(state + STATE_EFER + 4)
    movl $32, at(state + STATE_MODE)

    /*
     * The hidden parts of the segment registers. The instructions of SVM show them: VMSAVE those of FS, GS, LDTR and
     * TR in any processor; VMRUN stores the host's CS, DS, ES and SS before it finds that a zeroed VMCB is invalid, in
     * an area whose layout is the processor's own, and QEMU's is that of a VMCB.
     */
    movl $0x40000000, %eax
    cpuid
    cmpl $CPUID_TCG, %ebx
    jne 1f
    movl $0x80000001, %eax
    cpuid
    btl $CPUID_SVM, %ecx
    jnc 1f
    leal at(host_save), %edi
    movl $2 * PAGE_SIZE / 4, %ecx /* and the VMCB behind it */
    xorl %eax, %eax
    rep stosl
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_SVME, %eax
    wrmsr
    movl $MSR_VM_HSAVE_PA, %ecx
    leal at(host_save), %eax
    xorl %edx, %edx
    wrmsr
    leal at(vmcb_save), %eax
    vmsave %eax
    vmrun %eax
    stgi
    movl $MSR_EFER, %ecx
    rdmsr
    andl $~EFER_SVME, %eax
    wrmsr
    movl $1, at(state + STATE_HIDDEN)
1:
    /* One level-4 table, one level-3, four level-2: 4 GiB. */
    movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    leal at(page_tables), %edi
    xorl %eax, %eax
    movl $2 * PAGE_SIZE / 4, %ecx
    rep stosl
    leal at(page_tables), %edi
    leal PAGE_SIZE + TABLE_ENTRY(%edi), %eax
    movl %eax, (%edi)
    xorl %ecx, %ecx
1:  addl $PAGE_SIZE, %eax
    movl %eax, PAGE_SIZE(%edi, %ecx, 8)
    incl %ecx
    cmpl $4, %ecx
    jb 1b
    movl $LARGE_PAGE_ENTRY, %eax
    xorl %ecx, %ecx
1:  movl %eax, 2 * PAGE_SIZE(%edi, %ecx, 8)
    movl $0, 2 * PAGE_SIZE + 4(%edi, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $LARGE_PAGES, %ecx
    jb 1b
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl %edi, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl %cr0, %eax
    andl $~(CR0_EM | CR0_TS), %eax
    orl $CR0_PG | CR0_PE, %eax
    movl %eax, %cr0

    leal at(own_gdt), %eax
    pushl %eax
    pushw $own_gdt_end - own_gdt - 1
    lgdtl (%esp)
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
    call conformance
1:  cli
    hlt
    jmp 1b
END save32

    .data
    .balign 8
own_gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 64-bit code */
own_gdt_end:

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor looked like when a payload was entered: the entries (entry32.S, entry64.S) fill it before anything
 * is changed, the checks read it. A register that the mode has not is 0.
 */
#ifndef CONFORMANCE_STATE_H
#define CONFORMANCE_STATE_H

#define STATE_RAX      0x00
#define STATE_RCX      0x08
#define STATE_RDX      0x10
#define STATE_RBX      0x18
#define STATE_RSP      0x20
#define STATE_RBP      0x28
#define STATE_RSI      0x30
#define STATE_RDI      0x38
#define STATE_R8       0x40
#define STATE_RFLAGS   0x80
#define STATE_CR0      0x88
#define STATE_CR3      0x90
#define STATE_CR4      0x98
#define STATE_EFER     0xa0
#define STATE_MODE     0xa8
#define STATE_HIDDEN   0xb0
#define STATE_SELECTOR 0xb8
#define STATE_GDTR     0xf8
#define STATE_IDTR     0x108
#define STATE_SIZE     0x118

/* Of a selector: in the order in which a VMCB has them (AMD64 Architecture Programmer's Manual 2, appendix B). */
#define SEGMENT_ES    0
#define SEGMENT_CS    1
#define SEGMENT_SS    2
#define SEGMENT_DS    3
#define SEGMENT_FS    4
#define SEGMENT_GS    5
#define SEGMENT_LDTR  6
#define SEGMENT_TR    7
#define SEGMENT_COUNT 8

#define CR0_PE     0x00000001
#define CR0_EM     0x00000004
#define CR0_TS     0x00000008
#define CR0_ET     0x00000010 /* always 1 */
#define CR0_PG     0x80000000
#define CR4_PAE    0x20
#define CR4_LA57   0x1000
#define MSR_EFER   0xc0000080
#define EFER_LME   0x100
#define EFER_LMA   0x400
#define EFER_NXE   0x800
#define EFER_SVME  0x1000
#define RFLAGS_TF  0x100
#define RFLAGS_IF  0x200
#define RFLAGS_DF  0x400
#define RFLAGS_VM  0x20000
#define PAGE_SIZE  0x1000
#define STACK_SIZE 0x20000 /* under EFI the firmware uses it too */

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed, aligned(2)));

struct entry_state {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags, cr0, cr3, cr4, efer;
    uint64_t mode;   /* 32 or 64: bits */
    uint64_t hidden; /* whether hidden_segments holds what the processor had */
    uint64_t selector[SEGMENT_COUNT];
    struct table_register gdtr;
    uint8_t padding1[6];
    struct table_register idtr;
    uint8_t padding2[6];
};

_Static_assert(offsetof(struct entry_state, r8) == STATE_R8, "state.h");
_Static_assert(offsetof(struct entry_state, rflags) == STATE_RFLAGS, "state.h");
_Static_assert(offsetof(struct entry_state, mode) == STATE_MODE, "state.h");
_Static_assert(offsetof(struct entry_state, selector) == STATE_SELECTOR, "state.h");
_Static_assert(offsetof(struct entry_state, gdtr) == STATE_GDTR, "state.h");
_Static_assert(offsetof(struct entry_state, idtr) == STATE_IDTR, "state.h");
_Static_assert(sizeof(struct entry_state) == STATE_SIZE, "state.h");

/* A segment register's hidden part, as a VMCB has it. */
struct hidden_segment {
    uint16_t selector;
    uint16_t attributes; /* bits 0-3 type, 4 S, 5-6 DPL, 7 P, 8 AVL, 9 L, 10 D/B, 11 G */
    uint32_t limit;      /* bytes */
    uint64_t base;
};

#define SEGMENT_TYPE            0x000f
#define SEGMENT_CODE_OR_DATA    0x0010
#define SEGMENT_PRESENT         0x0080
#define SEGMENT_LONG            0x0200
#define SEGMENT_32BIT           0x0400
#define SEGMENT_TYPE_CODE       0x8
#define SEGMENT_TYPE_WRITE      0x2 /* of data; of code: readable */
#define SEGMENT_TYPE_TSS32_BUSY 0xb

/*
 * AMD64 Architecture Programmer's Manual 2, appendix B: the state save area of a VMCB begins at 0x400 with these, in
 * the order of SEGMENT_*, GDTR and IDTR between.
 */
struct state_save_area {
    uint8_t control[0x400];
    struct hidden_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
};

extern struct entry_state state __attribute__((visibility("hidden")));
extern struct state_save_area host_save __attribute__((visibility("hidden"))); /* ES, CS, SS, DS */
extern struct state_save_area vmcb_save __attribute__((visibility("hidden"))); /* FS, GS, LDTR, TR */

extern uint8_t payload_base[] __attribute__((visibility("hidden"))); /* where the loaded file's first byte lies */
extern uint8_t payload_end[] __attribute__((visibility("hidden")));  /* the first byte behind .bss */
#endif

#endif

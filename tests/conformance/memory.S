/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of every payload: the state (in the file, because it is written first) and, behind it, what is zero. */
#include "tests/conformance/entry.inc"

    .data
    .balign 8
    .globl state
    .hidden state
state:
    .fill STATE_SIZE, 1, 0

    /* What payload.lds.S makes .bss of. Its first page is never used, so that it shows what the loader left there. */
    .section .memory, "aw", @nobits
    .balign PAGE_SIZE
    .globl zeroed, zeroed_end
    .hidden zeroed, zeroed_end
zeroed:
    .skip PAGE_SIZE
zeroed_end:
    .globl host_save, vmcb_save, page_tables, stack_top
    .hidden host_save, vmcb_save, page_tables, stack_top
host_save:
    .skip PAGE_SIZE
vmcb_save:
    .skip PAGE_SIZE
page_tables:
    .skip 6 * PAGE_SIZE
    .skip STACK_SIZE
stack_top:
    .skip 16

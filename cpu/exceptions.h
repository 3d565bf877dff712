/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions: a dump instead of a silent reset. */
#ifndef CPU_EXCEPTIONS_H
#define CPU_EXCEPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define EXCEPTION_IST     1 /* the interrupt stack that exceptions run on, once we have a TSS */
#define EXCEPTION_VECTORS 32

/* What exceptions.S leaves on the stack, lowest address first. */
struct exception_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss; /* pushed by the CPU */
};

_Static_assert(sizeof(struct exception_frame) == 22 * 8, "pushed by exceptions.S and the CPU");

/*
 * Installs the handlers of the 32 exceptions. keep_interrupts: the other vectors, the code segment and the stacks stay
 * those of the firmware that still runs.
 */
void exceptions_start(bool keep_interrupts);

/* Called by exceptions.S. */
void exception_dump(const struct exception_frame *frame) __attribute__((noreturn));

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Control registers and descriptors by name (AMD64 Architecture Programmer's Manual 2, chapters 3 and 4). */
#ifndef CPU_REGISTERS_H
#define CPU_REGISTERS_H

#include <stdint.h>

#define CR0_PE         (1ull << 0)
#define CR0_MP         (1ull << 1)
#define CR0_EM         (1ull << 2)
#define CR0_TS         (1ull << 3)
#define CR0_NE         (1ull << 5)
#define CR0_WP         (1ull << 16)
#define CR0_PG         (1ull << 31)
#define CR4_PAE        (1ull << 5)
#define CR4_OSFXSR     (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_LA57       (1ull << 12)

#define CONTROL_REGISTER(name)                                          \
    static inline uint64_t name##_read(void)                            \
    {                                                                   \
        uint64_t value;                                                 \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value));          \
        return value;                                                   \
    }                                                                   \
    static inline void name##_write(uint64_t value)                     \
    {                                                                   \
        __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
    }

CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

static inline uint64_t cr2_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

/* What LGDT, SGDT, LIDT and SIDT take. */
struct descriptor_table {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

_Static_assert(sizeof(struct descriptor_table) == 10, "descriptor table register");

/* Segment descriptors with a base of 0 and a limit of 4 GiB, accessed, ring 0. */
#define DESCRIPTOR_CODE64 0x00af9b000000ffffull
#define DESCRIPTOR_CODE32 0x00cf9b000000ffffull
#define DESCRIPTOR_DATA   0x00cf93000000ffffull

/* An available 32-bit TSS with a base of 0 and a limit of 0x67. */
#define DESCRIPTOR_TASK32 0x0000890000000067ull

#define SELECTOR_CODE64 0x10
#define SELECTOR_DATA   0x18
#define SELECTOR_TSS    0x20

#endif

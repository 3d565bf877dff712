/* SPDX-License-Identifier: BSD-2-Clause */
/* One known CPU state: descriptor tables, exceptions, control registers, FPU; what the CPU can do; how fast its clock
 * ticks. */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf);

struct cpu {
    bool no_execute;     /* EFER.NXE may be set */
    bool gigabyte_pages; /* 1 GiB pages */
    bool five_levels;    /* CR4.LA57 was on when we were entered, and stays on until the launch */
    uint32_t hypervisor; /* first CPUID leaf of the hypervisor, or 0 */
    bool xen;            /* that hypervisor is Xen */
};

extern struct cpu cpu;

/*
 * Brings the CPU into our state. firmware_alive: EFI boot services still run, so the segments, the control registers
 * and all interrupts stay the firmware's, and only the exceptions become ours.
 */
void cpu_start(bool firmware_alive);

/* Whether it has 5 levels of page tables, on or not. */
bool cpu_has_five_levels(void);

/* Whether we are a guest whose memory the host cannot read (SEV, TDX), so far as CPUID tells. */
bool cpu_is_confidential(void);

/* Gives the firmware its own exception handlers back, before it is called for the last time. */
void cpu_return_exceptions(void);

/* Takes them back, where it was not the last time. */
void cpu_take_exceptions(void);

/* Frequency of the time stamp counter in Hz, 0 if it cannot be told; *source says by what. Measured once, when asked
 * for. */
uint64_t tsc_frequency(const char **source);
uint64_t tsc_hertz(void); /* the same, for who does not ask by what */

/*
 * Lets what comes anyway pass for the measuring, where it has to be measured: what asks within the next 50 ms waits for
 * no more than is left of the first half millisecond. Only where the speaker's timer is the machine's own.
 */
void tsc_begin(void);

/*
 * Called after an exception's dump, with interrupts off, to stop as this machine is best stopped; it does not return.
 * NULL: we halt.
 */
extern void (*cpu_on_exception)(void);

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr));
}

#define MSR_EFER 0xc0000080
#define EFER_NXE (1ull << 11)

#endif

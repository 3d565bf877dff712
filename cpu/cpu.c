/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments, control registers, the FPU, and what the CPU can do; see cpu.h. */
#include "cpu/cpu.h"

#include "common/noinit.h"
#include "common/string.h"
#include "cpu/exceptions.h"
#include "cpu/registers.h"

struct cpu cpu;

#define CPUID_EXTENDED                0x80000001
#define CPUID_EXTENDED_NX             (1u << 20) /* EDX */
#define CPUID_EXTENDED_GIGABYTE_PAGES (1u << 26) /* EDX */
#define CPUID_FEATURES_HYPERVISOR     (1u << 31) /* leaf 1, ECX */
#define CPUID_STRUCTURED              7
#define CPUID_STRUCTURED_LA57         (1u << 16) /* ECX */
#define CPUID_TDX                     0x21
#define CPUID_EXTENDED_LAST           0x80000000
#define CPUID_ENCRYPTION              0x8000001f
#define CPUID_ENCRYPTION_SEV          (1u << 1) /* EAX */
#define HYPERVISOR_FIRST              0x40000000
#define HYPERVISOR_LAST               0x40010000
#define HYPERVISOR_STEP               0x100

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid result;

    __asm__ volatile("cpuid"
                     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                     : "a"(leaf), "c"(subleaf));
    return result;
}

/*
 * A hypervisor's leaves begin at 0x40000000, or at a multiple of 0x100 behind it where it shows another's first (Xen
 * public/arch-x86/cpuid.h).
 */
static void find_hypervisor(void)
{
    if (!(cpuid(1, 0).ecx & CPUID_FEATURES_HYPERVISOR))
        return;
    for (uint32_t base = HYPERVISOR_FIRST; base < HYPERVISOR_LAST; base += HYPERVISOR_STEP) {
        struct cpuid leaf = cpuid(base, 0);
        uint32_t signature[3] = { leaf.ebx, leaf.ecx, leaf.edx };

        if (base == HYPERVISOR_FIRST)
            cpu.hypervisor = base;
        if (leaf.eax < base || leaf.eax > base + 0xff)
            return; /* the leaves end here */
        if (!memcmp(signature, "XenVMMXenVMM", sizeof(signature))) {
            cpu.hypervisor = base;
            cpu.xen = true;
            return;
        }
    }
}

bool cpu_has_five_levels(void)
{
    return cpuid(0, 0).eax >= CPUID_STRUCTURED && cpuid(CPUID_STRUCTURED, 0).ecx & CPUID_STRUCTURED_LA57;
}

/* A guest sees SEV where it is one (AMD APM 3, E.4.17), or where its own guests could be: it is taken for the first. */
bool cpu_is_confidential(void)
{
    struct cpuid leaf;

    if (!(cpuid(1, 0).ecx & CPUID_FEATURES_HYPERVISOR))
        return false;
    if (cpuid(0, 0).eax >= CPUID_TDX) {
        leaf = cpuid(CPUID_TDX, 0);
        const uint32_t signature[3] = { leaf.ebx, leaf.edx, leaf.ecx };

        if (!memcmp(signature, "IntelTDX    ", sizeof(signature)))
            return true;
    }
    return cpuid(CPUID_EXTENDED_LAST, 0).eax >= CPUID_ENCRYPTION &&
           cpuid(CPUID_ENCRYPTION, 0).eax & CPUID_ENCRYPTION_SEV;
}

static uint64_t gdt[6]; /* null, unused, code, data, TSS (two) */

struct task_state {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
} __attribute__((packed));

_Static_assert(sizeof(struct task_state) == 104, "64-bit task state segment");

static struct task_state task_state;
static uint8_t exception_stack[8192] __attribute__((aligned(16))) NOINIT;

static void load_segments(void)
{
    uint64_t base = (uint64_t)&task_state, limit = sizeof(task_state) - 1;
    struct descriptor_table table = { sizeof(gdt) - 1, (uint64_t)gdt };

    task_state.ist[EXCEPTION_IST - 1] = (uint64_t)exception_stack + sizeof(exception_stack);
    task_state.io_map = sizeof(task_state);
    gdt[SELECTOR_CODE64 / 8] = DESCRIPTOR_CODE64;
    gdt[SELECTOR_DATA / 8] = DESCRIPTOR_DATA;
    /* Present, type 9 (available 64-bit TSS); the base is in four parts. */
    gdt[SELECTOR_TSS / 8] = limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[SELECTOR_TSS / 8 + 1] = base >> 32;

    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %2, %%ds\n\t"
                     "mov %2, %%es\n\t"
                     "mov %2, %%ss\n\t"
                     "ltr %3"
                     :
                     : "m"(table), "i"(SELECTOR_CODE64), "r"(SELECTOR_DATA), "r"((uint16_t)SELECTOR_TSS)
                     : "rax", "memory");
}

static void start_fpu(void)
{
    const uint32_t mxcsr = 0x1f80; /* all exceptions masked, round to nearest */

    cr0_write((cr0_read() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE);
    cr4_write(cr4_read() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

void cpu_start(bool firmware_alive)
{
    uint32_t extended = cpuid(CPUID_EXTENDED, 0).edx;

    cpu.no_execute = extended & CPUID_EXTENDED_NX;
    cpu.gigabyte_pages = extended & CPUID_EXTENDED_GIGABYTE_PAGES;
    cpu.five_levels = cr4_read() & CR4_LA57;
    find_hypervisor();
    if (firmware_alive) {
        exceptions_start(true);
        return;
    }
    load_segments();
    exceptions_start(false);
    cr0_write(cr0_read() | CR0_WP);
    cr4_write(CR4_PAE | (cr4_read() & CR4_LA57)); /* PCIDE and the rest off; LA57 changes only with paging off */
    if (cpu.no_execute)
        msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
    start_fpu();
}

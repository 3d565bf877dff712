/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frequency of the time stamp counter: from CPUID where it is told (Intel SDM 3, section 19.7.3; VMware's leaf
 * 0x10, which KVM and others keep too; Xen public/arch-x86/cpuid.h, leaf 4), else measured against the 8254 timer.
 * Measuring takes 2 ms, so nobody pays for it who does not ask. It is done five times, and the median taken: a virtual
 * processor may stand still in the middle of one.
 */
#include "common/io.h"
#include "cpu/cpu.h"

#define CPUID_TSC         0x15
#define CPUID_FREQUENCY   0x16
#define HYPERVISOR_TIMING 0x10 /* EAX: kHz */
#define XEN_TIME          3    /* sub-leaf 0, ECX: kHz */

#define PIT_CHANNEL2          0x42
#define PIT_COMMAND           0x43
#define PIT_CHANNEL2_ONE_SHOT 0xb0 /* channel 2, low then high byte, mode 0 */
#define PIT_GATE              0x61
#define PIT_GATE_ON           0x01
#define PIT_SPEAKER           0x02
#define PIT_OUTPUT            0x20
#define PIT_HZ                1193182ull
#define PIT_TICKS             (PIT_HZ / 2500)
#define MEASUREMENTS          5
/* Reads; each takes about a microsecond on a real machine, and much less in some others. */
#define PIT_PATIENCE 2000000

static uint64_t by_cpuid(const char **source)
{
    uint32_t highest = cpuid(0, 0).eax;

    if (highest >= CPUID_TSC) {
        struct cpuid leaf = cpuid(CPUID_TSC, 0);

        *source = "CPUID 0x15";
        if (leaf.eax && leaf.ebx && leaf.ecx)
            return (uint64_t)leaf.ecx * leaf.ebx / leaf.eax;
    }
    if (cpu.xen) {
        *source = "Xen";
        return (uint64_t)cpuid(cpu.hypervisor + XEN_TIME, 0).ecx * 1000;
    }
    if (cpu.hypervisor && cpuid(cpu.hypervisor, 0).eax >= cpu.hypervisor + HYPERVISOR_TIMING) {
        *source = "hypervisor CPUID";
        return (uint64_t)cpuid(cpu.hypervisor + HYPERVISOR_TIMING, 0).eax * 1000;
    }
    if (!cpu.hypervisor && highest >= CPUID_FREQUENCY) {
        *source = "CPUID 0x16";
        return (uint64_t)(cpuid(CPUID_FREQUENCY, 0).eax & 0xffff) * 1000000;
    }
    return 0;
}

/* 0 where there is no timer. */
static uint64_t measure(void)
{
    uint8_t gate = io_read8(PIT_GATE);
    unsigned reads = 0;

    io_write8(PIT_GATE, (gate & ~PIT_SPEAKER) | PIT_GATE_ON);
    io_write8(PIT_COMMAND, PIT_CHANNEL2_ONE_SHOT);
    io_write8(PIT_CHANNEL2, (uint8_t)PIT_TICKS);
    io_write8(PIT_CHANNEL2, (uint8_t)(PIT_TICKS >> 8));

    uint64_t start = __builtin_ia32_rdtsc();

    while (!(io_read8(PIT_GATE) & PIT_OUTPUT) && reads < PIT_PATIENCE)
        reads++;

    uint64_t end = __builtin_ia32_rdtsc();

    io_write8(PIT_GATE, gate);
    /* Where there is no timer the output is high at once, or never. */
    return reads < 2 || reads == PIT_PATIENCE ? 0 : (end - start) * PIT_HZ / PIT_TICKS;
}

static uint64_t by_pit(void)
{
    uint64_t sorted[MEASUREMENTS];

    for (unsigned i = 0; i < MEASUREMENTS; i++) {
        const uint64_t measured = measure();
        unsigned at = i;

        if (!measured)
            return 0;
        for (; at && sorted[at - 1] > measured; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = measured;
    }
    return sorted[MEASUREMENTS / 2];
}

uint64_t tsc_frequency(const char **source)
{
    static uint64_t frequency;
    static const char *by = "nothing";
    static bool measured;

    if (!measured) {
        measured = true;
        frequency = by_cpuid(&by);
        if (!frequency) {
            by = "8254 timer";
            frequency = by_pit();
        }
        if (!frequency)
            by = "nothing";
    }
    *source = by;
    return frequency;
}

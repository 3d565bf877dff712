/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frequency of the time stamp counter: from CPUID where it is told (Intel SDM 3, section 19.7.3; VMware's leaf
 * 0x10, which KVM and others keep too; Xen public/arch-x86/cpuid.h, leaf 4), else measured against the 8254 timer.
 * Measuring takes 2.5 ms, so nobody pays for it who does not ask.
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
#define PIT_CHANNEL2_LATCH    0x80
#define PIT_GATE              0x61
#define PIT_GATE_ON           0x01
#define PIT_SPEAKER           0x02
#define PIT_OUTPUT            0x20
#define PIT_HZ                1193182ull
#define PIT_TICKS             (PIT_HZ / 2000)
#define PIT_MAX               0xffff /* 55 ms */
#define PIT_ROUNDS            5
/* Reads; each takes about a microsecond on a real machine, and much less in some others. */
#define PIT_PATIENCE 500000

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

/* Starts the count down to 0; returns what the gate was. */
static uint8_t start_timer(uint16_t ticks)
{
    uint8_t gate = io_read8(PIT_GATE);

    io_write8(PIT_GATE, (gate & ~PIT_SPEAKER) | PIT_GATE_ON);
    io_write8(PIT_COMMAND, PIT_CHANNEL2_ONE_SHOT);
    io_write8(PIT_CHANNEL2, (uint8_t)ticks);
    io_write8(PIT_CHANNEL2, (uint8_t)(ticks >> 8));
    return gate;
}

static uint64_t measure(void)
{
    uint8_t gate = start_timer(PIT_TICKS);
    unsigned reads = 0;
    uint64_t start = __builtin_ia32_rdtsc();

    while (!(io_read8(PIT_GATE) & PIT_OUTPUT) && reads < PIT_PATIENCE)
        reads++;

    uint64_t end = __builtin_ia32_rdtsc();

    io_write8(PIT_GATE, gate);
    /* Where there is no timer the output is high at once, or never. */
    return reads < 2 || reads == PIT_PATIENCE ? 0 : (end - start) * PIT_HZ / PIT_TICKS;
}

/*
 * What stops the processor for a while (a busy host, firmware's own interrupts) makes a round too long, seldom too
 * short: the second smallest of a few is one that nothing stopped.
 */
static uint64_t by_pit(void)
{
    uint64_t smallest = UINT64_MAX, second = UINT64_MAX;
    unsigned failed = 0;

    for (unsigned i = 0; i < PIT_ROUNDS; i++) {
        uint64_t frequency = measure();

        if (!frequency) {
            if (failed++)
                return 0;
        } else if (frequency < smallest) {
            second = smallest;
            smallest = frequency;
        } else if (frequency < second) {
            second = frequency;
        }
    }
    return second;
}

/* A count that is under way; started 0: none is. */
static struct {
    uint64_t started; /* ticks of the TSC */
    uint8_t gate;
} count;

void tsc_begin(void)
{
    const char *unused;

    if (count.started || by_cpuid(&unused))
        return;
    count.gate = start_timer(PIT_MAX);
    count.started = __builtin_ia32_rdtsc();
}

/* What of the count is over, at the time stamp *at; 0 where all of it is, or there is no timer. */
static uint16_t counted(uint64_t *at)
{
    uint16_t left;

    *at = __builtin_ia32_rdtsc();
    io_write8(PIT_COMMAND, PIT_CHANNEL2_LATCH);
    left = io_read8(PIT_CHANNEL2);
    left |= (uint16_t)(io_read8(PIT_CHANNEL2) << 8);
    return io_read8(PIT_GATE) & PIT_OUTPUT ? 0 : (uint16_t)(PIT_MAX - left);
}

/* What stopped the processor between the two readings made the frequency too small: the largest of a few is right. */
static uint64_t by_count(void)
{
    uint64_t largest = 0;

    for (unsigned reads = 0, rounds = 0; count.started && reads < PIT_PATIENCE && rounds < PIT_ROUNDS; reads++) {
        uint64_t at, frequency;
        uint16_t ticks = counted(&at);

        if (!ticks && reads)
            break;
        if (ticks < PIT_TICKS)
            continue;
        frequency = (at - count.started) * PIT_HZ / ticks;
        largest = frequency > largest ? frequency : largest;
        rounds++;
    }
    if (count.started)
        io_write8(PIT_GATE, count.gate);
    count.started = 0;
    return largest;
}

uint64_t tsc_hertz(void)
{
    const char *unused;

    return tsc_frequency(&unused);
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
            frequency = by_count();
            if (!frequency)
                frequency = by_pit();
        }
        if (!frequency)
            by = "nothing";
    }
    *source = by;
    return frequency;
}

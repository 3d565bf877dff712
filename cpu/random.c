/* SPDX-License-Identifier: BSD-2-Clause */
/* See random.h. RDRAND and RDSEED: Intel SDM 1, section 7.3.17; they may have nothing to give for a while. */
#include "cpu/random.h"

#include "common/mix.h"
#include "common/string.h"
#include "cpu/cpu.h"

#define CPUID_FEATURES_RDRAND   (1u << 30) /* leaf 1, ECX */
#define CPUID_STRUCTURED        7
#define CPUID_STRUCTURED_RDSEED (1u << 18) /* EBX */
#define TRIES                   10         /* as the manual has it */

static uint64_t mix_rdrand(uint64_t state)
{
    uint64_t value;
    bool given;

    for (unsigned i = 0; i < TRIES; i++) {
        __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(given));
        if (given)
            return mix(state, value);
    }
    return state;
}

static uint64_t mix_rdseed(uint64_t state)
{
    uint64_t value;
    bool given;

    for (unsigned i = 0; i < TRIES; i++) {
        __asm__ volatile("rdseed %0" : "=r"(value), "=@ccc"(given));
        if (given)
            return mix(state, value);
    }
    return state;
}

uint64_t random_number(struct span seed)
{
    static uint64_t state;
    uint64_t word;

    state = mix(state, __builtin_ia32_rdtsc());
    if (cpuid(1, 0).ecx & CPUID_FEATURES_RDRAND)
        state = mix_rdrand(state);
    if (cpuid(0, 0).eax >= CPUID_STRUCTURED && cpuid(CPUID_STRUCTURED, 0).ebx & CPUID_STRUCTURED_RDSEED)
        state = mix_rdseed(state);
    for (; seed.size >= sizeof(word); seed.data += sizeof(word), seed.size -= sizeof(word)) {
        memcpy(&word, seed.data, sizeof(word));
        state = mix(state, word);
    }
    return state = mix(state, __builtin_ia32_rdtsc());
}

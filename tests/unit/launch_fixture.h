/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What launch.c needs around it, and real memory at addresses below 4 GiB, as a machine has it: for tests of handoff/
 * that write where a memory map says. For one .c file of a test.
 */
#ifndef TESTS_UNIT_LAUNCH_FIXTURE_H
#define TESTS_UNIT_LAUNCH_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu/cpu.h"
#include "handoff/launch.h"
#include "handoff/trampoline.h"
#include "pagetables/pagetables.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

/* Below the address sanitizer's shadow and below 1 GiB, where parameters go, and where nothing else is put. */
#define REAL_START 0x3c000000ull
#define REAL_END   0x3e000000ull

struct cpu cpu;

static bool reachable;

bool identity_reach(uint64_t start, uint64_t size)
{
    (void)start;
    (void)size;
    return reachable;
}

/* launch_jump's; nothing jumps here. */
void cpu_return_exceptions(void) {}

extern const uint8_t trampoline_start[], trampoline_end[], image_base[], image_end[];

__asm__(".pushsection .rodata\n"
        ".globl trampoline_start, trampoline_end, image_base, image_end\n"
        "trampoline_start: .ascii \"the trampoline's code\"\n"
        "trampoline_end:\n"
        "image_base: .skip 64\n"
        "image_end:\n"
        ".popsection\n");

static inline uint8_t *real(uint64_t address)
{
    return (uint8_t *)address;
}

/* A cmocka group setup; later calls give the same memory, cleared. */
static inline int fixture_memory(void **state)
{
    void *start = (void *)REAL_START;

    (void)state;
    munmap(start, REAL_END - REAL_START);
    cpu = (struct cpu){ 0 };
    reachable = true;
    return mmap(start, REAL_END - REAL_START, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                -1, 0) == start
               ? 0
               : -1;
}

/* A member of the trampoline's table, by its offset. */
static inline uint64_t fixture_table(const struct launch *launch, uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, real(launch->trampoline) + TRAMPOLINE_TABLE + offset, size);
    return value;
}

/* What launch.S does with its table. */
static inline void fixture_run_copies(const struct launch *launch)
{
    for (uint64_t i = 0; i < fixture_table(launch, TABLE_COUNT, 8); i++) {
        const uint64_t copy = TABLE_COPIES + i * COPY_SIZE;
        uint8_t *destination = real(fixture_table(launch, copy + COPY_DESTINATION, 8));
        const uint64_t size = fixture_table(launch, copy + COPY_FILE_SIZE, 8);

        memmove(destination, real(fixture_table(launch, copy + COPY_SOURCE, 8)), size);
        memset(destination + size, 0, fixture_table(launch, copy + COPY_ZERO_SIZE, 8));
    }
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/stamp.h"

#include "common/io.h"

#define MARK_FIRST 0x20

/* Of qemu-boot-time (benchmark.h): a port, and the number by which its perf script knows the way into the kernel. */
#define LINUX_EXIT_PORT  0xf4
#define LINUX_START_BOOT 3

struct stamps stamps;
static uint16_t mark_port;

const char *phase_name(enum phase phase)
{
    static const char names[PHASE_COUNT][12] = { "door",     "cpu",    "pagetables", "normalised", "devices",
                                                 "selected", "loaded", "unpacked",   "exit" };

    return phase < PHASE_COUNT ? names[phase] : "?";
}

void stamp(enum phase phase)
{
    stamps.ticks[phase] = __builtin_ia32_rdtsc();
    if (!mark_port)
        return;
    io_write8(mark_port, (uint8_t)(MARK_FIRST + phase));
    if (mark_port == LINUX_EXIT_PORT && phase == PHASE_EXIT)
        io_write8(mark_port, LINUX_START_BOOT);
}

void stamp_door(uint64_t ticks)
{
    stamps.ticks[PHASE_DOOR] = ticks;
}

void stamp_mark(uint16_t port)
{
    mark_port = port;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug port 0xe9 of Bochs, QEMU and Xen: it only prints. */
#include "common/console.h"

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"

#define DEBUGCON 0xe9

static bool debugcon_start(struct span options, bool forced)
{
    /* A read gives the port's own number where the device is (Bochs; QEMU docs, -debugcon). Xen answers no reads. */
    return !options.size && (forced || io_read8(DEBUGCON) == DEBUGCON);
}

static void debugcon_write(char byte)
{
    io_write8(DEBUGCON, (uint8_t)byte);
}

const struct console console_debugcon = { "debugcon", debugcon_start, debugcon_write, NULL, NULL, NULL, NULL };

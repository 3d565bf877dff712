/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bzImage built field by field (boot.rst, "The Real-Mode Kernel Header"): sound in itself, for a test to break in one
 * place.
 *
 *   0x000  boot sector, with "MZ" where a test wants a PE header
 *   0x1f1  setup header, as long as its protocol version says
 *          the rest of setup_sects sectors
 *          the protected-mode part, each byte one of its offset
 */
#ifndef TESTS_UNIT_SYNTHETIC_KERNEL_H
#define TESTS_UNIT_SYNTHETIC_KERNEL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/span.h"
#include "handoff/linux.h"

#define KERNEL_MAX        0x10000 /* bytes of buffer, so that something may follow the kernel */
#define KERNEL_SECTORS    3       /* of setup code */
#define KERNEL_CODE       ((KERNEL_SECTORS + 1) * 512)
#define KERNEL_CODE_SIZE  0x1230
#define KERNEL_SIZE       (KERNEL_CODE + KERNEL_CODE_SIZE)
#define KERNEL_PREFERRED  0x1000000
#define KERNEL_ALIGNMENT  0x200000
#define KERNEL_INIT_SIZE  0x300000
#define KERNEL_HEADER_END 0x201 /* offset of the byte that says where the header ends, counted from 0x202 */

struct synthetic_kernel {
    uint8_t bytes[KERNEL_MAX];
    struct setup_header header; /* written into bytes by synthetic_file */
    uint8_t header_end;         /* likewise, to KERNEL_HEADER_END */
};

/* How far the header of a protocol version goes, as the byte at KERNEL_HEADER_END says it. */
static inline uint8_t synthetic_header_end(uint16_t version)
{
    static const struct {
        uint16_t version;
        uint16_t end; /* offset in the file */
    } ends[] = { { 0x0205, 0x238 }, { 0x0206, 0x23c }, { 0x0207, 0x248 }, { 0x0208, 0x250 },
                 { 0x0209, 0x258 }, { 0x020a, 0x264 }, { 0x020b, 0x268 }, { 0x020f, 0x26c } };
    uint16_t end = ends[0].end;

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        if (version >= ends[i].version)
            end = ends[i].end;
    }
    return (uint8_t)(end - 0x202);
}

static inline void synthetic_start(struct synthetic_kernel *kernel, uint16_t version)
{
    memset(kernel, 0, sizeof(*kernel));
    for (size_t i = 0; i < KERNEL_CODE_SIZE; i++)
        kernel->bytes[KERNEL_CODE + i] = (uint8_t)i;
    kernel->header_end = synthetic_header_end(version);
    kernel->header = (struct setup_header){
        .setup_sects = KERNEL_SECTORS,
        .syssize = KERNEL_CODE_SIZE / 16,
        .boot_flag = 0xaa55,
        .header = 0x53726448,
        .version = version,
        .loadflags = LOADED_HIGH,
        .code32_start = 0x100000,
        .initrd_addr_max = 0x7fffffff,
        .kernel_alignment = KERNEL_ALIGNMENT,
        .relocatable_kernel = 1,
        .min_alignment = 21,
        .xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G,
        .cmdline_size = 2047,
        .payload_offset = 0x100,
        .payload_length = 0x1000,
        .pref_address = KERNEL_PREFERRED,
        .init_size = KERNEL_INIT_SIZE,
    };
    kernel->bytes[0x1ef] = 0xff; /* the sentinel, which must not get into boot_params */
}

/* The first `size` bytes of the file. What the version's header does not reach is 0xee. */
static inline struct span synthetic_file(struct synthetic_kernel *kernel, uint64_t size)
{
    uint64_t length = 0x202 - LINUX_SETUP_OFFSET + kernel->header_end;

    memset(kernel->bytes + LINUX_SETUP_OFFSET, 0xee, KERNEL_CODE - LINUX_SETUP_OFFSET);
    memcpy(kernel->bytes + LINUX_SETUP_OFFSET, &kernel->header,
           length < sizeof(kernel->header) ? length : sizeof(kernel->header));
    kernel->bytes[KERNEL_HEADER_END] = kernel->header_end;
    return (struct span){ kernel->bytes, size };
}

#endif

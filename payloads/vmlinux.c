/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An uncompressed kernel; see vmlinux.h. It has startup_64 of arch/x86/kernel/head_64.S at its e_entry, which wants
 * what the 64-bit boot protocol promises (boot.rst, "64-bit Boot Protocol") and struct boot_params, but has no setup
 * header to put there: that was made for its bzImage by arch/x86/boot/header.S. So one is made up, with what the kernel
 * itself reads of it. Pure: compiled natively for tests.
 */
#include "payloads/vmlinux.h"

#include <elf.h>
#include <stddef.h>

#define BOOT_FLAG        0xaa55
#define HEADER_MAGIC     0x53726448 /* "HdrS" */
#define JUMP_SHORT       0xeb
#define JUMP_END         0x202 /* boot.rst: the header ends at this + the jump's second byte */
#define VERSION          0x020f
#define KERNEL_ALIGNMENT 0x1000000 /* CONFIG_PHYSICAL_ALIGN at most; nothing is aligned by it */
#define INITRD_LAST      0x7fffffff
#define COMMAND_LINE_MAX 2047 /* arch/x86/include/asm/setup.h: COMMAND_LINE_SIZE, less the NUL */

static const struct setup_header setup_header = {
    .boot_flag = BOOT_FLAG,
    .jump = JUMP_SHORT | (LINUX_SETUP_OFFSET + sizeof(setup_header) - JUMP_END) << 8,
    .header = HEADER_MAGIC,
    .version = VERSION,
    .loadflags = LOADED_HIGH,
    .initrd_addr_max = INITRD_LAST,
    .kernel_alignment = KERNEL_ALIGNMENT,
    .xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G,
    .cmdline_size = COMMAND_LINE_MAX,
};

_Static_assert(sizeof(setup_header) <= LINUX_SETUP_MAX, "boot.rst");

bool vmlinux_parse(const struct elf *elf, struct linux_kernel *kernel, struct failure *failure)
{
    *kernel = (struct linux_kernel){ 0 };
    if (!elf->is_linux)
        return fail(failure, "kernel", "none of its notes says that it is Linux");
    if (!elf->is_64 || elf->machine != EM_X86_64)
        return fail(failure, "kernel", "it is a 32-bit Linux ELF: that can be started only as a bzImage or by PVH");
    if (!program_holds(&elf->program, elf->entry_physical))
        return fail(failure, "kernel", "its entry, 0x%lx, is outside what is loaded", elf->entry_physical);
    *kernel = (struct linux_kernel){
        .setup = { (const uint8_t *)&setup_header, sizeof(setup_header) },
        .program = &elf->program,
        .entry = elf->entry_physical,
        .version = VERSION,
        .has_64bit_entry = true,
        .above_4g = true,
        .preferred = elf->program.start,
        .alignment = KERNEL_ALIGNMENT,
        .minimum_alignment = KERNEL_ALIGNMENT,
        .init_size = elf->program.end - elf->program.start,
        .initrd_last = INITRD_LAST,
        .command_line_max = COMMAND_LINE_MAX,
    };
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux, entered in 32 or 64 bits: Documentation/arch/x86/boot.rst, "32-bit Boot Protocol" and "64-bit Boot Protocol",
 * and zero-page.rst. This file has the processor and what is mapped; check_boot_params.c has struct boot_params.
 */
#include <asm/bootparam.h>

#include "tests/conformance/check_boot_params.h"
#include "tests/conformance/check_linux.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

#define BOOT_CS 0x10 /* __BOOT_CS, __BOOT_DS */
#define BOOT_DS 0x18

static void check_descriptor(const char *clause, uint64_t selector, unsigned type, unsigned size)
{
    struct hidden_segment segment;

    if (!descriptor_read(selector, &segment)) {
        check(false, clause, "the GDT, 0x%x bytes at 0x%lx, has no such descriptor", state.gdtr.limit + 1,
              state.gdtr.base);
        return;
    }
    unsigned kind = SEGMENT_TYPE_CODE | SEGMENT_TYPE_WRITE;
    unsigned wanted = type | SEGMENT_CODE_OR_DATA | SEGMENT_PRESENT | size;
    unsigned mask = kind | SEGMENT_CODE_OR_DATA | SEGMENT_PRESENT | (size ? SEGMENT_LONG | SEGMENT_32BIT : 0);

    check((segment.attributes & mask) == wanted && segment.base == 0 && segment.limit == 0xffffffff, clause,
          "descriptor: base 0x%lx, limit 0x%x, attributes 0x%x; shall be flat, 4 GiB", segment.base, segment.limit,
          segment.attributes);
}

static void check_selectors(bool long_mode)
{
    check_register("cs", state.selector[SEGMENT_CS], BOOT_CS);
    check_register("ds", state.selector[SEGMENT_DS], BOOT_DS);
    check_register("es", state.selector[SEGMENT_ES], BOOT_DS);
    check_register("ss", state.selector[SEGMENT_SS], BOOT_DS);
    check_descriptor("gdt-cs", BOOT_CS, SEGMENT_TYPE_CODE | SEGMENT_TYPE_WRITE,
                     long_mode ? SEGMENT_LONG : SEGMENT_32BIT);
    /* In 64-bit mode nobody looks at its size. */
    check_descriptor("gdt-ds", BOOT_DS, SEGMENT_TYPE_WRITE, long_mode ? 0 : SEGMENT_32BIT);
}

static void check_mapping(const char *clause, uint64_t address, uint64_t size, bool code)
{
    bool writable, executable;
    enum mapping mapping = tables_look_up(address, size, &writable, &executable);

    check(mapping == MAPPING_IDENTITY && writable && (executable || !code), clause,
          "0x%lx bytes at 0x%lx are mapped %s, %s, %s", size, address,
          mapping == MAPPING_IDENTITY    ? "to themselves"
          : mapping == MAPPING_ELSEWHERE ? "elsewhere"
                                         : "nowhere, or not all",
          writable ? "writable" : "not writable", executable ? "executable" : "not executable");
}

static void check_64bit(const struct boot_params *params)
{
    uint64_t size = params->hdr.ramdisk_size | (uint64_t)params->ext_ramdisk_size << 32;

    check((state.cr0 & CR0_PG) && (state.efer & EFER_LMA), "paging", "CR0 is 0x%lx, EFER 0x%lx, shall be 64-bit mode",
          state.cr0, state.efer);
    check(!(state.cr4 & CR4_LA57), "levels", "CR4 is 0x%lx, shall have no 5 levels: xloadflags has no XLF_5LEVEL",
          state.cr4);
    check_mapping("map-kernel", (uintptr_t)payload_base, LINUX_INIT_SIZE, true);
    check_mapping("map-params", (uintptr_t)params, sizeof(*params), false);
    check_mapping("map-cmdline", boot_params_command_line(params), LINUX_COMMAND_LINE_MAX + 1, false);
    if (size)
        check_mapping("map-initrd", boot_params_ramdisk(params), size, false);
    else
        skip("map-initrd", "there is none");
}

static void check_32bit(void)
{
    check((state.cr0 & (CR0_PE | CR0_PG)) == CR0_PE, "paging", "CR0 is 0x%lx, shall have PE and no PG", state.cr0);
    check(!(state.efer & EFER_LMA), "long-mode", "EFER is 0x%lx, shall have no LMA", state.efer);
    check_register("ebx", state.rbx, 0);
    check_register("ebp", state.rbp, 0);
    check_register("edi", state.rdi, 0);
}

uint64_t check_payload(void)
{
    const struct boot_params *params = (const struct boot_params *)state.rsi;
    bool long_mode = state.mode == 64;

    if (long_mode)
        tables_take_over();
    report_begin(long_mode ? "linux64" : "linux32");
    tables_reach(state.rsi, sizeof(*params));
    check_boot_params(params);
    check_selectors(long_mode);
    check_flags_clear(RFLAGS_IF);
    check_a20();
    if (long_mode)
        check_64bit(params);
    else
        check_32bit();
    return REPORT_HALT;
}

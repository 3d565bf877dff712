/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot2 specification 2.0, section 3.3, "I386 machine state". */
#include "tests/conformance/check_multiboot2.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

void check_multiboot2_processor(void)
{
    check_flat_segments(1u << SEGMENT_CS | 1u << SEGMENT_DS | 1u << SEGMENT_ES | 1u << SEGMENT_FS | 1u << SEGMENT_GS |
                        1u << SEGMENT_SS);
    check((state.cr0 & (CR0_PE | CR0_PG)) == CR0_PE, "cr0", "is 0x%lx, shall have PE and no PG", state.cr0);
    check_flags_clear(RFLAGS_VM | RFLAGS_IF);
    check_a20();
    /* The text knows no long mode; a payload that turns paging on expects none. */
    check(!(state.efer & EFER_LME), "efer", "is 0x%lx, shall have no LME", state.efer);
}

bool check_multiboot2_firmware(void)
{
    check(!multiboot2_next(NULL, MULTIBOOT2_TAG_EFI_BOOT_SERVICES), "boot-services",
          "tag 18 is %s; without header tag 7 boot services shall have ended",
          multiboot2_next(NULL, MULTIBOOT2_TAG_EFI_BOOT_SERVICES) ? "there" : "not there");
    return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PVH: Xen docs/misc/pvh.pandoc ("x86/HVM direct boot ABI") for the processor, public/arch-x86/hvm/start_info.h for
 * what EBX points to.
 */
#include <stdint.h>
#include <xen/arch-x86/hvm/start_info.h>

#include "common/string.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

#define VERSION       1
#define TSS_LIMIT     0x67
#define TSS_BUSY      0x2 /* of its type */
#define TEXT_MAX      65536
#define MODULES_MAX   64
#define FLAGS_DEFINED 0x0000ff1f /* SIF_*, public/xen.h */
#define LOW_END       (1ull << 32)

/* "tr: must be a 32-bit TSS (active) with a base of '0' and a limit of '0x67'" */
static void check_task_register(void)
{
    struct hidden_segment tr = vmcb_save.tr, entry = { .selector = 0 };
    bool listed = descriptor_read(state.selector[SEGMENT_TR], &entry);

    if (!state.hidden && !listed) {
        skip("tr", "selector 0x%lx: the hidden part cannot be seen on this processor", state.selector[SEGMENT_TR]);
        return;
    }
    /* LTR marks the TSS in the GDT; QEMU's keeps the hidden part as it was before. */
    if (!state.hidden)
        tr = entry;
    else if (listed && tr.attributes == (entry.attributes & ~TSS_BUSY))
        tr.attributes = entry.attributes;
    check((tr.attributes & (SEGMENT_TYPE | SEGMENT_CODE_OR_DATA | SEGMENT_PRESENT)) ==
                  (SEGMENT_TYPE_TSS32_BUSY | SEGMENT_PRESENT) &&
              tr.base == 0 && tr.limit == TSS_LIMIT,
          "tr", "base 0x%lx, limit 0x%x, attributes 0x%x; shall be 0, 0x%x, a 32-bit TSS that is active", tr.base,
          tr.limit, tr.attributes, TSS_LIMIT);
}

static void check_processor(void)
{
    check((state.cr0 & ~(uint64_t)CR0_ET) == CR0_PE, "cr0",
          "is 0x%lx, shall have PE and of what can be written nothing else", state.cr0);
    check_register("cr4", state.cr4, 0);
    check_flat_segments(1u << SEGMENT_CS | 1u << SEGMENT_DS | 1u << SEGMENT_ES | 1u << SEGMENT_SS);
    check_task_register();
    check_flags_clear(RFLAGS_VM | RFLAGS_IF | RFLAGS_TF);
    /* Not in the text, which says "32-bit" and means that paging may be turned on without more. */
    check(!(state.efer & EFER_LME), "efer", "is 0x%lx, shall have no LME", state.efer);
    check_a20();
}

static void check_text_at(const char *name, uint64_t address)
{
    if (address && tables_reach(address, TEXT_MAX))
        object_add(name, address, strnlen((const char *)address, TEXT_MAX) + 1);
}

static void check_modules(const struct hvm_start_info *info)
{
    const struct hvm_modlist_entry *module = (const struct hvm_modlist_entry *)info->modlist_paddr;
    uint32_t count = info->nr_modules, reserved = 0;

    check(!count || (info->modlist_paddr && count <= MODULES_MAX), "modlist", "%u modules, listed at 0x%lx", count,
          info->modlist_paddr);
    if (count > MODULES_MAX || !tables_reach(info->modlist_paddr, count * sizeof(*module)))
        count = 0;
    object_add("the list of modules", info->modlist_paddr, count * sizeof(*module));
    modules_begin();
    strings_begin();
    for (uint32_t i = 0; i < count; i++) {
        reserved += module[i].reserved != 0;
        modules_one(module[i].paddr, module[i].size);
        object_add("a module", module[i].paddr, module[i].size);
        check_text_at("a module's string", module[i].cmdline_paddr);
        if (module[i].cmdline_paddr)
            strings_one((const char *)module[i].cmdline_paddr, TEXT_MAX);
    }
    strings_end();
    modules_end();
    check(!reserved, "modlist-reserved", "%u of %u modules have a reserved field that is not 0", reserved, count);
}

static void check_memory_map(const struct hvm_start_info *info)
{
    const struct hvm_memmap_table_entry *entry = (const struct hvm_memmap_table_entry *)info->memmap_paddr;
    uint32_t count = info->memmap_entries, reserved = 0, types = 0;

    /* Linux copies it into its table of 128, unchecked (arch/x86/platform/pvh/enlighten.c). */
    check(info->memmap_paddr && count > 0 && count <= 128, "memmap", "%u entries at 0x%lx, shall be 1 to 128", count,
          info->memmap_paddr);
    if (!info->memmap_paddr || count > 128 || !tables_reach(info->memmap_paddr, count * sizeof(*entry)))
        count = 0;
    object_add("the memory map", info->memmap_paddr, count * sizeof(*entry));
    for (uint32_t i = 0; i < count; i++) {
        region_add(entry[i].addr, entry[i].size, entry[i].type == XEN_HVM_MEMMAP_TYPE_RAM);
        reserved += entry[i].reserved != 0;
        types += entry[i].type < XEN_HVM_MEMMAP_TYPE_RAM || entry[i].type > XEN_HVM_MEMMAP_TYPE_PMEM;
    }
    check(!reserved, "memmap-reserved", "%u of %u entries have a reserved field that is not 0", reserved, count);
    check(!types, "memmap-types", "%u of %u entries have a type that is none", types, count);
    check_map();
}

#ifdef PVH_RELOCATABLE
/* public/elfnote.h, XEN_ELFNOTE_PHYS32_RELOC: alignment, lowest and highest address. */
static void check_place(void)
{
    uint64_t base = (uintptr_t)payload_base, end = (uintptr_t)payload_end;

    check(base % PVH_ALIGNMENT == 0 && base >= PVH_MINIMUM && end - 1 <= PVH_MAXIMUM, "reloc",
          "we are at 0x%lx to 0x%lx, shall be within 0x%x to 0x%x, aligned to 0x%x", base, end - 1, PVH_MINIMUM,
          PVH_MAXIMUM, PVH_ALIGNMENT);
}
#else
static void check_place(void)
{
    check((uintptr_t)payload_base == CONFORMANCE_BASE, "place", "we are at 0x%lx, are linked to 0x%x",
          (uint64_t)(uintptr_t)payload_base, CONFORMANCE_BASE);
}
#endif

uint64_t check_payload(void)
{
    const struct hvm_start_info *info = (const struct hvm_start_info *)state.rbx;

    report_begin("pvh");
    check(info->magic == XEN_HVM_START_MAGIC_VALUE, "magic", "is 0x%x, shall be 0x%x", info->magic,
          XEN_HVM_START_MAGIC_VALUE);
    check(info->cmdline_paddr != 0, "cmdline", "cmdline_paddr is 0x%lx", info->cmdline_paddr);
    if (info->cmdline_paddr && tables_reach(info->cmdline_paddr, TEXT_MAX))
        check_command_line((const char *)info->cmdline_paddr, TEXT_MAX);
    check_text_at("the command line", info->cmdline_paddr);
    check_processor();
    check_whole();
    check_bss();
    check_place();
    check(info->version == VERSION, "version", "is %u, shall be %u", info->version, VERSION);
    check(!(info->flags & ~FLAGS_DEFINED), "flags", "are 0x%x, of which 0x%x have a meaning", info->flags,
          FLAGS_DEFINED);
    check(info->reserved == 0, "reserved", "is 0x%x, shall be 0", info->reserved);
    check_memory_map(info);
    check_modules(info);
    check(info->rsdp_paddr && tables_reach(info->rsdp_paddr, PAGE_SIZE) && rsdp_is_sound((void *)info->rsdp_paddr),
          "rsdp", "at 0x%lx, with its signature and checksum, or not", info->rsdp_paddr);
    check(info->modlist_paddr < LOW_END && info->cmdline_paddr < LOW_END && info->rsdp_paddr < LOW_END &&
              info->memmap_paddr < LOW_END,
          "low", "module list 0x%lx, command line 0x%lx, RSDP 0x%lx, memory map 0x%lx; shall be below 4 GiB",
          info->modlist_paddr, info->cmdline_paddr, info->rsdp_paddr, info->memmap_paddr);
    object_add("start_info", state.rbx, sizeof(*info));
    object_add("the kernel", (uintptr_t)payload_base, (uint64_t)(payload_end - payload_base));
    check_objects();
    return REPORT_HALT;
}

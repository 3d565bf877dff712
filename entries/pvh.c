/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading struct hvm_start_info: Xen public/arch-x86/hvm/start_info.h, "C representation of the x86/HVM start info
 * layout". Addresses of 0 mean absent. Version 0 has no memory map; versions after 1 only add fields. All of it lies in
 * RAM that the map calls free, and is aligned to nothing (QEMU's microvm has its modules at 0x7b7c), so it is copied.
 */
#include <stddef.h>
#include <stdint.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "common/checked.h"
#include "common/layout.h"
#include "common/string.h"
#include "entries/normalise.h"

#define VERSION_0_SIZE offsetof(struct hvm_start_info, memmap_paddr)

_Static_assert(sizeof(struct hvm_start_info) == 56, "start_info.h");
_Static_assert(VERSION_0_SIZE == 40, "start_info.h");
_Static_assert(sizeof(struct hvm_modlist_entry) == 32, "start_info.h");
_Static_assert(sizeof(struct hvm_memmap_table_entry) == 24, "start_info.h");

static bool read_modules(struct handoff *handoff, const struct physical *physical, const struct hvm_start_info *info,
                         struct failure *failure)
{
    const uint8_t *list;

    if (!info->nr_modules)
        return true;
    if (info->nr_modules > HANDOFF_MODULES_MAX)
        return fail(failure, "start_info", "%u modules are more than %u", info->nr_modules, HANDOFF_MODULES_MAX);
    list = physical_view(physical, info->modlist_paddr, info->nr_modules * sizeof(struct hvm_modlist_entry));
    if (!info->modlist_paddr || !list)
        return fail(failure, "start_info", "%u modules, but no list at 0x%lx", info->nr_modules, info->modlist_paddr);
    for (uint32_t i = 0; i < info->nr_modules; i++) {
        struct hvm_modlist_entry module;
        const char *string = "";
        int64_t length = 0;

        memcpy(&module, list + i * sizeof(module), sizeof(module));
        if (module.cmdline_paddr)
            length = physical_text(physical, module.cmdline_paddr, LAYOUT_COMMAND_LINE_MAX + 1, &string);
        if (length < 0)
            return fail(failure, "start_info", "the string of module %u does not end", i);
        if (!handoff_add_module(handoff, module.paddr, module.size, string, (uint64_t)length, failure))
            return false;
    }
    return true;
}

static bool read_map(struct handoff *handoff, const struct physical *physical, const struct hvm_start_info *info,
                     struct failure *failure)
{
    const uint8_t *table;

    if (!info->version || !info->memmap_paddr)
        return true;
    if (info->memmap_entries > MAP_MAX)
        return fail(failure, "start_info", "%u memory map entries are more than %u", info->memmap_entries, MAP_MAX);
    table = physical_view(physical, info->memmap_paddr, info->memmap_entries * sizeof(struct hvm_memmap_table_entry));
    if (!table)
        return fail(failure, "start_info", "the memory map at 0x%lx is out of our reach", info->memmap_paddr);
    for (uint32_t i = 0; i < info->memmap_entries; i++) {
        struct hvm_memmap_table_entry entry;

        memcpy(&entry, table + i * sizeof(entry), sizeof(entry));
        if (!map_add(&handoff->map, entry.addr, entry.size, map_type_from_e820(entry.type), 0, failure))
            return false;
    }
    return true;
}

bool pvh_normalise(struct handoff *handoff, const struct physical *physical, uint64_t address, struct failure *failure)
{
    struct hvm_start_info info = { 0 };
    const void *given = physical_view(physical, address, VERSION_0_SIZE);

    if (given)
        memcpy(&info, given, VERSION_0_SIZE);
    if (info.magic != XEN_HVM_START_MAGIC_VALUE)
        return fail(failure, "start_info", "there is none at 0x%lx", address);
    if (info.version > 0) {
        given = physical_view(physical, address, sizeof(info));
        if (!given)
            return fail(failure, "start_info", "it is cut short");
        memcpy(&info, given, sizeof(info));
    }

    if (info.cmdline_paddr && !handoff_copy_text(handoff, physical, info.cmdline_paddr, LAYOUT_COMMAND_LINE_MAX + 1,
                                                 "command line", &handoff->command_line, failure))
        return false;
    if (info.rsdp_paddr)
        handoff->rsdp = (struct known_address){ true, info.rsdp_paddr };
    return read_modules(handoff, physical, &info, failure) && read_map(handoff, physical, &info, failure);
}

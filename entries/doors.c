/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of doors; see doors.h. A protocol is its normaliser and a row here. */
#include "entries/doors.h"

#include "common/layout.h"
#include "common/string.h"
#include "cpu/cpu.h"
#include "entries/assembler.h"
#include "entries/normalise.h"
#include "firmware/acpi.h"
#include "firmware/efi.h"
#include "firmware/efi_tables.h"
#include "firmware/xen.h"

/* Left by the stub. */
extern uint64_t efi_handover_boot_params;

_Static_assert((int)DOOR_PVH == DOOR_NUMBER_PVH && (int)DOOR_EFI == DOOR_NUMBER_EFI, "assembler.h");
_Static_assert((int)DOOR_MULTIBOOT2 == DOOR_NUMBER_MULTIBOOT2, "assembler.h");
_Static_assert((int)DOOR_MULTIBOOT2_EFI == DOOR_NUMBER_MULTIBOOT2_EFI, "assembler.h");
_Static_assert((int)DOOR_LINUX16 == DOOR_NUMBER_LINUX16 && (int)DOOR_LINUX32 == DOOR_NUMBER_LINUX32, "assembler.h");
_Static_assert((int)DOOR_LINUX64 == DOOR_NUMBER_LINUX64, "assembler.h");
_Static_assert((int)DOOR_EFI_HANDOVER == DOOR_NUMBER_EFI_HANDOVER, "assembler.h");

static bool enter_pvh(struct handoff *handoff, const struct physical *memory, const struct given *given,
                      struct failure *failure)
{
    if (!pvh_normalise(handoff, memory, given->first, failure))
        return false;
    return handoff->map.count || !cpu.xen || xen_memory_map(&handoff->map, failure); /* start_info version 0 has none */
}

static bool enter_efi(struct handoff *handoff, const struct physical *memory, const struct given *given,
                      struct failure *failure)
{
    efi_attach(given->first, given->second);
    if (!efi_read_initrd(handoff, failure) || !efi_gather(handoff, memory, failure))
        return false;
    efi_read_options(handoff);
    return true;
}

static bool enter_multiboot2(struct handoff *handoff, const struct physical *memory, const struct given *given,
                             struct failure *failure)
{
    return multiboot2_normalise(handoff, memory, given->first, failure);
}

static bool enter_multiboot2_efi(struct handoff *handoff, const struct physical *memory, const struct given *given,
                                 struct failure *failure)
{
    if (!multiboot2_normalise(handoff, memory, given->first, failure))
        return false;
    if (!handoff->efi.boot_services || !handoff->efi.present || !handoff->efi.image_handle.present)
        return fail(failure, "multiboot2", "the EFI entry, but no boot services, system table or image handle");
    efi_attach(handoff->efi.image_handle.address, handoff->efi.system_table);
    return efi_gather(handoff, memory, failure);
}

static bool enter_linux(struct handoff *handoff, const struct physical *memory, const struct given *given,
                        struct failure *failure)
{
    if (!linux_normalise(handoff, memory, given->first, true, failure))
        return false;
    if (handoff->efi.present)
        efi_read_tables(handoff, memory);
    return true;
}

static bool enter_efi_handover(struct handoff *handoff, const struct physical *memory, const struct given *given,
                               struct failure *failure)
{
    efi_attach(given->first, given->second);
    return linux_normalise(handoff, memory, efi_handover_boot_params, false, failure) &&
           efi_gather(handoff, memory, failure);
}

static const struct door_row {
    bool (*enter)(struct handoff *handoff, const struct physical *memory, const struct given *given,
                  struct failure *failure);
    bool firmware_alive;
    const char *consoles;
} doors[DOOR_COUNT] = {
    [DOOR_PVH] = { enter_pvh, false, "debugcon com1" },
    [DOOR_EFI] = { enter_efi, true, "efi" },
    [DOOR_MULTIBOOT2] = { enter_multiboot2, false, "debugcon com1 vga" },
    [DOOR_MULTIBOOT2_EFI] = { enter_multiboot2_efi, true, "efi" },
    [DOOR_LINUX16] = { enter_linux, false, "debugcon com1 vga" },
    [DOOR_LINUX32] = { enter_linux, false, "debugcon com1 vga" },
    [DOOR_LINUX64] = { enter_linux, false, "debugcon com1" },
    [DOOR_EFI_HANDOVER] = { enter_efi_handover, true, "efi" },
};

bool door_firmware_alive(enum door door)
{
    return doors[door].firmware_alive;
}

const char *door_consoles(enum door door)
{
    return doors[door].consoles;
}

/*
 * A multiboot2 loader gives a copy of the RSDP and some Linux loaders give nothing, so the BIOS's own is looked for. A
 * copy that remains is moved to where the payload's kernel leaves it alone.
 */
static bool settle_rsdp(struct handoff *handoff, const struct physical *memory, struct failure *failure)
{
    const struct map_request request = { .size = sizeof(struct acpi_rsdp), .maximum = MAP_BELOW_4G, .high = true };
    uint64_t arena = (uint64_t)handoff->arena.base, from = handoff->rsdp.address, found;
    bool copy = handoff->rsdp.present && from >= arena && from < arena + handoff->arena.size;

    if (!handoff->efi.present && (copy || !handoff->rsdp.present) && acpi_find_rsdp(memory, &found)) {
        handoff->rsdp = (struct known_address){ true, found };
        return true;
    }
    if (!copy)
        return true;
    if (!map_allocate(&handoff->map, &request, MAP_ACPI, &handoff->rsdp.address, "rsdp", failure))
        return false;
    memcpy((void *)handoff->rsdp.address, (const void *)from, sizeof(struct acpi_rsdp));
    return true;
}

bool door_enter(struct handoff *handoff, const struct physical *memory, const struct given *given, uint64_t image_start,
                uint64_t image_size, struct failure *failure)
{
    if (!doors[handoff->door].enter(handoff, memory, given, failure))
        return false;
    handoff->image = image_start;
    handoff->xen.present = cpu.xen;
    handoff->xen.cpuid_base = cpu.xen ? cpu.hypervisor : 0;
    /* Page 0 of the image is not ours with the boot.txt doors. */
    return handoff_complete(handoff, image_start + LAYOUT_PAGE, image_start + image_size, failure) &&
           settle_rsdp(handoff, memory, failure);
}

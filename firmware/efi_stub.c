/* SPDX-License-Identifier: BSD-2-Clause */
/* See efi_stub.h. */
#include "firmware/efi_stub.h"

#include <asm/bootparam.h>
#include <stddef.h>

#include "common/string.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "firmware/loader_interface.h"

#define HANDLES_MAX   1024
#define ROM_MAX       (16u << 20) /* PCI Firmware Specification 3.3, section 5.1.2: no option ROM is larger */
#define PCI_VENDOR_ID 0
#define PCI_DEVICE_ID 2

/* arch/x86/include/asm/pci.h, struct pci_setup_rom: what follows the element's head. */
struct setup_rom {
    uint16_t vendor, device;
    uint32_t padding;
    uint64_t size; /* bytes of the ROM */
    uint64_t segment, bus, slot, function;
    uint8_t rom[];
};

_Static_assert(sizeof(struct setup_data) == 16, "boot.rst");
_Static_assert(offsetof(struct setup_rom, size) == 8 && offsetof(struct setup_rom, rom) == 48, "struct pci_setup_rom");

const char *efi_stub_needed(void)
{
    static const CHAR16 apple[] = { 'A', 'p', 'p', 'l', 'e', 0 };
    const CHAR16 *vendor = efi_system_table()->FirmwareVendor;

    return vendor && !memcmp(vendor, apple, sizeof(apple)) ? "only its EFI stub asks Apple's firmware for properties"
                                                           : NULL;
}

static bool add_rom(EFI_PCI_IO_PROTOCOL *pci, struct handoff *handoff, struct failure *failure)
{
    const uint64_t size = sizeof(struct setup_data) + sizeof(struct setup_rom) + pci->RomSize;
    const struct map_request request = { .size = size, .maximum = MAP_BELOW_4G, .high = true };
    UINTN segment, bus, slot, function;
    struct setup_data *data;
    struct setup_rom *rom;
    uint64_t address;
    uint16_t ids[2];

    if (pci->Pci.Read(pci, EfiPciIoWidthUint16, PCI_VENDOR_ID, 1, &ids[0]) ||
        pci->Pci.Read(pci, EfiPciIoWidthUint16, PCI_DEVICE_ID, 1, &ids[1]) ||
        pci->GetLocation(pci, &segment, &bus, &slot, &function))
        return true;
    if (!map_allocate(&handoff->map, &request, MAP_WORK, &address, "option ROM", failure))
        return false;
    data = (struct setup_data *)address;
    rom = (struct setup_rom *)data->data;
    *data = (struct setup_data){ .type = SETUP_PCI, .len = (uint32_t)(size - sizeof(*data)) };
    *rom = (struct setup_rom){ ids[0], ids[1], 0, pci->RomSize, segment, bus, slot, function };
    memcpy(rom->rom, pci->RomImage, pci->RomSize);
    handoff->setup_data[handoff->setup_data_count++] =
        (struct handoff_setup_data){ .address = address, .type = SETUP_PCI, .size = size };
    return true;
}

static bool add_roms(struct handoff *handoff, struct failure *failure)
{
    static EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    EFI_HANDLE *handles;
    bool done = true;
    UINTN count;

    if (services->LocateHandleBuffer(ByProtocol, &guid, NULL, &count, &handles))
        return true;
    for (UINTN i = 0; i < count && i < HANDLES_MAX && done; i++) {
        EFI_PCI_IO_PROTOCOL *pci = efi_protocol(handles[i], &guid);

        if (handoff->setup_data_count == HANDOFF_SETUP_DATA_MAX)
            break;
        /* Some old firmware has functions of its own where these two are, which read as a huge size. */
        if (pci && pci->RomImage && pci->RomSize && pci->RomSize <= ROM_MAX)
            done = add_rom(pci, handoff, failure);
    }
    services->FreePool(handles);
    return done;
}

bool efi_stub_replace(struct handoff *handoff, struct failure *failure)
{
    static uint32_t given; /* elements of the loader before us */
    static bool called;
    struct failure ignored;

    if (!called) {
        given = handoff->setup_data_count;
        /* Kernels before 6.0 know no SETUP_RNG_SEED. */
        if (handoff->random_seed.size)
            loader_interface_give_seed(handoff->random_seed, &ignored);
    }
    called = true;
    handoff->setup_data_count = given;
    return add_roms(handoff, failure);
}

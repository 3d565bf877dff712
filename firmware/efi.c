/* SPDX-License-Identifier: BSD-2-Clause */
/* Calling EFI; see efi.h. */
#include "firmware/efi.h"

#include <efi.h>

#include "common/console.h"
#include "common/string.h"
#include "cpu/cpu.h"
#include "firmware/efi_calls.h"
#include "firmware/efi_tables.h"

#define EXIT_TRIES        8
#define SPARE_DESCRIPTORS 64 /* room for what our own allocation and the firmware's events add to the map */
#define OPTIONS_MAX       16384
#define SEED_SIZE         32

static EFI_HANDLE image;
static EFI_SYSTEM_TABLE *systab;
static bool alive;

/* The map's memory, and the map in it. */
static struct {
    EFI_MEMORY_DESCRIPTOR *descriptors;
    UINTN capacity, size, key, descriptor_size;
    UINT32 descriptor_version;
} map;

void efi_attach(uint64_t image_handle, uint64_t system_table)
{
    image = (EFI_HANDLE)image_handle;
    systab = (EFI_SYSTEM_TABLE *)system_table;
    alive = true;
    console_register(&console_efi);
}

EFI_SYSTEM_TABLE *efi_system_table(void)
{
    return systab;
}

EFI_HANDLE efi_image_handle(void)
{
    return image;
}

bool efi_alive(void)
{
    return alive;
}

/* ---- memory ---- */

static bool claim(uint64_t start, uint64_t size)
{
    EFI_PHYSICAL_ADDRESS address = start;

    /* Code, because some of it will be: a firmware may forbid the execution of EfiLoaderData. */
    return systab->BootServices->AllocatePages(AllocateAddress, EfiLoaderCode, size / MAP_PAGE, &address) ==
           EFI_SUCCESS;
}

static void release(uint64_t start, uint64_t size)
{
    systab->BootServices->FreePages(start, size / MAP_PAGE);
}

static EFI_STATUS get_map(void)
{
    map.size = map.capacity;
    return systab->BootServices->GetMemoryMap(&map.size, map.descriptors, &map.key, &map.descriptor_size,
                                              &map.descriptor_version);
}

static bool read_map(struct failure *failure)
{
    EFI_PHYSICAL_ADDRESS address;

    if (get_map() != EFI_BUFFER_TOO_SMALL)
        return fail(failure, "efi", "no memory map");
    map.capacity = map.size + SPARE_DESCRIPTORS * map.descriptor_size;
    if (systab->BootServices->AllocatePages(AllocateAnyPages, EfiLoaderData, (map.capacity + MAP_PAGE - 1) / MAP_PAGE,
                                            &address))
        return fail(failure, "efi", "no memory for the memory map");
    map.descriptors = (EFI_MEMORY_DESCRIPTOR *)address;
    return get_map() == EFI_SUCCESS || fail(failure, "efi", "no memory map");
}

/*
 * UEFI 2.10, section 7.4.6: a fresh map and key for each try, and after the first failure no other service than those
 * of memory. Then our view of memory is made anew: what boot services used is free.
 */
static bool leave(struct handoff *handoff, struct failure *failure)
{
    EFI_STATUS status = EFI_LOAD_ERROR;

    cpu_return_exceptions();
    console_stop("efi");
    for (unsigned i = 0; i < EXIT_TRIES && status; i++) {
        if (get_map() != EFI_SUCCESS)
            break;
        status = systab->BootServices->ExitBootServices(image, map.key);
    }
    __asm__ volatile("cli"); /* the firmware's timer still ticks */
    alive = false;
    if (status)
        return fail(failure, "efi", "boot services do not end (status 0x%lx)", (uint64_t)status);

    const struct span descriptors = { (const uint8_t *)map.descriptors, map.size };

    handoff->efi.boot_services = false;
    handoff->efi.map = (uint64_t)map.descriptors;
    handoff->efi.map_size = map.size;
    handoff->efi.descriptor_size = map.descriptor_size;
    handoff->efi.descriptor_version = map.descriptor_version;
    handoff->start_application = NULL;
    handoff->map.claim = NULL;
    handoff->map.release = NULL;
    handoff->map.count = 0;
    return efi_add_map(&handoff->map, descriptors, map.descriptor_size, true, failure);
}

/* ---- what the firmware knows ---- */

/* UEFI 2.10, section 37.5. gnu-efi does not know it. */
struct rng_protocol {
    EFI_STATUS(EFIAPI *get_info)(struct rng_protocol *rng, UINTN *size, EFI_GUID *algorithms);
    EFI_STATUS(EFIAPI *get_rng)(struct rng_protocol *rng, EFI_GUID *algorithm, UINTN size, UINT8 *value);
};

static void read_seed(struct span *seed)
{
    static EFI_GUID guid = { 0x3152bca5, 0xeade, 0x433d, { 0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44 } };
    static uint8_t bytes[SEED_SIZE];
    struct rng_protocol *rng;

    if (systab->BootServices->LocateProtocol(&guid, NULL, (void **)&rng) ||
        rng->get_rng(rng, NULL, sizeof(bytes), bytes))
        return;
    *seed = (struct span){ bytes, sizeof(bytes) };
}

/* UEFI 2.10, section 3.3: the variable SecureBoot is 1 where images are verified. */
static bool is_secure(void)
{
    static EFI_GUID guid = EFI_GLOBAL_VARIABLE;
    static CHAR16 name[] = { 'S', 'e', 'c', 'u', 'r', 'e', 'B', 'o', 'o', 't', 0 };
    UINT8 value = 0;
    UINTN size = sizeof(value);

    return !systab->RuntimeServices->GetVariable(name, &guid, NULL, &size, &value) && value == 1;
}

bool efi_gather(struct handoff *handoff, const struct physical *physical, struct failure *failure)
{
    if (!read_map(failure))
        return false;

    const struct span descriptors = { (const uint8_t *)map.descriptors, map.size };

    handoff->map.count = 0;
    if (!efi_add_map(&handoff->map, descriptors, map.descriptor_size, false, failure) ||
        !map_carve(&handoff->map, (uint64_t)map.descriptors, map.capacity, MAP_LOADER, failure))
        return false;
    handoff->efi.for_unpacker = efi_map_for_unpacker(descriptors, map.descriptor_size);
    handoff->efi.present = true;
    handoff->efi.boot_services = true;
    handoff->efi.system_table = (uint64_t)systab;
    handoff->efi.image_handle = (struct known_address){ true, (uint64_t)image };
    handoff->efi.secure_boot = is_secure();
    handoff->efi.map_capacity = map.capacity;
    handoff->map.claim = claim;
    handoff->map.release = release;
    handoff->leave = leave;
    handoff->start_application = efi_start_application;
    handoff->rsdp.present = false; /* the firmware's own, not a loader's copy */
    efi_read_tables(handoff, physical);
    efi_read_framebuffer(systab->BootServices, &handoff->framebuffer);
    read_seed(&handoff->random_seed);
    return true;
}

void efi_read_options(struct handoff *handoff)
{
    static EFI_GUID guid = { 0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
    char *text = arena_take(&handoff->arena, OPTIONS_MAX);
    EFI_LOADED_IMAGE *loaded;

    if (!text || systab->BootServices->HandleProtocol(image, &guid, (void **)&loaded) || !loaded->LoadOptions)
        return;

    const struct span options = { loaded->LoadOptions, loaded->LoadOptionsSize };

    efi_options_text(options, text, OPTIONS_MAX);
    handoff->command_line = text;
}

/* ---- the end ---- */

void efi_exit_failed(void)
{
    efi_exit(EFI_LOAD_ERROR);
}

void efi_exit(uint64_t status)
{
    cpu_return_exceptions();
    if (alive)
        systab->BootServices->Exit(image, status, 0, NULL);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void efi_reset(bool power_off)
{
    if (systab)
        systab->RuntimeServices->ResetSystem(power_off ? EfiResetShutdown : EfiResetCold, EFI_SUCCESS, 0, NULL);
}

void efi_stall(uint64_t microseconds)
{
    if (alive)
        systab->BootServices->Stall(microseconds);
}

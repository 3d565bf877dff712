/* SPDX-License-Identifier: BSD-2-Clause */
/* The disks of EFI, by EFI_BLOCK_IO_PROTOCOL (UEFI 2.10, section 13.9), while boot services are alive. */
#include "common/console.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "storage/drivers.h"
#include "storage/efi_volumes.h"

#define HANDLES_MAX  1024
#define REQUEST_SIZE (4u << 20) /* bytes that are asked for at once */
#define BOUNCE_SIZE  (64u << 10)
#define BUFFER_ALIGN 512 /* of every buffer (block.h) */
#define IO_ALIGN_MAX (1u << 20)
#define BLOCK_MIN    512
#define BLOCK_MAX    4096
#define BLOCK_CDROM  2048

static EFI_GUID block_io_guid = { 0x964e5b21, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };

struct efi_disk {
    struct block_device device;
    EFI_BLOCK_IO *blocks;
    uint32_t media; /* the medium that was there when it was found */
    struct memory_map *map;
    uint64_t bounce; /* of BOUNCE_SIZE bytes, where the firmware wants buffers better aligned than ours; 0: none */
};

static struct efi_disk disks[DEVICES_MAX] NOINIT;

static bool read(struct block_device *device, uint64_t first, uint64_t count, void *buffer, struct failure *failure)
{
    const struct efi_disk *disk = device->own;
    uint64_t most = (disk->bounce ? BOUNCE_SIZE : REQUEST_SIZE) / device->block_size;
    uint8_t *to = buffer;

    while (count) {
        uint64_t some = count < most ? count : most, size = some * device->block_size;
        void *target = disk->bounce ? (void *)disk->bounce : to;
        EFI_STATUS status = disk->blocks->ReadBlocks(disk->blocks, disk->media, first, size, target);

        if (status == EFI_MEDIA_CHANGED || status == EFI_NO_MEDIA)
            return fail(failure, device->name, "its medium was changed");
        if (status)
            return fail(failure, device->name, "the firmware could not read %lu bytes at block %lu (status 0x%lx)",
                        size, first, (uint64_t)status);
        if (disk->bounce)
            memcpy(to, target, size);
        to += size;
        first += some;
        count -= some;
    }
    return true;
}

static bool close(struct block_device *device, struct failure *failure)
{
    struct efi_disk *disk = device->own;

    return !disk->bounce || map_release(disk->map, disk->bounce, BOUNCE_SIZE, failure);
}

/* A whole disk, with something in it. */
static bool is_disk(const EFI_BLOCK_IO *blocks)
{
    const EFI_BLOCK_IO_MEDIA *media = blocks ? blocks->Media : NULL;

    return media && media->MediaPresent && !media->LogicalPartition && media->LastBlock;
}

static bool start(struct efi_disk *disk, struct failure *failure)
{
    const EFI_BLOCK_IO_MEDIA *media = disk->blocks->Media;
    uint32_t block = media->BlockSize, align = media->IoAlign;
    const struct map_request request = { .size = BOUNCE_SIZE, .alignment = align };

    if (block < BLOCK_MIN || block > BLOCK_MAX || (block & (block - 1)))
        return fail(failure, disk->device.name, "blocks of %u bytes are none that we read", block);
    if (media->LastBlock >= UINT64_MAX / block)
        return fail(failure, disk->device.name, "%lu blocks are more than a disk can have", (uint64_t)media->LastBlock);
    if ((align & (align - 1)) || align > IO_ALIGN_MAX)
        return fail(failure, disk->device.name, "it wants buffers aligned to %u", align);
    disk->media = media->MediaId;
    disk->device.block_size = block;
    disk->device.block_count = media->LastBlock + 1;
    disk->device.removable = block == BLOCK_CDROM;
    disk->device.read = read;
    disk->device.close = close;
    disk->device.own = disk;
    return align <= BUFFER_ALIGN || map_allocate(disk->map, &request, MAP_WORK, &disk->bounce, "disk buffer", failure);
}

static void find(const struct machine *machine, struct devices *devices)
{
    EFI_BOOT_SERVICES *services;
    struct failure failure;
    EFI_HANDLE *handles;
    uint32_t found = 0;
    UINTN count;

    if (!efi_alive())
        return;
    efi_connect_disks();
    services = efi_system_table()->BootServices;
    if (services->LocateHandleBuffer(ByProtocol, &block_io_guid, NULL, &count, &handles))
        return;
    for (UINTN i = 0; i < count && i < HANDLES_MAX; i++) {
        EFI_BLOCK_IO *blocks = efi_protocol(handles[i], &block_io_guid);
        struct efi_disk *disk = &disks[found];

        if (!is_disk(blocks))
            continue;
        if (found == DEVICES_MAX || devices->count == DEVICES_MAX) {
            warn("more than %u disks: the others are left out", DEVICES_MAX);
            break;
        }
        *disk = (struct efi_disk){ .blocks = blocks, .map = &machine->handoff->map };
        text_format(disk->device.name, sizeof(disk->device.name), "disk%u", found);
        if (!start(disk, &failure)) {
            warn("%s: %s", failure.what, failure.why);
            continue;
        }
        devices->device[devices->count++] = &disk->device;
        found++;
    }
    services->FreePool(handles);
}

const struct driver driver_efi = { .name = "efi", .find = find };

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which volumes of EFI are searched, and in which order; see efi_volumes.h. */
#include "storage/efi_volumes.h"

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "firmware/loader_texts.h"
#include "storage/efi_tree.h"
#include "storage/gpt.h"
#include "storage/mbr.h"
#include "storage/path.h"

#define HANDLES_MAX 1024
#define BLOCK_MAX   4096

static EFI_GUID file_system_guid = { 0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static EFI_GUID block_io_guid = { 0x964e5b21, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static EFI_GUID partition_info_guid = {
    0x8cf2f62c, 0xbc9b, 0x4821, { 0x80, 0x8d, 0xec, 0x9e, 0xc4, 0x21, 0xa1, 0xa0 }
};

/* ---- what kind of partition, by EFI_PARTITION_INFO_PROTOCOL (UEFI 2.10, section 13.18) ---- */

/* gnu-efi does not know it. */
struct partition_info {
    UINT32 Revision, Type;
    UINT8 System, Reserved[7];
    union {
        struct {
            UINT8 BootIndicator, StartingCHS[3], OSIndicator;
        } Mbr;
        EFI_GUID GptPartitionType;
    } Info;
} __attribute__((packed));

_Static_assert(offsetof(struct partition_info, Info) == 16, "EFI_PARTITION_INFO_PROTOCOL");
_Static_assert(offsetof(struct partition_info, Info.Mbr.OSIndicator) == 20, "MBR_PARTITION_RECORD");

static bool ask_firmware(EFI_HANDLE handle, enum partition_role *role)
{
    const struct partition_info *info = efi_protocol(handle, &partition_info_guid);

    if (!info || (info->Type != EFI_PATH_MBR && info->Type != EFI_PATH_GPT))
        return false;
    *role = info->Type == EFI_PATH_GPT ? gpt_role((const uint8_t *)&info->Info.GptPartitionType)
                                       : mbr_role(info->Info.Mbr.OSIndicator);
    return true;
}

/* ---- or, where the firmware is older than that, as the disk has it ---- */

static bool read_block(EFI_BLOCK_IO *disk, uint64_t block, uint8_t *buffer)
{
    return block <= disk->Media->LastBlock &&
           !disk->ReadBlocks(disk, disk->Media->MediaId, block, disk->Media->BlockSize, buffer);
}

static enum partition_role read_mbr(EFI_BLOCK_IO *disk, const struct efi_partition *partition, uint8_t *block)
{
    const struct mbr *mbr = (const struct mbr *)block;

    if (partition->number < 1 || partition->number > MBR_RECORDS || !read_block(disk, 0, block) ||
        memcmp(&mbr->unique_signature, partition->signature, sizeof(mbr->unique_signature)))
        return PARTITION_OTHER;
    return mbr_role(mbr->record[partition->number - 1].os_type);
}

static enum partition_role read_gpt(EFI_BLOCK_IO *disk, const struct efi_partition *partition, uint8_t *block)
{
    const uint32_t block_size = disk->Media->BlockSize;
    const struct gpt_entry *entry;
    struct gpt_header header;
    uint64_t first, offset;

    if (!read_block(disk, GPT_HEADER_BLOCK, block) || memcmp(block, GPT_SIGNATURE, sizeof(header.signature)))
        return PARTITION_OTHER;
    memcpy(&header, block, sizeof(header));
    if (partition->number < 1 || partition->number > header.entry_count)
        return PARTITION_OTHER;
    offset = (uint64_t)(partition->number - 1) * header.entry_size; /* both have 32 bits */
    if (!checked_add(header.partition_entry_lba, offset / block_size, &first) || !read_block(disk, first, block))
        return PARTITION_OTHER;
    offset %= block_size;
    entry = (const struct gpt_entry *)(block + offset);
    if (!checked_within(offset, offsetof(struct gpt_entry, starting_lba), block_size) ||
        memcmp(entry->unique, partition->signature, sizeof(entry->unique)))
        return PARTITION_OTHER;
    return gpt_role(entry->type);
}

static enum partition_role ask_disk(struct span path, const struct efi_partition *partition)
{
    static uint8_t cut[EFI_PATH_MAX] __attribute__((aligned(8))) NOINIT;
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    EFI_DEVICE_PATH *rest = (EFI_DEVICE_PATH *)cut;
    enum partition_role role = PARTITION_OTHER;
    EFI_PHYSICAL_ADDRESS page;
    EFI_BLOCK_IO *disk;
    EFI_HANDLE handle;

    if (!efi_path_cut(path, partition->start, cut) || services->LocateDevicePath(&block_io_guid, &rest, &handle) ||
        rest->Type != END_DEVICE_PATH_TYPE)
        return PARTITION_OTHER;
    disk = efi_protocol(handle, &block_io_guid);
    if (!disk || disk->Media->BlockSize < 512 || disk->Media->BlockSize > BLOCK_MAX ||
        services->AllocatePages(AllocateAnyPages, EfiLoaderData, 1, &page))
        return PARTITION_OTHER;
    if (partition->table == EFI_PATH_GPT)
        role = read_gpt(disk, partition, (uint8_t *)page);
    else if (partition->table == EFI_PATH_MBR)
        role = read_mbr(disk, partition, (uint8_t *)page);
    services->FreePages(page, 1);
    return role;
}

/* ---- the list ---- */

/* PCI Code and ID Assignment Specification, chapter 1: base class, and sub-class where not all of it is meant. */
#define PCI_CLASS_REVISION 0x08
#define PCI_STORAGE        0x01
#define PCI_SD_HOST        0x0805
#define PCI_USB            0x0c03

/*
 * A firmware that knows what it boots from need not have looked at other disks: have it connect drivers to what may
 * have some, and to nothing else, since that may take long.
 */
void efi_connect_disks(void)
{
    static bool connected;
    static EFI_GUID pci_guid = EFI_PCI_IO_PROTOCOL_GUID;
    EFI_BOOT_SERVICES *services = efi_system_table()->BootServices;
    EFI_HANDLE *handles;
    UINTN count;

    if (connected || services->LocateHandleBuffer(ByProtocol, &pci_guid, NULL, &count, &handles))
        return;
    connected = true;
    for (UINTN i = 0; i < count && i < HANDLES_MAX; i++) {
        EFI_PCI_IO_PROTOCOL *pci = efi_protocol(handles[i], &pci_guid);
        UINT32 class = 0;

        if (!pci || pci->Pci.Read(pci, EfiPciIoWidthUint32, PCI_CLASS_REVISION, 1, &class))
            continue;
        class >>= 16;
        if (class >> 8 == PCI_STORAGE || class == PCI_SD_HOST || class == PCI_USB)
            services->ConnectController(handles[i], NULL, NULL, TRUE);
    }
    services->FreePool(handles);
}

/* What is known of a volume before it is opened. */
struct candidate {
    EFI_HANDLE handle;
    unsigned rank; /* in the order of the search; RANK_NONE: none of ours */
    enum volume_role role;
    bool writable;
    char name[sizeof(((struct tree *)0)->name)];
};

enum { RANK_OWN, RANK_SAME_DISK, RANK_ESP, RANK_XBOOTLDR, RANK_REMOVABLE, RANK_NONE };

static bool same_disk(struct span path, const struct efi_partition *partition)
{
    const EFI_LOADED_IMAGE *own = efi_own_image();
    const struct span own_path = own ? efi_device_path(own->DeviceHandle) : (struct span){ NULL, 0 };
    struct efi_partition mine;

    return efi_path_partition(own_path, &mine) && mine.start == partition->start &&
           !memcmp(own_path.data, path.data, mine.start);
}

static void name_it(struct candidate *candidate, const char *what, const struct efi_partition *partition,
                    unsigned number)
{
    char guid[LOADER_GUID_TEXT];

    loader_guid_text(partition->signature, guid);
    if (partition->table == EFI_PATH_GPT)
        text_format(candidate->name, sizeof(candidate->name), "%s %.*s", what, 8, guid);
    else if (partition->table == EFI_PATH_MBR)
        text_format(candidate->name, sizeof(candidate->name), "%s %.*s-%u", what, 8, guid, partition->number);
    else
        text_format(candidate->name, sizeof(candidate->name), "%s %u", what, number);
}

static void rank(struct candidate *candidate, unsigned number)
{
    static const char *const names[] = { "volume", "esp", "xbootldr" };
    const EFI_LOADED_IMAGE *own = efi_own_image();
    const struct span path = efi_device_path(candidate->handle);
    const EFI_BLOCK_IO *blocks = efi_protocol(candidate->handle, &block_io_guid);
    struct efi_partition partition = { 0 };
    enum partition_role role = PARTITION_OTHER;
    bool optical = efi_path_has(path, MEDIA_DEVICE_PATH, MEDIA_CDROM_DP);
    bool is_partition = efi_path_partition(path, &partition);

    if (is_partition && !ask_firmware(candidate->handle, &role))
        role = ask_disk(path, &partition);
    candidate->writable = !blocks || !blocks->Media->ReadOnly;
    candidate->role = role == PARTITION_ESP ? VOLUME_ESP : VOLUME_XBOOTLDR;
    if (own && own->DeviceHandle == candidate->handle) {
        candidate->rank = RANK_OWN;
        candidate->role = VOLUME_OWN;
    } else if (role == PARTITION_XBOOTLDR) {
        candidate->rank = same_disk(path, &partition) ? RANK_SAME_DISK : RANK_XBOOTLDR;
    } else if (role == PARTITION_ESP) {
        candidate->rank = RANK_ESP;
    } else if (blocks && !is_partition) { /* not what a firmware makes up, without a medium */
        candidate->rank = RANK_REMOVABLE;
        candidate->role = VOLUME_REMOVABLE;
    } else {
        candidate->rank = RANK_NONE;
    }
    name_it(candidate, optical ? "cdrom" : names[role], &partition, number);
}

uint32_t efi_volumes(struct volume *volumes)
{
    EFI_BOOT_SERVICES *services;
    uint32_t count = 0;
    EFI_HANDLE *handles;
    UINTN found;

    if (!efi_alive())
        return 0;
    services = efi_system_table()->BootServices;
    efi_connect_disks();
    if (services->LocateHandleBuffer(ByProtocol, &file_system_guid, NULL, &found, &handles))
        return 0;
    for (unsigned wanted = RANK_OWN; wanted < RANK_NONE; wanted++) {
        for (UINTN i = 0; i < found && i < HANDLES_MAX && count < EFI_VOLUMES_MAX; i++) {
            struct candidate candidate = { .handle = handles[i] };

            rank(&candidate, (unsigned)i);
            if (candidate.rank != wanted)
                continue;
            volumes[count] = (struct volume){ .role = candidate.role };
            memcpy(volumes[count].tree.name, candidate.name, sizeof(candidate.name));
            efi_tree_make(candidate.handle, count, candidate.writable, &volumes[count].tree);
            count++;
        }
    }
    services->FreePool(handles);
    return count;
}

bool efi_own_path(char *path)
{
    static char file[TREE_PATH_MAX] NOINIT;
    const EFI_LOADED_IMAGE *own = efi_own_image();
    struct failure ignored;

    return own && efi_path_file(efi_path(own->FilePath), file, sizeof(file)) &&
           path_normalise(text_span(file), path, &ignored);
}

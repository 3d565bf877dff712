/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot sector of FAT file systems; see fat_boot.h. Microsoft, "FAT: General Overview of On-Disk Format", 1.03.
 * Pure: compiled natively for tests as well.
 */
#include "storage/fat_boot.h"

#include "common/checked.h"
#include "common/string.h"

#define SECTOR_MIN  512
#define SECTOR_MAX  4096
#define FAT12_LIMIT 4085
#define FAT16_LIMIT 65525

static const char what[] = "FAT file system";

/* "Boot Sector and BPB". */
struct boot_sector {
    uint8_t jump[3];
    uint8_t maker[8];
    uint16_t sector_size;
    uint8_t cluster_sectors;
    uint16_t reserved;
    uint8_t fats;
    uint16_t root_entries;
    uint16_t sectors_16;
    uint8_t media;
    uint16_t fat_sectors_16;
    uint8_t geometry[8];
    uint32_t sectors_32;
    union {
        struct {
            uint8_t drive[2];
            uint8_t signature; /* 0x29: a serial number and a label follow */
            uint32_t serial;
            uint8_t label[FAT_NAME_SIZE];
        } __attribute__((packed)) fat16;
        struct {
            uint32_t fat_sectors;
            uint16_t flags;
            uint16_t version;
            uint32_t root_cluster;
            uint8_t more[18];
            uint8_t signature;
            uint32_t serial;
            uint8_t label[FAT_NAME_SIZE];
        } __attribute__((packed)) fat32;
        uint8_t all[474];
    };
    uint16_t signature;
} __attribute__((packed));

#define BOOT_SIGNATURE   0xaa55
#define SERIAL_FOLLOWS   0x29 /* and a label */
#define FAT32_ONE_ACTIVE 0x80 /* in flags: of the FATs only that in 0x0f is kept */
#define FAT32_ACTIVE     0x0f

_Static_assert(sizeof(struct boot_sector) == SECTOR_MIN, "fatgen103");
_Static_assert(offsetof(struct boot_sector, sectors_32) == 32, "fatgen103");
_Static_assert(offsetof(struct boot_sector, fat16.serial) == 39, "fatgen103");
_Static_assert(offsetof(struct boot_sector, fat32.root_cluster) == 44, "fatgen103");
_Static_assert(offsetof(struct boot_sector, fat32.serial) == 67, "fatgen103");
_Static_assert(offsetof(struct boot_sector, fat32.label) == 71, "fatgen103");

bool fat_disk_read(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    if (!checked_within(offset, size, disk->size))
        return fail(failure, what, "%lu bytes at 0x%lx are outside the disk", size, offset);
    if (!disk->data)
        return disk->read(disk, offset, buffer, size, failure);
    memcpy(buffer, disk->data + offset, size);
    return true;
}

static bool is_power_of_two(uint32_t value)
{
    return value && !(value & (value - 1));
}

/* What says that it is one, as against all else that can begin with a boot sector. */
static bool has_signs(const struct boot_sector *boot)
{
    return boot->signature == BOOT_SIGNATURE && (boot->jump[0] == 0xeb || boot->jump[0] == 0xe9) &&
           is_power_of_two(boot->sector_size) && boot->sector_size >= SECTOR_MIN && boot->sector_size <= SECTOR_MAX &&
           is_power_of_two(boot->cluster_sectors) && boot->reserved && boot->fats &&
           (boot->media == 0xf0 || boot->media >= 0xf8);
}

/* "FAT Type Determination"; but FAT32 is known by its own fields, as Linux has it: small ones are made for tests. */
static bool find_bits(const struct boot_sector *boot, uint64_t clusters, struct fat *fat, struct failure *failure)
{
    if (!boot->fat_sectors_16) {
        fat->bits = 32;
        fat->root_cluster = boot->fat32.root_cluster;
        if (clusters > (FAT32_CLUSTERS & ~8u) - FAT_FIRST)
            return fail(failure, what, "%lu clusters are too many", clusters);
        if (boot->fat32.version)
            return fail(failure, what, "version %u.%u is not known", boot->fat32.version >> 8,
                        boot->fat32.version & 0xff);
        if (boot->root_entries)
            return fail(failure, what, "FAT32 with a root of %u entries", boot->root_entries);
        return true;
    }
    fat->bits = clusters < FAT12_LIMIT ? 12 : 16;
    if (clusters >= FAT16_LIMIT)
        return fail(failure, what, "%lu clusters are too many for FAT16", clusters);
    if (!boot->root_entries)
        return fail(failure, what, "it has no root");
    return true;
}

static bool read_fields(const struct boot_sector *boot, struct fat *fat, struct failure *failure)
{
    uint64_t sector = boot->sector_size, fat_sectors = boot->fat_sectors_16, sectors = boot->sectors_16;
    uint32_t active = 0;
    uint64_t root, data, clusters, entries;

    if (!fat_sectors)
        fat_sectors = boot->fat32.fat_sectors;
    if (!sectors)
        sectors = boot->sectors_32;
    if (sectors * sector > fat->disk->size)
        return fail(failure, what, "it has %lu sectors of %lu bytes, the disk has %lu bytes", sectors, sector,
                    fat->disk->size);
    /* No wrap: these are numbers of at most 32 and 8 bits. */
    root = boot->reserved + boot->fats * fat_sectors;
    data = root + ((uint64_t)boot->root_entries * FAT_SLOT_SIZE + sector - 1) / sector;
    if (!fat_sectors || data >= sectors)
        return fail(failure, what, "%u FATs of %lu sectors and %u entries leave nothing of its %lu sectors", boot->fats,
                    fat_sectors, boot->root_entries, sectors);
    clusters = (sectors - data) / boot->cluster_sectors;
    if (!clusters)
        return fail(failure, what, "it has no cluster");
    if (!find_bits(boot, clusters, fat, failure))
        return false;
    if (fat->bits == 32 && boot->fat32.flags & FAT32_ONE_ACTIVE)
        active = boot->fat32.flags & FAT32_ACTIVE;
    if (active >= boot->fats)
        return fail(failure, what, "FAT %u of %u is the active one", active, boot->fats);

    fat->fat_size = fat_sectors * sector;
    fat->fat_at = (boot->reserved + active * fat_sectors) * sector;
    fat->root_at = root * sector;
    fat->data_at = data * sector;
    fat->root_entries = boot->root_entries;
    fat->cluster_shift = (uint32_t)__builtin_ctz(boot->sector_size * (uint32_t)boot->cluster_sectors);
    entries = fat->fat_size * 8 / fat->bits;
    fat->cluster_end = (uint32_t)(clusters + FAT_FIRST <= entries ? clusters + FAT_FIRST : entries);
    if (fat->bits == 32 && (fat->root_cluster < FAT_FIRST || fat->root_cluster >= fat->cluster_end))
        return fail(failure, what, "its root is at cluster %u, which is not among 2 to %u", fat->root_cluster,
                    fat->cluster_end - 1);
    return true;
}

bool fat_boot_is(const struct disk *disk)
{
    struct boot_sector boot;
    struct failure ignored;

    return disk->size >= sizeof(boot) && fat_disk_read(disk, 0, &boot, sizeof(boot), &ignored) && has_signs(&boot);
}

bool fat_boot_read(const struct disk *disk, struct fat *fat, struct fat_identity *identity, struct failure *failure)
{
    struct boot_sector boot;

    *fat = (struct fat){ .disk = disk };
    identity->serial = 0;
    memset(identity->label, ' ', sizeof(identity->label));
    if (!fat_disk_read(disk, 0, &boot, sizeof(boot), failure))
        return false;
    if (!has_signs(&boot))
        return fail(failure, what, "it does not begin with a boot sector of FAT");
    if (!read_fields(&boot, fat, failure))
        return false;
    if (fat->bits == 32 && boot.fat32.signature == SERIAL_FOLLOWS) {
        identity->serial = boot.fat32.serial;
        memcpy(identity->label, boot.fat32.label, sizeof(identity->label));
    }
    if (fat->bits != 32 && boot.fat16.signature == SERIAL_FOLLOWS) {
        identity->serial = boot.fat16.serial;
        memcpy(identity->label, boot.fat16.label, sizeof(identity->label));
    }
    return true;
}

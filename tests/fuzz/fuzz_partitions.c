/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/partitions.c storage/gpt.c storage/mbr.c storage/filesystems.c storage/disk.c storage/path.c */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/iso9660.c storage/iso_records.c */
/* sources: storage/ext.c storage/ext_disk.c storage/ext_super.c storage/ext_inode.c storage/ext_map.c */
/* sources: storage/ext_file.c storage/ext_folder.c storage/ext_journal.c */
/* sources: firmware/loader_texts.c common/console.c common/text.c common/failure.c */
/*
 * Partition tables. The input is a disk of blocks of 512 bytes, or 4096 where its first byte is odd, with zeros up to
 * DISK_SIZE behind it. Its GPT's checksums are put right first (bit 1 of the first byte: the first header's; bit 2: the
 * last block's), so that what they guard is reached.
 */
#include <stddef.h>
#include <stdint.h>

#include "storage/partitions.h"
#include "storage/path.h"
#include "tests/unit/partition_fixture.h"

#define DISK_SIZE (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *image;
static uint64_t reads;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool read_image(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    (void)failure;
    require(size && offset <= disk->size && size <= disk->size - offset);
    memcpy(buffer, image + offset, size);
    reads++;
    return true;
}

static void sign(const struct made_gpt *gpt, uint64_t block)
{
    struct gpt_header *header = made_header(gpt, block);
    uint64_t at = header->partition_entry_lba * gpt->block, all = (uint64_t)header->entry_count * header->entry_size;

    if (header->partition_entry_lba < gpt->size && all < gpt->size && at <= gpt->size - all)
        header->entries_crc32 = crc32_of(0, gpt->disk + at, all);
    if (header->header_size >= sizeof(*header) && header->header_size <= gpt->block)
        made_sign(gpt, block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct partitions partitions;
    struct failure failure = { 0 };
    struct disk disk = { .size = DISK_SIZE, .read = read_image, .block = size && data[0] & 1 ? 4096 : 512 };
    struct made_gpt gpt;

    if (size > DISK_SIZE)
        size = DISK_SIZE;
    image = calloc(1, DISK_SIZE);
    memcpy(image, data, size);
    gpt = (struct made_gpt){ .disk = image, .size = DISK_SIZE, .block = disk.block };
    if (image[0] & 2)
        sign(&gpt, 1);
    if (image[0] & 4)
        sign(&gpt, made_last(&gpt));
    memset(&partitions, 0xee, sizeof(partitions));
    reads = 0;
    if (!partitions_read(&disk, &partitions, &failure))
        require(failure.what[0] && failure.why[0] && !partitions.count);
    require(reads < 4000 && partitions.count <= PARTITIONS_MAX);
    require(partitions.table != PARTITIONS_NONE || !partitions.count);
    for (uint32_t i = 0; i < partitions.count; i++) {
        const struct partition *this = &partitions.partition[i];

        require(this->size && this->start <= disk.size && this->size <= disk.size - this->start);
        require(this->start % disk.block == 0 && this->number > (i ? this[-1].number : 0));
        require(strnlen(this->uuid, sizeof(this->uuid)) < sizeof(this->uuid));
        require(strnlen(this->name, sizeof(this->name)) < sizeof(this->name));
        require(text_is_clean((struct span){ (const uint8_t *)this->name, strlen(this->name) }));
    }
    free(image);
    return 0;
}

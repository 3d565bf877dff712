/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/partitions.c storage/gpt.c storage/mbr.c storage/filesystems.c storage/disk.c storage/path.c */
/* sources: storage/fat.c storage/fat_boot.c storage/fat_names.c storage/iso9660.c storage/iso_records.c */
/* sources: storage/ext.c storage/ext_disk.c storage/ext_super.c storage/ext_inode.c storage/ext_map.c */
/* sources: storage/ext_file.c storage/ext_folder.c storage/ext_journal.c */
/* sources: firmware/loader_texts.c common/console.c common/text.c common/failure.c */
/* GPTs and MBRs, whole and broken, that are made here; and two that Debian's tools made (captured/NAME.disk). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/checked.h"
#include "common/text.h"
#include "storage/partitions.h"
#include "tests/unit/partition_fixture.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define SIZE (1u << 20)

static uint8_t *image;
static uint64_t image_size, broken_at;
static struct disk disk;
static struct partitions partitions;
static struct failure failure;
static struct made_gpt gpt;

/* Not in memory; cannot be read at broken_at. */
static bool read_image(const struct disk *this, uint64_t offset, void *buffer, uint64_t size, struct failure *why)
{
    assert_int_equal(this->size, image_size);
    assert_true(size && checked_within(offset, size, image_size));
    if (broken_at >= offset && broken_at - offset < size)
        return (fail)(why, "disk", "it does not turn");
    memcpy(buffer, image + offset, size);
    return true;
}

static void start(uint64_t size, uint32_t block)
{
    free(image);
    image = calloc(1, size);
    image_size = size;
    broken_at = UINT64_MAX;
    disk = (struct disk){ .size = size, .read = read_image, .block = block };
    memset(&partitions, 0xee, sizeof(partitions));
}

static int setup(void **state)
{
    (void)state;
    start(SIZE, 512);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(image);
    image = NULL;
    return 0;
}

static void assert_read(enum partition_table table, uint32_t count)
{
    if (!partitions_read(&disk, &partitions, &failure))
        fail_msg("%s: %s", failure.what, failure.why);
    assert_int_equal(partitions.table, table);
    assert_int_equal(partitions.count, count);
}

static void assert_refused(const char *why)
{
    assert_false(partitions_read(&disk, &partitions, &failure));
    assert_failure(&failure, "GPT", why);
    assert_int_equal(partitions.table, PARTITIONS_NONE);
    assert_int_equal(partitions.count, 0);
}

static void assert_partition(unsigned index, uint32_t number, uint64_t first, uint64_t blocks, enum partition_role role,
                             const char *uuid, const char *name)
{
    const struct partition *this = &partitions.partition[index];

    assert_true(index < partitions.count);
    assert_int_equal(this->number, number);
    assert_int_equal(this->start, first * disk.block);
    assert_int_equal(this->size, blocks * disk.block);
    assert_int_equal(this->role, role);
    assert_string_equal(this->uuid, uuid);
    assert_string_equal(this->name, name);
}

/* A FAT12 of a few clusters. */
static void put_fat(uint8_t *at)
{
    static const uint8_t boot[] = { 0xeb, 0x3c, 0x90, 'm', 'k', 'f', 's', '.', 'f', 'a',  't', 0,
                                    2,    1,    1,    0,   1,   16,  0,   64,  0,   0xf8, 1,   0 };

    memcpy(at, boot, sizeof(boot));
    at[510] = 0x55;
    at[511] = 0xaa;
}

/* ---- none ---- */

static void no_table(void **state)
{
    (void)state;
    assert_read(PARTITIONS_NONE, 0);
    assert_false(partitions.from_backup || partitions.cut_off);
    image[510] = 0x55;
    image[511] = 0xaa;
    assert_read(PARTITIONS_NONE, 0); /* an empty table */
    start(511, 512);
    assert_read(PARTITIONS_NONE, 0);
    start(1, 512);
    assert_read(PARTITIONS_NONE, 0);
    start(SIZE, 512);
    broken_at = 100;
    assert_false(partitions_read(&disk, &partitions, &failure));
    assert_failure(&failure, "disk", "it does not turn");
}

/* What has the signature, and is no table. */
static void boot_sectors(void **state)
{
    (void)state;
    put_fat(image);
    assert_read(PARTITIONS_NONE, 0);
    made_record(image, 0, 0x01, 0, 64)->boot_indicator = 0x80; /* as mformat writes one of the whole disk */
    assert_read(PARTITIONS_NONE, 0);
    made_record(image, 1, 0x83, 100, 64); /* what was a disk of partitions, or will be none */
    assert_read(PARTITIONS_NONE, 0);
    put_fat(image + 100 * 512); /* GRUB keeps what stands where a FAT has its numbers */
    assert_read(PARTITIONS_MBR, 2);
    assert_int_equal(partitions.partition[1].start, 100 * 512);

    start(SIZE, 512);
    memcpy(image, "\xebR\x90NTFS    ", 11);
    memcpy(image + 446, "\r\nA disk read error occurred\0\r\nBOOTMGR is compressed", 52);
    made_record(image, 3, 'o', 0x100, 100)->boot_indicator = 'n';
    assert_read(PARTITIONS_NONE, 0);

    start(SIZE, 512);
    made_record(image, 0, 0x83, 1, 2);
    made_record(image, 2, 0x83, 3, 4)->boot_indicator = 1;
    assert_read(PARTITIONS_NONE, 0);
    made_record(image, 2, 0x83, 3, 4)->boot_indicator = 0x80;
    assert_read(PARTITIONS_MBR, 2);
    image[511] = 0;
    assert_read(PARTITIONS_NONE, 0);

    start(SIZE, 512); /* every partition behind the end */
    made_record(image, 0, 0x83, SIZE / 512, 2);
    assert_read(PARTITIONS_NONE, 0);
}

/* ---- GPT ---- */

static void gpt_forms(void **state)
{
    static const struct {
        uint32_t block, entry_size, entry_count;
        uint64_t entries;
    } forms[] = {
        { 512, 128, 128, 2 },  { 4096, 128, 128, 2 },  { 512, 128, 4, 2 },    { 512, 256, 9, 40 },
        { 4096, 512, 16, 20 }, { 512, 4096, 12, 2 },   { 4096, 4096, 12, 2 }, { 2048, 128, 300, 3 },
        { 512, 128, 2049, 2 }, { 1024, 128, 1, 1000 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        const unsigned last = forms[i].entry_count;

        start(SIZE * 2, forms[i].block);
        gpt = (struct made_gpt){ image, SIZE * 2, forms[i].block, forms[i].entry_size, last, forms[i].entries };
        made_record(image, 3, 0xee, 1, 100);
        made_partition(&gpt, last, made_esp, 100, 109, "EFI");
        if (last > 3)
            made_partition(&gpt, 3, made_linux, 110, 110, "");
        assert_read(PARTITIONS_GPT, last > 3 ? 2 : 1);
        if (last > 3)
            assert_partition(0, 3, 110, 1, PARTITION_OTHER, "03030303-0303-0303-0303-030303030303", "");
        assert_int_equal(partitions.partition[last > 3].number, last);
        assert_int_equal(partitions.partition[last > 3].start, 100 * forms[i].block);
        assert_int_equal(partitions.partition[last > 3].size, 10 * forms[i].block);
        assert_int_equal(partitions.partition[last > 3].role, PARTITION_ESP);
        assert_memory_equal(partitions.partition[last > 3].type, made_esp, 16);
        assert_string_equal(partitions.partition[last > 3].name, "EFI");
        assert_false(partitions.from_backup || partitions.cut_off);
    }
}

static void gpt_ranges(void **state)
{
    const uint64_t blocks = SIZE / 512;

    (void)state;
    gpt = made_gpt_start(image, SIZE, 512);
    made_partition(&gpt, 1, made_linux, 100, blocks - 1, "to the end");
    made_partition(&gpt, 2, made_linux, 100, blocks, "behind it");
    made_partition(&gpt, 3, made_linux, blocks, blocks, "outside");
    made_partition(&gpt, 4, made_linux, 101, 99, "backwards");
    made_partition(&gpt, 5, made_linux, 0, UINT64_MAX, "all there is");
    made_partition(&gpt, 6, made_linux, UINT64_MAX, UINT64_MAX, "the last of all");
    made_partition(&gpt, 7, made_linux, 1ull << 55, (1ull << 55) + 3, "wraps");
    made_partition(&gpt, 8, made_linux, 3, 1ull << 55, "wraps");
    made_partition(&gpt, 10, made_xbootldr, 100, 100, "a block");
    assert_read(PARTITIONS_GPT, 2);
    assert_partition(0, 1, 100, blocks - 100, PARTITION_OTHER, "01010101-0101-0101-0101-010101010101", "to the end");
    assert_partition(1, 10, 100, 1, PARTITION_XBOOTLDR, "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a", "a block");
}

static void gpt_names(void **state)
{
    char wanted[112] = "";

    (void)state;
    gpt = made_gpt_start(image, SIZE, 512);
    for (unsigned i = 0; i < 36; i++) {
        made_entry(&gpt, 1)->name[i] = 0x20ac;
        strcat(wanted, "\xe2\x82\xac");
    }
    made_entry(&gpt, 2)->name[0] = 0xd800; /* half a character */
    made_entry(&gpt, 3)->name[0] = '\n';
    for (unsigned i = 1; i <= 3; i++)
        made_partition(&gpt, i, made_linux, 100, 100, "");
    assert_read(PARTITIONS_GPT, 3);
    assert_string_equal(partitions.partition[0].name, wanted);
    assert_string_equal(partitions.partition[1].name, "");
    assert_string_equal(partitions.partition[2].name, "");
}

static void gpt_many(void **state)
{
    (void)state;
    gpt = made_gpt_start(image, SIZE, 512);
    gpt.entry_count = 200;
    for (unsigned i = 1; i <= PARTITIONS_MAX; i++)
        made_partition(&gpt, i, made_linux, 100, 100, "");
    assert_read(PARTITIONS_GPT, PARTITIONS_MAX);
    assert_false(partitions.cut_off);
    made_partition(&gpt, 190, made_linux, 100, 100, "");
    assert_read(PARTITIONS_GPT, PARTITIONS_MAX);
    assert_true(partitions.cut_off);
}

/* Which breaks of a header are seen; the other one then serves, and with both broken, the first one's reason counts. */
static void gpt_broken_headers(void **state)
{
    static const struct {
        unsigned offset, size;
        uint64_t value;
        bool sign;
        const char *why;
    } breaks[] = {
        { 0, 1, 'e', true, "there is no header at block 1" },
        { 16, 4, 0, false, "the checksum of its header at block 1 is wrong" },
        { 90, 1, 1, false, "the checksum of its header at block 1 is wrong" },
        { 12, 4, 91, false, "its header at block 1 has 91 bytes" },
        { 12, 4, 513, false, "its header at block 1 has 513 bytes" },
        { 12, 4, 0, false, "its header at block 1 has 0 bytes" },
        { 12, 4, 0xffffffff, false, "its header at block 1 has 4294967295 bytes" },
        { 24, 8, 2, true, "its header at block 1 is one of block 2" },
        { 84, 4, 127, true, "its entries have 127 bytes" },
        { 84, 4, 64, true, "its entries have 64 bytes" },
        { 84, 4, 384, true, "its entries have 384 bytes" },
        { 84, 4, 8192, true, "its entries have 8192 bytes" },
        { 84, 4, 0, true, "its entries have 0 bytes" },
        { 84, 4, 0x80000000, true, "its entries have 2147483648 bytes" },
        { 80, 4, 8193, true, "it has 8193 entries" },
        { 80, 4, 0xffffffff, true, "it has 4294967295 entries" },
        { 80, 4, 129, true, "the checksum of its entries at block 2 is wrong" },
        { 80, 4, 0, true, "the checksum of its entries at block 2 is wrong" },
        { 88, 4, 1, true, "the checksum of its entries at block 2 is wrong" },
        { 72, 8, SIZE / 512 - 31, true, "its entries, at block 2017, are outside the disk" },
        { 72, 8, UINT64_MAX, true, "its entries, at block 18446744073709551615, are outside the disk" },
        { 72, 8, 1ull << 55, true, "its entries, at block 36028797018963968, are outside the disk" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
        start(SIZE, 512);
        gpt = made_gpt_start(image, SIZE, 512);
        made_partition(&gpt, 4, made_linux, 100, 200, "root");
        made_entry(&gpt, 5)->attributes = 1; /* so that all counts change the sum */
        made_finish(&gpt);
        memset(made_entry(&gpt, 129), 1, 128);
        memcpy(image + 512 + breaks[i].offset, &breaks[i].value, breaks[i].size);
        if (breaks[i].sign)
            made_sign(&gpt, 1);
        assert_read(PARTITIONS_GPT, 1);
        assert_true(partitions.from_backup);
        assert_partition(0, 4, 100, 101, PARTITION_OTHER, "04040404-0404-0404-0404-040404040404", "root");
        image[made_last(&gpt) * 512 + 40] ^= 1;
        assert_refused(breaks[i].why);
        assert_false(partitions.from_backup || partitions.cut_off);
    }
}

static void gpt_backups(void **state)
{
    (void)state;
    gpt = made_gpt_start(image, SIZE, 512);
    made_partition(&gpt, 1, made_esp, 100, 200, "EFI");
    image[2 * 512 + 60] ^= 1; /* an entry, where the first table is */
    assert_read(PARTITIONS_GPT, 1);
    assert_true(partitions.from_backup);
    assert_string_equal(partitions.partition[0].name, "EFI");
    broken_at = 512; /* or the first header's block cannot be read */
    assert_read(PARTITIONS_GPT, 1);
    broken_at = SIZE - 1;
    assert_refused("the checksum of its entries at block 2 is wrong");
    broken_at = UINT64_MAX;

    gpt.size = SIZE / 2; /* the disk grew */
    memset(image + SIZE / 2, 0, SIZE / 2);
    made_finish(&gpt);
    assert_read(PARTITIONS_GPT, 1);
    assert_false(partitions.from_backup);
    image[2 * 512 + 60] ^= 1;
    assert_read(PARTITIONS_GPT, 1);
    assert_true(partitions.from_backup);
    made_header(&gpt, 1)->alternate_lba = UINT64_MAX;
    assert_refused("the checksum of its header");
    made_header(&gpt, 1)->alternate_lba = 1;
    assert_refused("the checksum of its header");

    start(SIZE, 512); /* a GPT is made for a size of block, and is none with another */
    gpt = made_gpt_start(image, SIZE, 4096);
    assert_refused("there is no header at block 1");
    disk.block = 4096;
    assert_read(PARTITIONS_GPT, 0);
    for (unsigned i = 0; i < 2; i++) {
        disk.block = i ? 8192 : 256;
        assert_refused("a disk with blocks of");
    }
    disk.block = 512;
    made_record(image, 0, 0x83, 1, 100); /* without a protective record it is not looked at */
    assert_read(PARTITIONS_MBR, 1);
    start(512, 512);
    made_record(image, 0, 0xee, 1, 1);
    assert_refused("block 1, where a header should be, is outside the disk");
    put_fat(image);
    assert_read(PARTITIONS_NONE, 0);
}

static void gpt_hybrid(void **state)
{
    (void)state;
    gpt = made_gpt_start(image, SIZE, 512);
    made_record(image, 0, 0x83, 50, 10);
    made_record(image, 1, 0xee, 1, 49);
    made_partition(&gpt, 1, made_esp, 100, 200, "EFI");
    assert_read(PARTITIONS_GPT, 1);
    assert_int_equal(partitions.partition[0].start, 100 * 512);
    put_fat(image); /* which a GPT says more than */
    assert_read(PARTITIONS_GPT, 1);
}

/* ---- MBR ---- */

static void primaries(void **state)
{
    (void)state;
    ((struct mbr *)image)->unique_signature = 0xabc;
    made_record(image, 0, 0x0c, 10, 20)->boot_indicator = 0x80;
    made_record(image, 2, 0xea, 30, SIZE / 512 - 30);
    made_record(image, 3, 0xef, 40, SIZE / 512 - 39); /* a block too many */
    assert_read(PARTITIONS_MBR, 2);
    assert_partition(0, 1, 10, 20, PARTITION_OTHER, "00000abc-01", "");
    assert_partition(1, 3, 30, SIZE / 512 - 30, PARTITION_XBOOTLDR, "00000abc-03", "");
    assert_int_equal(partitions.partition[0].type[0], 0x0c);
    made_record(image, 3, 0xef, 0xffffffff, 0xffffffff);
    assert_read(PARTITIONS_MBR, 2);
    made_record(image, 3, 0xef, 0, 4);
    ((struct mbr *)image)->unique_signature = 0;
    assert_read(PARTITIONS_MBR, 3);
    assert_partition(2, 4, 0, 4, PARTITION_ESP, "", "");
    start(SIZE * 4, 4096);
    made_record(image, 1, 0xef, 256, 3);
    assert_read(PARTITIONS_MBR, 1);
    assert_partition(0, 2, 256, 3, PARTITION_ESP, "", "");
}

static void *block_at(uint32_t block)
{
    return image + (uint64_t)block * disk.block;
}

static void logicals(void **state)
{
    (void)state;
    for (unsigned pass = 0; pass < 2; pass++) {
        static const uint8_t types[] = { 0x05, 0x0f, 0x85 };

        start(SIZE * 8, pass ? 4096 : 512);
        ((struct mbr *)image)->unique_signature = 0x1234abcd;
        made_record(image, 0, 0x83, 10, 20);
        made_record(image, 1, types[pass], 100, 400);
        made_record(image, 3, types[pass + 1], 600, 100);
        made_record(block_at(100), 0, 0x83, 10, 20);
        made_record(block_at(100), 1, 0x05, 50, 60); /* 150 */
        made_record(block_at(150), 0, 0, 0, 0);      /* none: its number is the next one's */
        made_record(block_at(150), 1, 0x05, 200, 60);
        made_record(block_at(300), 0, 0x83, 10, 0x7fffffff); /* outside: it has a number */
        made_record(block_at(300), 1, 0x85, 150, 60);        /* backwards */
        made_record(block_at(250), 0, 0xef, 1, 2);
        made_record(block_at(250), 2, 0x83, 1, 2); /* where nothing should be */
        made_record(block_at(600), 1, 0x83, 5, 5);
        assert_read(PARTITIONS_MBR, 4);
        assert_partition(0, 1, 10, 20, PARTITION_OTHER, "1234abcd-01", "");
        assert_partition(1, 5, 110, 20, PARTITION_OTHER, "1234abcd-05", "");
        assert_partition(2, 7, 251, 2, PARTITION_ESP, "1234abcd-07", "");
        assert_partition(3, 8, 605, 5, PARTITION_OTHER, "1234abcd-08", "");
        assert_false(partitions.cut_off);
    }
}

static void chains_end(void **state)
{
    (void)state;
    made_record(image, 1, 0x05, 100, 400);
    assert_read(PARTITIONS_MBR, 0); /* no signature there */
    made_record(block_at(100), 0, 0x83, 10, 20);
    made_record(block_at(100), 1, 0x05, 50, 60);
    assert_read(PARTITIONS_MBR, 1);
    assert_false(partitions.cut_off);
    made_record(block_at(100), 1, 0x05, SIZE / 512 - 100, 60); /* behind the end */
    assert_read(PARTITIONS_MBR, 1);
    made_record(block_at(100), 1, 0x05, 0xffffffff, 60);
    assert_read(PARTITIONS_MBR, 1);
    assert_false(partitions.cut_off);
    made_record(block_at(100), 1, 0x05, 0, 60); /* itself */
    assert_read(PARTITIONS_MBR, 1);
    assert_true(partitions.cut_off);
    made_record(block_at(100), 1, 0x05, 50, 60);
    made_record(block_at(150), 0, 0x83, 1, 1);
    made_record(block_at(150), 1, 0x05, 0, 60); /* the first one */
    assert_read(PARTITIONS_MBR, 2);
    assert_true(partitions.cut_off);
    broken_at = 150 * 512;
    assert_false(partitions_read(&disk, &partitions, &failure));
    assert_failure(&failure, "disk", "it does not turn");
    broken_at = UINT64_MAX;

    start(SIZE, 512); /* a table that is its own logical one */
    made_record(image, 0, 0x05, 0, 100);
    assert_read(PARTITIONS_MBR, 0);
    assert_true(partitions.cut_off);

    start(SIZE, 512); /* more than there can be */
    made_record(image, 1, 0x05, 100, 400);
    for (uint32_t i = 100; i < 400; i++) {
        made_record(block_at(i), 0, 0x83, 1, 1);
        made_record(block_at(i), 1, 0x05, i - 99, 60);
    }
    assert_read(PARTITIONS_MBR, PARTITIONS_MAX);
    assert_int_equal(partitions.partition[PARTITIONS_MAX - 1].number, 4 + PARTITIONS_MAX);
    assert_true(partitions.cut_off);
}

/* ---- real ones ---- */

/* A disk as captured/ has it: its size, and all bytes that are not zero. */
static void load(const char *name)
{
    char path[64], line[256];
    FILE *file;

    snprintf(path, sizeof(path), "tests/unit/captured/%s.disk", name);
    file = fopen(path, "r");
    if (!file)
        fail_msg("%s is not there", path);
    while (fgets(line, sizeof(line), file)) {
        unsigned long at;
        int used = 0;
        unsigned byte;

        if (sscanf(line, "size %lu", &at) == 1)
            start(at, 512);
        if (sscanf(line, "bytes %lx %n", &at, &used) != 1)
            continue;
        for (const char *digits = line + used; sscanf(digits, "%2x", &byte) == 1; digits += 2) {
            assert_true(at < image_size);
            image[at++] = (uint8_t)byte;
        }
    }
    fclose(file);
}

static void by_sgdisk(void **state)
{
    (void)state;
    for (unsigned pass = 0; pass < 2; pass++) {
        load("gpt-sgdisk");
        if (pass)
            memset(image + 512, 0, 512);
        assert_read(PARTITIONS_GPT, 3);
        assert_int_equal(partitions.from_backup, pass);
        assert_partition(0, 1, 2048, 2048, PARTITION_ESP, "c0ffee00-0001-4000-8000-000000000001", "EFI");
        assert_partition(1, 2, 4096, 2048, PARTITION_XBOOTLDR, "c0ffee00-0002-4000-8000-000000000002",
                         "gr\xc3\xb6\xc3\x9f"
                         "e\xe2\x82\xac");
        assert_partition(2, 7, 6144, 2048, PARTITION_OTHER, "c0ffee00-0007-4000-8000-000000000007", "root");
        assert_memory_equal(partitions.partition[2].type, made_linux, 16);
    }
}

static void by_sfdisk(void **state)
{
    (void)state;
    load("mbr-sfdisk");
    assert_read(PARTITIONS_MBR, 5);
    assert_partition(0, 1, 2048, 2048, PARTITION_OTHER, "1234abcd-01", "");
    assert_partition(1, 3, 15000, 500, PARTITION_OTHER, "1234abcd-03", "");
    assert_partition(2, 5, 5000, 100, PARTITION_OTHER, "1234abcd-05", "");
    assert_partition(3, 6, 6000, 200, PARTITION_OTHER, "1234abcd-06", "");
    assert_partition(4, 7, 8000, 300, PARTITION_ESP, "1234abcd-07", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_table), TEST(boot_sectors),       TEST(gpt_forms),   TEST(gpt_ranges), TEST(gpt_names),
        TEST(gpt_many), TEST(gpt_broken_headers), TEST(gpt_backups), TEST(gpt_hybrid), TEST(primaries),
        TEST(logicals), TEST(chains_end),         TEST(by_sgdisk),   TEST(by_sfdisk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

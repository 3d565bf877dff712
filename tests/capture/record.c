/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a door's normaliser over a machine's saved memory and writes what it read as a capture (tests/unit/replay.h has
 * the format): record [--power] DOOR ARGUMENT DUMP, where the file DUMP holds physical memory from address 0 on.
 * --power captures what turning the machine off reads, instead of what the door reads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/physical.h"
#include "entries/normalise.h"
#include "firmware/acpi.h"
#include "firmware/acpi_virtio.h"
#include "firmware/efi_tables.h"

#define LINE       32 /* bytes of memory a line */
#define PAGE       4096
#define BIOS_START 0xe0000
#define BIOS_END   0x100000
#define EBDA_END   0xa0000
#define RANGES_MAX 4096

static const uint8_t *memory;
static uint64_t memory_size;

/* What was shown, and how much of it from its start on was looked at. */
static struct seen {
    uint64_t address, shown, kept;
} seen[RANGES_MAX];
static unsigned seen_count;
static bool quiet;

static void record(uint64_t address, uint64_t shown, uint64_t kept)
{
    if (quiet)
        return;
    if (seen_count == RANGES_MAX)
        abort();
    seen[seen_count++] = (struct seen){ address, shown, kept };
}

static const void *reach(uint64_t address, uint64_t size)
{
    return address <= memory_size && size <= memory_size - address ? memory + address : NULL;
}

static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    const void *bytes = reach(address, size);

    (void)physical;
    /* Whoever looks for the RSDP sees much and wants little. */
    if (bytes)
        record(address, size, address >= BIOS_START && address + size == BIOS_END ? 0 : size);
    return bytes;
}

/* In place of common/physical.c's: of the page that holds a text, only the text is kept. */
int64_t physical_text(const struct physical *physical, uint64_t address, uint64_t limit, const char **text)
{
    uint64_t length;

    (void)physical;
    *text = reach(address, limit);
    if (!*text)
        return -1;
    length = strnlen(*text, limit);
    if (length == limit)
        return -1;
    record(address, (address + length) / PAGE * PAGE + PAGE - address, length + 1);
    return (int64_t)length;
}

static void write_range(uint64_t address, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += LINE) {
        uint64_t count = size - at < LINE ? size - at : LINE;
        const uint8_t *bytes = memory + address + at;
        bool zero = true;

        for (uint64_t i = 0; i < count; i++)
            zero = zero && !bytes[i];
        if (zero)
            continue;
        printf("memory 0x%lx ", address + at);
        for (uint64_t i = 0; i < count; i++)
            printf("%02x", bytes[i]);
        printf("\n");
    }
}

static int by_address(const void *a, const void *b)
{
    const struct seen *one = a, *other = b;

    if (one->address != other->address)
        return one->address < other->address ? -1 : 1;
    return one->kept < other->kept ? 1 : one->kept > other->kept ? -1 : 0;
}

static void write_all(void)
{
    uint64_t written = 0;

    qsort(seen, seen_count, sizeof(*seen), by_address);
    for (unsigned i = 0; i < seen_count; i++) {
        if (i && seen[i].address == seen[i - 1].address && seen[i].shown == seen[i - 1].shown)
            continue;
        printf("range 0x%lx 0x%lx\n", seen[i].address, seen[i].shown);
    }
    for (unsigned i = 0; i < seen_count; i++) {
        uint64_t start = seen[i].address > written ? seen[i].address : written, end = seen[i].address + seen[i].kept;

        if (end <= start)
            continue;
        write_range(start, end - start);
        written = end;
    }
}

static bool normalise(struct handoff *handoff, enum door door, const struct physical *physical, uint64_t argument,
                      struct failure *failure)
{
    switch (door) {
    case DOOR_PVH:
        return pvh_normalise(handoff, physical, argument, failure);
    case DOOR_MULTIBOOT2:
    case DOOR_MULTIBOOT2_EFI:
        return multiboot2_normalise(handoff, physical, argument, failure);
    default:
        if (!linux_normalise(handoff, physical, argument, true, failure))
            return false;
    }
    if (handoff->efi.present) {
        efi_read_tables(handoff, physical);
        physical_view(physical, handoff->efi.map, handoff->efi.map_size);
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct handoff handoff;
    static uint8_t arena[65536];
    const struct physical physical = { view };
    bool power = argc == 5 && !strcmp(argv[1], "--power");
    enum door door = DOOR_NONE;
    struct failure failure;
    struct acpi_virtio virtio;
    struct acpi_power found;
    struct stat status;
    uint64_t argument, rsdp;
    int file;

    if (argc != 4 + power || (file = open(argv[3 + power], O_RDONLY)) < 0 || fstat(file, &status))
        return fprintf(stderr, "record: error: usage: record [--power] DOOR ARGUMENT DUMP\n"), 2;
    memory_size = (uint64_t)status.st_size;
    memory = mmap(NULL, memory_size, PROT_READ, MAP_PRIVATE, file, 0);
    while (door < DOOR_COUNT && strcmp(door_name(door), argv[1 + power]))
        door++;
    argument = strtoull(argv[2 + power], NULL, 16);
    handoff_start(&handoff, door, arena, sizeof(arena));
    quiet = power;
    if (!normalise(&handoff, door, &physical, argument, &failure))
        return fprintf(stderr, "record: error: %s: %s\n", failure.what, failure.why), 1;
    quiet = false;
    printf("door %s\n", argv[1 + power]);
    if (power) {
        argument = handoff.rsdp.address;
        acpi_read_power(&physical, argument, &found);
        acpi_virtio_find(&physical, argument, &virtio);
    } else if (!handoff.efi.present && acpi_find_rsdp(&physical, &rsdp)) {
        record(rsdp, sizeof(struct acpi_rsdp), sizeof(struct acpi_rsdp));
    }
    printf("argument 0x%lx\n", argument);
    write_all();
    return 0;
}

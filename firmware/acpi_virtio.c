/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking for virtio devices in AML; see acpi_virtio.h. Pure: compiled natively for tests as well. */
#include "firmware/acpi_virtio.h"

#include <stdbool.h>
#include <stddef.h>

#include "common/string.h"
#include "firmware/acpi.h"

#define TABLES_MAX 64 /* SSDTs that are looked at */

/* ACPI 6.5, section 20.2: what the bytes mean. */
#define AML_EXTENDED    0x5b
#define AML_DEVICE      0x82 /* behind it */
#define AML_BUFFER      0x11
#define AML_BYTE_PREFIX 0x0a
#define AML_WORD_PREFIX 0x0b

/* Name (_HID, "LNRO0005") and Name (_CRS, Buffer …, as far as they are fixed. */
static const uint8_t hardware_id[] = "\x08_HID\x0dLNRO0005"; /* with its NUL */
static const uint8_t resources[] = { 0x08, '_', 'C', 'R', 'S', AML_BUFFER };

/* Section 6.4: resource descriptors. */
#define LARGE            0x80u
#define SMALL_LENGTH     7u
#define SMALL_END        0x78 /* without its length */
#define MEMORY32_FIXED   0x86
#define MEMORY32_SIZE    9
#define MEMORY32_ADDRESS 4 /* offsets in the descriptor, its first three bytes included */
#define MEMORY32_LENGTH  8
#define LARGE_HEADER     3

static uint32_t number_at(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

/* Section 20.2.4: a length in one to four bytes, counted from its own first byte; *size is how many those are. */
static bool package_length(const uint8_t *at, const uint8_t *end, uint32_t *length, uint32_t *size)
{
    if (at == end)
        return false;
    *size = (*at >> 6) + 1u;
    if ((uint64_t)(end - at) < *size)
        return false;
    *length = *size == 1 ? *at & 0x3f : *at & 0x0f;
    for (uint32_t i = 1; i < *size; i++)
        *length |= (uint32_t)at[i] << (8 * i - 4);
    return true;
}

/* Where these bytes are first; NULL: nowhere. */
static const uint8_t *find_bytes(const uint8_t *at, const uint8_t *end, const uint8_t *bytes, uint64_t size)
{
    if ((uint64_t)(end - at) < size)
        return NULL;
    end -= size;
    for (const uint8_t first = *bytes; at <= end; at++) {
        if (*at == first && !memcmp(at, bytes, size))
            return at;
    }
    return NULL;
}

static const uint8_t *find_device(const uint8_t *at, const uint8_t *end)
{
    static const uint8_t op[] = { AML_EXTENDED, AML_DEVICE };

    return find_bytes(at, end, op, sizeof(op));
}

/* The first fixed memory range of a buffer of resources: at its BufferOp's PkgLength. */
static bool read_resources(const uint8_t *at, const uint8_t *end, uint32_t *address, uint32_t *size)
{
    uint32_t length, used;

    if (!package_length(at, end, &length, &used) || length < used)
        return false;
    if ((uint64_t)(end - at) > length)
        end = at + length;
    at += used;
    if (at == end) /* the buffer's size, which its package's length repeats */
        return false;
    used = *at == AML_BYTE_PREFIX ? 2 : *at == AML_WORD_PREFIX ? 3 : 1;
    if ((uint64_t)(end - at) < used)
        return false;
    at += used;
    while ((uint64_t)(end - at) >= LARGE_HEADER) {
        length = 1 + (*at & SMALL_LENGTH);
        if (*at & LARGE)
            length = LARGE_HEADER + (at[1] | (uint32_t)at[2] << 8);
        if ((uint64_t)(end - at) < length || (*at & ~SMALL_LENGTH) == SMALL_END)
            return false;
        if (*at == MEMORY32_FIXED && length == LARGE_HEADER + MEMORY32_SIZE) {
            *address = number_at(at + MEMORY32_ADDRESS);
            *size = number_at(at + MEMORY32_LENGTH);
            return true;
        }
        at += length;
    }
    return false;
}

void acpi_virtio_scan(struct span table, struct acpi_virtio *found)
{
    const uint8_t *end = table.data + table.size, *at = NULL;

    /* Most tables have none, and are long. */
    if (table.size > ACPI_HEADER_SIZE &&
        find_bytes(table.data + ACPI_HEADER_SIZE, end, hardware_id, sizeof(hardware_id)))
        at = find_device(table.data + ACPI_HEADER_SIZE, end);
    while (at && found->count < ACPI_VIRTIO_MAX) {
        const uint8_t *body = at + 2, *next = find_device(body, end), *limit = next ? next : end, *crs;
        uint32_t length, used, address, size;

        at = next;
        if (!package_length(body, limit, &length, &used))
            continue;
        if ((uint64_t)(limit - body) > length)
            limit = body + length;
        if (!find_bytes(body, limit, hardware_id, sizeof(hardware_id)))
            continue;
        crs = find_bytes(body, limit, resources, sizeof(resources));
        if (!crs || !read_resources(crs + sizeof(resources), limit, &address, &size))
            continue;
        found->device[found->count].address = address;
        found->device[found->count++].size = size;
    }
}

void acpi_virtio_find(const struct physical *physical, uint64_t rsdp, struct acpi_virtio *found)
{
    struct span table = acpi_dsdt(physical, rsdp);

    found->count = 0;
    if (table.data)
        acpi_virtio_scan(table, found);
    for (uint32_t i = 0; i < TABLES_MAX; i++) {
        table = acpi_table(physical, rsdp, "SSDT", i);
        if (!table.data)
            break;
        acpi_virtio_scan(table, found);
    }
}

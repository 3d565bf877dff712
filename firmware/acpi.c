/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading ACPI tables; see acpi.h. Pure: compiled natively for tests as well. */
#include "firmware/acpi.h"

#include <stddef.h>

#include "common/string.h"

#define RSDP_STEP        16
#define RSDP_TOGETHER    16
#define RSDP_SIGNATURE   0x2052545020445352 /* "RSD PTR " */
#define EBDA_SEGMENT     0x40e
#define EBDA_SIZE        1024
#define BIOS_START       0xe0000
#define BIOS_END         0x100000
#define TABLE_MAX        (16u << 20)
#define ROOT_ENTRIES_MAX 256

struct acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem[6], oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed)); /* and so aligned to nothing, as tables may be */

_Static_assert(sizeof(struct acpi_header) == ACPI_HEADER_SIZE, "ACPI 6.5, table 5.4");

/* ACPI 6.5, section 5.2.9: offsets in the FADT. */
#define FADT_DSDT            40
#define FADT_PM1A_CONTROL    64
#define FADT_PM1B_CONTROL    68
#define FADT_FLAGS           112
#define FADT_RESET_SPACE     116
#define FADT_RESET_ADDRESS   120
#define FADT_RESET_VALUE     128
#define FADT_RESET_END       129
#define FADT_X_DSDT          140
#define FADT_RESET_SUPPORTED (1u << 10)
#define SPACE_IO             1

/* ACPI 6.5, section 4.8.3.2.1: PM1 control. */
#define SLEEP_TYPE_SHIFT 10
#define SLEEP_ENABLE     (1u << 13)

static bool adds_up(const uint8_t *bytes, uint32_t size)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return !sum;
}

/* Whether the signature is at one of RSDP_TOGETHER places: asked of so many at once, because nearly all have none. */
static bool has_signature(const uint8_t *bytes, uint64_t signature)
{
    const struct {
        uint64_t word, rest;
    } __attribute__((packed)) *at = (const void *)bytes;

    return at[0].word == signature || at[1].word == signature || at[2].word == signature || at[3].word == signature ||
           at[4].word == signature || at[5].word == signature || at[6].word == signature || at[7].word == signature ||
           at[8].word == signature || at[9].word == signature || at[10].word == signature || at[11].word == signature ||
           at[12].word == signature || at[13].word == signature || at[14].word == signature || at[15].word == signature;
}

static bool find_in(const struct physical *physical, uint64_t start, uint64_t size, uint64_t *address)
{
    const uint8_t *bytes = physical_view(physical, start, size);
    const uint64_t signature = RSDP_SIGNATURE;

    for (uint64_t at = 0; bytes && at + ACPI_RSDP_VERSION_1_SIZE <= size; at += RSDP_STEP) {
        while (at + RSDP_TOGETHER * RSDP_STEP <= size && !has_signature(bytes + at, signature))
            at += RSDP_TOGETHER * RSDP_STEP;
        if (at + ACPI_RSDP_VERSION_1_SIZE > size || memcmp(bytes + at, &signature, sizeof(signature)) ||
            !adds_up(bytes + at, ACPI_RSDP_VERSION_1_SIZE))
            continue;
        *address = start + at;
        return true;
    }
    return false;
}

bool acpi_find_rsdp(const struct physical *physical, uint64_t *address)
{
    const uint16_t *segment = physical_view(physical, EBDA_SEGMENT, sizeof(*segment));

    if (segment && *segment && find_in(physical, (uint64_t)*segment << 4, EBDA_SIZE, address))
        return true;
    return find_in(physical, BIOS_START, BIOS_END - BIOS_START, address);
}

/* A whole table, or NULL where it cannot be one. */
static const uint8_t *view_table(const struct physical *physical, uint64_t address, const char *signature,
                                 uint32_t *length)
{
    const struct acpi_header *header = address ? physical_view(physical, address, sizeof(*header)) : NULL;

    if (!header || (signature && memcmp(header->signature, signature, 4)) || header->length < sizeof(*header) ||
        header->length > TABLE_MAX)
        return NULL;
    *length = header->length;
    return physical_view(physical, address, header->length);
}

static uint64_t read_number(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, at, size);
    return value;
}

/* By the XSDT where there is one, else by the RSDT. */
struct span acpi_table(const struct physical *physical, uint64_t rsdp_address, const char *signature, uint32_t number)
{
    const struct acpi_rsdp *rsdp = physical_view(physical, rsdp_address, ACPI_RSDP_VERSION_1_SIZE);
    const struct acpi_rsdp *whole =
        rsdp && rsdp->revision >= 2 ? physical_view(physical, rsdp_address, sizeof(*rsdp)) : NULL;
    unsigned entry_size = whole && whole->xsdt ? 8 : 4;
    uint32_t root_length, length;
    const uint8_t *root = NULL;

    if (rsdp)
        root = view_table(physical, entry_size == 8 ? whole->xsdt : rsdp->rsdt, NULL, &root_length);
    for (uint32_t i = 0; root && i < ROOT_ENTRIES_MAX; i++) {
        uint64_t at = sizeof(struct acpi_header) + (uint64_t)i * entry_size;

        if (at + entry_size > root_length)
            break;

        const uint8_t *table = view_table(physical, read_number(root + at, entry_size), signature, &length);

        if (table && !number--)
            return (struct span){ table, length };
    }
    return (struct span){ NULL, 0 };
}

static struct span dsdt_of(const struct physical *physical, struct span fadt)
{
    uint64_t address = 0;
    uint32_t length;
    const uint8_t *table;

    if (fadt.size >= FADT_DSDT + 4)
        address = read_number(fadt.data + FADT_DSDT, 4);
    if (!address && fadt.size >= FADT_X_DSDT + 8)
        address = read_number(fadt.data + FADT_X_DSDT, 8);
    table = view_table(physical, address, "DSDT", &length);
    return (struct span){ table, table ? length : 0 };
}

struct span acpi_dsdt(const struct physical *physical, uint64_t rsdp)
{
    const struct span fadt = acpi_table(physical, rsdp, "FACP", 0);

    return fadt.data ? dsdt_of(physical, fadt) : fadt;
}

/*
 * `Name (\_S5, Package () { a, b, … })` in AML (ACPI 6.5, section 20.2): NameOp, an optional root prefix, "_S5_",
 * PackageOp, a length of one to four bytes, a count, then numbers of one byte (with a prefix of 0x0a, or 0 and 1
 * alone).
 */
static bool find_s5(const uint8_t *aml, uint32_t length, uint8_t values[2])
{
    const uint8_t package_op = 0x12, byte_prefix = 0x0a;

    /* The name, PackageOp and the first byte of the length: microvm's DSDT ends twelve bytes behind its name. */
    for (uint32_t i = sizeof(struct acpi_header); i + 6 <= length; i++) {
        if (memcmp(aml + i, "_S5_", 4) || aml[i + 4] != package_op)
            continue;

        uint32_t at = i + 5 + 1 + (aml[i + 5] >> 6) + 1; /* the top bits of the length count its further bytes */

        for (unsigned n = 0; n < 2; n++) {
            if (at + 1 < length && aml[at] == byte_prefix)
                at++;
            if (at >= length)
                return false;
            values[n] = aml[at++];
        }
        return true;
    }
    return false;
}

void acpi_read_power(const struct physical *physical, uint64_t rsdp, struct acpi_power *power)
{
    const struct span table = acpi_table(physical, rsdp, "FACP", 0);
    const uint8_t *fadt = table.data;
    uint8_t s5[2];

    *power = (struct acpi_power){ 0 };
    if (!fadt || table.size < FADT_FLAGS + 4)
        return;
    if (table.size >= FADT_RESET_END && (read_number(fadt + FADT_FLAGS, 4) & FADT_RESET_SUPPORTED) &&
        fadt[FADT_RESET_SPACE] == SPACE_IO) {
        power->can_reset = true;
        power->reset_port = (uint16_t)read_number(fadt + FADT_RESET_ADDRESS, 2);
        power->reset_value = fadt[FADT_RESET_VALUE];
    }

    const struct span dsdt = dsdt_of(physical, table);

    power->control_a = (uint16_t)read_number(fadt + FADT_PM1A_CONTROL, 2);
    power->control_b = (uint16_t)read_number(fadt + FADT_PM1B_CONTROL, 2);
    if (!dsdt.data || !power->control_a || !find_s5(dsdt.data, (uint32_t)dsdt.size, s5))
        return;
    power->can_sleep = true;
    power->value_a = (uint16_t)(s5[0] << SLEEP_TYPE_SHIFT | SLEEP_ENABLE);
    power->value_b = (uint16_t)(s5[1] << SLEEP_TYPE_SHIFT | SLEEP_ENABLE);
}

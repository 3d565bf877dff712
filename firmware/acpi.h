/* SPDX-License-Identifier: BSD-2-Clause */
/* As much of ACPI as a loader needs: where its root pointer is, and how to turn the machine off (ACPI 6.5). */
#ifndef FIRMWARE_ACPI_H
#define FIRMWARE_ACPI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/physical.h"
#include "common/span.h"

#define ACPI_HEADER_SIZE 36 /* bytes in front of every table's content */

/* ACPI 6.5, section 5.2.5.3. The first 20 bytes are version 1's. */
struct acpi_rsdp {
    char signature[8]; /* "RSD PTR " */
    uint8_t checksum;  /* makes the first 20 bytes add up to 0 */
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length; /* of all of it; this and what follows from revision 2 on */
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} __attribute__((packed));

#define ACPI_RSDP_VERSION_1_SIZE 20 /* bytes, from signature to rsdt */

_Static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI 6.5, table 5.3");

/*
 * Searches where a BIOS puts the root pointer (section 5.2.5.1): the first KiB of the extended BIOS data area, whose
 * segment stands at 0x40e, then 0xe0000 to 0xfffff. Only one whose checksum is right counts.
 */
bool acpi_find_rsdp(const struct physical *physical, uint64_t *address);

/*
 * The table number `number`, from 0 on, of those with a signature, header included, and the DSDT, as the root pointer
 * leads to them; absent where there is none that can be read. Checksums are not looked at: firmwares get them wrong.
 */
struct span acpi_table(const struct physical *physical, uint64_t rsdp, const char *signature, uint32_t number);
struct span acpi_dsdt(const struct physical *physical, uint64_t rsdp);

/* What it takes to turn the machine off or to reset it; see acpi_read_power. */
struct acpi_power {
    bool can_sleep;
    uint16_t control_a, control_b; /* ports of PM1a_CNT and PM1b_CNT; b may be 0 */
    uint16_t value_a, value_b;     /* to write there for S5 */
    bool can_reset;
    uint16_t reset_port;
    uint8_t reset_value;
};

/*
 * Reads the FADT and, from the DSDT, the \_S5 package, without an interpreter: its encoding is fixed enough in
 * practice. *power says what was found.
 */
void acpi_read_power(const struct physical *physical, uint64_t rsdp, struct acpi_power *power);

#endif

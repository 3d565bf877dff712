/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/acpi.c tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* ACPI: the RSDP at the start of the memory that is the input; then the same bytes as the end of the BIOS area. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/acpi.h"
#include "tests/fuzz/memory.h"

#define BIOS_START 0xe0000
#define BIOS_SIZE  0x20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory memory;
    struct acpi_power power;
    uint8_t *bios;
    uint64_t found;

    memory_start(&memory, data, size);
    acpi_read_power(&memory.physical, MEMORY_BASE, &power);
    if (power.can_sleep && !power.control_a)
        abort();
    memory_end(&memory);

    bios = calloc(1, BIOS_SIZE);
    memcpy(bios, data, size < BIOS_SIZE ? size : BIOS_SIZE);
    memory_start(&memory, bios, BIOS_SIZE);
    memory.base = BIOS_START;
    if (acpi_find_rsdp(&memory.physical, &found) &&
        (found % 16 || found < BIOS_START || found - BIOS_START > BIOS_SIZE))
        abort();
    memory_end(&memory);
    free(bios);
    return 0;
}

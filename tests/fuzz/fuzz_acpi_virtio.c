/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/acpi_virtio.c firmware/acpi.c tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* One table of AML; then the same bytes as memory that begins with an RSDP. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/acpi_virtio.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory memory;
    struct acpi_virtio found = { .count = 0 };
    uint8_t *exact = malloc(size ? size : 1); /* so that the sanitizers see whoever reads beyond */

    memcpy(exact, data, size);
    acpi_virtio_scan((struct span){ exact, size }, &found);
    free(exact);
    if (found.count > ACPI_VIRTIO_MAX)
        abort();
    memory_start(&memory, data, size);
    acpi_virtio_find(&memory.physical, MEMORY_BASE, &found);
    if (found.count > ACPI_VIRTIO_MAX)
        abort();
    memory_end(&memory);
    return 0;
}

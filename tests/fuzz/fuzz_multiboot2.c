/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: entries/multiboot2.c tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* The multiboot2 information at the start of the memory that is the input. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entries/normalise.h"
#include "firmware/acpi.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies lie in the arena, the RSDP as long as the longest. */
static void check_copy(const struct handoff *handoff, struct known_address copy, uint64_t size)
{
    uint64_t start = (uint64_t)handoff->arena.base;

    if (copy.present && (copy.address < start || copy.address + size > start + handoff->arena.used))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory memory;
    struct handoff *handoff = memory_handoff(DOOR_MULTIBOOT2);
    struct failure failure;

    memory_start(&memory, data, size);
    if (multiboot2_normalise(handoff, &memory.physical, MEMORY_BASE, &failure)) {
        check_copy(handoff, handoff->rsdp, sizeof(struct acpi_rsdp));
        check_copy(handoff, handoff->smbios, 0);
        check_copy(handoff, handoff->smbios3, 0);
        memory_check_handoff(handoff);
    }
    memory_end(&memory);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: entries/linux.c firmware/efi_tables.c tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* boot_params at the start of the memory that is the input, and the EFI tables that it points to. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entries/normalise.h"
#include "firmware/efi_tables.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory memory;
    struct handoff *handoff = memory_handoff(DOOR_LINUX32);
    struct failure failure;

    memory_start(&memory, data, size);
    if (linux_normalise(handoff, &memory.physical, MEMORY_BASE, true, &failure)) {
        if (handoff->efi.present)
            efi_read_tables(handoff, &memory.physical);
        memory_check_handoff(handoff);
    }
    handoff = memory_handoff(DOOR_EFI_HANDOVER);
    if (linux_normalise(handoff, &memory.physical, MEMORY_BASE, false, &failure) && handoff->map.count)
        abort();
    memory_end(&memory);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: entries/pvh.c tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* start_info at the start of the memory that is the input. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entries/normalise.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory memory;
    struct handoff *handoff = memory_handoff(DOOR_PVH);
    struct failure failure;

    memory_start(&memory, data, size);
    if (pvh_normalise(handoff, &memory.physical, MEMORY_BASE, &failure))
        memory_check_handoff(handoff);
    memory_end(&memory);
    return 0;
}

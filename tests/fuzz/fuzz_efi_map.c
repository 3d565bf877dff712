/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/efi_tables.c tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* An EFI memory map: the first byte is the size of a descriptor, the second whether boot services have ended. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/efi_tables.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory_map map;
    struct failure failure;

    if (size < 2)
        return 0;
    map.count = 0;
    if (efi_add_map(&map, (struct span){ data + 2, size - 2 }, data[0], data[1], &failure))
        memory_check_map(&map);
    efi_map_for_unpacker((struct span){ data + 2, size - 2 }, data[0]);
    return 0;
}

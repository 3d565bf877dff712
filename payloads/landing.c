/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See landing.h. A relocatable bzImage runs wherever its code lies aligned, not below its preferred address, with
 * init_size bytes for it: the setup part comes to lie in front of that place.
 *
 *   | setup | code ...           init_size |
 *           ^ aligned, as low as there is room
 *
 * One that was packed again is unpacked by us alone, to a place of its own, for which the low addresses are kept. Where
 * a firmware owns the memory, the kernel's EFI stub is what is started, which moves itself.
 */
#include "payloads/landing.h"

#include "common/checked.h"

bool landing_find(struct span head, uint64_t size, const struct memory_map *map, uint64_t *address)
{
    struct linux_kernel kernel;
    struct map_request request = { .maximum = MAP_BELOW_4G };
    uint64_t lead, front, code, end;

    if (map->claim || !bzimage_peek(head, &kernel, &lead) || kernel.repacked || !kernel.relocatable || size < lead ||
        size - lead > kernel.init_size || kernel.preferred > MAP_BELOW_4G || kernel.alignment > MAP_BELOW_4G)
        return false;
    front = align_up(lead, MAP_PAGE);
    if (kernel.preferred < front)
        return false;
    /* At first without what alignment may cost. */
    for (unsigned i = 0; i < 2; i++) {
        request.minimum = kernel.preferred - front;
        request.size = front + kernel.init_size + (i ? kernel.alignment : 0);
        if (!map_find(map, &request, &code) || !checked_align(code + front, kernel.alignment, &code))
            return false;
        if (checked_add(code, kernel.init_size, &end) && end - 1 <= MAP_BELOW_4G &&
            map_is_free(map, code - front, front + kernel.init_size, false)) {
            *address = code - lead;
            return true;
        }
    }
    return false;
}

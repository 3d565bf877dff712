/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/unpack.c payloads/unpack_gzip.c payloads/unpack_zstd.c payloads/unpack_lz4.c */
/* sources: payloads/unpack_xz.c payloads/unpack_lzma.c common/text.c common/failure.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a */
/*
 * A compressed stream. What is unpacked stays within its bounds, and where the format is exact a head is the beginning
 * of the whole. The first two bytes of the input choose how much room there is. The libraries are not built with the
 * sanitizers, so that what they read and write lies against a page that is not there.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/string.h"
#include "payloads/unpack.h"

#define PAGE     4096
#define IN_ROOM  (64 * 1024)
#define OUT_ROOM (256 * 1024) /* little, so that a bomb costs little */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* The end of `size` bytes behind which is no page; made once. */
static uint8_t *guarded(size_t size)
{
    uint8_t *mapping = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    require(mapping != MAP_FAILED && !mprotect(mapping + size, PAGE, PROT_NONE));
    return mapping + size;
}

/*
 * Whether all that is accepted has one meaning. liblz4 also takes blocks that no compressor may write (with an offset
 * of 0, or that do not end in 5 literals), and what comes of those depends on how much room there is and on what lay
 * there.
 */
static bool is_exact(enum packing packing)
{
    return packing != PACKING_LZ4 && packing != PACKING_LZ4_LEGACY;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_size)
{
    static uint8_t *in, *out, *head_out;
    uint64_t size, used, head, header_size, capacity, head_room;
    struct failure failure = { 0 };
    bool exact;

    if (data_size < 2 || data_size - 2 > IN_ROOM)
        return 0;
    if (!in) {
        in = guarded(IN_ROOM);
        out = guarded(OUT_ROOM);
        head_out = guarded(OUT_ROOM);
    }
    capacity = data[0] * 1024ull;
    head_room = data[1] * 16ull;

    struct span packed = { in - (data_size - 2), data_size - 2 };

    memcpy(in - packed.size, data + 2, packed.size);
    head = unpack_head(packed, head_out - head_room, head_room);
    require(head <= head_room);
    if (unpack_size(packed, &header_size))
        require(unpack_recognise(packed) == PACKING_ZSTD || unpack_recognise(packed) == PACKING_LZ4 ||
                unpack_recognise(packed) == PACKING_LZMA);
    if (!unpack(packed, out - capacity, capacity, &size, &used, &failure)) {
        require(*failure.what && *failure.why);
        return 0;
    }
    require(unpack_recognise(packed) != PACKING_NONE);
    require(size <= capacity && used <= packed.size && used);
    exact = is_exact(unpack_recognise(packed));
    require(!exact ||
            (head == (size < head_room ? size : head_room) && !memcmp(head_out - head_room, out - capacity, head)));

    /* The stream by itself, with just the room that it needs where that is known. */
    const uint64_t room = exact ? size : capacity;
    uint64_t again_size, again_used;

    packed.size = used;
    memmove(in - used, in - (data_size - 2), used);
    packed.data = in - used;
    require(unpack(packed, head_out - room, room, &again_size, &again_used, &failure));
    require(again_size == size && again_used == used);
    require(!exact || !memcmp(head_out - room, out - capacity, size));
    return 0;
}

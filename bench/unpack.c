/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpacks what is packed in kernels, natively, many times, and says how long it took: by our decoders, as the image has
 * them (bench.mk), and by Linux's, where it was built with them (linux_decoder.h). Both must give the same bytes.
 *
 *     unpack ROUNDS FILE...
 *
 * A FILE is a payload as a bzImage has it: one stream, and behind it four bytes, its size unpacked. A line of the
 * output is `FILE DECODER PACKED UNPACKED SECONDS`, one each round: bytes, and the processor's time; the decoders take
 * turns. All memory is there before the clock runs, in large pages where the system has them, as it is for both in a
 * boot.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/heap.h"
#include "payloads/unpack.h"

#define LARGE          (2ull << 20)
#define HEAP           (96 * LARGE) /* bytes for our decoders: the dictionary of liblzma above all */
#define TRAILER        sizeof(uint32_t)
#define SIZE_MAX_TAKEN (1u << 30)

/* A payload, with its trailer, and the room for what it unpacks to; returns whether it did, to `size` bytes. */
struct decoder {
    const char *name;
    bool (*unpack)(struct span packed, uint8_t *out, uint64_t size);
};

/* linux_decoder.h; NULL where Linux's are not there. The bytes count the trailer; NULL where it went well, or why not.
 */
typedef const char *linux_decoder(uint8_t *packed, long packed_size, uint8_t *out, long size);
linux_decoder linux_unxz __attribute__((weak)), linux_unzstd __attribute__((weak)), linux_unlz4 __attribute__((weak));

/* What library.c does but for interrupts, of which a process has none: the C library has run the constructors. */
uint64_t library_enter(void);
void library_leave(uint64_t flags);

uint64_t library_enter(void)
{
    return 0;
}

void library_leave(uint64_t flags)
{
    (void)flags;
}

/* Memory that is there; it stays until the end. */
static uint8_t *take(uint64_t size)
{
    uint8_t *bytes = mmap(NULL, size + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (bytes == MAP_FAILED) {
        fprintf(stderr, "unpack: error: no memory: %" PRIu64 " bytes\n", size);
        exit(1);
    }
    bytes = (uint8_t *)(((uintptr_t)bytes + LARGE - 1) & ~(LARGE - 1));
    madvise(bytes, size, MADV_HUGEPAGE);
    memset(bytes, 0x55, size);
    return bytes;
}

static bool reach(uint64_t start, uint64_t size)
{
    (void)start, (void)size;
    return true;
}

static bool ours(struct span packed, uint8_t *out, uint64_t size)
{
    static struct memory_map map;
    struct failure failure;
    uint64_t got, used;
    bool done;

    if (!map.count && !map_add(&map, (uint64_t)take(HEAP), HEAP, MAP_RAM, 0, &failure))
        return false;
    heap_start(&map, reach);
    done = unpack(packed, out, size, &got, &used, &failure);
    heap_end();
    return done && got == size;
}

static linux_decoder *linux_decoder_of(struct span packed)
{
    const enum packing packing = unpack_recognise(packed);

    return packing == PACKING_XZ           ? linux_unxz
           : packing == PACKING_ZSTD       ? linux_unzstd
           : packing == PACKING_LZ4_LEGACY ? linux_unlz4
                                           : NULL;
}

static bool linux_own(struct span packed, uint8_t *out, uint64_t size)
{
    return !linux_decoder_of(packed)((uint8_t *)packed.data, (long)packed.size, out, (long)size);
}

static const struct decoder decoders[] = { { "quadrivium", ours }, { "linux", linux_own } };

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct span read_file(const char *path, uint32_t *size)
{
    FILE *file = fopen(path, "rb");
    struct span content = { NULL, 0 };
    long length;

    if (!file || fseek(file, 0, SEEK_END) || (length = ftell(file)) <= (long)TRAILER || fseek(file, 0, SEEK_SET)) {
        fprintf(stderr, "unpack: error: %s: no payload can be read\n", path);
        exit(1);
    }
    content = (struct span){ take((uint64_t)length), (uint64_t)length };
    if (fread((void *)content.data, 1, content.size, file) != content.size) {
        fprintf(stderr, "unpack: error: %s: it cannot be read whole\n", path);
        exit(1);
    }
    fclose(file);
    memcpy(size, content.data + content.size - TRAILER, sizeof(*size));
    return content;
}

static bool measure(const char *path, unsigned long rounds)
{
    uint32_t size;
    struct span packed = read_file(path, &size);
    uint8_t *wanted = NULL, *out;

    if (size > SIZE_MAX_TAKEN) {
        fprintf(stderr, "unpack: error: %s: it says %" PRIu32 " bytes\n", path, size);
        return false;
    }
    out = take(size);
    for (unsigned long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < (linux_decoder_of(packed) ? 2 : 1); i++) {
            double start = now(), end;
            bool done = decoders[i].unpack(packed, out, size);

            end = now();
            if (!wanted && done)
                wanted = memcpy(take(size), out, size);
            if (!done || memcmp(out, wanted, size)) {
                fprintf(stderr, "unpack: error: %s: %s cannot unpack it\n", path, decoders[i].name);
                return false;
            }
            printf("%s %s %" PRIu64 " %" PRIu32 " %.6f\n", path, decoders[i].name, packed.size - TRAILER, size,
                   end - start);
            memset(out, 0, size);
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;

    if (!rounds) {
        fprintf(stderr, "unpack: error: usage: unpack ROUNDS FILE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        if (!measure(argv[i], rounds))
            return 1;
    }
    return 0;
}

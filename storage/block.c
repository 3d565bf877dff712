/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks of devices, with a cache for small reads; see block.h. Pure, but for the memory map that its memory comes from.
 *
 * What is small (folders, tables, configuration) is read in chunks, which are kept; what is large goes straight from
 * the device to where it is wanted, and is not kept, because nobody reads it twice.
 */
#include "storage/block.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/string.h"

#define CHUNK       (32ull * 1024) /* bytes read at once where less is wanted; a multiple of every block size */
#define CHUNKS      32
#define BUFFER_UNIT 512 /* what a driver's buffer is aligned to */
#define BLOCK_MIN   512 /* bytes of a device's block */
#define BLOCK_MAX   4096

static struct {
    uint8_t *memory; /* CHUNKS times CHUNK; NULL: there is no cache yet */
    uint64_t clock;
    struct chunk {
        const struct block_device *device; /* NULL: nothing */
        uint64_t offset;                   /* on the device, a multiple of CHUNK */
        uint64_t size;                     /* CHUNK, but at the end of the device */
        uint64_t used;                     /* when it was wanted last, by the clock */
    } chunk[CHUNKS];
} cache;

static struct block_account account;

struct block_account block_account(void)
{
    return account;
}

bool block_cache_start(struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size), struct failure *failure)
{
    const struct map_request request = { .size = CHUNK * CHUNKS, .maximum = MAP_BELOW_4G, .high = true };
    uint64_t address;

    if (cache.memory)
        return true;
    if (!map_allocate(map, &request, MAP_WORK, &address, "disk cache", failure))
        return false;
    if (!reach(address, request.size))
        return fail(failure, "disk cache", "its memory at 0x%lx is out of our reach", address);
    cache.memory = (uint8_t *)address;
    return true;
}

void block_cache_end(void)
{
    memset(&cache, 0, sizeof(cache));
}

static struct chunk *oldest(void)
{
    struct chunk *found = &cache.chunk[0];

    for (unsigned i = 1; i < CHUNKS; i++) {
        if (cache.chunk[i].used < found->used)
            found = &cache.chunk[i];
    }
    return found;
}

static uint8_t *bytes_of(const struct chunk *chunk)
{
    return cache.memory + (uint64_t)(chunk - cache.chunk) * CHUNK;
}

static bool read_blocks(struct block_device *device, uint64_t offset, uint64_t size, void *buffer,
                        struct failure *failure)
{
    const uint64_t start = __builtin_ia32_rdtsc();

    if (!device->read(device, offset / device->block_size, size / device->block_size, buffer, failure))
        return false;
    account.bytes += size;
    account.ticks += __builtin_ia32_rdtsc() - start;
    return true;
}

/* The chunk that holds the byte at `offset`, read where it is not kept. */
static const struct chunk *chunk_at(struct block_device *device, uint64_t end, uint64_t offset, struct failure *failure)
{
    const uint64_t start = align_down(offset, CHUNK);
    struct chunk *chunk;

    for (unsigned i = 0; i < CHUNKS; i++) {
        chunk = &cache.chunk[i];
        if (chunk->device == device && chunk->offset == start) {
            chunk->used = ++cache.clock;
            return chunk;
        }
    }
    chunk = oldest();
    *chunk = (struct chunk){ .offset = start, .size = end - start < CHUNK ? end - start : CHUNK };
    if (!read_blocks(device, start, chunk->size, bytes_of(chunk), failure))
        return NULL;
    chunk->device = device;
    chunk->used = ++cache.clock;
    return chunk;
}

/* How much of a read, at its begin, can go to the buffer without a cache: whole blocks, and enough of them. */
static uint64_t direct(const struct block_device *device, uint64_t offset, const uint8_t *buffer, uint64_t size)
{
    if (size < CHUNK || offset % device->block_size || (uintptr_t)buffer % BUFFER_UNIT)
        return 0;
    return align_down(size, device->block_size);
}

static bool read_device(const struct disk *disk, uint64_t offset, void *buffer, uint64_t size, struct failure *failure)
{
    struct block_device *device = disk->below;
    uint8_t *to = buffer;

    if (!checked_within(offset, size, disk->size))
        return fail(failure, device->name, "%lu bytes at 0x%lx are outside its %lu", size, offset, disk->size);
    while (size) {
        uint64_t done = direct(device, offset, to, size);

        if (done) {
            if (!read_blocks(device, offset, done, to, failure))
                return false;
        } else {
            const struct chunk *chunk = chunk_at(device, disk->size, offset, failure);
            uint64_t skip;

            if (!chunk)
                return false;
            skip = offset - chunk->offset;
            done = chunk->size - skip < size ? chunk->size - skip : size;
            memcpy(to, bytes_of(chunk) + skip, done);
        }
        offset += done;
        to += done;
        size -= done;
    }
    return true;
}

bool disk_of_device(struct block_device *device, struct disk *disk, struct failure *failure)
{
    uint64_t size;

    if (device->block_size < BLOCK_MIN || device->block_size > BLOCK_MAX ||
        device->block_size & (device->block_size - 1))
        return fail(failure, device->name, "its blocks have %u bytes", device->block_size);
    if (!checked_multiply(device->block_count, device->block_size, &size))
        return fail(failure, device->name, "it says that it has %lu blocks", device->block_count);
    *disk = (struct disk){ .size = size, .read = read_device, .block = device->block_size, .below = device };
    return true;
}

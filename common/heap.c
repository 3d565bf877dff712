/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap; see heap.h. It is a stack of chunks, each a run of pages from the map, and in them a stack of blocks. A
 * library takes a few large blocks, works, and frees them, so no more is needed than to take from the top.
 */
#include "common/heap.h"

#include <stdalign.h>
#include <stdint.h>

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"

#define ALIGNMENT  16ull        /* alignof(max_align_t), which malloc promises */
#define CHUNK_SIZE (256 * 1024) /* at least, so that small blocks do not cut the map to pieces */
#define CHUNKS_MAX 64

/* Stands before the bytes that the caller has. */
struct block {
    struct block *previous; /* the one taken before it; NULL in the first of a chunk */
    bool free;              /* but not the last one, so that it waits */
    alignas(ALIGNMENT) uint8_t bytes[];
};

_Static_assert(sizeof(struct block) == ALIGNMENT, "a block's bytes are aligned when its header is");

struct chunk {
    uint64_t start, size; /* physical address; bytes, whole pages */
    uint64_t used;        /* bytes */
    struct block *last;   /* NULL where the chunk is empty */
};

static struct memory_map *heap_map; /* NULL: there is no heap */
static bool (*heap_reach)(uint64_t start, uint64_t size);
static struct chunk chunks[CHUNKS_MAX] NOINIT;
static uint32_t chunk_count;
static bool lacked;

void heap_start(struct memory_map *map, bool (*reach)(uint64_t start, uint64_t size))
{
    heap_map = map;
    heap_reach = reach;
    chunk_count = 0;
    lacked = false;
}

/*
 * The map may ask a firmware, and EFI's allocator lets interrupts in again. Whoever turned them off for the libraries'
 * sake (payloads/library.h) finds them as they were.
 */
static bool take(struct chunk *chunk, const struct map_request *request)
{
    uint64_t flags = __builtin_ia32_readeflags_u64();
    struct failure ignored; /* the caller of malloc has only NULL to go by */
    bool taken = map_allocate(heap_map, request, MAP_WORK, &chunk->start, "heap", &ignored);

    __builtin_ia32_writeeflags_u64(flags);
    return taken;
}

static void drop_chunk(void)
{
    const struct chunk *chunk = &chunks[--chunk_count];
    uint64_t flags = __builtin_ia32_readeflags_u64();
    struct failure ignored;

    /* Where the map is too full to say that it is free, it stays ours: a loss, and no harm. */
    map_release(heap_map, chunk->start, chunk->size, &ignored);
    __builtin_ia32_writeeflags_u64(flags);
}

void heap_end(void)
{
    while (chunk_count)
        drop_chunk();
    heap_map = NULL;
}

bool heap_lacked(void)
{
    return lacked;
}

static bool add_chunk(uint64_t size)
{
    struct map_request request = { .size = size > CHUNK_SIZE ? size : CHUNK_SIZE, .high = true };
    struct chunk *chunk = &chunks[chunk_count];

    if (chunk_count == CHUNKS_MAX || !checked_align(request.size, MAP_PAGE, &request.size) || !take(chunk, &request))
        return false;
    chunk->size = request.size;
    chunk->used = 0;
    chunk->last = NULL;
    chunk_count++;
    if (heap_reach(chunk->start, chunk->size))
        return true;
    drop_chunk();
    return false;
}

static void *none(void)
{
    lacked = true;
    return NULL;
}

void *malloc(size_t size)
{
    uint64_t whole;

    if (!heap_map || !checked_add(size, sizeof(struct block), &whole) || !checked_align(whole, ALIGNMENT, &whole))
        return none();
    if ((!chunk_count || chunks[chunk_count - 1].size - chunks[chunk_count - 1].used < whole) && !add_chunk(whole))
        return none();

    struct chunk *chunk = &chunks[chunk_count - 1];
    struct block *block = (struct block *)(uintptr_t)(chunk->start + chunk->used);

    block->previous = chunk->last;
    block->free = false;
    chunk->last = block;
    chunk->used += whole;
    return block->bytes;
}

void *calloc(size_t count, size_t size)
{
    uint64_t whole;
    void *block = checked_multiply(count, size, &whole) ? malloc(whole) : NULL;

    if (block)
        memset(block, 0, whole);
    return block;
}

void free(void *bytes)
{
    if (!bytes || !heap_map)
        return;
    ((struct block *)((uint8_t *)bytes - sizeof(struct block)))->free = true;
    while (chunk_count) {
        struct chunk *chunk = &chunks[chunk_count - 1];

        for (; chunk->last && chunk->last->free; chunk->last = chunk->last->previous)
            chunk->used = (uint64_t)(uintptr_t)chunk->last - chunk->start;
        if (chunk->last)
            return;
        drop_chunk();
    }
}

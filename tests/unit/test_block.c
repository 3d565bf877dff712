/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/block.c storage/disk.c common/map.c common/text.c common/failure.c */
/* Disks over devices that are read in blocks: what goes through the cache, what goes straight, and that both are right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "storage/block.h"

#include <cmocka.h>

#define SIZE      (1024 * 1024 + 3 * 4096)
#define CHUNK     (32 * 1024)
#define CACHE     (32 * CHUNK)
#define READS_MAX 64

static uint8_t content[SIZE];
static uint8_t *buffer; /* aligned; SIZE bytes */
static struct block_device device;
static struct disk disk;
static struct failure failure;
static uint64_t broken; /* block that cannot be read */

static struct {
    uint64_t first, count;
    void *buffer;
} reads[READS_MAX];
static unsigned read_count;

static bool read_blocks(struct block_device *asked, uint64_t first, uint64_t count, void *to, struct failure *reason)
{
    assert_ptr_equal(asked, &device);
    assert_true(count && first < device.block_count && count <= device.block_count - first);
    assert_int_equal((uintptr_t)to % 512, 0);
    assert_true(read_count < READS_MAX);
    reads[read_count].first = first;
    reads[read_count].count = count;
    reads[read_count++].buffer = to;
    if (broken >= first && broken < first + count)
        return (fail)(reason, "xvda", "block %lu cannot be read", (unsigned long)broken);
    memcpy(to, content + first * device.block_size, count * device.block_size);
    return true;
}

static bool reach(uint64_t start, uint64_t size)
{
    (void)start;
    (void)size;
    return true;
}

static int setup(void **state)
{
    static struct memory_map map;
    void *memory = mmap(NULL, CACHE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

    (void)state;
    assert_ptr_not_equal(memory, MAP_FAILED);
    buffer = aligned_alloc(4096, SIZE + 4096);
    for (uint64_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 7 + i / 251 + i / 4099);
    device = (struct block_device){ .name = "xvda", .block_size = 512, .block_count = SIZE / 512, .read = read_blocks };
    broken = UINT64_MAX;
    map = (struct memory_map){ .count = 0 };
    assert_true(map_add(&map, (uint64_t)memory, CACHE, MAP_RAM, 0, &failure));
    block_cache_end();
    assert_true(block_cache_start(&map, reach, &failure));
    assert_true(disk_of_device(&device, &disk, &failure));
    read_count = 0;
    *state = memory;
    return 0;
}

static int teardown(void **state)
{
    munmap(*state, CACHE);
    free(buffer);
    return 0;
}

static void check(uint64_t offset, uint64_t size, uint64_t skew)
{
    memset(buffer, 0x5a, SIZE + 4096);
    assert_true(disk.read(&disk, offset, buffer + skew, size, &failure));
    assert_memory_equal(buffer + skew, content + offset, size);
    assert_int_equal(buffer[skew + size], 0x5a);
}

static void assert_read(unsigned index, uint64_t offset, uint64_t size)
{
    assert_true(index < read_count);
    assert_int_equal(reads[index].first * device.block_size, offset);
    assert_int_equal(reads[index].count * device.block_size, size);
}

static void small_reads_share_a_chunk(void **state)
{
    (void)state;
    check(70000, 10, 0);
    check(65536, 1, 3);
    check(65537, CHUNK - 2, 1);
    assert_int_equal(read_count, 1);
    assert_read(0, 65536, CHUNK);
    check(65536 + CHUNK - 5, 10, 0); /* across two chunks */
    assert_int_equal(read_count, 2);
    check(0, 0, 0);
    assert_int_equal(read_count, 2);
}

static void large_reads_go_straight(void **state)
{
    const struct block_account before = block_account();

    (void)state;
    check(4096, 600000, 0);
    assert_int_equal(block_account().bytes - before.bytes, 600000 / 512 * 512 + CHUNK);
    assert_read(0, 4096, 600000 / 512 * 512);
    assert_ptr_equal(reads[0].buffer, buffer);
    assert_int_equal(read_count, 2); /* the last 448 bytes come from a chunk */
    check(512, CHUNK, 512);
    assert_ptr_equal(reads[2].buffer, buffer + 512);
    assert_int_equal(read_count, 3);
}

static void what_is_not_aligned_goes_through_the_cache(void **state)
{
    (void)state;
    check(4096, 100000, 1);            /* the buffer */
    check(4097, 100000, 1);            /* both, alike */
    check(4097, 100000, 0);            /* the offset */
    check(700, SIZE - 700, 700 % 512); /* its begin: then the rest is aligned */
    check(0, SIZE, 0);
}

static void the_end_of_the_device(void **state)
{
    (void)state;
    check(SIZE - 1, 1, 0);
    assert_read(0, (SIZE - 1) / CHUNK * CHUNK, SIZE % CHUNK);
    assert_false(disk.read(&disk, SIZE, buffer, 1, &failure));
    assert_string_equal(failure.what, "xvda");
    assert_false(disk.read(&disk, SIZE - 1, buffer, 2, &failure));
    assert_false(disk.read(&disk, UINT64_MAX, buffer, 2, &failure));
    assert_int_equal(read_count, 1);
}

static void chunks_are_replaced_oldest_first(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 32; i++)
        check(i * CHUNK, 1, 0);
    check(0, 1, 0); /* wanted again */
    check(32 * CHUNK, 1, 0);
    assert_int_equal(read_count, 33);
    check(0, 1, 0);
    assert_int_equal(read_count, 33);
    check(CHUNK, 1, 0);
    assert_int_equal(read_count, 34);
}

/* What was not read is not kept as if it had been. */
static void errors(void **state)
{
    (void)state;
    broken = 200;
    assert_false(disk.read(&disk, 200 * 512, buffer, 10, &failure));
    assert_string_equal(failure.why, "block 200 cannot be read");
    assert_false(disk.read(&disk, 0, buffer, SIZE, &failure));
    broken = UINT64_MAX;
    check(200 * 512, 10, 0);
    check(0, SIZE, 0);
}

static void large_blocks(void **state)
{
    (void)state;
    device.block_size = 4096;
    device.block_count = SIZE / 4096;
    assert_true(disk_of_device(&device, &disk, &failure));
    assert_int_equal(disk.block, 4096);
    check(512, 100000, 512);
    check(4096, 100000, 512);
    assert_read(read_count - 1, 4096, 100000 / 4096 * 4096);
}

static void devices_that_make_no_sense(void **state)
{
    static const uint32_t sizes[] = { 0, 1, 256, 513, 8192, 65536, 0x80000000 };

    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        device.block_size = sizes[i];
        assert_false(disk_of_device(&device, &disk, &failure));
    }
    device.block_size = 4096;
    device.block_count = UINT64_MAX / 4096 + 1;
    assert_false(disk_of_device(&device, &disk, &failure));
}

static void parts(void **state)
{
    struct disk part, inner;

    (void)state;
    assert_true(disk_part(&disk, 1024, 2048, &part));
    assert_true(disk_part(&part, 512, 1536, &inner));
    assert_true(inner.read(&inner, 1, buffer, 1535, &failure));
    assert_memory_equal(buffer, content + 1537, 1535);
    assert_false(inner.read(&inner, 1, buffer, 1536, &failure));
    assert_false(disk_part(&part, 512, 1537, &inner));
    assert_false(disk_part(&part, UINT64_MAX, 2, &inner));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(small_reads_share_a_chunk, setup, teardown),
        cmocka_unit_test_setup_teardown(large_reads_go_straight, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_aligned_goes_through_the_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_the_device, setup, teardown),
        cmocka_unit_test_setup_teardown(chunks_are_replaced_oldest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(errors, setup, teardown),
        cmocka_unit_test_setup_teardown(large_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_that_make_no_sense, setup, teardown),
        cmocka_unit_test_setup_teardown(parts, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

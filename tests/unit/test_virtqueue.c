/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/virtqueue.c common/text.c common/failure.c */
/* Virtqueues, byte by byte; what devices may do to them is in test_virtio_disk.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/virtqueue.h"
#include "tests/unit/assert_failure.h"

static struct failure failure;

/* Section 2.7: 16 bytes a descriptor; 2 an available one, and 6; 8 a used one, and 6, from the next page on. */
static void sizes(void **state)
{
    static const struct {
        uint16_t size;
        uint64_t bytes;
    } cases[] = {
        { 1, 4096 + 14 }, { 128, 4096 + 6 + 1024 }, { 256, 8192 + 6 + 2048 }, { 32768, 593920 + 6 + 262144 }
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(virtqueue_bytes(cases[i].size), cases[i].bytes);
}

static uint16_t number16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static void one_request(void **state)
{
    static const uint8_t chain[48] = { 0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, /* more */
                                       0,    0,    0,    0x80, 2, 0, 0, 0, 0,  2, 0, 0, 3, 0, 2, 0, /* more, write */
                                       5,    0,    0,    0,    0, 0, 0, 0, 1,  0, 0, 0, 2, 0, 0, 0 };
    uint8_t *memory = aligned_alloc(4096, 8192);
    struct virtqueue queue;
    uint32_t length;
    int slot;

    (void)state;
    memset(memory, 0xa5, 8192);
    assert_true(virtqueue_start(&queue, memory, 8, 3, &failure));
    assert_int_equal(queue.slots, 2);
    assert_int_equal(number16(memory + 128), 1); /* no interrupts */
    assert_int_equal(number16(memory + 4096 + 2), 0);
    assert_int_equal(memory[4096 + 6 + 64 - 1], 0);
    assert_int_equal(memory[4096 + 6 + 64], 0xa5);
    assert_int_equal(virtqueue_free_slot(&queue), 0);
    virtqueue_describe(&queue, 0, 0, 0x112345678, 16, 0, true);
    virtqueue_describe(&queue, 0, 1, 0x280000000, 512, VIRTQ_DESC_WRITE, true);
    virtqueue_describe(&queue, 0, 2, 5, 1, VIRTQ_DESC_WRITE, false);
    assert_memory_equal(memory, chain, sizeof(chain));
    assert_int_equal(number16(memory + 130), 0);
    virtqueue_add(&queue, 0);
    assert_int_equal(number16(memory + 130), 1);
    assert_int_equal(number16(memory + 132), 0);
    assert_int_equal(virtqueue_free_slot(&queue), 1);
    virtqueue_describe(&queue, 1, 0, 0, 16, 0, true);
    assert_int_equal(number16(memory + 3 * 16 + 14), 4); /* next, in its own chain */
    virtqueue_add(&queue, 1);
    assert_int_equal(number16(memory + 130), 2);
    assert_int_equal(number16(memory + 134), 3);
    assert_int_equal(virtqueue_free_slot(&queue), -1);
    assert_true(virtqueue_take(&queue, &slot, &length, &failure));
    assert_int_equal(slot, -1);
    memcpy(memory + 4096, "\x00\x00\x01\x00\x03\x00\x00\x00\x01\x02\x00\x00", 12);
    assert_true(virtqueue_take(&queue, &slot, &length, &failure));
    assert_int_equal(slot, 1);
    assert_int_equal(length, 513);
    assert_int_equal(virtqueue_free_slot(&queue), 1);
    assert_true(virtqueue_take(&queue, &slot, &length, &failure));
    assert_int_equal(slot, -1);
    free(memory);
}

static void too_small(void **state)
{
    static const struct {
        uint16_t size, chain;
        const char *why;
    } cases[] = { { 0, 3, "its size of 0" },   { 3, 3, "its size of 3" },     { 65535, 3, "its size of 65535" },
                  { 2, 3, "are too few for" }, { 4, 5, "4 entries are too" }, { 4, 0, "for a request of 0" } };
    uint8_t memory[1];
    struct virtqueue queue;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_false(virtqueue_start(&queue, memory, cases[i].size, cases[i].chain, &failure));
        assert_failure(&failure, "virtqueue", cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(one_request),
        cmocka_unit_test(too_small),
    };

    return cmocka_run_group_tests_name("virtqueue", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/tpm_log.c */
/* The size of an event log: of whole ones, and of those that are cut or broken at any byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "firmware/tpm_log.h"

#include <cmocka.h>

#define EV_NO_ACTION 3
#define EV_IPL       13
#define SHA1         4
#define SHA256       11
#define SHA384       12

static uint8_t bytes[1024];
static uint64_t size;
static uint64_t starts[8]; /* of events */
static unsigned count;

static void put(uint64_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        bytes[size++] = (uint8_t)(value >> 8 * i);
}

static void put_zeros(unsigned number)
{
    memset(bytes + size, 0, number);
    size += number;
}

/* TCG_PCClientPCREvent with TCG_EfiSpecIdEvent: SHA-1 and SHA-256. */
static void put_first(void)
{
    size = count = 0;
    put(0, 4);
    put(EV_NO_ACTION, 4);
    put_zeros(20);
    put(37, 4);
    memcpy(bytes + size, "Spec ID Event03", 16);
    size += 16;
    put(0, 4);
    put(0x02000200, 4);
    put(2, 4);
    put(SHA1, 2);
    put(20, 2);
    put(SHA256, 2);
    put(32, 2);
    put(0, 1);
    assert_int_equal(size, 32 + 37);
}

static void put_event(unsigned data)
{
    starts[count++] = size;
    put(12, 4);
    put(EV_IPL, 4);
    put(2, 4);
    put(SHA1, 2);
    put_zeros(20);
    put(SHA256, 2);
    put_zeros(32);
    put(data, 4);
    put_zeros(data);
}

static int setup(void **state)
{
    (void)state;
    put_first();
    put_event(10);
    put_event(0);
    put_event(33);
    return 0;
}

/* As much as is there, in memory that ends with it. */
static uint64_t log_size(uint64_t there, uint64_t last)
{
    uint8_t *copy = malloc(there + 1);
    uint64_t found;

    memcpy(copy + 1, bytes, there); /* aligned to nothing */
    found = tpm_log_size((struct span){ copy + 1, there }, last);
    free(copy);
    return found;
}

static void whole(void **state)
{
    (void)state;
    assert_int_equal(log_size(size, 0), starts[0]);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(log_size(sizeof(bytes), starts[i]), i + 1 < count ? starts[i + 1] : size);
    assert_int_equal(log_size(size, starts[2]), size);
}

static void cut(void **state)
{
    (void)state;
    for (uint64_t there = 0; there < size; there++)
        assert_int_equal(log_size(there, starts[2]), 0);
    for (uint64_t there = 0; there < starts[0]; there++)
        assert_int_equal(log_size(there, 0), 0);
    assert_int_equal(log_size(size, 1), 0); /* the last within the first */
    assert_int_equal(log_size(size, size), 0);
    assert_int_equal(log_size(size, UINT64_MAX), 0);
}

static void broken(void **state)
{
    const uint64_t type = 4, signature = 32, algorithms = 56, first_size = 28, digest = starts[2] + 12;

    (void)state;
    bytes[type]++;
    assert_int_equal(log_size(size, 0), 0);
    setup(NULL);
    bytes[signature + 14] = '2';
    assert_int_equal(log_size(size, 0), 0);
    setup(NULL);
    bytes[algorithms] = 0;
    assert_int_equal(log_size(size, 0), 0);
    bytes[algorithms] = 3; /* more than its size has room for */
    assert_int_equal(log_size(size, 0), 0);
    memset(bytes + algorithms, 0xff, 4);
    assert_int_equal(log_size(size, 0), 0);
    setup(NULL);
    memset(bytes + first_size, 0xff, 4);
    assert_int_equal(log_size(size, 0), 0);
    setup(NULL);
    bytes[digest] = SHA384;
    assert_int_equal(log_size(size, starts[2]), 0);
    setup(NULL);
    bytes[starts[2] + 8] = 3; /* more digests than there are algorithms */
    assert_int_equal(log_size(sizeof(bytes), starts[2]), 0);
    setup(NULL);
    memset(bytes + size - 33 - 4, 0xff, 4);
    assert_int_equal(log_size(sizeof(bytes), starts[2]), 0);
}

static void events(void **state)
{
    const struct span log = { bytes, size }, behind = { bytes + starts[0], size - starts[0] };

    (void)state;
    assert_int_equal(tpm_log_events_size(log, behind, 0), 0);
    assert_int_equal(tpm_log_events_size(log, behind, 2), starts[2] - starts[0]);
    assert_int_equal(tpm_log_events_size(log, behind, 3), size - starts[0]);
    assert_int_equal(tpm_log_events_size(log, behind, 4), 0);
    assert_int_equal(tpm_log_events_size(log, behind, UINT64_MAX), 0);
    assert_int_equal(tpm_log_events_size(behind, behind, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whole, setup),
        cmocka_unit_test_setup(cut, setup),
        cmocka_unit_test_setup(broken, setup),
        cmocka_unit_test_setup(events, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tests/unit/replay.c firmware/acpi_virtio.c firmware/acpi.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* Virtio devices in ACPI: those of a real microvm, and what AML could look like besides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "firmware/acpi.h"
#include "firmware/acpi_virtio.h"
#include "tests/unit/replay.h"

#include <cmocka.h>

#define HEADER  36
#define NOWHERE 0x900000

/* Two disks and a source of random numbers. */
static void of_microvm(void **state)
{
    struct replay *replay = replay_load("acpi-virtio");
    struct acpi_virtio found = { .count = 9 };

    (void)state;
    acpi_virtio_find(&replay->physical, replay->argument, &found);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.device[0].address, 0xfeb02e00); /* the one that Linux calls vda */
    assert_int_equal(found.device[1].address, 0xfeb02c00);
    assert_int_equal(found.device[2].address, 0xfeb02a00);
    for (unsigned i = 0; i < found.count; i++)
        assert_int_equal(found.device[i].size, 0x200);
    replay_free(replay);
}

static void none_there(void **state)
{
    static const char *const captures[] = { "acpi-q35", "acpi-microvm" };
    struct acpi_virtio found;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct replay *replay = replay_load(captures[i]);

        found.count = 9;
        acpi_virtio_find(&replay->physical, replay->argument, &found);
        assert_int_equal(found.count, 0);
        replay->argument = NOWHERE;
        acpi_virtio_find(&replay->physical, replay->argument, &found);
        assert_int_equal(found.count, 0);
        replay_free(replay);
    }
}

/* ---- made up ---- */

static uint8_t aml[8192];
static uint32_t aml_size;

static void put(const void *bytes, uint32_t size)
{
    memcpy(aml + aml_size, bytes, size);
    aml_size += size;
}
#define PUT(text) put(text, sizeof(text) - 1)

#define DEVICE                       "\x5b\x82"
#define NAME                         "VR00"
#define HID                          "\x08_HID\x0dLNRO0005\x00"
#define UID                          "\x08_UID\x0a\x07"
#define MEMORY                       "\x86\x09\x00\x01\x00\x10\x00\xd0\x00\x02\x00\x00" /* 0x200 bytes at 0xd0001000 */
#define IRQ                          "\x89\x06\x00\x0d\x01\x0c\x00\x00\x00"
#define IO                           "\x47\x01\x01\x05\x01\x05\x00\x01"
#define END                          "\x79\x00"
#define CRS(length, size, resources) "\x08_CRS\x11" length size resources

static void begin(void)
{
    memset(aml, 0, HEADER);
    memcpy(aml, "DSDT", 4);
    aml_size = HEADER;
}

static void scan(struct acpi_virtio *found)
{
    uint8_t *exact = malloc(aml_size); /* so that the sanitizers see whoever reads beyond */

    memcpy(exact, aml, aml_size);
    found->count = 0;
    acpi_virtio_scan((struct span){ exact, aml_size }, found);
    free(exact);
}

static void forms(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t size;
        bool found;
    } cases[] = {
#define CASE(found, text) { text, sizeof(text) - 1, found }
        CASE(true, DEVICE "\x2f" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END)),
        CASE(true, DEVICE "\x35" NAME UID HID CRS("\x0f", "\x0a\x0e", MEMORY END)),
        CASE(true, DEVICE "\x2f" NAME CRS("\x0f", "\x0a\x0e", MEMORY END) HID),
        CASE(true, DEVICE "\x40\x03" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END)),         /* two bytes of length */
        CASE(true, DEVICE "\xc0\x03\x00\x00" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END)), /* four */
        CASE(true, DEVICE "\x3f" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END)),             /* longer than the table */
        CASE(true, DEVICE "\x39" NAME HID CRS("\x1b", "\x0b\x17\x00", IRQ MEMORY END)),
        CASE(true, DEVICE "\x3e" NAME HID CRS("\x43\x02", "\x0a\x16", IO IRQ MEMORY END)),
        CASE(false, DEVICE "\x2f" NAME "\x08_HID\x0dLNRO0006\x00" CRS("\x0f", "\x0a\x0e", MEMORY END)),
        CASE(false, DEVICE "\x2f" NAME "\x08_CID\x0dLNRO0005\x00" CRS("\x0f", "\x0a\x0e", MEMORY END)),
        CASE(false, DEVICE "\x1f" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END)), /* the resources are not in it */
        CASE(false, DEVICE "\x04" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END)),
        CASE(false, DEVICE "\x2f" NAME HID "\x14\x08_CRS\x00\xa4\x11\x0f\x0a\x0e" MEMORY END), /* a method */
        CASE(false, DEVICE "\x2f" NAME HID CRS("\x0d", "\x0a\x0e", MEMORY END)), /* cut off in its buffer */
        CASE(false, DEVICE "\x2f" NAME HID CRS("\x00", "\x0a\x0e", MEMORY END)),
        CASE(false, DEVICE "\x2f" NAME HID CRS("\x01", "\x0a\x0e", MEMORY END)),
        CASE(false, DEVICE "\x2f" NAME HID CRS("\x11", "\x0a\x10", END MEMORY END)), /* behind the end */
        CASE(false, DEVICE "\x2f" NAME HID CRS("\x0f", "\x0a\x0e",
                                               "\x85\x09\x00"
                                               "123456789" END)),
        CASE(false, DEVICE "\x2f" NAME HID CRS("\x0f", "\x0a\x0e",
                                               "\x86\xff\xff"
                                               "123456789" END)),
        CASE(false, DEVICE "\x2f" NAME HID CRS("\x05", "\x0a\x02", END)),
        CASE(false, DEVICE "\x2f" NAME HID "\x08_CRS\x11"),
        CASE(false, DEVICE "\x2f" NAME HID "\x08_CRS\x11\x0f"),
        CASE(false, DEVICE "\x2f" NAME HID "\x08_CRS\x11\xcf"),
        CASE(false, DEVICE "\x2f" NAME HID "\x08_CRS\x11\x0f\x0a"),
        CASE(false, DEVICE "\x2f" NAME HID "\x08_CRS\x11\x0f\x0a\x0e\x86\x09"),
        CASE(false, DEVICE "\x2f" NAME HID),
        CASE(false, DEVICE "\xcf"),
        CASE(false, DEVICE),
        CASE(false, ""),
#undef CASE
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct acpi_virtio found;

        begin();
        put(cases[i].bytes, cases[i].size);
        scan(&found);
        if (found.count != cases[i].found)
            fail_msg("case %u: %u", i, found.count);
        if (found.count) {
            assert_int_equal(found.device[0].address, 0xd0001000);
            assert_int_equal(found.device[0].size, 0x200);
        }
    }
}

/* A bus around them has no resources of theirs, and they none of each other's. */
static void nested(void **state)
{
    struct acpi_virtio found;

    (void)state;
    begin();
    PUT(DEVICE "\x4f\x07"
               "BUS0"
               "\x08_HID\x0d"
               "ACPI0004\x00");
    PUT(DEVICE "\x13" NAME HID);
    PUT(DEVICE "\x2f"
               "VR01" HID CRS("\x0f", "\x0a\x0e", MEMORY END));
    PUT(DEVICE "\x1c"
               "VR02" CRS("\x0f", "\x0a\x0e", MEMORY END));
    scan(&found);
    assert_int_equal(found.count, 1);
}

static void many(void **state)
{
    struct acpi_virtio found;

    (void)state;
    begin();
    for (unsigned i = 0; i < ACPI_VIRTIO_MAX + 1; i++)
        PUT(DEVICE "\x2f" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END));
    scan(&found);
    assert_int_equal(found.count, ACPI_VIRTIO_MAX);
    for (aml_size = 0; aml_size < HEADER + 2; aml_size++) {
        scan(&found);
        assert_int_equal(found.count, 0);
    }
}

/* In an SSDT, which the root names twice. */
static void in_an_ssdt(void **state)
{
    const uint64_t new_root = NOWHERE + 4096;
    struct replay *replay = replay_load("acpi-virtio");
    uint32_t length;
    struct acpi_virtio found;
    uint8_t bytes[256];
    uint64_t root;

    (void)state;
    begin();
    PUT(DEVICE "\x2f" NAME HID CRS("\x0f", "\x0a\x0e", MEMORY END));
    memcpy(aml, "SSDT", 4);
    memcpy(aml + 4, &aml_size, 4);
    memcpy(&root, replay_at(replay, replay->argument + offsetof(struct acpi_rsdp, xsdt), 8), 8);
    memcpy(&length, replay_at(replay, root + 4, 4), 4);
    assert_true(length <= sizeof(bytes));
    memcpy(bytes, replay_at(replay, root, length), length);
    replay_show(replay, NOWHERE, 8192);
    replay_write(replay, NOWHERE, aml, aml_size);
    replay_write(replay, new_root, bytes, length);
    replay_put(replay, new_root + length, NOWHERE, 8);
    replay_put(replay, new_root + length + 8, NOWHERE, 8);
    replay_put(replay, new_root + 4, length + 16, 4);
    replay_put(replay, replay->argument + offsetof(struct acpi_rsdp, xsdt), new_root, 8);
    acpi_virtio_find(&replay->physical, replay->argument, &found);
    assert_int_equal(found.count, 5);
    assert_int_equal(found.device[0].address, 0xfeb02e00);
    assert_int_equal(found.device[3].address, 0xd0001000);
    assert_int_equal(found.device[4].address, 0xd0001000);
    replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_microvm), cmocka_unit_test(none_there), cmocka_unit_test(forms),
        cmocka_unit_test(nested),     cmocka_unit_test(many),       cmocka_unit_test(in_an_ssdt),
    };

    return cmocka_run_group_tests_name("acpi_virtio", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tests/unit/replay.c firmware/acpi.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* ACPI: where the RSDP is found, and what of the tables of QEMU's machines turns them off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "firmware/acpi.h"
#include "tests/unit/replay.h"

#include <cmocka.h>

#define BIOS         0xe0000
#define BIOS_END     0x100000
#define EBDA_POINTER 0x40e
#define EBDA         0x9fc00
#define NOWHERE      0x900000
#define HEADER       36 /* bytes, of a table */

static void put_rsdp(struct replay *replay, uint64_t address, uint8_t error)
{
    struct acpi_rsdp rsdp = { .signature = "RSD PTR ", .oem = "tests" };
    uint8_t sum = 0;

    for (unsigned i = 0; i < ACPI_RSDP_VERSION_1_SIZE; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)&rsdp)[i]);
    rsdp.checksum = (uint8_t)(error - sum);
    replay_write(replay, address, &rsdp, ACPI_RSDP_VERSION_1_SIZE);
}

static void assert_found(struct replay *replay, uint64_t address)
{
    uint64_t found = 0;

    assert_true(acpi_find_rsdp(&replay->physical, &found));
    assert_int_equal(found, address);
}

static void assert_not_found(struct replay *replay)
{
    uint64_t found;

    assert_false(acpi_find_rsdp(&replay->physical, &found));
}

static void of_real_machines(void **state)
{
    static const struct {
        const char *capture;
        uint64_t address;
    } cases[] = { { "pvh-q35", 0xf59e0 },        { "pvh-pc", 0xf59d0 },  { "pvh-microvm", 0xf34d0 },
                  { "linux16", 0xf59e0 },        { "linux32", 0xf59e0 }, { "linux64-kexec", 0xf59e0 },
                  { "multiboot2-bios", 0xf59e0 } };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct replay *replay = replay_load(cases[i].capture);

        assert_found(replay, cases[i].address);
        replay_free(replay);
    }
}

static int setup(void **state)
{
    struct replay *replay = replay_new();

    replay_show(replay, BIOS, BIOS_END - BIOS);
    replay_put(replay, EBDA_POINTER, EBDA >> 4, 2);
    replay_show(replay, EBDA, 1024);
    *state = replay;
    return 0;
}

static int teardown(void **state)
{
    replay_free(*state);
    return 0;
}

static void in_the_ebda(void **state)
{
    struct replay *replay = *state;

    put_rsdp(replay, EBDA + 1024, 0); /* behind its first KiB */
    put_rsdp(replay, EBDA + 8, 0);    /* not on a paragraph */
    assert_not_found(replay);
    put_rsdp(replay, EBDA + 992, 0); /* the last that fits */
    put_rsdp(replay, BIOS + 16, 0);
    assert_found(replay, EBDA + 992);
    put_rsdp(replay, EBDA + 992, 1);
    assert_found(replay, BIOS + 16);
    put_rsdp(replay, EBDA + 992, 0);
    replay_put(replay, EBDA_POINTER, 0, 2);
    assert_found(replay, BIOS + 16);
    replay_put(replay, EBDA_POINTER, 0xffff, 2); /* 0xffff0: only its first 16 bytes are there */
    assert_found(replay, BIOS + 16);
}

static void in_the_bios(void **state)
{
    struct replay *replay = *state;

    put_rsdp(replay, BIOS_END - 16, 0);
    replay_cut(replay, BIOS_END);
    assert_not_found(replay); /* cut at 1 MiB */
    put_rsdp(replay, BIOS_END - 32, 0);
    assert_found(replay, BIOS_END - 32);
    put_rsdp(replay, BIOS + 0x8008, 0);
    assert_found(replay, BIOS_END - 32);
    put_rsdp(replay, BIOS + 0x9000, 0xff); /* its checksum is wrong */
    assert_found(replay, BIOS_END - 32);
    put_rsdp(replay, BIOS, 0);
    assert_found(replay, BIOS);
}

static void no_memory_there(void **state)
{
    struct replay *replay = *state;

    replay_cut(replay, BIOS_END - 1);
    put_rsdp(replay, BIOS, 0);
    assert_not_found(replay);
    replay_cut(replay, BIOS);
    replay_cut(replay, EBDA);
    replay_cut(replay, EBDA_POINTER);
    assert_not_found(replay);
}

/* ---- power ---- */

static void read_power(struct replay *replay, struct acpi_power *power)
{
    memset(power, 0xa5, sizeof(*power));
    acpi_read_power(&replay->physical, replay->argument, power);
}

static void assert_nothing(struct replay *replay)
{
    struct acpi_power power;

    read_power(replay, &power);
    assert_false(power.can_sleep || power.can_reset);
}

static void power_of_q35(void **state)
{
    struct replay *replay = replay_load("acpi-q35");
    struct acpi_power power;

    (void)state;
    read_power(replay, &power);
    assert_true(power.can_sleep);
    assert_int_equal(power.control_a, 0x604);
    assert_int_equal(power.control_b, 0);
    assert_int_equal(power.value_a, 0x2000); /* sleep type 0 */
    assert_true(power.can_reset);
    assert_int_equal(power.reset_port, 0xcf9);
    assert_int_equal(power.reset_value, 0xf);
    replay_free(replay);
}

/* Reduced hardware: no PM1a, and its reset register is memory. */
static void power_of_microvm(void **state)
{
    struct replay *replay = replay_load("acpi-microvm");

    (void)state;
    assert_nothing(replay);
    replay_free(replay);
}

static uint32_t number_at(struct replay *replay, uint64_t address)
{
    uint32_t value;

    memcpy(&value, replay_at(replay, address, sizeof(value)), sizeof(value));
    return value;
}

/* The address of the table that the q35's RSDT names under signature. */
static uint64_t table(struct replay *replay, const char *signature)
{
    uint32_t rsdt = number_at(replay, replay->argument + offsetof(struct acpi_rsdp, rsdt));
    uint32_t length = number_at(replay, rsdt + 4);

    for (uint32_t at = HEADER; at + 4 <= length; at += 4) {
        uint32_t address = number_at(replay, rsdt + at);

        if (!memcmp(replay_at(replay, address, 4), signature, 4))
            return address;
    }
    return 0;
}

static void broken_tables(void **state)
{
    struct replay *replay = replay_load("acpi-q35");
    uint64_t fadt = table(replay, "FACP");
    uint32_t dsdt = number_at(replay, fadt + 40);
    uint32_t length = number_at(replay, fadt + 4), rsdt = number_at(replay, replay->argument + 16);
    static const uint32_t lengths[] = { 0, 35, 115, 0x1000001, UINT32_MAX };
    struct acpi_power power;

    (void)state;
    assert_true(fadt);
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        replay_put(replay, fadt + 4, lengths[i], 4);
        assert_nothing(replay);
    }
    replay_put(replay, fadt + 4, 116, 4); /* of version 1: nothing of a reset */
    read_power(replay, &power);
    assert_true(power.can_sleep && !power.can_reset);
    replay_put(replay, fadt + 4, length, 4);

    /* Where the short address is missing, the long one counts. */
    replay_put(replay, fadt + 40, 0, 4);
    replay_put(replay, fadt + 140, dsdt, 8);
    read_power(replay, &power);
    assert_true(power.can_sleep && power.can_reset);
    replay_put(replay, fadt + 140, 0, 8);

    /* A DSDT that is not there, is none, or is cut off; the reset stays. */
    static const uint32_t places[] = { 0, NOWHERE, UINT32_MAX };

    for (unsigned i = 0; i < sizeof(places) / sizeof(*places); i++) {
        replay_put(replay, fadt + 40, places[i], 4);
        read_power(replay, &power);
        assert_true(!power.can_sleep && power.can_reset);
    }
    replay_put(replay, fadt + 40, dsdt, 4);
    replay_put(replay, dsdt, 'X', 1);
    read_power(replay, &power);
    assert_false(power.can_sleep);
    replay_put(replay, dsdt, 'D', 1);
    replay_put(replay, dsdt + 4, HEADER + 15, 4);
    read_power(replay, &power);
    assert_false(power.can_sleep);

    /* The root: not there, empty, not whole. */
    replay_put(replay, rsdt + 4, HEADER + 3, 4);
    assert_nothing(replay);
    replay_put(replay, replay->argument + 16, 0, 4);
    assert_nothing(replay);
    replay->argument = NOWHERE;
    assert_nothing(replay);
    replay->argument = UINT64_MAX - 4;
    assert_nothing(replay);
    replay_free(replay);
}

/* A DSDT of nothing but a \_S5 package, which ends where the table ends. */
static void s5_packages(void **state)
{
    static const struct {
        uint8_t aml[20];
        uint8_t length;
        bool found;
        uint16_t a, b;
    } cases[] = {
        { "\x08_S5_\x12\x0a\x04\x0a\x05\x0a\x07\x0a\x00\x00\x00", 17, true, 0x3400, 0x3c00 },
        { "\x08\\_S5_\x12\x06\x04\x01\x00\x00\x00\x00\x00\x00", 17, true, 0x2400, 0x2000 },
        { "\x08_S5_\x12\x40\x06\x04\x0a\x05\x0a\x06\x00\x00\x00", 17, true, 0x3400, 0x3800 },
        { "\x08_S5_\x08\x0a\x04\x0a\x05\x0a\x07\x0a\x00\x00\x00", 17, false, 0, 0 }, /* no package */
        { "\x08_S4_\x12\x0a\x04\x0a\x05\x0a\x07\x0a\x00\x00\x00", 17, false, 0, 0 },
        { "\x08_S5_\x12\x0a\x04", 8, false, 0, 0 },
        { "\x00\x00\x00\x00\x00\x00\x00\x00_S5_\x12\xff\x04", 15, false, 0, 0 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct replay *replay = replay_load("acpi-q35");
        uint64_t fadt = table(replay, "FACP");
        struct acpi_power power;

        replay_put(replay, fadt + 40, NOWHERE, 4);
        replay_put(replay, fadt + 68, 0x700, 4);
        replay_show(replay, NOWHERE, HEADER);
        replay_write(replay, NOWHERE, "DSDT", 4);
        replay_put(replay, NOWHERE + 4, HEADER + cases[i].length, 4);
        replay_write(replay, NOWHERE + HEADER, cases[i].aml, cases[i].length);
        read_power(replay, &power);
        assert_int_equal(power.can_sleep, cases[i].found);
        assert_int_equal(power.value_a, cases[i].a);
        assert_int_equal(power.value_b, cases[i].b);
        assert_int_equal(power.control_b, 0x700);
        replay_free(replay);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_real_machines),
        TEST(in_the_ebda),
        TEST(in_the_bios),
        TEST(no_memory_there),
        cmocka_unit_test(power_of_q35),
        cmocka_unit_test(power_of_microvm),
        cmocka_unit_test(broken_tables),
        cmocka_unit_test(s5_packages),
    };

    return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/pci.c */
/* PCI: what is found on buses and behind bridges, in which order, and registers of functions that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "firmware/pci.h"

#include <cmocka.h>

#define FUNCTIONS_MAX              300
#define BDF(bus, device, function) ((uint32_t)(bus) << 16 | (device) << 11 | (function) << 8)

static struct {
    uint32_t address;
    uint32_t registers[64];
} functions[FUNCTIONS_MAX];
static unsigned function_count, reads;

static uint32_t read(const struct pci_access *access, uint32_t address)
{
    (void)access;
    assert_int_equal(address % 4, 0);
    assert_true(address < 1 << 24);
    reads++;
    for (unsigned i = 0; i < function_count; i++) {
        if (functions[i].address == (address & ~0xffu))
            return functions[i].registers[(address & 0xff) / 4];
    }
    return UINT32_MAX;
}

static void write(const struct pci_access *access, uint32_t address, uint32_t value)
{
    (void)access;
    for (unsigned i = 0; i < function_count; i++) {
        if (functions[i].address == (address & ~0xffu))
            functions[i].registers[(address & 0xff) / 4] = value;
    }
}

static const struct pci_access access_of_test = { read, write };

static uint32_t *add(uint32_t address, uint8_t header)
{
    uint32_t *registers = functions[function_count].registers;

    assert_true(function_count < FUNCTIONS_MAX);
    memset(registers, 0, sizeof(functions->registers));
    registers[0] = 0x10011af4;
    registers[2] = 0x01000007; /* revision 7 */
    registers[3] = (uint32_t)header << 16;
    functions[function_count++].address = address;
    return registers;
}

static void add_bridge(uint32_t address, uint8_t secondary)
{
    add(address, 1)[6] = 0xff0000ff | (uint32_t)secondary << 8; /* primary and subordinate do not matter */
}

static struct {
    uint32_t address[FUNCTIONS_MAX];
    unsigned count;
} seen;

static void visit(void *context, const struct pci_function *function)
{
    assert_ptr_equal(context, &seen);
    assert_int_equal(function->vendor, 0x1af4);
    assert_int_equal(function->device, 0x1001);
    assert_int_equal(function->revision, 7);
    seen.address[seen.count++] = function->address;
}

static void assert_seen(const uint32_t *addresses, unsigned count)
{
    seen.count = reads = 0;
    pci_each(&access_of_test, visit, &seen);
    assert_int_equal(seen.count, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(seen.address[i], addresses[i]);
}

static int setup(void **state)
{
    (void)state;
    function_count = 0;
    return 0;
}

static void nothing(void **state)
{
    (void)state;
    assert_seen(NULL, 0);
    assert_int_equal(reads, 32);
}

static void one_bus(void **state)
{
    static const uint32_t order[] = { BDF(0, 0, 0), BDF(0, 3, 0), BDF(0, 3, 2),
                                      BDF(0, 3, 7), BDF(0, 4, 0), BDF(0, 31, 0) };

    (void)state;
    add(BDF(0, 31, 0), 0);
    add(BDF(0, 4, 0), 0);
    add(BDF(0, 4, 1), 0x80); /* function 0 says that it is the only one */
    add(BDF(0, 3, 7), 0);
    add(BDF(0, 3, 2), 0);
    add(BDF(0, 3, 0), 0x80);
    add(BDF(0, 5, 1), 0x80); /* without function 0 */
    add(BDF(0, 6, 0), 0x80)[0] = 0x10010000;
    add(BDF(0, 0, 0), 0);
    assert_seen(order, 6);
}

/* First all of a bus, then what is behind its bridges, each with what is behind that. */
static void bridges(void **state)
{
    static const uint32_t order[] = { BDF(0, 1, 0), BDF(0, 2, 0), BDF(0, 9, 0), BDF(3, 0, 0), BDF(3, 1, 0),
                                      BDF(4, 0, 0), BDF(1, 0, 0), BDF(1, 5, 0), BDF(2, 0, 0) };

    (void)state;
    add_bridge(BDF(0, 1, 0), 3);
    add_bridge(BDF(0, 2, 0), 1);
    add(BDF(0, 9, 0), 0);
    add_bridge(BDF(3, 0, 0), 4);
    add(BDF(3, 1, 0), 0);
    add(BDF(4, 0, 0), 0);
    add_bridge(BDF(1, 0, 0), 2);
    add(BDF(1, 5, 0), 0);
    add(BDF(2, 0, 0), 0);
    add(BDF(7, 0, 0), 0); /* no bridge leads there */
    assert_seen(order, 9);
}

static void bridges_that_lie(void **state)
{
    static const uint32_t order[] = {
        BDF(0, 1, 0), BDF(0, 2, 0), BDF(0, 3, 0), BDF(0, 4, 0), BDF(5, 0, 0), BDF(5, 1, 0)
    };

    (void)state;
    add_bridge(BDF(0, 1, 0), 0);
    add_bridge(BDF(0, 2, 0), 5);
    add_bridge(BDF(0, 3, 0), 5);
    add_bridge(BDF(0, 4, 0), 255);
    add_bridge(BDF(5, 0, 0), 5);
    add_bridge(BDF(5, 1, 0), 0);
    assert_seen(order, 6);
}

/* As many as there can be, one behind the other, and each bus full of them. */
static void all_buses(void **state)
{
    (void)state;
    for (unsigned bus = 0; bus < 256; bus++)
        add_bridge(BDF(bus, bus % 32, 0), (uint8_t)(bus + 1));
    seen.count = reads = 0;
    pci_each(&access_of_test, visit, &seen);
    assert_int_equal(seen.count, 256);
    for (unsigned device = 0; device < 32; device++) {
        if (device)
            add_bridge(BDF(0, device, 0), (uint8_t)(device * 3));
    }
    seen.count = reads = 0;
    pci_each(&access_of_test, visit, &seen);
    assert_int_equal(seen.count, 256 + 31);
    assert_true(reads < 256 * 32 + 4 * 300);
}

static void registers(void **state)
{
    struct pci_function function = { .access = &access_of_test, .address = BDF(1, 2, 3) };
    uint32_t *of = add(BDF(1, 2, 3), 0);

    (void)state;
    of[16] = 0x44332211;
    assert_int_equal(pci_read(&function, 0x40), 0x44332211);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pci_read8(&function, 0x40 + i), 0x11 * (i + 1));
    pci_write(&function, PCI_COMMAND, 0x407);
    assert_int_equal(of[1], 0x407);
    assert_int_equal(pci_read8(&function, 0x101), 0x1a); /* stays inside */
}

static void base_addresses(void **state)
{
    struct pci_function function = { .access = &access_of_test, .address = 0 };
    static const struct {
        uint32_t bars[6];
        unsigned number;
        bool good, is_port;
        uint64_t address;
    } cases[] = {
        { { 0xc001 }, 0, true, true, 0xc000 },
        { { 0xfe000008 }, 0, true, false, 0xfe000000 },
        { { 0x0000000c, 0x80 }, 0, true, false, 0x8000000000 },
        { { 0xfe00000c, 0x80 }, 0, true, false, 0x80fe000000 },
        { { 0xfe00000c, 0x80 }, 1, false, false, 0 }, /* the upper half */
        { { 4, 4, 0x1000 }, 2, true, false, 0x1000 },
        { { 0, 4, 4, 0x1000 }, 3, true, false, 0x1000 },
        { { 0, 4, 4, 0x1000 }, 2, false, false, 0 },
        { { 0, 0, 0, 0, 0, 0xd0000000 }, 5, true, false, 0xd0000000 },
        { { 0, 0, 0, 0, 0, 0xd0000004 }, 5, false, false, 0 }, /* its upper half is none */
        { { 0xd0000000 }, 6, false, false, 0 },
        { { 0xd0000000 }, 255, false, false, 0 },
        { { 0 }, 0, false, false, 0 },
        { { 1 }, 0, false, true, 0 },
        { { 4, 0 }, 0, false, false, 0 },
        { { UINT32_MAX, UINT32_MAX }, 0, false, true, 0 },
    };
    uint32_t *of = add(0, 0);

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t address = 0;
        bool is_port = false;

        memcpy(of + 4, cases[i].bars, sizeof(cases[i].bars));
        assert_int_equal(pci_bar(&function, cases[i].number, &is_port, &address), cases[i].good);
        if (!cases[i].good)
            continue;
        assert_int_equal(is_port, cases[i].is_port);
        assert_int_equal(address, cases[i].address);
    }
}

static void capabilities(void **state)
{
    struct pci_function function = { .access = &access_of_test, .address = 0 };
    struct pci_capability at = { 0 };
    uint32_t *of = add(0, 0);

    (void)state;
    of[13] = 0x43; /* its low bits do not count */
    of[16] = 0x5009;
    of[20] = 0x6011;
    of[24] = 0x3f09;                                      /* the end */
    assert_false(pci_capability_next(&function, 9, &at)); /* there is no list */
    of[1] = 0x10u << 16;
    at = (struct pci_capability){ 0 };
    assert_true(pci_capability_next(&function, 9, &at));
    assert_int_equal(at.at, 0x40);
    assert_true(pci_capability_next(&function, 9, &at));
    assert_int_equal(at.at, 0x60);
    assert_false(pci_capability_next(&function, 9, &at));
    assert_false(pci_capability_next(&function, 9, &at));
    at = (struct pci_capability){ 0 };
    assert_true(pci_capability_next(&function, 0x11, &at));
    assert_int_equal(at.at, 0x50);
    of[24] = 0x4009; /* a list without end */
    at = (struct pci_capability){ 0 };
    for (unsigned found = 0; pci_capability_next(&function, 9, &at); found++)
        assert_true(found < 48);
    assert_false(pci_capability_next(&function, 0x11, &at));
    at = (struct pci_capability){ 0 };
    assert_false(pci_capability_next(&function, 0x12, &at));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(nothing),   TEST(one_bus),   TEST(bridges),        TEST(bridges_that_lie),
        TEST(all_buses), TEST(registers), TEST(base_addresses), TEST(capabilities),
    };

    return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}

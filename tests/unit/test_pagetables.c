/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: pagetables/pagetables.c common/text.c common/failure.c */
/*
 * Identity maps, looked at by a walker that knows nothing of how they were built: it takes an address apart as the
 * AMD64 Architecture Programmer's Manual 2, section 5.3, says, and checks the bits that the CPU checks on its way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "pagetables/pagetables.h"

#include <cmocka.h>

#define KIB (1ull << 10)
#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define TIB (1ull << 40)
#define R   MAP_ACCESS_READ
#define W   MAP_ACCESS_WRITE
#define X   MAP_ACCESS_EXECUTE

#define TABLES_MAX 600

static uint64_t memory[TABLES_MAX][512] __attribute__((aligned(4096)));
static struct pagetables tables;
static struct failure failure;

/* What the CPU makes of an address. */
struct walk {
    bool present;
    uint64_t physical;
    uint64_t page_size;
    unsigned access;
};

static struct walk walk(uint64_t address)
{
    const unsigned top = tables.levels == 5 ? 48 : 39; /* the lowest address bit of the root's index */
    const uint64_t in_memory = (uint64_t)memory;
    struct walk result = { .access = R | W | X };
    uint64_t table = (uint64_t)tables.pages;

    for (unsigned shift = top;; shift -= 9) {
        assert_true(table >= in_memory && table < in_memory + tables.page_count * 4096ull);
        assert_int_equal(table & 0xfff, 0);
        uint64_t entry = ((const uint64_t *)table)[address >> shift & 0x1ff];
        bool page = shift == 12 || (shift <= 30 && (entry & 0x80));

        if (!(entry & 1)) {
            assert_int_equal(entry, 0);
            return (struct walk){ 0 };
        }
        /* Ignored and reserved bits, and those that change caching, are clear: bits 2 to 6, 8 to 11, 52 to 62. */
        assert_int_equal(entry & 0x7ff0000000000f7c, 0);
        if (!page || shift == 12)
            assert_int_equal(entry & 0x80, 0); /* the page attribute table's bit in a page of 4 KiB */
        if (shift == 30 && page)
            assert_true(tables.gigabyte_pages);
        if (!(entry & 2))
            result.access &= ~W;
        if (entry >> 63) {
            assert_true(tables.no_execute); /* a reserved bit on a CPU without it */
            result.access &= ~X;
        }
        uint64_t base = entry & 0x000ffffffffff000;

        if (page) {
            result.present = true;
            result.page_size = 1ull << shift;
            assert_int_equal(base & (result.page_size - 1), 0);
            result.physical = base | (address & (result.page_size - 1));
            return result;
        }
        table = base;
    }
}

static void start(unsigned levels, bool gigabyte_pages, bool no_execute)
{
    memset(memory, 0x25, sizeof(memory)); /* tables must be cleared: this looks like entries that lead to others */
    memset(&failure, 0, sizeof(failure));
    assert_true(pagetables_start(&tables, memory, TABLES_MAX, (uint8_t)levels, gigabyte_pages, no_execute));
}

static void map(uint64_t from, uint64_t to, unsigned access)
{
    assert_true(pagetables_map(&tables, from, to, access, &failure));
}

static void assert_hole(uint64_t address)
{
    assert_false(walk(address).present);
    assert_int_equal(pagetables_entry(&tables, address), 0);
}

/* Present, to itself, and allowing just that; of any size where page_size is 0. */
static void assert_mapped(uint64_t address, unsigned access, uint64_t page_size)
{
    struct walk result = walk(address);
    uint64_t entry = pagetables_entry(&tables, address);

    assert_true(result.present);
    assert_int_equal(result.physical, address);
    assert_int_equal(result.access, tables.no_execute ? access : access | X);
    if (page_size)
        assert_int_equal(result.page_size, page_size);
    assert_int_equal(entry & 0x000ffffffffff000, address & ~(result.page_size - 1));
    assert_int_equal(entry & 1, 1);
}

/* Calls a test with each kind of CPU. */
static void on_each_cpu(void (*test)(void))
{
    for (unsigned kind = 0; kind < 8; kind++) {
        start(kind & 1 ? 5 : 4, kind & 2, kind & 4);
        test();
    }
}

static void check_empty(void)
{
    static const uint64_t addresses[] = { 0, 4 * KIB, 4 * GIB, 127 * TIB };

    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        assert_hole(addresses[i]);
    assert_int_equal(pagetables_root(&tables), (uint64_t)memory);
    assert_int_equal(tables.used, 1);
}

static void empty(void **state)
{
    (void)state;
    on_each_cpu(check_empty);
    assert_false(pagetables_start(&tables, memory, 0, 4, true, true));
}

static void check_first_four_gib(void)
{
    const uint64_t page = tables.gigabyte_pages ? GIB : 2 * MIB;

    map(0, 4 * GIB, R | W);
    for (uint64_t address = 0; address < 4 * GIB; address += 2 * MIB)
        assert_mapped(address, R | W, page);
    assert_mapped(0x1234, R | W, page);
    assert_mapped(4 * GIB - 1, R | W, page);
    assert_hole(4 * GIB);
    assert_true(tables.used <= (tables.gigabyte_pages ? 3u : 7u));
}

static void first_four_gib(void **state)
{
    (void)state;
    on_each_cpu(check_first_four_gib);
}

/* As identity.c does it: an image by section and a guard page, cut out of large pages. */
static void check_image(void)
{
    const uint64_t base = 0x3ffff000; /* across the border of two 1 GiB pages */

    map(0, 4 * GIB, R | W);
    map(base, base + 0x1000, R);
    map(base + 0x1000, base + 0x9000, R | X);
    map(base + 0x9000, base + 0xb000, R);
    map(base + 0xc000, base + 0xd000, 0);
    map(0, 4 * KIB, 0);

    assert_hole(0);
    assert_hole(0xfff);
    assert_mapped(0x1000, R | W, 4 * KIB);
    assert_mapped(2 * MIB, R | W, 2 * MIB);
    assert_mapped(base - 1, R | W, 4 * KIB);
    assert_mapped(base, R, 4 * KIB);
    assert_mapped(base + 0xfff, R, 4 * KIB);
    for (uint64_t address = base + 0x1000; address < base + 0x9000; address += 0x1000)
        assert_mapped(address, R | X, 4 * KIB);
    assert_mapped(base + 0x9000, R, 4 * KIB);
    assert_mapped(base + 0xb000, R | W, 4 * KIB);
    assert_hole(base + 0xc000);
    assert_hole(base + 0xcfff);
    assert_mapped(base + 0xd000, R | W, 4 * KIB);
    assert_mapped(GIB + 2 * MIB, R | W, 2 * MIB);
    assert_mapped(2 * GIB, R | W, tables.gigabyte_pages ? GIB : 2 * MIB);
}

static void image_in_large_pages(void **state)
{
    (void)state;
    on_each_cpu(check_image);
}

/* A small page keeps what the large one allowed when that is split, the ban on execution too. */
static void check_split_keeps(void)
{
    map(0, 2 * GIB, R);
    map(GIB + 4 * KIB, GIB + 8 * KIB, R | W | X);
    assert_mapped(GIB, R, 4 * KIB);
    assert_mapped(GIB + 4 * KIB, R | W | X, 4 * KIB);
    assert_mapped(GIB + 8 * KIB, R, 4 * KIB);
    assert_mapped(GIB + 2 * MIB, R, 2 * MIB);
    assert_mapped(2 * GIB - 1, R, 2 * MIB);
    assert_mapped(GIB - 1, R, 0);
}

static void split_keeps(void **state)
{
    (void)state;
    on_each_cpu(check_split_keeps);
}

/* Mapping again what is in tables already goes through them, and unmapping too. */
static void check_remap(void)
{
    map(0, 4 * GIB, R | W);
    map(MIB, MIB + 4 * KIB, R);
    uint32_t used = tables.used;

    map(0, 4 * GIB, R | X);
    assert_int_equal(tables.used, used);
    assert_mapped(MIB, R | X, 4 * KIB);
    assert_mapped(0, R | X, 4 * KIB);
    map(0, 2 * GIB, 0);
    assert_hole(0);
    assert_hole(MIB);
    assert_hole(2 * GIB - 1);
    assert_mapped(2 * GIB, R | X, 0);
    map(MIB, 2 * MIB, R | W);
    assert_hole(MIB - 1);
    assert_mapped(MIB, R | W, 4 * KIB);
    assert_hole(2 * MIB);
}

static void remap(void **state)
{
    (void)state;
    on_each_cpu(check_remap);
}

static void check_rounds_outward(void)
{
    map(0x1fff, 0x2001, R);
    assert_hole(0xfff);
    assert_mapped(0x1000, R, 4 * KIB);
    assert_mapped(0x2fff, R, 4 * KIB);
    assert_hole(0x3000);
    map(0x5000, 0x5000, R); /* nothing at all */
    map(0x6800, 0x6800, R);
    assert_hole(0x5000);
    assert_hole(0x6000);
}

static void rounds_outward(void **state)
{
    (void)state;
    on_each_cpu(check_rounds_outward);
}

static void check_largest_pages(void)
{
    const uint64_t from = 4 * GIB - 6 * MIB - 8 * KIB, to = 6 * GIB + 4 * MIB + 4 * KIB;
    const uint64_t page = tables.gigabyte_pages ? GIB : 2 * MIB;

    map(from, to, R | W);
    assert_hole(from - 1);
    assert_mapped(from, R | W, 4 * KIB);
    assert_mapped(from + 8 * KIB, R | W, 2 * MIB);
    assert_mapped(4 * GIB - 1, R | W, 2 * MIB);
    assert_mapped(4 * GIB, R | W, page);
    assert_mapped(6 * GIB - 1, R | W, page);
    assert_mapped(6 * GIB, R | W, 2 * MIB);
    assert_mapped(to - 1, R | W, 4 * KIB);
    assert_hole(to);
}

static void largest_pages(void **state)
{
    (void)state;
    on_each_cpu(check_largest_pages);
}

/* The lower half ends at 2^47 with 4 levels. With 5 it would at 2^56, but a physical address has 52 bits. */
static void check_limit(void)
{
    const uint64_t limit = tables.levels == 5 ? 1ull << 52 : 1ull << 47;

    map(limit - 2 * MIB, limit, R);
    assert_mapped(limit - 1, R, 2 * MIB);
    assert_mapped(limit - 2 * MIB, R, 2 * MIB);
    uint32_t used = tables.used;

    assert_false(pagetables_map(&tables, limit - 4 * KIB, limit + 1, R, &failure));
    assert_string_equal(failure.what, "page tables");
    assert_non_null(strstr(failure.why, tables.levels == 5 ? "beyond 5 levels" : "beyond 4 levels"));
    assert_false(pagetables_map(&tables, limit, limit + 4 * KIB, R, &failure));
    assert_false(pagetables_map(&tables, 0, UINT64_MAX, R, &failure));
    assert_false(pagetables_map(&tables, UINT64_MAX - 1, UINT64_MAX, R, &failure));
    assert_false(pagetables_map(&tables, 8 * KIB, 4 * KIB, R, &failure)); /* back to front */
    assert_int_equal(tables.used, used);
    assert_hole(0);
}

static void limit_of_the_levels(void **state)
{
    (void)state;
    on_each_cpu(check_limit);
}

/* Each index of each level, once: addresses of one bit. */
static void check_every_bit(void)
{
    const unsigned bits = tables.levels == 5 ? 52 : 47;

    for (unsigned bit = 12; bit < bits; bit++)
        map(1ull << bit, (1ull << bit) + 4 * KIB, bit % 2 ? R : R | W);
    for (unsigned bit = 12; bit < bits; bit++) {
        assert_mapped(1ull << bit, bit % 2 ? R : R | W, 4 * KIB);
        assert_mapped((1ull << bit) + 0xfff, bit % 2 ? R : R | W, 4 * KIB);
    }
    assert_hole(0);
    assert_hole((1ull << 13) + 4 * KIB);
}

static void every_bit(void **state)
{
    (void)state;
    on_each_cpu(check_every_bit);
}

/* Where tables run out, all other addresses are as they were. */
static void exhaustion(void **state)
{
    (void)state;
    for (uint32_t count = 3; count < 8; count++) {
        start(4, true, true);
        tables.page_count = count;
        map(0, 4 * GIB, R | W); /* two tables */
        bool enough = true;
        uint64_t at = 0;

        for (; enough && at < 4 * GIB; at += GIB) /* two more for each */
            enough = pagetables_map(&tables, at + 4 * KIB, at + 8 * KIB, R, &failure);
        assert_false(enough);
        assert_non_null(strstr(failure.why, "tables are needed"));
        assert_true(tables.used <= count);
        at -= GIB; /* the one that failed */
        assert_mapped(at, R | W, 0);
        assert_mapped(at + 8 * KIB, R | W, 0);
        assert_mapped(at + GIB - 1, R | W, 0);
        if (at)
            assert_mapped(4 * KIB, R, 4 * KIB);
        assert_mapped(3 * GIB + 2 * MIB, R | W, 0);
    }
}

/* Random ranges against an array that holds what each of a few thousand pages allows. */
static void at_random(void **state)
{
    enum { PAGES = 3 * 512 };
    static uint8_t allowed[PAGES];
    const uint64_t base = GIB - 2 * MIB; /* across a border of 1 GiB */

    (void)state;
    for (unsigned seed = 0; seed < 8; seed++) {
        srand(seed);
        start(seed & 1 ? 5 : 4, seed & 2, true);
        memset(allowed, 0, sizeof(allowed));
        for (unsigned step = 0; step < 100; step++) {
            unsigned first = (unsigned)rand() % PAGES, count = (unsigned)rand() % (step % 3 ? 20 : 1200);
            unsigned end = first + count < PAGES ? first + count : PAGES, access = (unsigned)rand() % 8;

            if (access)
                access |= R; /* what the CPU can say */
            map(base + first * 4 * KIB, base + end * 4 * KIB, access);
            memset(allowed + first, (int)access, end - first);
        }
        for (unsigned page = 0; page < PAGES; page++) {
            if (allowed[page])
                assert_mapped(base + page * 4 * KIB, allowed[page], 0);
            else
                assert_hole(base + page * 4 * KIB);
        }
        assert_hole(base - 1);
        assert_hole(base + PAGES * 4 * KIB);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(first_four_gib),
        cmocka_unit_test(image_in_large_pages),
        cmocka_unit_test(split_keeps),
        cmocka_unit_test(remap),
        cmocka_unit_test(rounds_outward),
        cmocka_unit_test(largest_pages),
        cmocka_unit_test(limit_of_the_levels),
        cmocka_unit_test(every_bit),
        cmocka_unit_test(exhaustion),
        cmocka_unit_test(at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

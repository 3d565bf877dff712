/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/map.c common/text.c common/failure.c */
/* The memory map at random, against a slow model: a type for each of a few hundred units. */
#include <stdlib.h>

#include "tests/unit/map_fixture.h"

#define UNITS 400
#define UNIT  MAP_PAGE

static uint32_t model[UNITS]; /* 0: nothing */

static bool model_is_ram(uint32_t type)
{
    return type == MAP_RAM || type >= MAP_OURS;
}

/* Whether the units may be of that type, given what they are. */
static bool model_allows(uint64_t first, uint64_t end, uint32_t type)
{
    for (uint64_t unit = first; unit < end; unit++) {
        if (model[unit] && model_is_ram(model[unit]) != model_is_ram(type))
            return false;
    }
    return true;
}

static void model_add(uint64_t first, uint64_t end, uint32_t type)
{
    /* ACPI < NVS, reserved before both: the numbers are in the order of strictness for those three. */
    for (uint64_t unit = first; unit < end; unit++) {
        if (!model[unit] || (type != MAP_RAM && type > model[unit]))
            model[unit] = type;
    }
}

static void assert_as_modelled(void)
{
    uint32_t i = 0;

    assert_sound();
    for (uint64_t unit = 0; unit < UNITS; unit++) {
        while (i < map.count && map.ranges[i].end <= unit * UNIT)
            i++;
        bool there = i < map.count && map.ranges[i].start <= unit * UNIT;

        assert_int_equal(there ? map.ranges[i].type : 0, model[unit]);
    }
}

/* The lowest or highest run of free units from `alignment` units to the next, page 0 left out; UNITS where none is. */
static uint64_t model_find(uint64_t size, uint64_t alignment, bool high)
{
    uint64_t found = UNITS;

    for (uint64_t first = alignment; first + size <= UNITS; first += alignment) {
        uint64_t run = 0;

        while (run < size && model[first + run] == MAP_RAM)
            run++;
        if (run < size)
            continue;
        found = first;
        if (!high)
            break;
    }
    return found;
}

static void random_series(unsigned seed)
{
    static const uint32_t types[] = { MAP_RAM, MAP_RAM, MAP_RESERVED, MAP_ACPI, MAP_NVS };

    srand(seed);
    setup(NULL);
    memset(model, 0, sizeof(model));
    for (unsigned step = 0; step < 500; step++) {
        uint64_t first = (uint64_t)rand() % UNITS, size = (uint64_t)rand() % 20;
        uint64_t end = first + size < UNITS ? first + size : UNITS;
        uint32_t type = types[(unsigned)rand() % (sizeof(types) / sizeof(*types))];
        struct map_request request = { .size = (size + 1) * UNIT, .alignment = UNIT << rand() % 4, .high = rand() % 2 };
        uint64_t address, expected = model_find(size + 1, request.alignment / UNIT, request.high);

        assert_int_equal(map_find(&map, &request, &address), expected < UNITS);
        if (expected < UNITS)
            assert_int_equal(address, expected * UNIT);
        if (rand() % 4 == 0) {
            assert_true(carve(first * UNIT, end * UNIT, MAP_WORK));
            for (uint64_t unit = first; unit < end; unit++)
                model[unit] = model[unit] == MAP_RAM ? MAP_WORK : model[unit];
        } else if (model_allows(first, end, type)) {
            assert_true(add(first * UNIT, end * UNIT, type));
            model_add(first, end, type);
        }
        assert_as_modelled();
    }
}

static void random_against_model(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++)
        random_series(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_against_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/linux.c handoff/boot_params.c handoff/place.c handoff/e820.c handoff/launch.c */
/* sources: pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/* The Linux exits: what the kernel reads, boot_params and what they point to. */
#include "tests/unit/linux_fixture.h"

#define SEED_BYTES 32

/* ---- parameters ---- */

static void command_line(void **state)
{
    static const char longest[] = "0123456789abcdef", longer[] = "0123456789abcdef0";

    (void)state;
    boot.command_line = longest;
    assert_true(prepare(LAUNCH_LONG));
    assert_string_equal((const char *)(uint64_t)params()->hdr.cmd_line_ptr, longest);
    assert_int_equal(params()->ext_cmd_line_ptr, 0);
    setup(state);
    boot.command_line = longer;
    assert_refused(LAUNCH_LONG, "command line", "17 bytes are more than the 16 that this kernel takes");
    setup(state);
    boot.command_line = "";
    assert_true(prepare(LAUNCH_LONG));
    assert_string_equal((const char *)(uint64_t)params()->hdr.cmd_line_ptr, "");
}

static void no_room_for_parameters(void **state)
{
    (void)state;
    map_starts();
    ram(PREFERRED, PREFERRED + INIT_SIZE);
    assert_refused(LAUNCH_LONG, "kernel parameters", "no free memory");
}

/* The list that a kernel would find: types of its elements, first to last. */
static unsigned setup_data_types(uint32_t *types, const struct setup_data **elements, unsigned max)
{
    uint64_t next = params()->hdr.setup_data;
    unsigned count = 0;

    for (; next; next = ((const struct setup_data *)next)->next) {
        assert_true(count < max);
        elements[count] = (const struct setup_data *)next;
        types[count] = elements[count]->type;
        count++;
    }
    return count;
}

static void came_in(uint64_t address, uint32_t type, uint64_t next)
{
    struct setup_data *data = (struct setup_data *)address;

    *data = (struct setup_data){ next, type, 8 };
    memcpy(data->data, "contents", 8);
    handoff.setup_data[handoff.setup_data_count++] = (struct handoff_setup_data){ address, type, sizeof(*data) + 8 };
}

/* What came in stays where it is and in the list; ours goes in front. An old memory map does not go on. */
static void setup_data_is_kept(void **state)
{
    static const uint8_t seed[SEED_BYTES] = { 1, 2, 3 };
    const uint64_t first = REAL_START + 0x2000, second = first + 0x100, third = first + 0x200;
    const struct setup_data *elements[8];
    uint32_t types[8];

    (void)state;
    came_in(first, SETUP_PCI, second);
    came_in(second, SETUP_E820_EXT, third);
    came_in(third, SETUP_EFI, 0);
    handoff.random_seed = (struct span){ seed, sizeof(seed) };
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(setup_data_types(types, elements, 8), 3);
    assert_int_equal(types[0], SETUP_RNG_SEED);
    assert_int_equal(elements[0]->len, SEED_BYTES);
    assert_memory_equal(elements[0]->data, seed, SEED_BYTES);
    assert_true((types[1] == SETUP_PCI && types[2] == SETUP_EFI) || (types[1] == SETUP_EFI && types[2] == SETUP_PCI));
    for (unsigned i = 1; i < 3; i++) {
        assert_ptr_equal(elements[i], types[i] == SETUP_PCI ? first : third);
        assert_int_equal(elements[i]->len, 8);
        assert_memory_equal(elements[i]->data, "contents", 8);
    }
}

static void no_setup_data(void **state)
{
    (void)state;
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(params()->hdr.setup_data, 0); /* whatever the file had */
}

/* A kernel that would die of it. */
static void no_setup_data_without_nx(void **state)
{
    static const uint8_t seed[SEED_BYTES] = { 1, 2, 3 };

    (void)state;
    cpu.no_execute = false;
    came_in(REAL_START + 0x2000, SETUP_PCI, 0);
    handoff.random_seed = (struct span){ seed, sizeof(seed) };
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(params()->hdr.setup_data, 0);
}

static void long_seed(void **state)
{
    static const uint8_t seed[200] = { 9 };
    const struct setup_data *data;

    (void)state;
    handoff.random_seed = (struct span){ seed, sizeof(seed) };
    assert_true(prepare(LAUNCH_LONG));
    data = (const struct setup_data *)params()->hdr.setup_data;
    assert_int_equal(data->type, SETUP_RNG_SEED);
    assert_int_equal(data->len, 64);
    assert_true((uint64_t)data + sizeof(*data) + 64 <= launch.segments[1].destination + launch.segments[1].reserved);
}

/* ---- the end ---- */

static void final_map(void **state)
{
    const struct setup_data *more;

    (void)state;
    handoff.efi = (struct handoff_efi){ .present = true, .map = 0x1000, .map_size = 96, .descriptor_size = 48 };
    for (uint64_t i = 0; i < 200; i++)
        assert_true(map_add(&handoff.map, 5 * GIB + i * 0x2000, 0x1000, MAP_RESERVED, 0, &failure));
    assert_true(prepare(LAUNCH_LONG));
    assert_true(launch.finish(&launch, &handoff, &failure));
    assert_int_equal(params()->e820_entries, 128);
    more = (const struct setup_data *)params()->hdr.setup_data;
    assert_int_equal(more->type, SETUP_E820_EXT);
    assert_int_equal(more->next, 0);
    assert_int_equal(more->len, (2 + 200 - 128) * 20);
    assert_int_equal(((const struct boot_e820_entry *)more->data)[73].addr, 5 * GIB + 199 * 0x2000);
    assert_true((uint64_t)more->data + more->len <= launch.segments[1].destination + launch.segments[1].reserved);
    assert_memory_equal(&params()->efi_info.efi_loader_signature, "EL64", 4);
}

/* The map may have grown since; what has no room is an error, and nothing is started. */
static void map_outgrows_its_room(void **state)
{
    (void)state;
    assert_true(prepare(LAUNCH_LONG));
    for (uint64_t i = 0; i < 500; i++)
        assert_true(map_add(&handoff.map, 5 * GIB + i * 0x2000, 0x1000, MAP_RESERVED, 0, &failure));
    assert_false(launch.finish(&launch, &handoff, &failure));
    assert_string_equal(failure.what, "memory map");
}

/* ---- what newer kernels know ---- */

static void five_levels(void **state)
{
    (void)state;
    assert_true(prepare(LAUNCH_LONG));
    assert_false(launch.state.five_levels);
    setup(state);
    boot.as_linux.five_levels = true;
    assert_true(prepare(LAUNCH_LONG));
    assert_true(launch.state.five_levels);
}

static void device_tree(void **state)
{
    static const uint8_t tree[300] = { 0xd0, 0x0d, 0xfe, 0xed, 7 }, seed[4] = { 1 };
    const struct setup_data *elements[8];
    uint32_t types[8];

    (void)state;
    boot.device_tree = (struct span){ tree, sizeof(tree) };
    handoff.random_seed = (struct span){ seed, sizeof(seed) };
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(setup_data_types(types, elements, 8), 2);
    assert_int_equal(types[0], SETUP_DTB);
    assert_int_equal(elements[0]->len, sizeof(tree));
    assert_memory_equal(elements[0]->data, tree, sizeof(tree));
    assert_int_equal(types[1], SETUP_RNG_SEED);
    assert_true((uint64_t)elements[0]->data + sizeof(tree) <=
                launch.segments[1].destination + launch.segments[1].reserved);
    setup(state);
    boot.device_tree = (struct span){ tree, 16 * MIB + 1 };
    assert_refused(LAUNCH_LONG, "device tree", "16777217 bytes are too many");
}

static void secure_boot(void **state)
{
    const struct setup_data *elements[8];
    uint32_t types[8];

    (void)state;
    came_in(REAL_START + 0x2000, SETUP_DTB, 0);
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(setup_data_types(types, elements, 8), 1);
    handoff.efi = (struct handoff_efi){ .present = true, .secure_boot = true, .image_handle = { true, 1 } };
    assert_true(prepare(LAUNCH_LONG));
    assert_int_equal(setup_data_types(types, elements, 8), 0);
    assert_true(launch.finish(&launch, &handoff, &failure));
    assert_int_equal(params()->secure_boot, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(command_line, setup),
        cmocka_unit_test_setup(no_room_for_parameters, setup),
        cmocka_unit_test_setup(setup_data_is_kept, setup),
        cmocka_unit_test_setup(no_setup_data, setup),
        cmocka_unit_test_setup(no_setup_data_without_nx, setup),
        cmocka_unit_test_setup(long_seed, setup),
        cmocka_unit_test_setup(final_map, setup),
        cmocka_unit_test_setup(map_outgrows_its_room, setup),
        cmocka_unit_test_setup(five_levels, setup),
        cmocka_unit_test_setup(device_tree, setup),
        cmocka_unit_test_setup(secure_boot, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tests/unit/replay.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* Filling and completing struct handoff: modules, texts, and what of the map is in use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "handoff/handoff.h"
#include "tests/unit/replay.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define IMAGE     0x101000
#define IMAGE_END 0x173000
#define RAM_END   0x8000000

static int setup(void **state)
{
    struct boot *boot = boot_new("pvh-q35");

    assert_true(map_add(&boot->handoff->map, 0, 0xa0000, MAP_RAM, 0, &boot->failure));
    assert_true(map_add(&boot->handoff->map, 0xf0000, 0x10000, MAP_RESERVED, 0, &boot->failure));
    assert_true(map_add(&boot->handoff->map, 0x100000, RAM_END - 0x100000, MAP_RAM, 0, &boot->failure));
    *state = boot;
    return 0;
}

static int teardown(void **state)
{
    boot_free(*state);
    return 0;
}

static bool add(struct boot *boot, uint64_t start, uint64_t size, const char *string)
{
    return handoff_add_module(boot->handoff, start, size, string, strlen(string), &boot->failure);
}

static bool complete(struct boot *boot)
{
    return handoff_complete(boot->handoff, IMAGE, IMAGE_END, &boot->failure);
}

static void begins_empty(void **state)
{
    struct boot *boot = *state;
    struct handoff *handoff = boot->handoff;

    handoff_start(handoff, DOOR_EFI, boot->arena, sizeof(boot->arena));
    assert_int_equal(handoff->version, HANDOFF_VERSION);
    assert_int_equal(handoff->size, sizeof(*handoff));
    assert_int_equal(handoff->door, DOOR_EFI);
    assert_string_equal(handoff->command_line, "");
    assert_null(handoff->loader_name);
    assert_null(handoff->leave);
    assert_null(handoff->map.claim);
    assert_null(handoff->random_seed.data);
    assert_int_equal(handoff->module_count + handoff->setup_data_count + handoff->map.count, 0);
    assert_false(handoff->rsdp.present || handoff->smbios.present || handoff->smbios3.present);
    assert_false(handoff->device_tree.present || handoff->framebuffer.present || handoff->text_screen.present);
    assert_false(handoff->efi.present || handoff->xen.present || handoff->boot_drive.present);
}

static void door_names(void **state)
{
    (void)state;
    assert_string_equal(door_name(DOOR_NONE), "none");
    assert_string_equal(door_name(DOOR_EFI_HANDOVER), "efi-handover");
    assert_string_equal(door_name(DOOR_COUNT), "?");
    for (enum door door = DOOR_NONE; door < DOOR_COUNT; door++)
        assert_true(door_name(door)[0]);
}

static void marks_what_is_in_use(void **state)
{
    static const struct range map[] = {
        { 0x0, 0x5000, MAP_RAM, 0 },
        { 0x5000, 0x5680, MAP_LOADER, 0 },
        { 0x5680, 0x90000, MAP_RAM, 0 },
        { 0x90000, 0x90030, MAP_LOADER, 0 },
        { 0x90030, 0xa0000, MAP_RAM, 0 },
        { 0xf0000, 0x100000, MAP_RESERVED, 0 },
        { 0x100000, IMAGE, MAP_RAM, 0 },
        { IMAGE, IMAGE_END, MAP_OURS, 0 },
        { IMAGE_END, 0x17438e, MAP_MODULE, 0 },
        { 0x17438e, 0x7fff001, MAP_RAM, 0 },
        { 0x7fff001, RAM_END, MAP_MODULE, 0 },
        { 0 },
    };
    struct boot *boot = *state;

    assert_true(add(boot, IMAGE_END, 0x138e, "first"));
    assert_true(add(boot, 0x7fff001, 0xfff, ""));
    assert_true(add(boot, 0xdead0000, 0, "empty, wherever it is"));
    boot->handoff->setup_data[boot->handoff->setup_data_count++] = (struct handoff_setup_data){ 0x90000, 9, 48 };
    boot->handoff->efi.map = 0x5000;
    boot->handoff->efi.map_size = 0x680;
    assert_true(complete(boot));
    assert_map(&boot->handoff->map, map);
}

/* What is not RAM stays what the firmware says, though something of a loader lies there. */
static void setup_data_outside_of_ram(void **state)
{
    struct boot *boot = *state;

    boot->handoff->setup_data[boot->handoff->setup_data_count++] = (struct handoff_setup_data){ 0xf1000, 9, 48 };
    boot->handoff->setup_data[boot->handoff->setup_data_count++] = (struct handoff_setup_data){ 0x90000000, 9, 48 };
    assert_true(complete(boot));
    assert_true(map_is_free(&boot->handoff->map, IMAGE_END, RAM_END - IMAGE_END, false));
    assert_false(map_is_ram(&boot->handoff->map, 0xf1000, 48));
    assert_false(map_is_ram(&boot->handoff->map, 0x90000000, 48));
}

static void no_ram(void **state)
{
    struct boot *boot = *state;

    boot->handoff->map.count = 0;
    assert_false(complete(boot));
    assert_failure(&boot->failure, NULL, "there is no RAM in it");
    assert_true(map_add(&boot->handoff->map, 0xf0000, 0x10000, MAP_RESERVED, 0, &boot->failure));
    assert_false(complete(boot));
    assert_failure(&boot->failure, NULL, "there is no RAM in it");
}

static void assert_module_broken(struct boot *boot, uint64_t start, uint64_t size, const char *why)
{
    boot->handoff->module_count = 0;
    assert_true(add(boot, start, size, ""));
    assert_false(complete(boot));
    assert_failure(&boot->failure, NULL, why);
}

static void modules_out_of_place(void **state)
{
    struct boot *boot = *state;

    assert_module_broken(boot, 0xf0000, 1, "module 0, 1 bytes at 0xf0000, is not in RAM");
    assert_module_broken(boot, 0x9ffff, 2, "is not in RAM");
    assert_module_broken(boot, RAM_END - 1, 2, "is not in RAM");
    assert_module_broken(boot, 0xffffffff00000000, 0xffffffff, "is not in RAM");
    assert_module_broken(boot, 0x100000, 0x1001, "overlaps this loader");
    assert_module_broken(boot, IMAGE_END - 1, 1, "overlaps this loader");
    assert_module_broken(boot, IMAGE, 1, "overlaps this loader");
    assert_module_broken(boot, 0x100000, 0x200000, "overlaps this loader");
    boot->handoff->module_count = 0;
    assert_true(add(boot, 0x100000, 0x1000, "right before"));
    assert_true(add(boot, IMAGE_END, 1, "right behind"));
    assert_true(complete(boot));
}

static void module_list(void **state)
{
    struct boot *boot = *state;

    assert_false(add(boot, UINT64_MAX, 2, ""));
    assert_failure(&boot->failure, NULL, "module 0, 2 bytes at 0xffffffffffffffff, wraps around");
    for (unsigned i = 0; i < HANDOFF_MODULES_MAX; i++)
        assert_true(add(boot, i, i, "name"));
    assert_false(add(boot, 0, 0, ""));
    assert_failure(&boot->failure, NULL, "more than 64");
    assert_int_equal(boot->handoff->module_count, HANDOFF_MODULES_MAX);
    assert_string_equal(boot->handoff->modules[63].string, "name");
    boot->handoff->module_count = 0;
    boot->handoff->arena.size = boot->handoff->arena.used;
    assert_false(add(boot, 0, 0, "no room"));
    assert_failure(&boot->failure, NULL, "the string of module 0 is too long (7 bytes)");
    assert_int_equal(boot->handoff->module_count, 0);
}

static void texts(void **state)
{
    struct boot *boot = *state;
    const struct physical *physical = &boot->replay->physical;
    const char *copy = NULL;

    replay_write(boot->replay, 0x2ffffc, "abcdefg", 8);
    replay_show(boot->replay, 0x300000, 0x1000);
    assert_true(handoff_copy_text(boot->handoff, physical, 0x2ffffc, 8, "text", &copy, &boot->failure));
    assert_string_equal(copy, "abcdefg");
    assert_true((const uint8_t *)copy >= boot->arena && (const uint8_t *)copy < boot->arena + sizeof(boot->arena));
    assert_false(handoff_copy_text(boot->handoff, physical, 0x2ffffc, 7, "text", &copy, &boot->failure));
    assert_failure(&boot->failure, NULL, "no text of at most 7 bytes at 0x2ffffc");
    assert_string_equal(boot->failure.what, "text");
    assert_true(handoff_copy_text(boot->handoff, physical, 0x300003, 8, "text", &copy, &boot->failure));
    assert_string_equal(copy, "");
    boot->handoff->arena.size = boot->handoff->arena.used;
    assert_false(handoff_copy_text(boot->handoff, physical, 0x2ffffc, 8, "text", &copy, &boot->failure));
    assert_failure(&boot->failure, NULL, "too long (7 bytes)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(begins_empty), TEST(door_names),           TEST(marks_what_is_in_use), TEST(setup_data_outside_of_ram),
        TEST(no_ram),       TEST(modules_out_of_place), TEST(module_list),          TEST(texts),
    };

    return cmocka_run_group_tests_name("handoff", tests, NULL, NULL);
}

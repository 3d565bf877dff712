/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tests/unit/replay.c entries/linux.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* boot_params: what QEMU, GRUB and kexec give, then each way of breaking it. */
#include <asm/bootparam.h>

#include "tests/unit/normalise_fixture.h"

#define GRUB_WORDS          "BOOT_IMAGE=/image " WORDS
#define LOADER_QEMU         0xb0
#define LOADER_GRUB         0x72
#define LOADER_KEXEC        0xd0
#define SETUP_E820_EXT_TYPE 1
#define SETUP_OTHER_TYPE    9

static bool normalise_with(struct boot *boot, bool with_map)
{
    boot_again(boot);
    return linux_normalise(boot->handoff, &boot->replay->physical, boot->replay->argument, with_map, &boot->failure);
}

static bool normalise(struct boot *boot)
{
    return normalise_with(boot, true);
}

static struct boot_params *params_of(struct boot *boot)
{
    return replay_at(boot->replay, boot->replay->argument, sizeof(struct boot_params));
}

/* One ramdisk and what all Linux doors lack. */
static void assert_told(const struct handoff *handoff, enum door door, uint8_t loader, const char *words,
                        uint64_t ramdisk, uint64_t size)
{
    assert_int_equal(handoff->door, door);
    assert_int_equal(handoff->loader_type, loader);
    assert_string_equal(handoff->command_line, words);
    assert_int_equal(handoff->module_count, 1);
    assert_module(handoff, 0, ramdisk, size, "");
    assert_null(handoff->loader_name);
    assert_false(handoff->smbios.present || handoff->smbios3.present || handoff->device_tree.present);
    assert_false(handoff->boot_drive.present || handoff->random_seed.data);
}

static void assert_cursor(const struct handoff *handoff, uint8_t column, uint8_t row)
{
    assert_int_equal(handoff->text_screen.column, column);
    assert_int_equal(handoff->text_screen.row, row);
}

/* What our own real-mode code made. */
static void qemu_16_bit(void **state)
{
    struct boot *boot = normalised("linux16");

    (void)state;
    assert_told(boot->handoff, DOOR_LINUX16, LOADER_QEMU, WORDS, 0x7fce000, 5006);
    assert_text_screen(boot->handoff);
    assert_cursor(boot->handoff, 0, 2);
    assert_false(boot->handoff->efi.present || boot->handoff->rsdp.present);
    assert_int_equal(boot->handoff->setup_data_count, 0);
    assert_map(&boot->handoff->map, q35);
    boot_free(boot);
}

static void grub_32_bit(void **state)
{
    struct boot *boot = normalised("linux32");

    (void)state;
    assert_told(boot->handoff, DOOR_LINUX32, LOADER_GRUB, GRUB_WORDS, 0x7f6b000, 5006);
    assert_text_screen(boot->handoff);
    assert_cursor(boot->handoff, 0, 0);
    assert_false(boot->handoff->efi.present || boot->handoff->rsdp.present);
    assert_int_equal(boot->handoff->setup_data_count, 0);
    assert_map(&boot->handoff->map, q35);
    boot_free(boot);
}

static void grub_32_bit_efi(void **state)
{
    static const struct range map[] = {
        { 0x0, 0xa0000, MAP_RAM, 0 },
        { 0x100000, 0x800000, MAP_RAM, 0 },
        { 0x800000, 0x808000, MAP_NVS, 0 },
        { 0x808000, 0x80b000, MAP_RAM, 0 },
        { 0x80b000, 0x80c000, MAP_NVS, 0 },
        { 0x80c000, 0x810000, MAP_RAM, 0 },
        { 0x810000, 0x900000, MAP_NVS, 0 },
        { 0x900000, 0x6eb7000, MAP_RAM, 0 },
        { 0x6eb7000, 0x6f78000, MAP_RESERVED, 0 },
        { 0x6f78000, 0x78ed000, MAP_RAM, 0 },
        { 0x78ed000, 0x7b6d000, MAP_RESERVED, 0 },
        { 0x7b6d000, 0x7b7f000, MAP_ACPI, 0 },
        { 0x7b7f000, 0x7bff000, MAP_NVS, 0 },
        { 0x7bff000, 0x7f58000, MAP_RAM, 0 },
        { 0x7f58000, 0x7f78000, MAP_RESERVED, 0 },
        { 0x7f78000, 0x8000000, MAP_NVS, 0 },
        { 0xb0000000, 0xc0000000, MAP_RESERVED, 0 },
        { 0 },
    };
    struct boot *boot = normalised("linux32-efi");

    (void)state;
    assert_told(boot->handoff, DOOR_LINUX32, LOADER_GRUB, GRUB_WORDS, 0x7ed9000, 5006);
    assert_framebuffer(boot->handoff);
    assert_false(boot->handoff->rsdp.present);
    assert_true(boot->handoff->efi.present);
    assert_false(boot->handoff->efi.boot_services || boot->handoff->efi.image_handle.present);
    assert_int_equal(boot->handoff->efi.system_table, 0x79ec018);
    assert_int_equal(boot->handoff->efi.map, 0x8d000);
    assert_int_equal(boot->handoff->efi.map_size, 0x1680);
    assert_int_equal(boot->handoff->efi.descriptor_size, 48);
    assert_int_equal(boot->handoff->efi.descriptor_version, 1);
    assert_map(&boot->handoff->map, map);
    boot_free(boot);
}

/* The kernel before leaves a random seed behind. */
static void kexec_64_bit(void **state)
{
    static const struct range map[] = {
        { 0x400, 0x9fc00, MAP_RAM, 0 },
        { 0x9fc00, 0x100000, MAP_RESERVED, 0 },
        { 0x100000, 0xffdf000, MAP_RAM, 0 },
        { 0xffdf000, 0x10000000, MAP_RESERVED, 0 },
        { 0xb0000000, 0xc0000000, MAP_RESERVED, 0 },
        { 0xfed1c000, 0xfed20000, MAP_RESERVED, 0 },
        { 0xfffc0000, 0x100000000, MAP_RESERVED, 0 },
        { 0xfd00000000, 0x10000000000, MAP_RESERVED, 0 },
        { 0 },
    };
    struct boot *boot = normalised("linux64-kexec");

    (void)state;
    assert_told(boot->handoff, DOOR_LINUX64, LOADER_KEXEC, WORDS, 0xff60000, 5008);
    assert_false(boot->handoff->text_screen.present || boot->handoff->rsdp.present || boot->handoff->efi.present);
    assert_int_equal(boot->handoff->setup_data_count, 1);
    assert_int_equal(boot->handoff->setup_data[0].address, 0x100000);
    assert_int_equal(boot->handoff->setup_data[0].type, SETUP_OTHER_TYPE);
    assert_int_equal(boot->handoff->setup_data[0].size, 48);
    assert_map(&boot->handoff->map, map);
    boot_free(boot);
}

static int setup(void **state)
{
    *state = boot_new("linux32-efi");
    return 0;
}

static void cut_short(void **state)
{
    struct boot *boot = *state;

    replay_cut(boot->replay, boot->replay->argument + sizeof(struct boot_params) - 1);
    assert_broken(boot, "out of our reach at 0x86000");
    boot->replay->argument = UINT64_MAX;
    assert_broken(boot, "out of our reach at 0xffffffffffffffff");
}

/* A loader that copied what it does not know: the fields that came later count for nothing. */
static void sentinel(void **state)
{
    struct boot *boot = *state;

    params_of(boot)->sentinel = 0xff;
    params_of(boot)->ext_ramdisk_image = params_of(boot)->ext_ramdisk_size = 0xdeadbeef;
    params_of(boot)->ext_cmd_line_ptr = 0xdeadbeef;
    params_of(boot)->acpi_rsdp_addr = 0xdeadbeef;
    assert_true(normalise(boot));
    assert_told(boot->handoff, DOOR_LINUX32, LOADER_GRUB, GRUB_WORDS, 0x7ed9000, 5006);
    assert_false(boot->handoff->efi.present || boot->handoff->rsdp.present);
    assert_int_equal(boot->handoff->map.count, 17);
}

/* Linux's enum efi_secureboot_mode, as kexec passes it on: 3 is on, 2 off, 1 unknown. */
static void secure_boot(void **state)
{
    struct boot *boot = *state;

    for (uint8_t mode = 0; mode < 5; mode++) {
        params_of(boot)->secure_boot = mode;
        assert_true(normalise(boot));
        assert_int_equal(boot->handoff->efi.secure_boot, mode == 3);
        assert_true(boot->handoff->efi.present);
    }
    params_of(boot)->secure_boot = 3;
    params_of(boot)->sentinel = 0xff;
    assert_true(normalise(boot));
    assert_false(boot->handoff->efi.secure_boot);
}

static void high_halves(void **state)
{
    struct boot *boot = *state;

    replay_write(boot->replay, 0x700000000 + params_of(boot)->hdr.cmd_line_ptr, "high", 5);
    replay_show(boot->replay, 0x700000000 + params_of(boot)->hdr.cmd_line_ptr, 0x1000);
    params_of(boot)->ext_cmd_line_ptr = 7;
    params_of(boot)->ext_ramdisk_image = 5;
    params_of(boot)->ext_ramdisk_size = 2;
    params_of(boot)->acpi_rsdp_addr = 0x900000000;
    params_of(boot)->efi_info.efi_systab_hi = 1;
    params_of(boot)->efi_info.efi_memmap_hi = 3;
    assert_true(normalise(boot));
    assert_told(boot->handoff, DOOR_LINUX32, LOADER_GRUB, "high", 0x507ed9000, 0x20000138e);
    assert_true(boot->handoff->rsdp.present);
    assert_int_equal(boot->handoff->rsdp.address, 0x900000000);
    assert_int_equal(boot->handoff->efi.system_table, 0x1079ec018);
    assert_int_equal(boot->handoff->efi.map, 0x30008d000);

    params_of(boot)->ext_ramdisk_image = UINT32_MAX;
    params_of(boot)->ext_ramdisk_size = UINT32_MAX;
    assert_broken(boot, "wraps around");
}

static void absent(void **state)
{
    struct boot *boot = *state;

    params_of(boot)->hdr.cmd_line_ptr = 0;
    params_of(boot)->hdr.ramdisk_size = 0;
    params_of(boot)->efi_info.efi_loader_signature ^= 1;
    params_of(boot)->e820_entries = 0;
    assert_true(normalise(boot));
    assert_string_equal(boot->handoff->command_line, "");
    assert_int_equal(boot->handoff->module_count, 0);
    assert_false(boot->handoff->efi.present);
    assert_int_equal(boot->handoff->map.count, 0);
    params_of(boot)->hdr.ramdisk_size = 1;
    params_of(boot)->hdr.ramdisk_image = 0;
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->module_count, 0);
}

static void command_lines(void **state)
{
    struct boot *boot = *state;
    char text[LAYOUT_COMMAND_LINE_MAX + 2];

    memset(text, 'x', sizeof(text));
    text[LAYOUT_COMMAND_LINE_MAX] = '\0';
    params_of(boot)->hdr.cmd_line_ptr = ELSEWHERE + 1;
    replay_write(boot->replay, ELSEWHERE + 1, text, LAYOUT_COMMAND_LINE_MAX + 1);
    assert_true(normalise(boot));
    assert_string_equal(boot->handoff->command_line, text);
    text[LAYOUT_COMMAND_LINE_MAX] = 'x';
    replay_write(boot->replay, ELSEWHERE + 1, text, sizeof(text));
    assert_broken(boot, "no text of at most 16384 bytes at 0x400001");
    params_of(boot)->hdr.cmd_line_ptr = NOWHERE;
    assert_broken(boot, "no text of at most 16384 bytes at 0x900000");
}

static void screens(void **state)
{
    struct boot *boot = *state;
    struct screen_info vesa = { .orig_video_isVGA = 0x23,
                                .lfb_base = 0xe0000000,
                                .ext_lfb_base = 1,
                                .lfb_width = 1024,
                                .lfb_height = 768,
                                .lfb_linelength = 4096,
                                .lfb_depth = 32,
                                .red_size = 8,
                                .red_pos = 16,
                                .green_size = 7,
                                .green_pos = 8,
                                .blue_size = 6,
                                .rsvd_size = 5,
                                .rsvd_pos = 24 };

    for (unsigned pass = 0; pass < 2; pass++) {
        params_of(boot)->screen_info = vesa;
        assert_true(normalise(boot));
        assert_false(boot->handoff->text_screen.present);
        assert_true(boot->handoff->framebuffer.present);
        assert_int_equal(boot->handoff->framebuffer.address, 0x1e0000000);
        assert_int_equal(boot->handoff->framebuffer.width, 1024);
        assert_int_equal(boot->handoff->framebuffer.height, 768);
        assert_int_equal(boot->handoff->framebuffer.pitch, 4096);
        assert_int_equal(boot->handoff->framebuffer.bits, 32);
        assert_int_equal(boot->handoff->framebuffer.red_position, 16);
        assert_int_equal(boot->handoff->framebuffer.green_size, 7);
        assert_int_equal(boot->handoff->framebuffer.blue_size, 6);
        assert_int_equal(boot->handoff->framebuffer.reserved_position, 24);
        vesa.orig_video_isVGA = 0x70; /* EFI */
    }
    params_of(boot)->screen_info.orig_video_isVGA = 0x22; /* CGA */
    assert_true(normalise(boot));
    assert_false(boot->handoff->text_screen.present || boot->handoff->framebuffer.present);
}

static void e820_count(void **state)
{
    struct boot *boot = *state;

    for (uint32_t i = 0; i < E820_MAX_ENTRIES_ZEROPAGE; i++)
        params_of(boot)->e820_table[i] = (struct boot_e820_entry){ (200 - i) * 0x2000, 0x1000, MAP_RAM };
    params_of(boot)->e820_entries = E820_MAX_ENTRIES_ZEROPAGE;
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->map.count, E820_MAX_ENTRIES_ZEROPAGE);
    params_of(boot)->e820_entries++;
    assert_broken(boot, "129 memory map entries in a table of 128");
    assert_true(normalise_with(boot, false));
    assert_int_equal(boot->handoff->map.count, 0);
}

static void e820_contradictions(void **state)
{
    struct boot *boot = *state;

    params_of(boot)->e820_table[3].type = MAP_RESERVED;
    params_of(boot)->e820_table[3].addr = 0x1000;
    assert_broken(boot, "is said to be RAM and also reserved");
    params_of(boot)->e820_table[3].size = UINT64_MAX;
    assert_broken(boot, "wrap around");
    assert_true(normalise_with(boot, false)); /* who has a firmware to ask does not care */
}

static void element(struct boot *boot, uint64_t address, uint64_t next, uint32_t type, uint32_t length)
{
    struct setup_data data = { .next = next, .type = type, .len = length };

    replay_write(boot->replay, address, &data, sizeof(data));
}

static void e820_beyond_128(void **state)
{
    struct boot *boot = *state;
    struct boot_e820_entry entries[500];

    for (uint32_t i = 0; i < 500; i++)
        entries[i] = (struct boot_e820_entry){ 0x200000000 - i * 0x2000ull, 0x1000, i % 2 ? MAP_RAM : MAP_ACPI };
    params_of(boot)->hdr.setup_data = ELSEWHERE + 3; /* aligned to nothing */
    element(boot, ELSEWHERE + 3, NOWHERE, SETUP_OTHER_TYPE, 0);
    element(boot, NOWHERE, 0, SETUP_E820_EXT_TYPE, sizeof(entries) + 19); /* and a part of another */
    replay_write(boot->replay, NOWHERE + sizeof(struct setup_data), entries, sizeof(entries));
    replay_show(boot->replay, NOWHERE, sizeof(struct setup_data) + sizeof(entries) + 19);
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->map.count, 17 + 500);
    assert_int_equal(boot->handoff->setup_data_count, 2);
    assert_int_equal(boot->handoff->setup_data[1].address, NOWHERE);
    assert_int_equal(boot->handoff->setup_data[1].size, sizeof(struct setup_data) + sizeof(entries) + 19);
    assert_true(normalise_with(boot, false));
    assert_int_equal(boot->handoff->map.count, 0);
    assert_int_equal(boot->handoff->setup_data_count, 2);
}

static void setup_data_out_of_reach(void **state)
{
    struct boot *boot = *state;

    params_of(boot)->hdr.setup_data = NOWHERE;
    assert_broken(boot, "the element at 0x900000 is out of our reach");
    element(boot, NOWHERE, 0, SETUP_OTHER_TYPE, 1);
    assert_broken(boot, "the element at 0x900000 is out of our reach");
    element(boot, NOWHERE, 0, SETUP_OTHER_TYPE, UINT32_MAX); /* 16 more is 15 in 32 bits */
    assert_broken(boot, "the element at 0x900000 is out of our reach");
    element(boot, NOWHERE, UINT64_MAX, SETUP_OTHER_TYPE, 0);
    assert_broken(boot, "the element at 0xffffffffffffffff is out of our reach");
}

static void setup_data_circle(void **state)
{
    struct boot *boot = *state;

    params_of(boot)->hdr.setup_data = ELSEWHERE;
    element(boot, ELSEWHERE, ELSEWHERE + 0x100, SETUP_OTHER_TYPE, 0);
    element(boot, ELSEWHERE + 0x100, ELSEWHERE, SETUP_OTHER_TYPE, 0);
    assert_broken(boot, "more than 32 elements, or a circle");

    for (uint32_t i = 0; i < HANDOFF_SETUP_DATA_MAX; i++)
        element(boot, ELSEWHERE + i * 0x100, i + 1 < HANDOFF_SETUP_DATA_MAX ? ELSEWHERE + (i + 1) * 0x100 : 0, 0, 0);
    assert_true(normalise(boot));
    assert_int_equal(boot->handoff->setup_data_count, HANDOFF_SETUP_DATA_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qemu_16_bit),
        cmocka_unit_test(grub_32_bit),
        cmocka_unit_test(grub_32_bit_efi),
        cmocka_unit_test(kexec_64_bit),
        TEST(cut_short),
        TEST(sentinel),
        TEST(secure_boot),
        TEST(high_halves),
        TEST(absent),
        TEST(command_lines),
        TEST(screens),
        TEST(e820_count),
        TEST(e820_contradictions),
        TEST(e820_beyond_128),
        TEST(setup_data_out_of_reach),
        TEST(setup_data_circle),
    };

    return cmocka_run_group_tests_name("normalise_linux", tests, NULL, NULL);
}

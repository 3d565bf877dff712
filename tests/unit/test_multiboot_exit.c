/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/multiboot.c handoff/symbols.c handoff/place.c handoff/e820.c handoff/launch.c */
/* sources: pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/*
 * The multiboot exit, version 1: the information is read back by the offsets of the Multiboot specification 0.6.96,
 * section 3.3, and the machine state is that of section 3.2.
 */
#include "tests/unit/exit_fixture.h"

/* Bits of flags. */
#define MEMORY      (1u << 0)
#define BOOT_DEVICE (1u << 1)
#define COMMANDS    (1u << 2)
#define MODULES     (1u << 3)
#define AOUT        (1u << 4)
#define ELF         (1u << 5)
#define MEMORY_MAP  (1u << 6)
#define LOADER_NAME (1u << 9)
#define FRAMEBUFFER (1u << 12)
#define ALWAYS      (MEMORY | COMMANDS | MODULES | MEMORY_MAP | LOADER_NAME)

static int setup_multiboot(void **state)
{
    if (setup(state))
        return -1;
    boot.faces = FACE_MULTIBOOT;
    boot.as_multiboot = (struct multiboot_kernel){ .entry = LINKED + 0x40 };
    program_at(&boot.as_multiboot.program, LINKED);
    return 0;
}

static uint64_t info(uint64_t offset, unsigned size)
{
    return number(launch.state.rbx + offset, size);
}

static struct told map_entry(uint64_t index)
{
    uint64_t at = info(48, 4) + index * 24;

    assert_int_equal(number(at, 4), 20); /* the size of what follows */
    return (struct told){ number(at + 4, 8), number(at + 12, 8), number(at + 20, 4) };
}

static void check_info(uint32_t flags)
{
    assert_int_equal(launch.state.mode, LAUNCH_PROTECTED);
    assert_int_equal(launch.state.rax, 0x2badb002);
    assert_int_equal(launch.state.rsi, 0);
    assert_int_equal(info(0, 4), flags);
    assert_int_equal(info(4, 4), 0x9f000 / 1024);
    assert_int_equal(info(8, 4), (REAL_END - MIB) / 1024);
    assert_text(info(16, 4), boot.command_line);
    assert_text(info(64, 4), BOOT_LOADER_NAME);
    assert_int_equal(info(44, 4) % 24, 0);
    assert_map(map_entry, info(44, 4) / 24);
    for (unsigned offset = 52; offset < 88; offset += 4)
        assert_true(offset == 64 || info(offset, 4) == 0); /* drives, APM, VBE and the like */
}

static void check_modules(void)
{
    assert_int_equal(info(20, 4), boot.module_count);
    for (uint32_t i = 0; i < boot.module_count; i++) {
        uint64_t entry = info(24, 4) + i * 16ull, address = number(entry, 4);

        assert_int_equal(number(entry + 4, 4), address + boot.modules[i].content.size);
        assert_int_equal(number(entry + 12, 4), 0); /* reserved */
        assert_text(number(entry + 8, 4), boot.modules[i].string);
        assert_module_told(i, address);
    }
}

static void plain(void **state)
{
    (void)state;
    leave(&exit_multiboot);
    check_info(ALWAYS);
    check_modules();
    assert_int_equal(launch.state.instruction, LINKED + 0x40);
    assert_program_at(LINKED);
}

static void modules(void **state)
{
    (void)state;
    module(MODULES_AT, 0x2345, "dom0 root=/dev/sda");
    module(MODULES_AT + 0x3010, 0x1000, "");
    module(MODULES_AT + 0x5000, 0, "empty");
    leave(&exit_multiboot);
    check_info(ALWAYS);
    check_modules();
    assert_int_equal(number(info(24, 4), 4), MODULES_AT); /* it lay well */
}

static void many_modules(void **state)
{
    (void)state;
    most_modules();
    leave(&exit_multiboot);
    check_info(ALWAYS);
    check_modules();
}

static void long_things(void **state)
{
    (void)state;
    boot.command_line = long_text(300000);
    module(MODULES_AT, 0x1000, boot.command_line);
    long_map();
    leave(&exit_multiboot);
    check_info(ALWAYS);
    check_modules();
    assert_true(info(44, 4) / 24 >= 200);
}

static void map_grows(void **state)
{
    (void)state;
    assert_outgrown(&exit_multiboot, 300);
}

static void boot_device(void **state)
{
    (void)state;
    handoff.boot_drive.present = true;
    handoff.boot_drive.drive = 0x81;
    leave(&exit_multiboot);
    check_info(ALWAYS | BOOT_DEVICE);
    assert_int_equal(info(12, 4), 0x81ffffff); /* no partition of any level */
}

static void elf_sections(void **state)
{
    for (int is_64 = 0; is_64 < 2; is_64++) {
        for (unsigned shift = 0; shift <= 8; shift += 8) {
            setup_multiboot(state);
            sections(is_64);
            if (shift) { /* the file is not aligned, so a copy of it is given */
                memmove(real(FILE_AT + shift), real(FILE_AT), FILE_SIZE);
                boot.file.data = real(FILE_AT + shift);
                for (unsigned i = 0; i < 2; i++)
                    boot.as_multiboot.program.segments[i].content.data += shift;
            }
            leave(&exit_multiboot);
            check_info(ALWAYS | ELF);
            assert_int_equal(info(28, 4), SECTIONS);
            assert_int_equal(info(32, 4), is_64 ? 64 : 40);
            assert_int_equal(info(40, 4), 3);
            assert_sections(info(36, 4));
            assert_program_at(LINKED);
        }
    }
}

/* The program lies over its own file, which must be somewhere all the same. */
static void elf_sections_under_the_program(void **state)
{
    (void)state;
    sections(true);
    program_at(&boot.as_multiboot.program, FILE_AT + 0x800);
    leave(&exit_multiboot);
    check_info(ALWAYS | ELF);
    assert_sections(info(36, 4));
    assert_program_at(FILE_AT + 0x800);
}

static void framebuffer(void **state)
{
    (void)state;
    framebuffer_of_1024();
    handoff.text_screen = (struct handoff_text_screen){ .present = true, .columns = 80, .rows = 25 };
    leave(&exit_multiboot);
    check_info(ALWAYS | FRAMEBUFFER);
    assert_int_equal(info(88, 8), 0x1c0000000);
    assert_int_equal(info(96, 4), 4096);
    assert_int_equal(info(100, 4), 1024);
    assert_int_equal(info(104, 4), 768);
    assert_int_equal(info(108, 1), 32);
    assert_int_equal(info(109, 1), 1);
    assert_int_equal(info(110, 4), 16 | 8 << 8 | 9 << 16 | 7 << 24);
    assert_int_equal(info(114, 2), 1 | 6 << 8);
}

static void text_screen(void **state)
{
    (void)state;
    text_screen_of_132();
    leave(&exit_multiboot);
    check_info(ALWAYS | FRAMEBUFFER);
    assert_int_equal(info(88, 8), 0xb8000);
    assert_int_equal(info(96, 4), 264);
    assert_int_equal(info(100, 4), 132);
    assert_int_equal(info(104, 4), 50);
    assert_int_equal(info(108, 1), 16);
    assert_int_equal(info(109, 1), 2);
    assert_int_equal(info(110, 4), 0);
}

/* ---- places ---- */

static void over_ourselves_and_modules(void **state)
{
    (void)state;
    program_at(&boot.as_multiboot.program, IMAGE_AT - 0x1000); /* its second segment lies over our image */
    module(IMAGE_AT - 0x1000, 0x1000, "under it");
    leave(&exit_multiboot);
    check_info(ALWAYS);
    check_modules();
    assert_program_at(IMAGE_AT - 0x1000);
}

static void place_is_taken(void **state)
{
    (void)state;
    program_at(&boot.as_multiboot.program, LOADER_AT + 0xffff);
    assert_refused(&exit_multiboot, "kernel", "it must lie at 0x3c90ffff, where the loader before us has left data");
    setup_multiboot(state);
    program_at(&boot.as_multiboot.program, 0x9e000);
    assert_refused(&exit_multiboot, "kernel", "it must lie at 0x9e000, where there are no 12288 bytes of RAM");
}

static void no_memory(void **state)
{
    (void)state;
    used(0, REAL_END, MAP_MODULE);
    assert_refused(&exit_multiboot, "multiboot information", "no free memory");
    setup_multiboot(state);
    sections(true);
    boot.file.data++;
    boot.file.size = 33 * MIB;
    used(0, REAL_START, MAP_MODULE);
    assert_refused(&exit_multiboot, "kernel's file", "no free memory for 34603008 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain, setup_multiboot),
        cmocka_unit_test_setup(modules, setup_multiboot),
        cmocka_unit_test_setup(many_modules, setup_multiboot),
        cmocka_unit_test_setup(long_things, setup_multiboot),
        cmocka_unit_test_setup(map_grows, setup_multiboot),
        cmocka_unit_test_setup(boot_device, setup_multiboot),
        cmocka_unit_test_setup(elf_sections, setup_multiboot),
        cmocka_unit_test_setup(elf_sections_under_the_program, setup_multiboot),
        cmocka_unit_test_setup(framebuffer, setup_multiboot),
        cmocka_unit_test_setup(text_screen, setup_multiboot),
        cmocka_unit_test_setup(over_ourselves_and_modules, setup_multiboot),
        cmocka_unit_test_setup(place_is_taken, setup_multiboot),
        cmocka_unit_test_setup(no_memory, setup_multiboot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

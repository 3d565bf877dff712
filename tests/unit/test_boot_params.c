/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/boot_params.c handoff/e820.c payloads/bzimage.c common/map.c common/text.c common/failure.c */
/*
 * struct boot_params, clause by clause: Documentation/arch/x86/boot.rst for the header, zero-page.rst for the rest. The
 * page is read by offset here, so that a wrong structure would be seen as well as a wrong value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "handoff/linux.h"
#include "payloads/bzimage.h"
#include "tests/unit/synthetic_kernel.h"

#include <cmocka.h>

#define GIB (1ull << 30)

static struct synthetic_kernel made;
static struct linux_kernel kernel;
static struct linux_places places;
static struct handoff handoff;
static struct failure failure;
static union {
    struct boot_params params;
    uint8_t bytes[4096];
} page;

static void parse(void)
{
    uint64_t size;

    assert_true(bzimage_parse(synthetic_file(&made, KERNEL_SIZE), &kernel, &size, &failure));
}

static int setup(void **state)
{
    (void)state;
    synthetic_start(&made, 0x020f);
    parse();
    memset(&handoff, 0, sizeof(handoff));
    memset(&page, 0xaa, sizeof(page));
    places = (struct linux_places){ .kernel = 0x1000000,
                                    .kernel_alignment = 0x200000,
                                    .initrd = 0x7f000000,
                                    .initrd_size = 0x123456,
                                    .command_line = 0x9000 };
    return 0;
}

static void fill(void)
{
    boot_params_fill(&page.params, &kernel, &places, &handoff);
}

static uint64_t at(uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, page.bytes + offset, size);
    return value;
}

static void assert_zero(uint64_t start, uint64_t end)
{
    for (uint64_t offset = start; offset < end; offset++) {
        if (page.bytes[offset])
            fail_msg("0x%02x at 0x%lx", page.bytes[offset], offset);
    }
}

/* ---- the header ---- */

/* boot.rst, "The Real-Mode Kernel Header" of the 32-bit protocol: from 0x1f1 to 0x202 + the byte at 0x201, no further.
 */
static void header_as_far_as_it_goes(void **state)
{
    (void)state;
    fill();
    assert_zero(0, 0x0c0);
    assert_zero(0x0cc, 0x1f1); /* the sentinel at 0x1ef is one of these */
    assert_zero(0x26c, 4096);  /* the file has 0xee there */
    assert_int_equal(at(0x1ef, 1), 0);
    assert_int_equal(at(0x1f1, 1), KERNEL_SECTORS);
    assert_int_equal(at(0x1fe, 2), 0xaa55);
    assert_int_equal(at(0x202, 4), 0x53726448);
    assert_int_equal(at(0x206, 2), 0x020f);
    assert_int_equal(at(0x22c, 4), 0x7fffffff);
    assert_int_equal(at(0x238, 4), 2047);
    assert_int_equal(at(0x258, 8), KERNEL_PREFERRED);
    assert_int_equal(at(0x260, 4), KERNEL_INIT_SIZE);
}

static void old_short_header(void **state)
{
    (void)state;
    synthetic_start(&made, 0x0206);
    parse();
    fill();
    assert_int_equal(at(0x238, 4), 2047);
    assert_zero(0x23c, 4096);
}

/* A header of the future is copied whole, but never into edd_mbr_sig_buffer at 0x290. */
static void long_new_header(void **state)
{
    (void)state;
    synthetic_start(&made, 0x0214);
    made.header_end = 0x288 - 0x202;
    parse();
    fill();
    assert_int_equal(at(0x280, 8), 0xeeeeeeeeeeeeeeee);
    assert_zero(0x288, 4096);
    made.header_end = 0xff;
    parse();
    fill();
    assert_int_equal(at(0x288, 8), 0xeeeeeeeeeeeeeeee);
    assert_zero(0x290, 4096);
    kernel.setup.size = 0x400; /* even if the parser had not capped it */
    fill();
    assert_zero(0x290, 4096);
}

static void what_the_loader_writes(void **state)
{
    (void)state;
    made.header.type_of_loader = 0;
    made.header.loadflags = LOADED_HIGH | CAN_USE_HEAP | QUIET_FLAG;
    made.header.vid_mode = 0x1234;
    made.header.ext_loader_type = 1;
    made.header.ext_loader_ver = 2;
    made.header.code32_start = 0xdeadbeef;
    parse();
    fill();
    assert_int_equal(at(0x210, 1), 0xff); /* type_of_loader: none assigned */
    assert_int_equal(at(0x226, 1), 0);
    assert_int_equal(at(0x227, 1), 0);
    assert_int_equal(at(0x211, 1), LOADED_HIGH);
    assert_int_equal(at(0x1fa, 2), 0xffff);
    assert_int_equal(at(0x214, 4), 0x1000000);
    assert_int_equal(at(0x218, 4), 0x7f000000);
    assert_int_equal(at(0x21c, 4), 0x123456);
    assert_int_equal(at(0x228, 4), 0x9000);
    assert_int_equal(at(0x0c0, 4), 0);
    assert_int_equal(at(0x0c4, 4), 0);
    assert_int_equal(at(0x0c8, 4), 0);
}

/* Its own unpacker says so to the kernel, and clears what others left there. */
static void addresses_left_to_chance(void **state)
{
    (void)state;
    made.header.loadflags = LOADED_HIGH | KASLR_FLAG;
    parse();
    fill();
    assert_int_equal(at(0x211, 1), LOADED_HIGH);
    kernel.randomised = true;
    fill();
    assert_int_equal(at(0x211, 1), LOADED_HIGH | KASLR_FLAG);
}

/* One that was packed again lacks what all others know a kernel by; in memory it is one as any. */
static void packed_again(void **state)
{
    (void)state;
    made.header.boot_flag = 0;
    made.header.header = BZIMAGE_REPACKED;
    parse();
    fill();
    assert_int_equal(at(0x1fe, 2), 0xaa55);
    assert_int_equal(at(0x202, 4), 0x53726448);
}

static void high_halves(void **state)
{
    (void)state;
    places.initrd = 0x123456789000;
    places.initrd_size = 0x2abcdef01;
    places.command_line = 0x300004000;
    fill();
    assert_int_equal(at(0x218, 4), 0x56789000);
    assert_int_equal(at(0x0c0, 4), 0x1234);
    assert_int_equal(at(0x21c, 4), 0xabcdef01);
    assert_int_equal(at(0x0c4, 4), 2);
    assert_int_equal(at(0x228, 4), 0x4000);
    assert_int_equal(at(0x0c8, 4), 3);
}

/* The alignment that was used is told to a kernel that can be moved, and to no other. */
static void alignment_written_back(void **state)
{
    (void)state;
    places.kernel_alignment = 0x10000;
    fill();
    assert_int_equal(at(0x230, 4), 0x10000);
    kernel.relocatable = false;
    fill();
    assert_int_equal(at(0x230, 4), KERNEL_ALIGNMENT);
}

static void no_initrd(void **state)
{
    (void)state;
    places.initrd = places.initrd_size = 0;
    made.header.ramdisk_image = made.header.ramdisk_size = 0x55;
    parse();
    fill();
    assert_zero(0x218, 0x220);
}

static void acpi(void **state)
{
    (void)state;
    handoff.rsdp.address = 0x1234; /* but not present */
    fill();
    assert_int_equal(at(0x070, 8), 0);
    handoff.rsdp = (struct known_address){ true, 0x1000000f0000 };
    fill();
    assert_int_equal(at(0x070, 8), 0x1000000f0000);
}

/* ---- the screen ---- */

static void no_screen(void **state)
{
    (void)state;
    fill();
    assert_zero(0, 0x40);
}

static void text_screen(void **state)
{
    (void)state;
    handoff.text_screen = (struct handoff_text_screen){ true, 80, 25, 7, 24, 3 };
    fill();
    assert_int_equal(at(0x00, 1), 7);
    assert_int_equal(at(0x01, 1), 24);
    assert_int_equal(at(0x06, 1), 3);
    assert_int_equal(at(0x07, 1), 80);
    assert_int_equal(at(0x0e, 1), 25);
    assert_int_equal(at(0x0f, 1), 1);
    assert_int_equal(at(0x10, 2), 16);
    assert_zero(0x12, 0x40);
}

static void framebuffer(void **state)
{
    (void)state;
    handoff.text_screen.present = true; /* a framebuffer outranks it */
    handoff.framebuffer =
        (struct handoff_framebuffer){ true, 0xfd000000, 1024, 768, 4096, 32, 8, 16, 8, 8, 8, 0, 8, 24 };
    fill();
    assert_int_equal(at(0x0f, 1), 0x23);
    assert_int_equal(at(0x12, 2), 1024);
    assert_int_equal(at(0x14, 2), 768);
    assert_int_equal(at(0x16, 2), 32);
    assert_int_equal(at(0x18, 4), 0xfd000000);
    assert_int_equal(at(0x1c, 4), 4096 * 768 / 65536);
    assert_int_equal(at(0x24, 2), 4096);
    assert_int_equal(at(0x26, 8), 0x1808000808081008);
    assert_int_equal(at(0x36, 4), 0);
    assert_int_equal(at(0x3a, 4), 0);
    handoff.efi.present = true; /* the size is in bytes there */
    handoff.framebuffer.address = 0x4000000000;
    fill();
    assert_int_equal(at(0x0f, 1), 0x70);
    assert_int_equal(at(0x18, 4), 0);
    assert_int_equal(at(0x1c, 4), 4096 * 768);
    assert_int_equal(at(0x32, 2), 0);
    assert_int_equal(at(0x36, 4), 2); /* VIDEO_CAPABILITY_64BIT_BASE */
    assert_int_equal(at(0x3a, 4), 0x40);
    handoff.efi.boot_services = true; /* as the EFI stub leaves it */
    fill();
    assert_int_equal(at(0x32, 2), 1);
    assert_int_equal(at(0x36, 4), 3); /* and VIDEO_CAPABILITY_SKIP_QUIRKS */
}

/* ---- EFI ---- */

static void efi(void **state)
{
    struct handoff_efi told = { .present = true,
                                .system_table = 0x17ffee018,
                                .map = 0x280001000,
                                .map_size = 0x1800,
                                .descriptor_size = 48,
                                .descriptor_version = 1 };

    (void)state;
    fill();
    boot_params_efi(&page.params, &told);
    assert_memory_equal(page.bytes + 0x1c0, "EL64", 4);
    assert_int_equal(at(0x1c4, 4), 0x7ffee018);
    assert_int_equal(at(0x1c8, 4), 48);
    assert_int_equal(at(0x1cc, 4), 1);
    assert_int_equal(at(0x1d0, 4), 0x80001000);
    assert_int_equal(at(0x1d4, 4), 0x1800);
    assert_int_equal(at(0x1d8, 4), 1);
    assert_int_equal(at(0x1dc, 4), 2);
    fill();
    told.map = 0; /* without the firmware's map a kernel can do nothing with it */
    boot_params_efi(&page.params, &told);
    assert_zero(0x1c0, 0x1e0);
    told.map = 0x1000;
    told.present = false;
    boot_params_efi(&page.params, &told);
    assert_zero(0x1c0, 0x1e0);
}

/* Linux's enum efi_secureboot_mode, at 0x1ec: 0 unset, 2 disabled, 3 enabled. Set where boot services were ours. */
static void secure_boot(void **state)
{
    struct handoff_efi told = { .present = true, .secure_boot = true, .image_handle = { true, 0x1234 } };

    (void)state;
    fill();
    assert_int_equal(at(0x1ec, 1), 0);
    boot_params_efi(&page.params, &told);
    assert_int_equal(at(0x1ec, 1), 3);
    assert_zero(0x1ed, 0x1ef);
    told.secure_boot = false;
    boot_params_efi(&page.params, &told);
    assert_int_equal(at(0x1ec, 1), 2);
    fill();
    told.image_handle.present = false; /* nobody asked the firmware */
    boot_params_efi(&page.params, &told);
    assert_int_equal(at(0x1ec, 1), 0);
    told.secure_boot = true; /* the kernel before says so */
    boot_params_efi(&page.params, &told);
    assert_int_equal(at(0x1ec, 1), 3);
    fill();
    told.secure_boot = false;
    boot_params_efi(&page.params, &told);
    assert_int_equal(at(0x1ec, 1), 0);
}

/* ---- the memory map ---- */

static struct boot_e820_entry more[MAP_MAX];

static void add(uint64_t start, uint64_t size, uint32_t type)
{
    handoff.map.ranges[handoff.map.count++] = (struct range){ start, start + size, type, 0 };
}

static void assert_entry(uint32_t index, uint64_t start, uint64_t size, uint32_t type)
{
    const uint64_t offset = 0x2d0 + 20ull * index;

    assert_int_equal(at(offset, 8), start);
    assert_int_equal(at(offset + 8, 8), size);
    assert_int_equal(at(offset + 16, 4), type);
}

static void small_map(void **state)
{
    (void)state;
    add(0, 0x9fc00, MAP_RAM);
    add(0xf0000, 0x10000, MAP_RESERVED);
    add(0x100000, 0x1000, MAP_ACPI);
    add(0x101000, 0x1000, MAP_NVS);
    add(0x102000, 0x1000, MAP_UNUSABLE);
    add(4 * GIB, GIB, MAP_PERSISTENT);
    fill();
    assert_int_equal(boot_params_map(&page.params, &handoff.map, more, MAP_MAX), 0);
    assert_int_equal(at(0x1e8, 1), 6);
    assert_entry(0, 0, 0x9fc00, 1);
    assert_entry(1, 0xf0000, 0x10000, 2);
    assert_entry(2, 0x100000, 0x1000, 3);
    assert_entry(3, 0x101000, 0x1000, 4);
    assert_entry(4, 0x102000, 0x1000, 5);
    assert_entry(5, 4 * GIB, GIB, 7);
    assert_zero(0x2d0 + 6 * 20, 4096);
}

/* Who used RAM until now is of no interest to the kernel: it is RAM, and one entry. */
static void ram_in_use_is_ram(void **state)
{
    static const uint32_t types[] = { MAP_RAM,  MAP_OURS,    MAP_LOADER,   MAP_MODULE,
                                      MAP_WORK, MAP_PAYLOAD, MAP_FIRMWARE, MAP_RAM };
    const uint64_t count = sizeof(types) / sizeof(*types);

    (void)state;
    for (uint64_t i = 0; i < count; i++)
        add(i * 0x1000, 0x1000, types[i]);
    add(count * 0x1000, 0x1000, MAP_RESERVED);
    add((count + 2) * 0x1000, 0x1000, MAP_RAM);
    add((count + 4) * 0x1000, 0x1000, MAP_MODULE); /* a hole keeps them apart */
    fill();
    assert_int_equal(boot_params_map(&page.params, &handoff.map, more, MAP_MAX), 0);
    assert_int_equal(at(0x1e8, 1), 4);
    assert_entry(0, 0, count * 0x1000, 1);
    assert_entry(1, count * 0x1000, 0x1000, 2);
    assert_entry(3, (count + 4) * 0x1000, 0x1000, 1);
}

static void map_of(uint32_t count)
{
    setup(NULL);
    for (uint32_t i = 0; i < count; i++)
        add(i * 0x2000ull, 0x1000, i % 2 ? MAP_RESERVED : MAP_RAM);
    memset(more, 0x55, sizeof(more));
    fill();
}

static void map_fills_the_table(void **state)
{
    (void)state;
    map_of(128);
    assert_int_equal(boot_params_map(&page.params, &handoff.map, NULL, 0), 0);
    assert_int_equal(at(0x1e8, 1), 128);
    assert_entry(127, 127 * 0x2000, 0x1000, 2);
    assert_zero(0xcd0, 4096); /* what lies behind the table */
}

static void map_overflows(void **state)
{
    (void)state;
    for (uint32_t count = 129; count <= 1000; count += 871) {
        map_of(count);
        assert_int_equal(boot_params_map(&page.params, &handoff.map, more, count - 128), count - 128);
        assert_int_equal(at(0x1e8, 1), 128);
        assert_entry(127, 127 * 0x2000, 0x1000, 2);
        assert_zero(0xcd0, 4096);
        for (uint32_t i = 128; i < count; i++) {
            assert_int_equal(more[i - 128].addr, i * 0x2000);
            assert_int_equal(more[i - 128].size, 0x1000);
            assert_int_equal(more[i - 128].type, i % 2 ? 2 : 1);
        }
        assert_int_equal(more[count - 128].type, 0x55555555);
        assert_int_equal(boot_params_map(&page.params, &handoff.map, more, count - 129), -1);
    }
}

/* The last entry of the table goes on growing, and so does the first of those behind it. */
static void merged_at_the_border(void **state)
{
    (void)state;
    map_of(127);
    add(127 * 0x2000, 0x1000, MAP_RAM);
    add(127 * 0x2000 + 0x1000, 0x1000, MAP_MODULE);
    add(128 * 0x2000, 0x1000, MAP_RESERVED);
    add(129 * 0x2000, 0x1000, MAP_OURS);
    add(129 * 0x2000 + 0x1000, 0x1000, MAP_RAM);
    assert_int_equal(boot_params_map(&page.params, &handoff.map, more, 2), 2);
    assert_entry(127, 127 * 0x2000, 0x2000, 1);
    assert_int_equal(more[0].type, 2);
    assert_int_equal(more[1].type, 1);
    assert_int_equal(more[1].size, 0x2000);
}

static void empty_map(void **state)
{
    (void)state;
    fill();
    assert_int_equal(boot_params_map(&page.params, &handoff.map, NULL, 0), 0);
    assert_int_equal(at(0x1e8, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(header_as_far_as_it_goes, setup),
        cmocka_unit_test_setup(old_short_header, setup),
        cmocka_unit_test_setup(long_new_header, setup),
        cmocka_unit_test_setup(what_the_loader_writes, setup),
        cmocka_unit_test_setup(addresses_left_to_chance, setup),
        cmocka_unit_test_setup(packed_again, setup),
        cmocka_unit_test_setup(high_halves, setup),
        cmocka_unit_test_setup(alignment_written_back, setup),
        cmocka_unit_test_setup(no_initrd, setup),
        cmocka_unit_test_setup(acpi, setup),
        cmocka_unit_test_setup(no_screen, setup),
        cmocka_unit_test_setup(text_screen, setup),
        cmocka_unit_test_setup(framebuffer, setup),
        cmocka_unit_test_setup(efi, setup),
        cmocka_unit_test_setup(secure_boot, setup),
        cmocka_unit_test_setup(small_map, setup),
        cmocka_unit_test_setup(ram_in_use_is_ram, setup),
        cmocka_unit_test_setup(map_fills_the_table, setup),
        cmocka_unit_test_setup(map_overflows, setup),
        cmocka_unit_test_setup(merged_at_the_border, setup),
        cmocka_unit_test_setup(empty_map, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

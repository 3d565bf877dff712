/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/vmlinux.c payloads/elf.c common/text.c common/failure.c */
/* A Linux ELF as something for the 64-bit boot protocol. */
#include "payloads/vmlinux.h"
#include "tests/unit/elf_fixture.h"

static struct linux_kernel kernel;

static int setup(void **state)
{
    (void)state;
    synthetic_elf_start(&made, true);
    return 0;
}

static bool parse(void)
{
    assert_true(parse_elf_bytes(ELF_END));
    return vmlinux_parse(&elf, &kernel, &failure);
}

static void a_kernel(void **state)
{
    (void)state;
    synthetic_elf_note(&made, 4, "Xen", 6, "linux", 6);
    assert_true(parse());
    assert_ptr_equal(kernel.program, &elf.program);
    assert_int_equal(kernel.code.size, 0);
    assert_int_equal(kernel.entry, ELF_LINKED + 0x123);
    assert_int_equal(kernel.preferred, ELF_LINKED);
    assert_int_equal(kernel.init_size, ELF_LINKED_END - ELF_LINKED);
    assert_false(kernel.relocatable);
    assert_true(kernel.has_64bit_entry && kernel.above_4g);
    assert_int_equal(kernel.version, 0x020f);
    assert_int_equal(kernel.initrd_last, 0x7fffffff);
    assert_int_equal(kernel.command_line_max, 2047);
    assert_true(kernel.alignment >= kernel.minimum_alignment && kernel.minimum_alignment >= 4096);
}

/* The same that bzimage_parse finds in a bzImage's. */
static void made_up_header(void **state)
{
    struct setup_header header = { 0 };

    (void)state;
    synthetic_elf_note(&made, 4, "Linux", 0x100, "", 0);
    assert_true(parse());
    assert_in_range(kernel.setup.size, sizeof(header), LINUX_SETUP_MAX);
    memcpy(&header, kernel.setup.data, sizeof(header));
    assert_int_equal(header.boot_flag, 0xaa55);
    assert_int_equal(header.header, 0x53726448);
    assert_int_equal(header.version, kernel.version);
    assert_int_equal(0x202 + (header.jump >> 8), LINUX_SETUP_OFFSET + kernel.setup.size);
    assert_int_equal(header.jump & 0xff, 0xeb);
    assert_true(header.loadflags & LOADED_HIGH);
    assert_int_equal(header.cmdline_size, kernel.command_line_max);
    assert_int_equal(header.initrd_addr_max, kernel.initrd_last);
    assert_int_equal(header.kernel_alignment, 16 << 20);
    assert_int_equal(header.relocatable_kernel, 0);
    assert_int_equal(header.setup_data, 0);
}

static void not_linux(void **state)
{
    (void)state;
    assert_refused("none of its notes says that it is Linux");
    synthetic_elf_note(&made, 4, "Xen", 6, "NetBSD", 7);
    assert_refused("none of its notes says that it is Linux");
}

static void not_64_bit(void **state)
{
    (void)state;
    synthetic_elf_start(&made, false);
    synthetic_elf_note(&made, 4, "Xen", 6, "linux", 6);
    assert_refused("it is a 32-bit Linux ELF");
    made.header.e_machine = EM_X86_64;
    assert_refused("it is a 32-bit Linux ELF");
}

static void entry_outside(void **state)
{
    (void)state;
    synthetic_elf_note(&made, 4, "Xen", 6, "linux", 6);
    made.header.e_entry = 0;
    assert_refused("its entry, 0x0, is outside what is loaded");
    made.header.e_entry = ELF_LINKED + 0x800; /* in the gap between its segments */
    assert_refused("its entry, 0x200800, is outside what is loaded");
    made.header.e_entry = ELF_LINKED; /* physical, as Debian's vmlinux has it */
    assert_true(parse());
    assert_int_equal(kernel.entry, ELF_LINKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kernel, setup, teardown),
        cmocka_unit_test_setup_teardown(made_up_header, setup, teardown),
        cmocka_unit_test_setup_teardown(not_linux, setup, teardown),
        cmocka_unit_test_setup_teardown(not_64_bit, setup, teardown),
        cmocka_unit_test_setup_teardown(entry_outside, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

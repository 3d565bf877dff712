/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/select.c payloads/payload.c payloads/bzimage.c payloads/sections.c handoff/handoff.c */
/* sources: common/arena.c common/physical.c common/map.c common/text.c common/failure.c */
/* Which kernel, which initrds, which command line: from packed sections, and from modules in a window of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/checked.h"
#include "common/text.h"
#include "menu/select.h"
#include "payloads/pe.h"
#include "tests/unit/synthetic_kernel.h"

#include <cmocka.h>

#define MEMORY      0x4000000ull /* where the window begins */
#define MEMORY_SIZE 0x40000
#define ARENA_SIZE  0x4000

static uint8_t memory[MEMORY_SIZE], packed[0x100], arena[ARENA_SIZE] __attribute__((aligned(16)));
static uint64_t memory_used;
static struct synthetic_kernel kernel;
static struct handoff handoff;
static struct sections sections;
static struct entry entry;
static struct failure failure;

static const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    (void)physical;
    if (address < MEMORY || !checked_within(address - MEMORY, size, MEMORY_SIZE))
        return NULL;
    return memory + (address - MEMORY);
}

static const struct physical physical = { view };

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    memory_used = 0;
    synthetic_start(&kernel, 0x020f);
    handoff_start(&handoff, DOOR_MULTIBOOT2, arena, sizeof(arena));
    memset(&sections, 0, sizeof(sections));
    return 0;
}

/* Puts a module into memory and into the handoff, and returns where its bytes are. */
static const uint8_t *module(const void *bytes, uint64_t size, const char *string)
{
    uint8_t *at = memory + memory_used;

    assert_true(memory_used + size <= MEMORY_SIZE);
    memcpy(at, bytes, size);
    assert_true(handoff_add_module(&handoff, MEMORY + memory_used, size, string, strlen(string), &failure));
    memory_used += (size + 4095) & ~4095ull;
    return at;
}

static const uint8_t *kernel_module(const char *string)
{
    struct span file = synthetic_file(&kernel, KERNEL_SIZE);

    return module(file.data, file.size, string);
}

static void pack(const char *name, struct span content)
{
    struct section *section = &sections.section[sections.count++];

    strncpy(section->name, name, sizeof(section->name) - 1);
    section->content = content;
}

static bool select_it(void)
{
    return select_entry(&handoff, &sections, &physical, &entry, &failure);
}

static void assert_refused(const char *what, const char *why)
{
    assert_false(select_it());
    assert_string_equal(failure.what, what);
    if (!strstr(failure.why, why))
        fail_msg("\"%s\" does not say \"%s\"", failure.why, why);
}

static void assert_span(struct span span, const void *data, uint64_t size)
{
    assert_ptr_equal(span.data, data);
    assert_int_equal(span.size, size);
}

/* The words of the entry's own command line, with one blank between them. */
static void assert_command_line(const char *expected)
{
    struct span rest = entry.command_line, word;
    char words[256] = "";

    while (text_next_word(&rest, &word)) {
        if (*words)
            strcat(words, " ");
        strncat(words, (const char *)word.data, word.size);
    }
    assert_string_equal(words, expected);
}

static void nothing(void **state)
{
    (void)state;
    assert_refused("payload", "nothing is packed into the image, and no module is a kernel");
    module("initrd", 6, "/initrd");
    assert_refused("payload", "no module is a kernel");
}

static void kernel_alone(void **state)
{
    const uint8_t *at = kernel_module("");

    (void)state;
    assert_true(select_it());
    assert_string_equal(entry.source, "modules");
    assert_int_equal(entry.kind, PAYLOAD_BZIMAGE);
    assert_span(entry.kernel, at, KERNEL_SIZE);
    assert_int_equal(entry.initrd_count, 0);
    assert_command_line("");
}

static void kernel_and_initrds(void **state)
{
    const uint8_t *first, *second;

    (void)state;
    kernel_module("/boot/vmlinuz root=/dev/sda1 ro");
    first = module("microcode", 9, "/boot/ucode quiet");
    module("", 0, "/boot/empty");
    second = module("initrd", 6, "");
    assert_true(select_it());
    assert_int_equal(entry.initrd_count, 2);
    assert_span(entry.initrds[0], first, 9);
    assert_span(entry.initrds[1], second, 6);
    assert_command_line("root=/dev/sda1 ro"); /* and not an initrd's string */
}

/* The first word of a module's string may or may not be its file name. */
static void path_word(void **state)
{
    static const char *const cases[][2] = {
        { "/boot/vmlinuz root=/dev/sda1", "root=/dev/sda1" },
        { "(hd0,msdos1)/vmlinuz quiet splash", "quiet splash" },
        { "/vmlinuz", "" },
        { "  /vmlinuz   quiet", "quiet" },
        { "root=/dev/sda1 quiet", "root=/dev/sda1 quiet" },
        { "vmlinuz quiet", "vmlinuz quiet" }, /* no path: it may be a word for the kernel */
        { "quiet /sbin/init", "quiet /sbin/init" },
        { "/a /b", "/b" }, /* one word only */
        { "", "" },
        { "   ", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(NULL);
        kernel_module(cases[i][0]);
        assert_true(select_it());
        assert_command_line(cases[i][1]);
    }
}

static void initrd_first(void **state)
{
    (void)state;
    module("initrd", 6, "");
    kernel_module("");
    assert_refused("modules", "module 1 is a kernel, but comes after an initrd");
}

static void two_kernels(void **state)
{
    (void)state;
    kernel_module("/one");
    kernel_module("/two");
    assert_refused("modules", "module 1 is a kernel, but there is one already (modules)");
}

/* Kinds that nothing starts yet are kernels all the same, and are told by their kind. */
static void other_kinds(void **state)
{
    uint8_t pe[0x40] = { 'M', 'Z' };

    (void)state;
    module("\x7f\x45LF and more", 14, "/xen dom0=pvh");
    assert_true(select_it());
    assert_int_equal(entry.kind, PAYLOAD_ELF);
    assert_int_equal(entry.kernel.size, 14);
    assert_command_line("dom0=pvh");
    module(pe, sizeof(pe), "");
    assert_refused("modules", "module 1 is a kernel");
    setup(NULL);
    module(pe, sizeof(pe), "");
    assert_true(select_it());
    assert_int_equal(entry.kind, PAYLOAD_PE);
}

/* ---- a boot.txt ramdisk: kernel and initrds in one ---- */

static void kernel_with_initrd_behind(void **state)
{
    const uint8_t *at, *second;

    (void)state;
    memcpy(kernel.bytes + KERNEL_SIZE, "initrd", 6);
    at = module(synthetic_file(&kernel, KERNEL_SIZE + 6).data, KERNEL_SIZE + 6, "");
    second = module("more", 4, "");
    assert_true(select_it());
    assert_span(entry.kernel, at, KERNEL_SIZE);
    assert_int_equal(entry.initrd_count, 2);
    assert_span(entry.initrds[0], at + KERNEL_SIZE, 6);
    assert_span(entry.initrds[1], second, 4);
}

/* A signed kernel ends where its signature does, and the next file begins at a multiple of 4. */
static void padding_behind_a_signature(void **state)
{
    static const uint32_t pe_at = 0x40;

    (void)state;
    for (uint32_t size = 10; size < 14; size++) {
        struct pe_headers pe = { .Signature = PE_SIGNATURE };
        const uint64_t end = KERNEL_SIZE + size, next = (end + 3) & ~3ull;
        const uint8_t *at;

        setup(NULL);
        pe.optional.DataDirectory[PE_DIRECTORY_CERTIFICATE_TABLE] = (struct pe_data_directory){ KERNEL_SIZE, size };
        memcpy(kernel.bytes, "MZ", 2);
        memcpy(kernel.bytes + PE_DOS_E_LFANEW, &pe_at, sizeof(pe_at));
        memcpy(kernel.bytes + pe_at, &pe, sizeof(pe));
        at = module(synthetic_file(&kernel, next + 5).data, next + 5, "");
        assert_true(select_it());
        assert_span(entry.kernel, at, end);
        assert_int_equal(entry.initrd_count, 1);
        assert_span(entry.initrds[0], at + next, 5);

        handoff.modules[0].size = next; /* the padding alone is no initrd */
        assert_true(select_it());
        assert_int_equal(entry.initrd_count, 0);
        handoff.modules[0].size = end;
        assert_true(select_it());
        assert_int_equal(entry.initrd_count, 0);
    }
}

static void broken_kernel(void **state)
{
    (void)state;
    kernel_module("");
    handoff.modules[0].size--;
    assert_refused("kernel", "truncated");
}

static void module_out_of_reach(void **state)
{
    (void)state;
    kernel_module("");
    handoff.modules[0].start = MEMORY + MEMORY_SIZE - 16;
    assert_refused("modules", "is out of our reach");
}

static void too_many_initrds(void **state)
{
    (void)state;
    kernel_module("");
    for (unsigned i = 0; i < LINUX_INITRDS_MAX; i++)
        module("initrd", 6, "");
    assert_true(select_it());
    assert_int_equal(entry.initrd_count, LINUX_INITRDS_MAX);
    module("initrd", 6, "");
    assert_refused("initrd", "more than 32");
}

/* ---- packed ---- */

static void packed_before_modules(void **state)
{
    struct span file = synthetic_file(&kernel, KERNEL_SIZE);
    const uint8_t *at;

    (void)state;
    pack(".linux", file);
    pack(".initrd", (struct span){ packed, 16 });
    pack(".cmdline", text_span("/sbin/init quiet"));
    assert_true(select_it());
    assert_string_equal(entry.source, "packed");
    assert_int_equal(entry.kind, PAYLOAD_BZIMAGE);
    assert_span(entry.kernel, file.data, file.size);
    assert_int_equal(entry.initrd_count, 1);
    assert_command_line("/sbin/init quiet"); /* no path to be stripped: nobody put one there */

    at = module("overlay", 7, "/overlay"); /* a module that is no kernel is a further initrd */
    assert_true(select_it());
    assert_int_equal(entry.initrd_count, 2);
    assert_span(entry.initrds[0], packed, 16);
    assert_span(entry.initrds[1], at, 7);

    kernel_module("");
    assert_refused("modules", "module 1 is a kernel, but there is one already (packed)");
}

static void packed_kernel_alone(void **state)
{
    (void)state;
    pack(".linux", synthetic_file(&kernel, KERNEL_SIZE));
    assert_true(select_it());
    assert_int_equal(entry.initrd_count, 0);
    assert_null(entry.command_line.data);
    pack(".initrd", (struct span){ packed, 0 }); /* empty */
    assert_true(select_it());
    assert_int_equal(entry.initrd_count, 0);
}

/* Without a kernel, what else is packed belongs to nothing. */
static void packed_initrd_alone(void **state)
{
    const uint8_t *at;

    (void)state;
    pack(".initrd", (struct span){ packed, 16 });
    assert_refused("payload", "nothing is packed");
    at = kernel_module("quiet");
    assert_true(select_it());
    assert_string_equal(entry.source, "modules");
    assert_span(entry.kernel, at, KERNEL_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing, setup),
        cmocka_unit_test_setup(kernel_alone, setup),
        cmocka_unit_test_setup(kernel_and_initrds, setup),
        cmocka_unit_test_setup(path_word, setup),
        cmocka_unit_test_setup(initrd_first, setup),
        cmocka_unit_test_setup(two_kernels, setup),
        cmocka_unit_test_setup(other_kinds, setup),
        cmocka_unit_test_setup(kernel_with_initrd_behind, setup),
        cmocka_unit_test_setup(padding_behind_a_signature, setup),
        cmocka_unit_test_setup(broken_kernel, setup),
        cmocka_unit_test_setup(module_out_of_reach, setup),
        cmocka_unit_test_setup(too_many_initrds, setup),
        cmocka_unit_test_setup(packed_before_modules, setup),
        cmocka_unit_test_setup(packed_kernel_alone, setup),
        cmocka_unit_test_setup(packed_initrd_alone, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

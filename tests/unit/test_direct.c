/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/direct.c payloads/packed_kernel.c payloads/relocations.c payloads/slots.c payloads/kaslr_words.c */
/* sources: payloads/elf.c payloads/unpack.c payloads/unpack_gzip.c payloads/unpack_zstd.c payloads/unpack_lz4.c */
/* sources: payloads/unpack_xz.c payloads/unpack_lzma.c common/map.c common/text.c common/failure.c */
/* sources: tests/unit/packers.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a */
/* The direct start: where the kernel then lies and what it is, and when it is left to the kernel itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "payloads/direct.h"
#define EXPANDER_SIZE (32ull << 20)
#include "tests/unit/expander.h"
#include "tests/unit/packers.h"
#include "tests/unit/relocations_fixture.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define MIB     (1ull << 20)
#define ROOM    (4 * MIB) /* the fixture's 2 MiB and a little, aligned */
#define FIRST   EXPANDER_START
#define SLOTS   ((EXPANDER_SIZE - ROOM) / (2 * MIB) + 1)
#define FIELD64 0x100
#define FIELD32 (PACKED_DATA + 0x20)

static struct packed_fixture made;
static uint8_t bytes[PACKED_MAX + 4];
static struct packed squeezed;
static struct boot boot;
static struct direct_machine machine;
static struct failure failure;

static int setup(void **state)
{
    const uint32_t table[] = { 0, packed_entry(FIELD64), 0, 0, packed_entry(FIELD32) };

    (void)state;
    expander_start();
    memset((void *)EXPANDER_START, 0xaa, EXPANDER_SIZE);
    packed_start(&made);
    memcpy(made.table, table, sizeof(table));
    made.table_size = sizeof(table) / sizeof(*table);
    machine = (struct direct_machine){ .random_physical = 3 + 7 * SLOTS, .random_virtual = 5 };
    boot = (struct boot){ .kind = "bzImage", .command_line = "quiet", .faces = FACE_LINUX };
    boot.as_linux = (struct linux_kernel){ .code = { bytes, sizeof(bytes) },
                                           .version = 0x020f,
                                           .relocatable = true,
                                           .has_64bit_entry = true,
                                           .five_levels = true,
                                           .has_five_levels = true,
                                           .above_4g = true,
                                           .preferred = PACKED_LINKED,
                                           .alignment = 2 * MIB,
                                           .minimum_alignment = 2 * MIB,
                                           .init_size = 3 * MIB };
    return 0;
}

static enum direct run(void)
{
    const uint64_t size = packed_write(&made, bytes);
    const uint32_t trailer = (uint32_t)size;

    memcpy(bytes + size, &trailer, sizeof(trailer));
    if (!boot.as_linux.payload.data)
        boot.as_linux.payload = (struct span){ bytes, size + sizeof(trailer) };
    return direct_unpack(&expander, &machine, &boot, &failure);
}

/* That it is left to the kernel, that nothing has changed, and why. */
static void assert_not(const char *why)
{
    const struct linux_kernel before = boot.as_linux;

    assert_int_equal(run(), DIRECT_NOT);
    assert_failure(&failure, "kernel", why);
    assert_true(map_is_free(&expander_map, EXPANDER_START, EXPANDER_SIZE, false));
    assert_int_equal(boot.as_linux.preferred, before.preferred);
    assert_null(boot.as_linux.program);
    assert_ptr_equal(boot.as_linux.code.data, before.code.data);
}

static uint64_t field(uint64_t address, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, (void *)address, size);
    return value;
}

/* That the kernel lies at `place`, moved by `delta` in its virtual addresses, and is the only thing that is taken. */
static void assert_lies(uint64_t place, uint64_t delta)
{
    const struct program *program = boot.as_linux.program;
    uint64_t linked64, linked32 = 0;

    memcpy(&linked64, bytes + PACKED_FIRST + FIELD64, 8);
    memcpy(&linked32, bytes + PACKED_FIRST + FIELD32, 4);
    assert_ptr_equal(program, &boot.vmlinux);
    assert_int_equal(program->count, 2);
    assert_int_equal(program->start, place);
    assert_int_equal(program->end, place + PACKED_DATA + PACKED_MEMORY);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(program->segments[i].address, place + (i ? PACKED_DATA : 0));
        assert_int_equal((uint64_t)program->segments[i].content.data, program->segments[i].address);
        assert_int_equal(program->segments[i].content.size, program->segments[i].memory_size);
    }
    assert_int_equal(field(place + FIELD64, 8), linked64 + delta);
    assert_int_equal(field(place + FIELD32, 4), (uint32_t)(linked32 + delta));
    assert_memory_equal((void *)place, bytes + PACKED_FIRST, FIELD64);
    assert_memory_equal((void *)(place + FIELD64 + 8), bytes + PACKED_FIRST + FIELD64 + 8, PACKED_TEXT - FIELD64 - 8);
    for (uint64_t i = PACKED_DATA + PACKED_DATA_SIZE; i < PACKED_DATA + PACKED_MEMORY; i++)
        assert_int_equal(field(place + i, 1), 0);
    assert_int_equal(boot.as_linux.entry, place + PACKED_ENTRY);
    assert_int_equal(boot.as_linux.preferred, place);
    assert_null(boot.as_linux.code.data);
    assert_true(map_touches(&expander_map, place, ROOM, MAP_WORK));
    assert_false(map_touches(&expander_map, place, ROOM, MAP_RAM));
    assert_true(place == FIRST || map_is_free(&expander_map, FIRST, place - FIRST, false));
    assert_true(map_is_free(&expander_map, place + ROOM, EXPANDER_START + EXPANDER_SIZE - place - ROOM, false));
}

static void at_random(void **state)
{
    (void)state;
    assert_int_equal(run(), DIRECT_DONE);
    assert_lies(FIRST + 3 * 2 * MIB, 5 * 2 * MIB);
    assert_true(boot.as_linux.randomised);
    assert_false(boot.as_linux.relocatable);
}

/* What is to be unpacked, packed, with `size` behind it as Linux's build puts it there. */
static void squeeze(const struct packer *packer, uint32_t size)
{
    squeezed.size = 0;
    packer->pack(&squeezed, (struct span){ bytes, packed_write(&made, bytes) }, 1);
    if (packer->packing != PACKING_GZIP) /* which ends with the size itself */
        packed_add32(&squeezed, size);
    boot.as_linux.payload = (struct span){ squeezed.data, squeezed.size };
}

static void every_packing(void **state)
{
    for (unsigned i = 0; i < PACKERS; i++) {
        setup(state);
        squeeze(&packers[i], (uint32_t)packed_write(&made, bytes));
        assert_int_equal(run(), DIRECT_DONE);
        assert_lies(FIRST + 3 * 2 * MIB, 5 * 2 * MIB);
    }
}

static void as_linked(void **state)
{
    boot.command_line = "quiet nokaslr mem=1G"; /* without KASLR, nobody reads the second */
    assert_int_equal(run(), DIRECT_DONE);
    assert_lies(FIRST, 0);
    assert_false(boot.as_linux.randomised);

    setup(state);
    made.table_size = 0; /* a kernel that was built without KASLR */
    assert_int_equal(run(), DIRECT_DONE);
    assert_lies(FIRST, 0);
    assert_false(boot.as_linux.randomised);

    setup(state);
    boot.as_linux.relocatable = false; /* its own address is not RAM */
    assert_not("no free memory");
}

static void levels(void **state)
{
    static const struct {
        bool kernel, cpu;
        const char *words;
        bool needs;
    } rows[] = { { true, true, "", true },
                 { true, false, "", false },
                 { false, true, "", false },
                 { true, true, "quiet no5lvl", false } };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        setup(state);
        boot.as_linux.has_five_levels = rows[i].kernel;
        boot.command_line = rows[i].words;
        machine.five_levels = rows[i].cpu;
        assert_int_equal(run(), DIRECT_DONE);
        assert_int_equal(boot.as_linux.needs_five_levels, rows[i].needs);
        assert_int_equal(boot.as_linux.five_levels, rows[i].needs);
    }
}

static void for_the_kernel_alone(void **state)
{
    machine.confidential = true;
    assert_not("a confidential guest");
    setup(state);
    machine.memory = "some memory is odd";
    assert_not("some memory is odd");
    setup(state);
    boot.command_line = "mem_encrypt=on nokaslr";
    assert_not("mem_encrypt=on is for its own unpacker");
    setup(state);
    boot.command_line = "mem=1G";
    assert_not("mem=1G is for its own unpacker");
    setup(state);
    boot.as_linux.payload = (struct span){ bytes, 4 };
    assert_not("does not say what of it is packed");
    setup(state);
    boot.as_linux.payload = (struct span){ (const uint8_t *)"BZh9, which we have not", 24 };
    assert_not("in a way that we do not know");
    setup(state);
    boot.as_linux.init_size = 2 * MIB;
    assert_not("more than its init_size, 2097152");
    setup(state);
    boot.as_linux.alignment = MIB;
    assert_not("is unusual");
    setup(state);
    expander_map.count = 0;
    assert_true(map_add(&expander_map, EXPANDER_START, 2 * MIB, MAP_RAM, 0, &failure));
    assert_int_equal(run(), DIRECT_NOT);
    assert_failure(&failure, "kernel", "there is no place for the 4194304 bytes that it needs");
}

/* Where nobody else can unpack it, memory that is kept from it is avoided by the lowest place. */
static void packed_again(void **state)
{
    (void)state;
    boot.as_linux.repacked = true;
    boot.command_line = "mem=1G";
    assert_int_equal(run(), DIRECT_DONE);
    assert_lies(FIRST, 5 * 2 * MIB);
    assert_true(boot.as_linux.randomised);
}

static void other_kernels(void **state)
{
    made.segments[1].p_offset = 0x800; /* it would move up, and the first over it */
    assert_not("in an unusual order");
    setup(state);
    made.header.e_entry += MIB;
    assert_not("its entry, 0x1100040, is outside");
    setup(state);
    boot.as_linux.preferred += 2 * MIB;
    assert_not("no 64-bit kernel for 0x1200000");
    setup(state);
    made.segments[1].p_memsz = 4 * MIB;
    assert_not("more than its init_size");
    setup(state);
    made.table[4] = packed_entry(PACKED_DATA + PACKED_DATA_SIZE);
    assert_not("a relocation at 0xffffffff81002800, outside its segments");
    setup(state);
    made.table[0] = 1;
    assert_not("are no relocations");
    setup(state);
    made.header.e_ident[0] = 0;
    assert_not("in a way that we do not know");
}

static void assert_failed(const char *what, const char *why)
{
    assert_int_equal(run(), DIRECT_FAILED);
    assert_failure(&failure, what, why);
    assert_true(map_is_free(&expander_map, EXPANDER_START, EXPANDER_SIZE, false));
}

static void broken(void **state)
{
    const uint32_t size = (uint32_t)packed_write(&made, bytes);

    (void)state;
    squeeze(packer_named("xz crc32"), size);
    squeezed.size /= 2;
    packed_add32(&squeezed, size);
    boot.as_linux.payload.size = squeezed.size;
    assert_failed("payload", "its xz stream is ");
    squeeze(packer_named("xz crc32"), size + 4096);
    assert_failed("kernel", "it unpacks to 2107412 bytes, and says 2111508");
    squeeze(packer_named("xz crc32"), size - 1);
    assert_failed("payload", "more than the 2107411 bytes");
}

/* What only our decoder has no memory for, the kernel can still unpack. */
static void no_memory(void **state)
{
    const struct linux_kernel before = boot.as_linux;
    const uint32_t size = (uint32_t)packed_write(&made, bytes);

    (void)state;
    squeeze(packer_named("xz crc32"), size);
    squeezed.size /= 2; /* so that it fails, as it does where malloc does */
    packed_add32(&squeezed, size);
    boot.as_linux.payload.size = squeezed.size;
    heap_lacks = true;
    assert_int_equal(run(), DIRECT_NOT);
    heap_lacks = false;
    assert_true(map_is_free(&expander_map, EXPANDER_START, EXPANDER_SIZE, false));
    assert_int_equal(boot.as_linux.preferred, before.preferred);
    assert_null(boot.as_linux.program);
}

/* What is not packed is read, and stays as it is. */
static void not_packed(void **state)
{
    static uint8_t copy[sizeof(bytes)];

    (void)state;
    assert_int_equal(run(), DIRECT_DONE);
    memcpy(copy, bytes, sizeof(bytes));
    assert_memory_equal(copy, bytes, packed_write(&made, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(at_random, setup),
        cmocka_unit_test_setup(every_packing, setup),
        cmocka_unit_test_setup(as_linked, setup),
        cmocka_unit_test_setup(levels, setup),
        cmocka_unit_test_setup(for_the_kernel_alone, setup),
        cmocka_unit_test_setup(packed_again, setup),
        cmocka_unit_test_setup(other_kernels, setup),
        cmocka_unit_test_setup(broken, setup),
        cmocka_unit_test_setup(no_memory, setup),
        cmocka_unit_test_setup(not_packed, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
